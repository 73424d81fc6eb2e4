use std::io::Write;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls_pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ServerConfig, version};

use super::*;

/// A TLS server with a self-signed certificate for `localhost`, changed by `shape`.
struct Secured {
    port: u16,
    file: tempfile::NamedTempFile,
}

impl Secured {
    async fn start(shape: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        shape(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(certificate.pem().as_bytes()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&version::TLS12, &version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        Self { port: serve_tls(config).await, file }
    }

    fn url(&self) -> Url {
        url(format!("https://localhost:{}/", self.port))
    }

    fn trusting(&self) -> ClientOptions {
        ClientOptions { ca_certs: vec![self.file.path().to_owned()], ..options() }
    }
}

async fn serve_tls(config: ServerConfig) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                play(stream, vec![OK.to_owned()], Arc::default()).await;
            });
        }
    });
    port
}

fn insecure() -> ClientOptions {
    ClientOptions { insecure: true, ..options() }
}

#[tokio::test]
async fn an_unknown_issuer_is_refused_unless_trusted_or_insecure() {
    let server = Secured::start(|_| ()).await;
    let outcome = send(options(), &server.url()).await;
    assert_eq!(kind(&outcome), FailureKind::Tls);
    assert_eq!(message(&outcome), "the certificate of localhost has an unknown issuer");
    assert_eq!(hint(&outcome), "trust it with --ca-cert FILE, or use --insecure");
    for options in [server.trusting(), insecure()] {
        let outcome = send(options, &server.url()).await;
        assert_eq!(outcome.response.expect("it should pass").body, "ok");
    }
}

#[tokio::test]
async fn a_self_signed_ca_used_by_a_server_can_be_trusted_by_its_file() {
    let server = Secured::start(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)).await;
    assert_eq!(kind(&send(options(), &server.url()).await), FailureKind::Tls);
    let outcome = send(server.trusting(), &server.url()).await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    let other_name = url(format!("https://127.0.0.1:{}/", server.port));
    assert_eq!(kind(&send(server.trusting(), &other_name).await), FailureKind::Tls, "its name still counts");
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_time_are_named() {
    let server = Secured::start(|_| ()).await;
    let outcome = send(server.trusting(), &url(format!("https://127.0.0.1:{}/", server.port))).await;
    assert_eq!(message(&outcome), "the certificate of 127.0.0.1 is for another name");
    let expired = Secured::start(|params| params.not_after = rcgen::date_time_ymd(2001, 1, 1)).await;
    let outcome = send(expired.trusting(), &expired.url()).await;
    assert_eq!(message(&outcome), "the certificate of localhost has expired");
    let early = Secured::start(|params| params.not_before = rcgen::date_time_ymd(3001, 1, 1)).await;
    let outcome = send(early.trusting(), &early.url()).await;
    assert_eq!(message(&outcome), "the certificate of localhost is not valid yet");
}

#[tokio::test]
async fn tls_to_a_plain_port_and_plain_to_a_tls_port_name_the_right_scheme() {
    let plain = Scripted::answering("HTTP/1.1 400 Bad Request\r\n\r\n").await;
    // The script waits for a request head; a TLS client never sends one, so speak first.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.read(&mut [0; 4096]).await;
    });
    let outcome = send(options(), &url(format!("https://127.0.0.1:{port}/"))).await;
    assert_eq!((kind(&outcome), hint(&outcome)), (FailureKind::Tls, "use http://"), "{outcome:?}");
    drop(plain);
    let secured = Secured::start(|_| ()).await;
    let outcome = send(options(), &url(format!("http://127.0.0.1:{}/", secured.port))).await;
    assert_eq!(kind(&outcome), FailureKind::Protocol, "{outcome:?}");
    assert_eq!(hint(&outcome), "if this port speaks TLS, use https://");
}

#[tokio::test]
async fn a_port_that_closes_during_the_handshake_is_a_tls_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
    });
    let outcome = send(options(), &url(format!("https://127.0.0.1:{port}/"))).await;
    assert_eq!(kind(&outcome), FailureKind::Tls, "{outcome:?}");
    assert!(message(&outcome).contains("closed the connection during the TLS handshake"), "{outcome:?}");
}

#[test]
fn a_certificate_file_that_is_missing_or_empty_is_named() {
    let missing = ClientOptions { ca_certs: vec!["/nonexistent/ca.pem".into()], ..options() };
    let error = Client::new(missing).unwrap_err().to_string();
    assert!(error.starts_with("cannot read certificates from /nonexistent/ca.pem: "), "{error}");
    let file = tempfile::NamedTempFile::new().unwrap();
    let empty = ClientOptions { ca_certs: vec![file.path().to_owned()], ..options() };
    assert!(Client::new(empty).unwrap_err().to_string().ends_with("no certificate in it"));
}

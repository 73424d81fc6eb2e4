//! `send` over TLS: a certificate that nobody vouches for is refused, with the ways out named.

use std::io::BufReader;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::sandbox::Sandbox;
use crate::target::{OK, Sent, read};

/// A server with a certificate of its own for `localhost`.
pub struct Secured {
    pub url: String,
    pub certificate: String,
    pub requests: Receiver<Sent>,
}

impl Secured {
    pub fn start(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let key = signing_key.serialize_der().try_into().unwrap();
        let config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}/hook", listener.local_addr().unwrap().port());
        let (send, requests) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = BufReader::new(StreamOwned::new(connection, stream));
                if let Some(request) = read(&mut stream) {
                    let _ = std::io::Write::write_all(stream.get_mut(), OK.as_bytes());
                    let _ = send.send(request);
                }
            }
        });
        Self { url, certificate: cert.pem(), requests }
    }
}

#[test]
fn a_self_signed_certificate_is_refused_with_the_ways_out() {
    let server = Secured::start(&["localhost"]);
    let sandbox = Sandbox::new();
    let ended = sandbox.run(&["send", "message_received", "--to", &server.url]);
    assert_eq!(ended.code, 3, "{}", ended.stdout);
    assert!(ended.stdout.contains("error: the certificate of localhost"), "{}", ended.stdout);
    assert!(ended.stdout.contains("--ca-cert FILE") && ended.stdout.contains("--insecure"), "{}", ended.stdout);
    assert!(server.requests.try_recv().is_err(), "nothing was sent");
}

#[test]
fn a_certificate_that_is_trusted_is_enough() {
    let server = Secured::start(&["localhost"]);
    let sandbox = Sandbox::new();
    sandbox.write("ca.pem", &server.certificate);
    let ended = sandbox.run(&["send", "message_received", "--to", &server.url, "--ca-cert", "ca.pem"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
    assert_eq!(server.requests.recv().unwrap().line, "POST /hook HTTP/1.1");
}

#[test]
fn insecure_goes_on_and_says_so() {
    let server = Secured::start(&["elsewhere.test"]);
    let ended = Sandbox::new().run(&["send", "message_received", "--to", &server.url, "--insecure"]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert_eq!(ended.stderr, "warning: --insecure: the target's certificate is not checked\n");
    assert!(server.requests.recv().is_ok());
}

#[test]
fn a_trusted_certificate_for_another_name_is_refused() {
    let server = Secured::start(&["elsewhere.test"]);
    let sandbox = Sandbox::new();
    sandbox.write("ca.pem", &server.certificate);
    let ended = sandbox.run(&["send", "message_received", "--to", &server.url, "--ca-cert", "ca.pem"]);
    assert_eq!(ended.code, 3, "{}", ended.stdout);
    assert!(ended.stdout.contains("is for another name"), "{}", ended.stdout);
}

#[test]
fn a_file_that_is_no_certificate_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("ca.pem", "no certificate");
    for file in ["ca.pem", "none.pem"] {
        let ended = sandbox.run(&["send", "message_received", "--to", "https://localhost:9/", "--ca-cert", file]);
        assert_eq!(ended.code, 2, "{}", ended.stdout);
        assert!(ended.stderr.contains(file), "{}", ended.stderr);
    }
}

#[test]
fn plain_http_and_tls_are_told_apart() {
    let server = Secured::start(&["localhost"]);
    let plain = server.url.replace("https://", "http://");
    let ended = Sandbox::new().run(&["send", "message_received", "--to", &plain]);
    assert_eq!(ended.code, 3, "{}", ended.stdout);
    assert!(ended.stdout.contains("hint: "), "{}", ended.stdout);
}

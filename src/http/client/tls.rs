//! TLS: whom to trust, and the handshake.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::{self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::connect::Endpoint;
use super::failure;
use crate::model::DeliveryError;

/// A client that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A certificate file cannot be read.
    #[error("cannot read certificates from {path}: {problem}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Nobody can be trusted.
    #[error("{0}")]
    Roots(String),
}

/// TLS settings; the system's certificates are read when they are first needed.
#[derive(Debug)]
pub(super) struct Tls {
    insecure: bool,
    extra: Vec<CertificateDer<'static>>,
    connector: OnceCell<Connector>,
}

/// [`TlsConnector`] has no `Debug`.
struct Connector(TlsConnector);

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connector")
    }
}

impl Tls {
    /// Reads the extra certificates.
    pub fn new(insecure: bool, ca_certs: &[PathBuf]) -> Result<Self, ClientError> {
        let mut extra = Vec::new();
        for path in ca_certs {
            extra.extend(read_certificates(path)?);
        }
        Ok(Self { insecure, extra, connector: OnceCell::new() })
    }

    /// Shakes hands over a connected socket.
    pub async fn handshake(
        &self,
        endpoint: &Endpoint,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, DeliveryError> {
        let connector = self.connector.get_or_try_init(|| self.build()).await?;
        let name = ServerName::try_from(endpoint.host.clone())
            .map_err(|_| failure::bad_target(&format!("{} is not a name TLS can check", endpoint.host)))?;
        connector.0.connect(name, stream).await.map_err(|error| failure::tls(endpoint, &error))
    }

    /// Reading the system's certificates takes some 10 ms of disk, so it has a thread of its own.
    async fn build(&self) -> Result<Connector, DeliveryError> {
        let (insecure, extra) = (self.insecure, self.extra.clone());
        let built = tokio::task::spawn_blocking(move || configure(insecure, &extra)).await;
        let config =
            built.unwrap_or_else(|error| Err(error.to_string())).map_err(|problem| failure::no_roots(&problem))?;
        Ok(Connector(TlsConnector::from(Arc::new(config))))
    }
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let failed = |problem: String| ClientError::CaFile { path: path.to_owned(), problem };
    let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let found = found.map_err(|error| failed(error.to_string()))?;
    // A DER certificate is an ASN.1 sequence longer than 255 bytes.
    if found.is_empty() && bytes.starts_with(&[0x30, 0x82]) {
        return Ok(vec![CertificateDer::from(bytes)]);
    }
    if found.is_empty() { Err(failed("no certificate in it".to_owned())) } else { Ok(found) }
}

/// TLS for a client of another making: the system's certificates and those of these files are
/// trusted, or any when `insecure`. Reads disk for some 10 ms.
pub fn tls_config(insecure: bool, ca_certs: &[PathBuf]) -> Result<ClientConfig, ClientError> {
    let tls = Tls::new(insecure, ca_certs)?;
    configure(insecure, &tls.extra).map_err(ClientError::Roots)
}

/// How many certificate authorities this machine trusts.
pub fn system_certificates() -> usize {
    rustls_native_certs::load_native_certs().certs.len()
}

fn configure(insecure: bool, extra: &[CertificateDer<'static>]) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let verifier: Arc<dyn ServerCertVerifier> =
        if insecure { Arc::new(Anyone(provider)) } else { Arc::new(Trusted::new(provider, extra)?) };
    let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Trusts the system's certificates and the extra ones. An extra certificate is also trusted when
/// the server shows that very certificate: `openssl req -x509` makes self-signed ones that are
/// marked as a CA, which the standard path building refuses for a server.
#[derive(Debug)]
struct Trusted {
    paths: Arc<WebPkiServerVerifier>,
    pinned: Vec<CertificateDer<'static>>,
}

impl Trusted {
    fn new(provider: Arc<CryptoProvider>, extra: &[CertificateDer<'static>]) -> Result<Self, String> {
        let system = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(system.certs);
        roots.add_parsable_certificates(extra.iter().cloned());
        if roots.is_empty() {
            let first = system.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
            return Err(format!("this machine has no trusted certificates{first}"));
        }
        let paths = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { paths, pinned: extra.to_vec() })
    }

    fn pins(&self, shown: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
        self.pinned.iter().any(|pinned| pinned.as_ref() == shown.as_ref())
            && rustls::server::ParsedCertificate::try_from(shown)
                .and_then(|parsed| rustls::client::verify_server_name(&parsed, name))
                .is_ok()
    }
}

impl ServerCertVerifier for Trusted {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.paths.verify_server_cert(shown, intermediates, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(rustls::CertificateError::Other(_))) if self.pins(shown, name) => {
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.paths.verify_tls12_signature(message, cert, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.paths.verify_tls13_signature(message, cert, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.paths.supported_verify_schemes()
    }
}

/// Accepts any certificate, as `--insecure` asks; the peer must still own its key.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

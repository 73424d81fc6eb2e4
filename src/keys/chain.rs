//! Whether a certificate comes from an authority that this machine trusts.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier as _;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{CertificateError, Error, RootCertStore};

/// The authorities that this machine trusts.
pub(super) struct Roots(Arc<WebPkiServerVerifier>);

impl Roots {
    /// Reads disk for some 10 ms.
    pub(super) fn load() -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err("this machine has no trusted certificates to check theirs by".into());
        }
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        verifier.map(Self).map_err(|error| error.to_string())
    }

    /// Checks the path from the first certificate to an authority, as of this moment.
    pub(super) fn check(&self, chain: Vec<Vec<u8>>, name: String, at: Timestamp) -> Result<(), String> {
        let mut chain = chain.into_iter().map(CertificateDer::from);
        let own = chain.next().ok_or("cannot be read")?;
        let between: Vec<CertificateDer<'_>> = chain.collect();
        let name = ServerName::try_from(name).map_err(|_| "has no name that can be checked")?;
        let at = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(at.as_second()).unwrap_or_default()));
        self.0.verify_server_cert(&own, &between, &name, &[], at).map(drop).map_err(|error| match error {
            // An authority's own certificate, self-made ones among them, signs no messages.
            Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_)) => {
                "does not come from an authority that this machine trusts".into()
            }
            Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
                "or one above it had expired when the event came".into()
            }
            Error::InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
                "or one above it was not valid yet when the event came".into()
            }
            error => format!("cannot be trusted: {error}"),
        })
    }
}

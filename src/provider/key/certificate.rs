//! X.509 certificates, RFC 5280, as far as signatures need them.

use p256::pkcs8::der::{Decode as _, Encode as _};
use x509_cert::Certificate;

/// The public key of a certificate, as DER of a `SubjectPublicKeyInfo`; `None` where the bytes are no certificate.
pub(super) fn public_key(der: &[u8]) -> Option<Vec<u8>> {
    Certificate::from_der(der).ok()?.tbs_certificate().subject_public_key_info().to_der().ok()
}

//! X.509 certificates, RFC 5280, as far as signatures need them.

use jiff::Timestamp;
use p256::pkcs8::der::{Decode as _, Encode as _};
use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::pem;
use crate::provider::host::HostGlob;

/// The certificates of a text, the signer's own first; PEM, or one in DER.
pub(super) fn chain(bytes: &[u8]) -> Vec<Vec<u8>> {
    if !pem::is_in(bytes) {
        return vec![bytes.to_vec()];
    }
    let blocks = pem::blocks(bytes).into_iter().filter(|block| block.label.ends_with("CERTIFICATE"));
    blocks.filter_map(|block| Some(block.der?.to_vec())).collect()
}

/// The public key of a certificate, as DER of a `SubjectPublicKeyInfo`; `None` where the bytes are no certificate.
pub(super) fn public_key(der: &[u8]) -> Option<Vec<u8>> {
    Certificate::from_der(der).ok()?.tbs_certificate().subject_public_key_info().to_der().ok()
}

/// What is wrong with a certificate that signed something at this moment, in the name of one of these hosts.
pub(super) fn check(der: &[u8], at: Timestamp, names: Option<&HostGlob>) -> Result<(), String> {
    let certificate = Certificate::from_der(der).map_err(|_| "cannot be read")?;
    let validity = certificate.tbs_certificate().validity();
    let second = |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    let (from, to) = (second(validity.not_before), second(validity.not_after));
    if !(from..=to).contains(&at.as_second()) {
        let day = |second| Timestamp::from_second(second).map_or_else(|_| "?".into(), |time| time.to_string());
        return Err(format!("was valid from {} to {}, and the event is of {at:.0}", day(from), day(to)));
    }
    names.map_or(Ok(()), |names| fitting(&certificate, Some(names)).map(drop))
}

/// A name of the certificate that fits, to check its chain by; else what is wrong with it.
pub(super) fn name(der: &[u8], names: Option<&HostGlob>) -> Result<String, String> {
    let certificate = Certificate::from_der(der).map_err(|_| "cannot be read")?;
    // `*.example.com` vouches for each host there.
    Ok(fitting(&certificate, names)?.replace('*', "any"))
}

fn fitting(certificate: &Certificate, names: Option<&HostGlob>) -> Result<String, String> {
    let own = self::names(certificate);
    if let Some(found) = own.iter().find(|name| names.is_none_or(|names| names.matches(name))) {
        return Ok(found.clone());
    }
    let shown: Vec<_> = own.iter().map(|name| super::shorten(name)).take(3).collect();
    let shown = if shown.is_empty() { "nobody".to_owned() } else { shown.join(", ") };
    Err(format!("is for {shown}{}", names.map(|names| format!(", not for {}", names.text())).unwrap_or_default()))
}

/// The names that a certificate is for: those beside the subject, else the subject's own (RFC 6125 section 6.4.4).
fn names(certificate: &Certificate) -> Vec<String> {
    let certificate = certificate.tbs_certificate();
    let beside = certificate.get_extension::<SubjectAltName>().ok().flatten().map(|(_, names)| names.0);
    let beside: Vec<String> = beside
        .into_iter()
        .flatten()
        .filter_map(|name| if let GeneralName::DnsName(name) = name { Some(name.as_str().to_owned()) } else { None })
        .collect();
    if !beside.is_empty() {
        return beside;
    }
    let own = certificate.subject().common_name().ok().flatten();
    own.map(|name| name.value().to_string()).into_iter().collect()
}

//! Asymmetric keys as people keep them: PEM, or base64 of DER.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use p256::pkcs8::der::oid::ObjectIdentifier;
use p256::pkcs8::der::{AnyRef, Decode as _};
use p256::pkcs8::spki::AlgorithmIdentifierRef;
use p256::pkcs8::{PrivateKeyInfoRef, SubjectPublicKeyInfoRef};
use rustls_pki_types::pem::{self, PemObject as _, SectionKind};
use zeroize::Zeroizing;

/// A key's bytes, by the container they came in.
pub(super) enum Material {
    /// DER of a `SubjectPublicKeyInfo`, RFC 5280 section 4.1.
    Public(Vec<u8>),
    /// DER of a `PrivateKeyInfo`, RFC 5208.
    Private(Zeroizing<Vec<u8>>),
    /// DER of an `RSAPrivateKey`, RFC 8017 appendix A.1.2.
    RsaPrivate(Zeroizing<Vec<u8>>),
    /// DER of an `ECPrivateKey`, RFC 5915.
    EcPrivate(Zeroizing<Vec<u8>>),
    /// Bytes without a container, such as a point of a curve.
    Raw(Zeroizing<Vec<u8>>),
}

impl Material {
    /// Reads PEM or base64; the error tells what is needed and never repeats the key.
    pub(super) fn read(text: &[u8], needed: &str) -> Result<Self, String> {
        let text = text.trim_ascii();
        if memchr::memmem::find(text, b"-----BEGIN").is_some() {
            return from_pem(text, needed);
        }
        let text: Zeroizing<Vec<u8>> =
            Zeroizing::new(text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect());
        let bytes = STANDARD.decode(&*text).or_else(|_| URL_SAFE.decode(&*text)).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| format!("it is neither PEM nor base64: {needed}"))?;
        Ok(if SubjectPublicKeyInfoRef::from_der(&bytes).is_ok() {
            Self::Public(bytes.to_vec())
        } else if PrivateKeyInfoRef::from_der(&bytes).is_ok() {
            Self::Private(bytes)
        } else {
            Self::Raw(bytes)
        })
    }

    /// What kind of key it is, as people call it: `an RSA public key`.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Public(der) => {
                let algorithm = SubjectPublicKeyInfoRef::from_der(der).map(|info| algorithm(&info.algorithm));
                format!("{} public key", algorithm.unwrap_or("an unknown"))
            }
            Self::Private(der) => {
                let algorithm = PrivateKeyInfoRef::from_der(der).map(|info| algorithm(&info.algorithm));
                format!("{} private key", algorithm.unwrap_or("an unknown"))
            }
            Self::RsaPrivate(_) => "an RSA private key".to_owned(),
            Self::EcPrivate(_) => "an EC private key".to_owned(),
            Self::Raw(bytes) => format!("base64 of {} bytes that are no key in DER", bytes.len()),
        }
    }

    /// The refusal of a key of the wrong kind.
    pub(super) fn refuse(&self, needed: &str) -> String {
        format!("it is {}: {needed}", self.describe())
    }
}

fn from_pem(text: &[u8], needed: &str) -> Result<Material, String> {
    let has = |label: &str| memchr::memmem::find(text, format!("-----BEGIN {label}-----").as_bytes()).is_some();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text) {
        let (kind, der) = section.map_err(|_: pem::Error| {
            "its PEM text cannot be read: keep the line breaks, and all lines from BEGIN to END".to_owned()
        })?;
        match kind {
            SectionKind::PublicKey => return Ok(Material::Public(der)),
            SectionKind::PrivateKey => return Ok(Material::Private(der.into())),
            SectionKind::RsaPrivateKey => return Ok(Material::RsaPrivate(der.into())),
            SectionKind::EcPrivateKey => return Ok(Material::EcPrivate(der.into())),
            _ => {}
        }
    }
    Err(if has("ENCRYPTED PRIVATE KEY") {
        "the private key is encrypted: write it without its passphrase (openssl pkey -in KEY -out PLAIN)".to_owned()
    } else if has("CERTIFICATE") {
        "it is a certificate: take its public key out (openssl x509 -pubkey -noout -in CERTIFICATE)".to_owned()
    } else if has("RSA PUBLIC KEY") {
        "it is a PKCS#1 public key: write it as SPKI (openssl rsa -RSAPublicKey_in -pubout -in KEY)".to_owned()
    } else {
        format!("its PEM text holds no key: {needed}")
    })
}

/// An algorithm with its article, by the object identifiers of RFC 5480, RFC 8017 and RFC 8410.
fn algorithm(identifier: &AlgorithmIdentifierRef<'_>) -> &'static str {
    const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
    const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
    const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
    const SECP256K1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");
    const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
    const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
    const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
    match identifier.oid {
        EC => match identifier.parameters.and_then(|curve: AnyRef<'_>| curve.decode_as().ok()) {
            Some(P256) => "an EC (P-256)",
            Some(P384) => "an EC (P-384)",
            Some(SECP256K1) => "an EC (secp256k1)",
            _ => "an EC",
        },
        RSA => "an RSA",
        RSA_PSS => "an RSASSA-PSS",
        ED25519 => "an Ed25519",
        _ => "an unknown",
    }
}

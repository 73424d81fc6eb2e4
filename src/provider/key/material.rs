//! Keys as people keep them: PEM, JWK, a certificate, base64 or hex; told apart by what they are.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use p256::pkcs8::der::oid::ObjectIdentifier;
use p256::pkcs8::der::{AnyRef, Decode as _};
use p256::pkcs8::spki::AlgorithmIdentifierRef;
use p256::pkcs8::{PrivateKeyInfoRef, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use super::{certificate, jwk, pem};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Lengths in hex of raw keys: 32 and 64 bytes of Ed25519, 33 and 65 of a point on P-256.
const HEX_LENGTHS: [usize; 4] = [64, 128, 66, 130];

/// A key's bytes, by the container they came in.
pub(super) enum Material {
    /// DER of a `SubjectPublicKeyInfo`, RFC 5280 section 4.1.
    Public(Vec<u8>),
    /// DER of a `PrivateKeyInfo`, RFC 5208.
    Private(Zeroizing<Vec<u8>>),
    /// DER of an `RSAPublicKey`, RFC 8017 appendix A.1.1.
    RsaPublic(Vec<u8>),
    /// DER of an `RSAPrivateKey`, RFC 8017 appendix A.1.2.
    RsaPrivate(Zeroizing<Vec<u8>>),
    /// DER of an `ECPrivateKey`, RFC 5915.
    EcPrivate(Zeroizing<Vec<u8>>),
    /// Bytes without a container, such as a point of a curve.
    Raw(Zeroizing<Vec<u8>>),
    /// The bytes of a shared secret.
    Octets(Zeroizing<Vec<u8>>),
    /// A key that no scheme here takes, as people call it.
    Other(String),
}

/// A key with the id by which senders name it.
pub(super) struct Named {
    pub(super) id: Option<String>,
    pub(super) material: Material,
}

impl Material {
    /// Reads all keys of a text; the error tells what is needed and never repeats the key.
    pub(super) fn read_all(text: &[u8], needed: &str) -> Result<Vec<Named>, String> {
        let text = text.trim_ascii();
        if let Some(keys) = jwk::read(text) {
            return keys;
        }
        let materials = if pem::is_in(text) { from_pem(text, needed)? } else { vec![Self::read_bare(text, needed)?] };
        Ok(materials.into_iter().map(|material| Named { id: None, material }).collect())
    }

    /// Hex, base64, or DER as it is.
    fn read_bare(text: &[u8], needed: &str) -> Result<Self, String> {
        if let Some(material) = Self::from_der(text) {
            return Ok(material);
        }
        let text: Zeroizing<Vec<u8>> =
            Zeroizing::new(text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect());
        let hex =
            Some(&text).filter(|text| HEX_LENGTHS.contains(&text.len())).and_then(|text| hex::decode(&**text).ok());
        if let Some(bytes) = hex {
            return Ok(Self::Raw(bytes.into()));
        }
        let bytes = BASE64.decode(&*text).or_else(|_| BASE64_URL.decode(&*text)).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| format!("it is neither PEM nor base64: {needed}"))?;
        Ok(Self::from_der(&bytes).unwrap_or(Self::Raw(bytes)))
    }

    fn from_der(der: &[u8]) -> Option<Self> {
        if SubjectPublicKeyInfoRef::from_der(der).is_ok() {
            Some(Self::Public(der.to_vec()))
        } else if PrivateKeyInfoRef::from_der(der).is_ok() {
            Some(Self::Private(der.to_vec().into()))
        } else {
            certificate::public_key(der).map(Self::Public)
        }
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
            Self::RsaPublic(_) => "an RSA public key".to_owned(),
            Self::RsaPrivate(_) => "an RSA private key".to_owned(),
            Self::EcPrivate(_) => "an EC private key".to_owned(),
            Self::Raw(bytes) => format!("base64 of {} bytes that are no key in DER", bytes.len()),
            Self::Octets(_) => "a shared secret (a JWK of the kind oct)".to_owned(),
            Self::Other(description) => description.clone(),
        }
    }

    /// The refusal of a key of the wrong kind.
    pub(super) fn refuse(&self, needed: &str) -> String {
        format!("it is {}: {needed}", self.describe())
    }
}

/// A private key alone where there is one; else the public keys; else the certificate, which is the first of a chain.
fn from_pem(text: &[u8], needed: &str) -> Result<Vec<Material>, String> {
    let blocks = pem::blocks(text);
    let (mut public, mut certificates) = (Vec::new(), Vec::new());
    for block in &blocks {
        let material = match (block.label.as_str(), &block.der) {
            ("PRIVATE KEY", Some(der)) => return Ok(vec![Material::Private(der.clone())]),
            ("RSA PRIVATE KEY", Some(der)) => return Ok(vec![Material::RsaPrivate(der.clone())]),
            ("EC PRIVATE KEY", Some(der)) => return Ok(vec![Material::EcPrivate(der.clone())]),
            ("PUBLIC KEY", Some(der)) => Material::Public(der.to_vec()),
            ("RSA PUBLIC KEY", Some(der)) => Material::RsaPublic(der.to_vec()),
            ("CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE", Some(der)) => {
                certificates.extend(certificate::public_key(der).map(Material::Public));
                continue;
            }
            _ => continue,
        };
        public.push(material);
    }
    certificates.truncate(1);
    let found = if public.is_empty() { certificates } else { public };
    if found.is_empty() { Err(no_key(&blocks, needed)) } else { Ok(found) }
}

/// Why there is no key in PEM.
fn no_key(blocks: &[pem::Block], needed: &str) -> String {
    let has = |label: &str| blocks.iter().any(|block| block.label == label);
    let is_encrypted = |block: &pem::Block| block.label.ends_with("PRIVATE KEY") && block.der.is_none();
    if has("ENCRYPTED PRIVATE KEY") || blocks.iter().any(is_encrypted) {
        "the private key is encrypted: write it without its passphrase (openssl pkey -in KEY -out PLAIN)".to_owned()
    } else if has("CERTIFICATE") {
        format!("its certificate cannot be read: {needed}")
    } else if blocks.is_empty() || blocks.iter().any(|block| block.der.is_none()) {
        "its PEM text cannot be read: keep all lines from BEGIN to END".to_owned()
    } else {
        format!("its PEM text holds no key: {needed}")
    }
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

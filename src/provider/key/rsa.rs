//! RSA signatures, RFC 8017: PKCS#1 v1.5 and PSS. With PSS the salt is as long as the digest, and made anew for
//! each signature.

use std::sync::Arc;

use p256::pkcs8::der::asn1::UintRef;
use p256::pkcs8::der::{self, AnyRef, Decode as _};
use p256::pkcs8::{ObjectIdentifier, SubjectPublicKeyInfoRef};
use ring::rand::SystemRandom;
use ring::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    RsaKeyPair, RsaParameters, UnparsedPublicKey,
};

use super::NEEDS_PRIVATE;
use super::material::Material;
use crate::provider::digest::Digest;

const NEEDED: &str = "RSA needs an RSA key, as PEM, JWK or base64: the public key or a certificate verifies, a private key (PKCS#8 or PKCS#1) signs too";

/// Shorter keys are broken in practice, longer ones take seconds.
const BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// `rsaEncryption`, RFC 8017 appendix A.1.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// How a digest is padded to the length of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RsaPadding {
    /// RSASSA-PKCS1-v1_5.
    Pkcs1,
    /// RSASSA-PSS.
    Pss,
}

impl RsaPadding {
    pub(crate) const NAMES: [&str; 2] = ["pkcs1", "pss"];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "pkcs1" => Self::Pkcs1,
            "pss" => Self::Pss,
            _ => return None,
        })
    }
}

/// A padding with a digest that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RsaKind {
    padding: RsaPadding,
    digest: Digest,
}

impl RsaKind {
    /// `None` where the two do not go together.
    pub(crate) fn new(padding: RsaPadding, digest: Digest) -> Option<Self> {
        let kind = Self { padding, digest };
        kind.verification().map(|_| kind)
    }

    pub(crate) fn describe(self) -> String {
        match self.padding {
            RsaPadding::Pkcs1 => format!("RSA {}", self.digest.name()),
            RsaPadding::Pss => format!("RSA-PSS {}", self.digest.name()),
        }
    }

    fn verification(self) -> Option<&'static RsaParameters> {
        Some(match (self.padding, self.digest) {
            (RsaPadding::Pkcs1, Digest::Sha1) => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            (RsaPadding::Pkcs1, Digest::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
            (RsaPadding::Pkcs1, Digest::Sha384) => &RSA_PKCS1_2048_8192_SHA384,
            (RsaPadding::Pkcs1, Digest::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
            (RsaPadding::Pss, Digest::Sha256) => &RSA_PSS_2048_8192_SHA256,
            (RsaPadding::Pss, Digest::Sha384) => &RSA_PSS_2048_8192_SHA384,
            (RsaPadding::Pss, Digest::Sha512) => &RSA_PSS_2048_8192_SHA512,
            (RsaPadding::Pss, Digest::Sha1) | (_, Digest::Md5) => return None,
        })
    }

    fn signing(self) -> Option<&'static dyn RsaEncoding> {
        Some(match (self.padding, self.digest) {
            (RsaPadding::Pkcs1, Digest::Sha256) => &RSA_PKCS1_SHA256,
            (RsaPadding::Pkcs1, Digest::Sha384) => &RSA_PKCS1_SHA384,
            (RsaPadding::Pkcs1, Digest::Sha512) => &RSA_PKCS1_SHA512,
            (RsaPadding::Pss, Digest::Sha256) => &RSA_PSS_SHA256,
            (RsaPadding::Pss, Digest::Sha384) => &RSA_PSS_SHA384,
            (RsaPadding::Pss, Digest::Sha512) => &RSA_PSS_SHA512,
            (_, Digest::Sha1 | Digest::Md5) => return None,
        })
    }
}

/// A public key, and the private one where the secret holds it.
#[derive(Clone)]
pub(crate) struct RsaKey {
    /// DER of an `RSAPublicKey`.
    public: Vec<u8>,
    /// Bytes of the modulus, which are those of a signature.
    length: usize,
    private: Option<Arc<RsaKeyPair>>,
}

impl RsaKey {
    pub(super) const NEEDED: &str = NEEDED;

    pub(super) fn of(material: &Material) -> Result<Self, String> {
        match material {
            Material::Public(der) => match SubjectPublicKeyInfoRef::from_der(der) {
                Ok(info) if info.algorithm.oid == RSA_ENCRYPTION => {
                    Self::public(info.subject_public_key.as_bytes().unwrap_or_default())
                }
                _ => Err(material.refuse(NEEDED)),
            },
            Material::Private(der) => match RsaKeyPair::from_pkcs8(der) {
                Ok(pair) => Self::private(pair),
                Err(_) if material.describe() == "an RSA private key" => Err(UNUSABLE_PRIVATE.to_owned()),
                Err(_) => Err(material.refuse(NEEDED)),
            },
            Material::RsaPrivate(der) => {
                Self::private(RsaKeyPair::from_der(der).map_err(|_| UNUSABLE_PRIVATE.to_owned())?)
            }
            Material::RsaPublic(der) => Self::public(der),
            _ => Err(material.refuse(NEEDED)),
        }
    }

    fn public(der: &[u8]) -> Result<Self, String> {
        let bits = modulus_bits(der).ok_or_else(|| format!("its RSA public key cannot be read: {NEEDED}"))?;
        if !BITS.contains(&bits) {
            return Err(format!("its RSA key has {bits} bits, {} to {} are taken", BITS.start(), BITS.end()));
        }
        Ok(Self { public: der.to_vec(), length: bits.div_ceil(8), private: None })
    }

    fn private(pair: RsaKeyPair) -> Result<Self, String> {
        let public = Self::public(pair.public_key().as_ref())?;
        Ok(Self { private: Some(Arc::new(pair)), ..public })
    }

    pub(crate) fn signs(&self) -> bool {
        self.private.is_some()
    }

    /// Bytes of a signature.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    pub(crate) fn sign(&self, kind: RsaKind, message: &[u8]) -> Result<Vec<u8>, &'static str> {
        let pair = self.private.as_ref().ok_or(NEEDS_PRIVATE)?;
        let encoding =
            kind.signing().ok_or("RSA with SHA-1 is verified only: sign with an alternative that has SHA-256")?;
        let mut signature = vec![0; self.length];
        pair.sign(encoding, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| "RSA cannot sign with this key")?;
        Ok(signature)
    }

    pub(crate) fn verify(&self, kind: RsaKind, message: &[u8], signature: &[u8]) -> bool {
        let Some(parameters) = kind.verification() else { return false };
        UnparsedPublicKey::new(parameters, &self.public).verify(message, signature).is_ok()
    }
}

/// ring signs with two-prime keys of 2048 to 4096 bits whose parts agree.
const UNUSABLE_PRIVATE: &str = "its RSA private key cannot be used: two primes, 2048 to 4096 bits and a public exponent of 65537 or more are taken";

/// The length of the modulus in an `RSAPublicKey`; `None` when the bytes are none.
fn modulus_bits(der: &[u8]) -> Option<usize> {
    let bits = AnyRef::from_der(der).ok()?.sequence(|reader| {
        let modulus = UintRef::decode(reader)?;
        UintRef::decode(reader)?;
        let first = modulus.as_bytes().first().map_or(0, |byte| byte.leading_zeros() as usize);
        Ok::<_, der::Error>((modulus.as_bytes().len() * 8).saturating_sub(first))
    });
    bits.ok()
}

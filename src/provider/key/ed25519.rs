//! Ed25519 keys, RFC 8032.

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use p256::pkcs8::der::Decode as _;
use p256::pkcs8::der::asn1::OctetStringRef;
use p256::pkcs8::{ObjectIdentifier, PrivateKeyInfoRef, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use super::NEEDS_PRIVATE;
use super::material::Material;

const NEEDED: &str = "Ed25519 needs an Ed25519 key, as PEM, JWK, hex or base64: \
     the public key (32 bytes) verifies, a private key (PKCS#8, or 64 bytes: private and public) signs too";

/// RFC 8410 section 3.
const ID_ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A public key, and the private one where the secret holds it.
#[derive(Clone)]
pub(crate) struct Ed25519Key {
    public: VerifyingKey,
    private: Option<Box<SigningKey>>,
}

impl Ed25519Key {
    pub(super) const NEEDED: &str = NEEDED;

    pub(super) fn of(material: &Material) -> Result<Self, String> {
        let wrong = || material.refuse(NEEDED);
        match material {
            Material::Public(der) => match SubjectPublicKeyInfoRef::from_der(der) {
                Ok(info) if info.algorithm.oid == ID_ED25519 => {
                    Self::raw(info.subject_public_key.as_bytes().unwrap_or_default())
                }
                _ => Err(wrong()),
            },
            Material::Private(der) => Self::private(der).ok_or_else(wrong),
            Material::Raw(bytes) => Self::raw(bytes),
            _ => Err(wrong()),
        }
    }

    /// `CurvePrivateKey`, RFC 8410 section 7: the seed, wrapped twice.
    fn private(der: &[u8]) -> Option<Self> {
        let info = PrivateKeyInfoRef::from_der(der).ok().filter(|info| info.algorithm.oid == ID_ED25519)?;
        let seed = <&OctetStringRef>::from_der(info.private_key.as_bytes()).ok()?;
        let pair = SigningKey::try_from(seed.as_bytes()).ok()?;
        Some(Self { public: pair.verifying_key(), private: Some(Box::new(pair)) })
    }

    /// 32 bytes are a public key; 64 are a private key followed by its public key.
    fn raw(bytes: &[u8]) -> Result<Self, String> {
        match bytes.len() {
            32 => {
                let mut public = [0; 32];
                public.copy_from_slice(bytes);
                let public =
                    VerifyingKey::from_bytes(&public).map_err(|_| "these 32 bytes are not an Ed25519 public key")?;
                Ok(Self { public, private: None })
            }
            64 => {
                let mut pair = Zeroizing::new([0; 64]);
                pair.copy_from_slice(bytes);
                let pair = SigningKey::from_keypair_bytes(&pair)
                    .map_err(|_| "the public half of this Ed25519 key does not belong to the private half")?;
                Ok(Self { public: pair.verifying_key(), private: Some(Box::new(pair)) })
            }
            length => {
                Err(format!("an Ed25519 key has 32 bytes (public) or 64 (private and public), this one {length}"))
            }
        }
    }

    pub(crate) fn signs(&self) -> bool {
        self.private.is_some()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, &'static str> {
        let private = self.private.as_ref().ok_or(NEEDS_PRIVATE)?;
        Ok(private.sign(message).to_bytes().to_vec())
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.public.verify_strict(message, &signature).is_ok())
    }
}

//! ECDSA on P-256 (FIPS 186-5). Signing is deterministic (RFC 6979), so `--seed` holds for it too.

use p256::SecretKey;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};

use super::NEEDS_PRIVATE;
use super::material::Material;
use crate::provider::digest::Digest;

const NEEDED: &str = "ECDSA needs an EC key on the curve P-256, as PEM, JWK or base64: \
     the public key or a certificate verifies, a private key (PKCS#8) signs too";

/// Bytes of `r` and `s` one after the other.
const FIXED_LENGTH: usize = 64;

/// How the two numbers of a signature are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EcdsaForm {
    /// `ECDSA-Sig-Value`, RFC 3279 section 2.2.3.
    Der,
    /// `r` and `s` of 32 bytes each, as in RFC 7518 section 3.4.
    Fixed,
}

impl EcdsaForm {
    pub(crate) const NAMES: [&str; 2] = ["der", "fixed"];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "der" => Self::Der,
            "fixed" => Self::Fixed,
            _ => return None,
        })
    }

    fn read(self, bytes: &[u8]) -> Option<Signature> {
        match self {
            Self::Der => Signature::from_der(bytes).ok(),
            Self::Fixed => Signature::from_slice(bytes).ok(),
        }
    }

    /// What is wrong with bytes that cannot be a signature.
    pub(crate) fn check(self, bytes: &[u8]) -> Result<(), String> {
        if self.read(bytes).is_some() {
            return Ok(());
        }
        let (this, other, name) = match self {
            Self::Der => ("a DER sequence of two numbers", Self::Fixed, "fixed"),
            Self::Fixed => ("64 bytes, r and s", Self::Der, "der"),
        };
        Err(match other.read(bytes) {
            Some(_) => format!("expected {this}, found the form that `signature_form = \"{name}\"` reads"),
            None if self == Self::Fixed && bytes.len() != FIXED_LENGTH => {
                format!("expected {this}, found {} bytes", bytes.len())
            }
            None => format!("expected {this}, these {} bytes are none", bytes.len()),
        })
    }
}

/// A form with the digest that is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EcdsaKind {
    form: EcdsaForm,
    digest: Digest,
}

impl EcdsaKind {
    /// RFC 7518 section 3.4.
    pub(crate) const ES256: Self = Self { form: EcdsaForm::Fixed, digest: Digest::Sha256 };

    /// `None` for a digest that nobody signs with.
    pub(crate) fn new(form: EcdsaForm, digest: Digest) -> Option<Self> {
        matches!(digest, Digest::Sha256 | Digest::Sha1).then_some(Self { form, digest })
    }

    pub(crate) fn describe(self) -> String {
        match self.digest {
            Digest::Sha256 => "ECDSA P-256".to_owned(),
            digest => format!("ECDSA P-256 {}", digest.name()),
        }
    }

    /// What is wrong with bytes that cannot be a signature.
    pub(crate) fn check(self, bytes: &[u8]) -> Result<(), String> {
        self.form.check(bytes)
    }
}

/// A public key, and the private one where the secret holds it.
#[derive(Clone)]
pub(crate) struct EcdsaKey {
    public: VerifyingKey,
    private: Option<Box<SigningKey>>,
}

impl EcdsaKey {
    pub(super) const NEEDED: &str = NEEDED;

    pub(super) fn of(material: &Material) -> Result<Self, String> {
        let wrong = || material.refuse(NEEDED);
        match material {
            Material::Public(der) => VerifyingKey::from_public_key_der(der).map(Self::public).map_err(|_| wrong()),
            Material::Private(der) => SigningKey::from_pkcs8_der(der).map(Self::private).map_err(|_| wrong()),
            Material::EcPrivate(der) => {
                SecretKey::from_sec1_der(der).map(|key| Self::private(key.into())).map_err(|_| wrong())
            }
            Material::Raw(point) => VerifyingKey::from_sec1_bytes(point).map(Self::public).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }

    fn public(public: VerifyingKey) -> Self {
        Self { public, private: None }
    }

    fn private(private: SigningKey) -> Self {
        Self { public: *private.verifying_key(), private: Some(Box::new(private)) }
    }

    pub(crate) fn signs(&self) -> bool {
        self.private.is_some()
    }

    /// The signature in this form, or what is needed to make it.
    pub(crate) fn sign(&self, kind: EcdsaKind, message: &[u8]) -> Result<Vec<u8>, &'static str> {
        if kind.digest != Digest::Sha256 {
            return Err("ECDSA with SHA-1 is verified only");
        }
        let signature: Signature = self.private.as_ref().ok_or(NEEDS_PRIVATE)?.sign(message);
        Ok(match kind.form {
            EcdsaForm::Der => signature.to_der().as_bytes().to_vec(),
            EcdsaForm::Fixed => signature.to_bytes().to_vec(),
        })
    }

    pub(crate) fn verify(&self, kind: EcdsaKind, message: &[u8], signature: &[u8]) -> bool {
        let Some(signature) = kind.form.read(signature) else { return false };
        self.public.verify_prehash(&kind.digest.hash(message), &signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6979 appendix A.2.5: the private key, its public point, and the signature of `sample` with SHA-256.
    const PRIVATE: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
    const POINT: &str = "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6\
         7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
    const SAMPLE: &str = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
         f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

    const FIXED: EcdsaKind = EcdsaKind::ES256;
    const DER: EcdsaKind = EcdsaKind { form: EcdsaForm::Der, digest: Digest::Sha256 };

    fn read(text: &[u8]) -> Result<EcdsaKey, String> {
        EcdsaKey::of(&Material::read_all(text, NEEDED)?[0].material)
    }

    fn private() -> EcdsaKey {
        EcdsaKey::private(SigningKey::from_slice(&hex::decode(PRIVATE).unwrap()).unwrap())
    }

    #[test]
    fn agrees_with_the_vector_of_rfc_6979() {
        let signature = private().sign(FIXED, b"sample").unwrap();
        assert_eq!(hex::encode(&signature), SAMPLE);
        use base64::Engine as _;
        let point = base64::engine::general_purpose::STANDARD.encode(hex::decode(POINT).unwrap());
        let public = read(point.as_bytes()).unwrap();
        assert!(public.verify(FIXED, b"sample", &signature));
        assert!(!public.verify(FIXED, b"simple", &signature));
        assert!(public.sign(FIXED, b"sample").is_err());
    }

    #[test]
    fn the_other_form_is_named_and_never_read() {
        let key = private();
        let fixed = key.sign(FIXED, b"a").unwrap();
        let der = key.sign(DER, b"a").unwrap();
        assert!(!key.verify(DER, b"a", &fixed) && !key.verify(FIXED, b"a", &der));
        assert!(EcdsaForm::Der.check(&fixed).unwrap_err().contains("signature_form = \"fixed\""));
        assert!(EcdsaForm::Fixed.check(&der).unwrap_err().contains("signature_form = \"der\""));
        assert!(EcdsaForm::Fixed.check(&[1; 63]).unwrap_err().contains("63 bytes"));
        assert!(EcdsaForm::Der.check(&[1; 63]).is_err());
    }

    #[test]
    fn zero_is_no_signature() {
        assert!(!private().verify(FIXED, b"a", &[0; FIXED_LENGTH]));
        assert!(EcdsaForm::Fixed.check(&[0; FIXED_LENGTH]).is_err());
    }

    #[test]
    fn a_point_off_the_curve_is_refused() {
        use base64::Engine as _;
        let mut point = hex::decode(POINT).unwrap();
        point[64] ^= 1;
        let text = base64::engine::general_purpose::STANDARD.encode(point);
        assert!(read(text.as_bytes()).is_err_and(|error| error.contains("P-256")));
    }
}

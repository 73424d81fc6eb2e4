//! Keys made ready once, so that a request costs only its own bytes.

mod certificate;
mod ecdsa;
mod ed25519;
mod jwk;
mod material;
mod pem;
mod published;
mod rsa;
mod set;

pub(crate) use ecdsa::{EcdsaForm, EcdsaKey, EcdsaKind};
pub(crate) use ed25519::Ed25519Key;
pub(crate) use published::Published;
pub use published::{PublishedKind, Supplied, Unsupplied, Wanted};
pub(crate) use rsa::{RsaKey, RsaKind, RsaPadding};
pub(crate) use set::Keys;

use zeroize::Zeroizing;

use super::compile::only_secret;
use super::digest::Mac;
use super::format::shorten;
use super::jwt::{JwtKey, JwtRules};
use super::signature::{Scheme, Signature};
use super::template::{RenderError, Scope};
use crate::model::{Request, Secret};
use material::Material;

/// What to say when only the public key is there to sign with.
const NEEDS_PRIVATE: &str = "signing needs the private key, this is the public one: a PEM file with PRIVATE KEY";

/// A key in the form that its scheme works with.
#[derive(Clone)]
pub(crate) enum Key {
    /// HMAC with the key mixed in.
    Mac(Mac),
    /// Schemes that read the secret through their templates.
    InTemplate,
    /// An Ed25519 key.
    Ed25519(Ed25519Key),
    /// A P-256 key.
    Ecdsa(EcdsaKey),
    /// An RSA key.
    Rsa(RsaKey),
    /// The bytes of an HMAC key, for the digest that a token names.
    Secret(Zeroizing<Vec<u8>>),
}

impl Keys {
    /// Makes the keys once, where they depend on the secret alone; `None` means once per request.
    pub(crate) fn prepare(signature: &Signature, secret: &Secret) -> Option<Result<Self, String>> {
        only_secret(&signature.key).then(|| {
            let nothing = Request::default();
            Self::make(signature, &Scope { secret: Some(secret.expose()), ..Scope::of(&nothing) })
        })
    }

    /// Makes the keys for this scope, or says what is wrong with the secret's form.
    pub(crate) fn make(signature: &Signature, scope: &Scope<'_>) -> Result<Self, String> {
        let render = || -> Result<Zeroizing<Vec<u8>>, String> {
            signature.key.render(scope).map(Zeroizing::new).map_err(|error| match error {
                RenderError::Absent(place) => format!("there is no {place}"),
                RenderError::NotGiven(name) => format!("no value is known for `{name}` (--var {name}=VALUE)"),
                RenderError::Unusable { problem } => problem,
            })
        };
        match signature.scheme {
            Scheme::Hash(_) | Scheme::Token | Scheme::Basic => Ok(Self::one(Key::InTemplate)),
            _ => Self::read(signature, &render()?),
        }
    }

    /// Reads the keys of this text, in whatever container they are.
    pub(super) fn read(signature: &Signature, text: &[u8]) -> Result<Self, String> {
        let asymmetric = |needed: &str, make: fn(&Material) -> Result<Key, String>| {
            Self::of(Material::read_all(text, needed)?, make)
        };
        match signature.scheme {
            Scheme::Hmac(digest) => shared(text, |key| Key::Mac(Mac::new(digest, key))),
            Scheme::Ed25519(_) => asymmetric(Ed25519Key::NEEDED, |key| Ed25519Key::of(key).map(Key::Ed25519)),
            Scheme::Ecdsa(_) => asymmetric(EcdsaKey::NEEDED, |key| EcdsaKey::of(key).map(Key::Ecdsa)),
            Scheme::Rsa(_) => asymmetric(RsaKey::NEEDED, |key| RsaKey::of(key).map(Key::Rsa)),
            Scheme::Jwt => match signature.jwt.as_ref().map(JwtRules::key) {
                Some(JwtKey::Rsa) => asymmetric(RsaKey::NEEDED, |key| RsaKey::of(key).map(Key::Rsa)),
                Some(JwtKey::Ecdsa) => asymmetric(EcdsaKey::NEEDED, |key| EcdsaKey::of(key).map(Key::Ecdsa)),
                Some(JwtKey::Secret) | None => shared(text, |key| Key::Secret(Zeroizing::new(key.to_vec()))),
            },
            Scheme::Hash(_) | Scheme::Token | Scheme::Basic => Ok(Self::one(Key::InTemplate)),
        }
    }
}

impl Key {
    /// Whether it can sign.
    fn signs(&self) -> bool {
        match self {
            Self::Mac(_) | Self::InTemplate | Self::Secret(_) => true,
            Self::Ed25519(key) => key.signs(),
            Self::Ecdsa(key) => key.signs(),
            Self::Rsa(key) => key.signs(),
        }
    }
}

/// A shared secret as it is, or as a JWK of the kind `oct`.
fn shared(secret: &[u8], make: impl Fn(&[u8]) -> Key) -> Result<Keys, String> {
    match jwk::read(secret) {
        None => Ok(Keys::one(make(some(secret)?))),
        Some(keys) => Keys::of(keys?, |material| match material {
            Material::Octets(key) => Ok(make(some(key)?)),
            other => Err(other.refuse("a shared secret is needed, as text or as a JWK of the kind oct")),
        }),
    }
}

/// A key of no bytes would accept what anyone signs.
fn some(key: &[u8]) -> Result<&[u8], String> {
    if key.is_empty() { Err("nothing is left of it after decoding".into()) } else { Ok(key) }
}

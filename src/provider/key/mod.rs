//! Keys made ready once, so that a request costs only its own bytes.

mod ecdsa;
mod material;
mod rsa;

pub(crate) use ecdsa::{EcdsaForm, EcdsaKey};
pub(crate) use rsa::{RsaKey, RsaKind, RsaPadding};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::compile::only_secret;
use super::digest::Mac;
use super::jwt::{JwtKey, JwtRules};
use super::signature::{KeyFormat, Scheme, Signature};
use super::template::{RenderError, Scope};
use crate::model::{Request, Secret};

/// What to say when only the public key is there to sign with.
const NEEDS_PRIVATE: &str = "signing needs the private key, this is the public one: a PEM file with PRIVATE KEY";

/// A key in the form that its scheme works with.
#[derive(Clone)]
pub(crate) enum Key {
    /// HMAC with the key mixed in.
    Mac(Mac),
    /// Schemes that read the secret through their templates.
    InTemplate,
    /// A public key, and the private one where the secret holds it.
    Ed25519(VerifyingKey, Option<Box<SigningKey>>),
    /// A P-256 key.
    Ecdsa(EcdsaKey),
    /// An RSA key.
    Rsa(RsaKey),
    /// The bytes of an HMAC key, for the digest that a token names.
    Secret(Zeroizing<Vec<u8>>),
}

impl Key {
    /// Makes the key once, where it depends on the secret alone; `None` means once per request.
    pub(crate) fn prepare(signature: &Signature, secret: &Secret) -> Option<Result<Self, String>> {
        only_secret(&signature.key).then(|| {
            let nothing = Request::default();
            Self::make(signature, &Scope { secret: Some(secret.expose()), ..Scope::of(&nothing) })
        })
    }

    /// Makes the key for this scope, or says what is wrong with the secret's form.
    pub(crate) fn make(signature: &Signature, scope: &Scope<'_>) -> Result<Self, String> {
        let render = || -> Result<Zeroizing<Vec<u8>>, String> {
            signature.key.render(scope).map(Zeroizing::new).map_err(|error| match error {
                RenderError::Absent(place) => format!("there is no {place}"),
                RenderError::NotGiven(name) => format!("no value is known for `{name}` (--var {name}=VALUE)"),
                RenderError::Unusable { problem } => problem,
            })
        };
        match signature.scheme {
            Scheme::Hmac(digest) => Ok(Self::Mac(Mac::new(digest, &some(render()?)?))),
            Scheme::Ed25519(format) => ed25519(format, &render()?),
            Scheme::Ecdsa(_) => EcdsaKey::read(&render()?).map(Self::Ecdsa),
            Scheme::Jwt => match signature.jwt.as_ref().map(JwtRules::key) {
                Some(JwtKey::Rsa) => RsaKey::read(&render()?).map(Self::Rsa),
                Some(JwtKey::Ecdsa) => EcdsaKey::read(&render()?).map(Self::Ecdsa),
                Some(JwtKey::Secret) | None => Ok(Self::Secret(some(render()?)?)),
            },
            Scheme::Rsa(_) => RsaKey::read(&render()?).map(Self::Rsa),
            Scheme::Hash(_) | Scheme::Token | Scheme::Basic => Ok(Self::InTemplate),
        }
    }
}

/// A key of no bytes would accept what anyone signs.
fn some(key: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, String> {
    if key.is_empty() { Err("nothing is left of it after decoding".into()) } else { Ok(key) }
}

/// 32 bytes are a public key; 64 are a private key followed by its public key.
fn ed25519(format: KeyFormat, text: &[u8]) -> Result<Key, String> {
    let bytes = Zeroizing::new(match format {
        KeyFormat::Hex => hex::decode(text).map_err(|_| "an Ed25519 key is written in hex here")?,
        KeyFormat::Base64 => STANDARD.decode(text).map_err(|_| "an Ed25519 key is written in base64 here")?,
    });
    match bytes.len() {
        32 => {
            let mut public = [0; 32];
            public.copy_from_slice(&bytes);
            let key = VerifyingKey::from_bytes(&public).map_err(|_| "these 32 bytes are not an Ed25519 public key")?;
            Ok(Key::Ed25519(key, None))
        }
        64 => {
            let mut pair = Zeroizing::new([0; 64]);
            pair.copy_from_slice(&bytes);
            let key = SigningKey::from_keypair_bytes(&pair)
                .map_err(|_| "the public half of this Ed25519 key does not belong to the private half")?;
            Ok(Key::Ed25519(key.verifying_key(), Some(Box::new(key))))
        }
        length => Err(format!("an Ed25519 key has 32 bytes (public) or 64 (private and public), this one {length}")),
    }
}

//! JSON Web Keys, RFC 7517, 7518 section 6 and 8037: read into the containers that other keys come in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::SecretKey;
use p256::ecdsa::SigningKey;
use p256::pkcs8::der::asn1::UintRef;
use p256::pkcs8::der::{AnyRef, Encode as _, Tag};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::material::{Material, Named};

/// Providers publish a handful.
const MAX_KEYS: usize = 64;

/// SubjectPublicKeyInfo of Ed25519 up to the key, RFC 8410.
const ED25519_PUBLIC: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// PrivateKeyInfo of Ed25519 up to the seed, RFC 8410.
const ED25519_PRIVATE: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// The keys of a JWK or a JWK set; `None` where the text is neither. Keys for encryption are passed over.
pub(super) fn read(text: &[u8]) -> Option<Result<Vec<Named>, String>> {
    if !text.trim_ascii().starts_with(b"{") {
        return None;
    }
    let mut document: Map<String, Value> = serde_json::from_slice(text).ok()?;
    if document.contains_key("kty") {
        return Some(key(&document).map(|key| vec![key]));
    }
    let Value::Array(keys) = document.remove("keys")? else { return None };
    if keys.len() > MAX_KEYS {
        return Some(Err(format!("its key set has {} keys, {MAX_KEYS} are taken", keys.len())));
    }
    let signs = |key: &&Map<String, Value>| key.get("use").and_then(Value::as_str) != Some("enc");
    let keys: Vec<Named> =
        keys.iter().filter_map(Value::as_object).filter(signs).filter_map(|key| self::key(key).ok()).collect();
    if keys.is_empty() { Some(Err("its key set has no key that can be read".into())) } else { Some(Ok(keys)) }
}

fn key(key: &Map<String, Value>) -> Result<Named, String> {
    let kind = key.get("kty").and_then(Value::as_str).unwrap_or_default();
    let curve = key.get("crv").and_then(Value::as_str).unwrap_or_default();
    let material = match (kind, curve) {
        ("RSA", _) => rsa(key),
        ("EC", "P-256") => p256(key),
        ("OKP", "Ed25519") => ed25519(key),
        ("oct", _) => member(key, "k").map(Material::Octets),
        ("EC" | "OKP", _) => Some(Material::Other(format!("a JWK of the curve {}", super::shorten(curve)))),
        _ => Some(Material::Other(format!("a JWK of the kind {}", super::shorten(kind)))),
    };
    let id = key.get("kid").and_then(Value::as_str).map(str::to_owned);
    let material = material.ok_or_else(|| format!("its JWK of the kind {} cannot be read", super::shorten(kind)))?;
    Ok(Named { id, material })
}

/// The bytes of a member.
fn member(key: &Map<String, Value>, name: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text = key.get(name)?.as_str()?;
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok().map(Zeroizing::new)
}

fn rsa(key: &Map<String, Value>) -> Option<Material> {
    let names: &[&str] = if key.contains_key("d") { &["n", "e", "d", "p", "q", "dp", "dq", "qi"] } else { &["n", "e"] };
    let mut numbers = Zeroizing::new(Vec::new());
    if names.len() > 2 {
        // The version of a key with two primes, RFC 8017 appendix A.1.2.
        numbers.extend([0x02, 0x01, 0x00]);
    }
    for name in names {
        numbers.extend(UintRef::new(&member(key, name)?).ok()?.to_der().ok()?);
    }
    let der = AnyRef::new(Tag::Sequence, &numbers).ok()?.to_der().ok()?;
    Some(if names.len() > 2 { Material::RsaPrivate(der.into()) } else { Material::RsaPublic(der) })
}

fn p256(key: &Map<String, Value>) -> Option<Material> {
    let (x, y) = (member(key, "x")?, member(key, "y")?);
    if x.len() != 32 || y.len() != 32 {
        return None;
    }
    let point = [&[4], &x[..], &y[..]].concat();
    let Some(private) = member(key, "d") else { return Some(Material::Raw(point.into())) };
    let private = SecretKey::from_slice(&private).ok()?;
    let own = SigningKey::from(&private).verifying_key().to_sec1_point(false);
    (own.as_bytes() == point).then(|| private.to_sec1_der().ok().map(|der| Material::EcPrivate(der.to_vec().into())))?
}

fn ed25519(key: &Map<String, Value>) -> Option<Material> {
    let public = member(key, "x").filter(|public| public.len() == 32)?;
    let Some(seed) = member(key, "d") else {
        return Some(Material::Public([&ED25519_PUBLIC[..], &public].concat()));
    };
    let pair = ed25519_dalek::SigningKey::try_from(seed.as_slice()).ok()?;
    let is_own = pair.verifying_key().as_bytes() == public.as_slice();
    is_own.then(|| Material::Private([&ED25519_PRIVATE[..], &seed].concat().into()))
}

//! Secrets with which each provider's requests can be signed, and where they go.

use std::cell::RefCell;
use std::process::Command;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookctl::model::Secret;
use hookctl::provider::{Draft, Generator, Provider, SignError, Signature, Variable, compose};
use http::HeaderMap;
use jiff::Timestamp;

/// The moment at which tests sign and verify.
pub fn now() -> Timestamp {
    Timestamp::from_second(1_767_225_600).unwrap()
}

/// An Ed25519 pair, 64 bytes: RFC 8032 section 7.1, test 1.
static PAIR: LazyLock<Vec<u8>> = LazyLock::new(|| {
    hex::decode(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\
         d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    )
    .unwrap()
});

/// Secrets of every form that a scheme takes, the plainest first.
static FORMS: LazyLock<Vec<Secret>> = LazyLock::new(|| {
    let key = b"thirty-two bytes of a secret key";
    let texts = [
        "a secret for tests".to_owned(),
        format!("whsec_{}", STANDARD.encode(key)),
        STANDARD.encode(key),
        hex::encode(key),
        "user:password".to_owned(),
        format!("whsk_{}", STANDARD.encode(&*PAIR)),
        STANDARD.encode(&*PAIR),
        hex::encode(&*PAIR),
        generated(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
        generated(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
    ];
    texts.into_iter().map(|text| Secret::new(text, "test").unwrap()).collect()
});

/// A private key in PEM.
fn generated(kind: &[&str]) -> String {
    let output = Command::new("openssl").arg("genpkey").args(kind).output().unwrap();
    assert!(output.status.success(), "openssl {kind:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The provider with an example of each value that it signs though no request carries it.
pub fn exemplified(provider: &Provider) -> Provider {
    let example = |variable: &'_ Variable| Some((variable.name.to_string(), variable.example.clone()?));
    let examples: Vec<(String, String)> = provider.variables().iter().filter_map(example).collect();
    provider.with_variables(examples.iter().map(|(name, example)| (name.as_str(), example.as_str())))
}

/// Whether a sender makes such signatures: RSA with SHA-1 is only verified.
pub fn is_made(signature: &Signature) -> bool {
    signature.algorithm() != "RSA SHA-1"
}

/// A secret of the form that this signature takes: what its hint shows first, then whatever signs.
pub fn secret(provider: &Provider, signature: &str) -> Secret {
    let hint = provider.signatures().iter().find(|known| known.id() == signature).unwrap().secret_hint();
    let prefix = match hint.pattern.as_deref() {
        Some("whpk_*") => "whsk_",
        Some(pattern) => pattern.split('*').next().unwrap_or_default(),
        None => "",
    };
    let is_hinted = |secret: &&Secret| secret.expose().starts_with(prefix.as_bytes());
    let hinted = FORMS.iter().filter(is_hinted).find(|secret| signs(provider, signature, secret));
    let any = || FORMS.iter().find(|secret| signs(provider, signature, secret));
    hinted.or_else(any).unwrap_or_else(|| panic!("no secret for {}/{signature}", provider.id())).clone()
}

/// Whether the form is right; what the body lacks is another matter.
fn signs(provider: &Provider, signature: &str, secret: &Secret) -> bool {
    let (url, headers) = (url(signature, b"{}"), HeaderMap::new());
    let draft = Draft {
        event: "test",
        body: b"{}",
        content_type: None,
        headers: &headers,
        url: &url,
        signature: Some(signature),
    };
    let composed = compose(&exemplified(provider), &draft, Some(secret), &RefCell::new(Generator::new(1, now())));
    !matches!(composed, Err(SignError::Secret(_) | SignError::NoneTakes { .. }))
}

/// The secret of the receiver: the same, or the public half of a pair.
pub fn verifying(secret: &Secret) -> Secret {
    if secret.expose().starts_with(b"whsk_") {
        Secret::new(format!("whpk_{}", STANDARD.encode(&PAIR[32..])), "test").unwrap()
    } else {
        secret.clone()
    }
}

/// Where requests with this signature go: one of Twilio's binds the body by a hash in the URL.
pub fn url(signature: &str, body: &[u8]) -> String {
    use sha2::Digest as _;
    match signature {
        "json" => format!("https://hooks.example.test/in?bodySHA256={}", hex::encode(sha2::Sha256::digest(body))),
        _ => "https://hooks.example.test/in".to_owned(),
    }
}

/// HMAC-SHA-256 in hex, made without the code under test.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    hex::encode(mac.finalize().into_bytes())
}

//! Secrets with which each provider's requests can be signed, and where they go.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookctl::model::Secret;
use hookctl::provider::Provider;
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

/// A secret of the form that this signature takes.
pub fn secret(provider: &Provider, signature: &str) -> Secret {
    let hint = provider.signatures().iter().find(|known| known.id() == signature).unwrap().secret_hint();
    let text = match (hint.pattern.as_deref(), signature) {
        (Some("whpk_*"), _) => format!("whsk_{}", STANDARD.encode(&*PAIR)),
        (Some("whsec_*"), _) => format!("whsec_{}", STANDARD.encode(b"thirty-two bytes of a secret key")),
        (_, "basic") => "user:password".to_owned(),
        _ => "a secret for tests".to_owned(),
    };
    Secret::new(text, "test").unwrap()
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

//! The secret that was copied, decoded or chosen wrong.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::Facts;
use super::guess::Guess;
use super::mutation::{Mutation, Part, Undo, Undone};
use crate::provider::digest::Digest;
use crate::provider::signature::{Scheme, Signature};

/// Prefixes that providers write before a secret.
const PREFIXES: [&str; 4] = ["v1,whsec_", "whsec_", "whpk_", "whsk_"];

const fn secret(id: &'static str, what: &'static str, cure: &'static str, undo: Undo) -> Mutation {
    Mutation { id, part: Part::Secret, what, cure, undo }
}

/// Slips in copying it.
pub(super) const COPIED: [Mutation; 2] = [
    secret("secret.whitespace", "the secret has white space around it", "remove it", Undo::Secret(trimmed)),
    secret("secret.quotes", "the secret has quotes around it", "remove them", Undo::Secret(unquoted)),
];

/// The secret of something else.
pub(super) const OTHER: [Mutation; 1] =
    [secret("secret.other", "it is signed with another known secret", "use that one", Undo::Other(others))];

/// What is made of it before it is a key.
pub(super) const FORMS: [Mutation; 13] = [
    secret(
        "secret.prefix_kept",
        "a prefix of the secret is not part of this key",
        "leave it out",
        Undo::Other(stripped),
    ),
    secret("secret.prefix_stripped", "a prefix of the secret is part of the key", "keep it", Undo::Other(prefixed)),
    secret(
        "secret.not_decoded",
        "the sender used the secret as plain text, without decoding it",
        "sign with the decoded key",
        Undo::Key(as_it_is),
    ),
    secret(
        "secret.not_decoded_after_prefix",
        "the key is the secret's text behind its prefix, without decoding it",
        "the provider is probably another one",
        Undo::Key(after_prefix),
    ),
    secret(
        "secret.base64",
        "the sender decoded the secret from base64; this scheme uses its text as it is",
        "",
        Undo::Key(from_base64),
    ),
    secret(
        "secret.base64_after_prefix",
        "this secret must be decoded from base64 after `whsec_`",
        "the provider is probably another one (standard-webhooks)",
        Undo::Key(from_base64_after_prefix),
    ),
    secret(
        "secret.base64url",
        "the sender decoded the secret from base64url; this scheme uses its text as it is",
        "",
        Undo::Key(from_base64url),
    ),
    secret(
        "secret.hex",
        "the sender decoded the secret from hex; this scheme uses its text as it is",
        "",
        Undo::Key(from_hex),
    ),
    secret("secret.sha1", "the key is the SHA-1 digest of the secret", "hash the secret first", Undo::Key(sha1)),
    secret("secret.sha256", "the key is the SHA-256 digest of the secret", "hash the secret first", Undo::Key(sha256)),
    secret(
        "secret.to_base64",
        "the sender used the base64 text of the secret as the key",
        "give the secret as the provider shows it",
        Undo::Key(to_base64),
    ),
    secret(
        "secret.to_hex",
        "the sender used the hex text of the secret as the key",
        "give the secret as the provider shows it",
        Undo::Key(to_hex),
    ),
    secret(
        "secret.hex_for_base64",
        "the secret is written in hex, and this scheme takes base64",
        "give it in base64",
        Undo::Secret(hex_as_base64),
    ),
];

/// Whether sender and receiver have one secret, whose bytes may be a key.
pub(super) fn is_shared(signature: &Signature) -> bool {
    match signature.scheme {
        Scheme::Hmac(_) | Scheme::Hash(_) => true,
        Scheme::Jwt => signature.jwt.as_ref().is_some_and(|rules| rules.takes_secret()),
        _ => false,
    }
}

fn trimmed(secret: &[u8]) -> Option<Vec<u8>> {
    Some(secret.trim_ascii().to_vec())
}

fn unquoted(secret: &[u8]) -> Option<Vec<u8>> {
    let trimmed = secret.trim_ascii();
    let inner =
        [b'"', b'\'', b'`'].iter().find_map(|quote| trimmed.strip_prefix(&[*quote])?.strip_suffix(&[*quote]))?;
    Some(inner.to_vec())
}

/// The secrets of others are tried as they are; what they are called is all that is said of them.
fn others<'a>(facts: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let known = facts.circumstances.known.iter().filter(|known| known.expose() != guess.secret.as_slice());
    let provider = &facts.provider.about().name;
    let undone = |known: &crate::model::Secret| Undone {
        guess: guess.with_secret(known.expose().to_vec()),
        what: format!("it is signed with another secret that is known here, {}", known.label()).into(),
        cure: format!("use that one for {provider}").into(),
    };
    known.map(undone).collect()
}

/// The prefixes that may stand before this provider's secrets.
fn prefixes(guess: &Guess<'_>) -> Vec<String> {
    let pattern = guess.signature.secret_hint.pattern.as_deref();
    let own = pattern.and_then(|pattern| pattern.split_once('*')).map(|(prefix, _)| prefix.to_owned());
    let mut prefixes: Vec<String> = own.into_iter().filter(|prefix| !prefix.is_empty()).collect();
    prefixes.extend(
        PREFIXES
            .iter()
            .filter(|known| !prefixes.iter().any(|own| own == *known))
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
    );
    prefixes
}

fn stripped<'a>(_: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let rest =
        |prefix: &str| Some(guess.secret.strip_prefix(prefix.as_bytes())?.to_vec()).filter(|rest| !rest.is_empty());
    let undone = |prefix: String| {
        Some(Undone {
            guess: guess.with_secret(rest(&prefix)?),
            what: format!("the `{prefix}` prefix is not part of this key").into(),
            cure: "leave it out".into(),
        })
    };
    prefixes(guess).into_iter().filter_map(undone).collect()
}

fn prefixed<'a>(_: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let missing = prefixes(guess).into_iter().filter(|prefix| !guess.secret.starts_with(prefix.as_bytes()));
    let undone = |prefix: String| Undone {
        guess: guess.with_secret([prefix.as_bytes(), &guess.secret].concat()),
        what: format!("the `{prefix}` prefix is part of the key").into(),
        cure: "keep it".into(),
    };
    missing.map(undone).collect()
}

fn as_it_is(secret: &[u8]) -> Option<Vec<u8>> {
    Some(secret.to_vec())
}

fn after_prefix(secret: &[u8]) -> Option<Vec<u8>> {
    PREFIXES.iter().find_map(|prefix| secret.strip_prefix(prefix.as_bytes())).map(<[u8]>::to_vec)
}

fn from_base64(secret: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(secret).or_else(|_| STANDARD_NO_PAD.decode(secret)).ok()
}

fn from_base64_after_prefix(secret: &[u8]) -> Option<Vec<u8>> {
    from_base64(&after_prefix(secret)?)
}

fn from_base64url(secret: &[u8]) -> Option<Vec<u8>> {
    let decoded = URL_SAFE.decode(secret).or_else(|_| URL_SAFE_NO_PAD.decode(secret)).ok();
    decoded.filter(|_| from_base64(secret).is_none())
}

fn from_hex(secret: &[u8]) -> Option<Vec<u8>> {
    hex::decode(secret).ok()
}

fn sha1(secret: &[u8]) -> Option<Vec<u8>> {
    Some(Digest::Sha1.hash(secret))
}

fn sha256(secret: &[u8]) -> Option<Vec<u8>> {
    Some(Digest::Sha256.hash(secret))
}

fn to_base64(secret: &[u8]) -> Option<Vec<u8>> {
    Some(STANDARD.encode(secret).into_bytes())
}

fn to_hex(secret: &[u8]) -> Option<Vec<u8>> {
    Some(hex::encode(secret).into_bytes())
}

fn hex_as_base64(secret: &[u8]) -> Option<Vec<u8>> {
    to_base64(&from_hex(secret)?)
}

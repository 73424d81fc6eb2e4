//! Why a signature does not match: one change at a time is undone, and the first that makes it match
//! is named with its cure. A match found here never makes a verdict valid.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::Provider;
use super::digest::Mac;
use super::key::Key;
use super::signature::{Scheme, Signature};
use super::template::{Scope, Source};
use crate::json;
use crate::model::{Reason, Request};

/// Larger bodies are not varied: each try hashes the whole body, and a listener explains in line.
const MAX_BODY: usize = 256 * 1024;

/// What to change, when one change explains the mismatch.
pub(super) fn mismatch(signature: &Signature, scope: &Scope<'_>, candidates: &[Vec<u8>]) -> Option<String> {
    if scope.body.len() > MAX_BODY {
        return None;
    }
    wrong_secret_form(signature, scope, candidates).or_else(|| changed_body(signature, scope, candidates))
}

/// One changed body, and the sentence that explains it.
type BodyVariant = (Vec<u8>, &'static str);

fn changed_body(signature: &Signature, scope: &Scope<'_>, candidates: &[Vec<u8>]) -> Option<String> {
    let key = Key::make(signature, scope).ok()?;
    body_variants(scope.body)
        .into_iter()
        .filter(|(body, _)| body != scope.body)
        .find(|(body, _)| proves(signature, &Scope { body, ..*scope }, &key, candidates))
        .map(|(_, sentence)| sentence.to_owned())
}

/// Newlines and encodings before JSON: a CRLF file is also "re-serialised", and the nearer cause is the newline.
fn body_variants(body: &[u8]) -> Vec<BodyVariant> {
    let mut variants: Vec<BodyVariant> = vec![
        (
            [body, b"\n"].concat(),
            "the signed body ends with a newline that this one lacks: something trimmed it; pass the raw bytes on",
        ),
        (
            [body, b"\r\n"].concat(),
            "the signed body ends with CR LF that this one lacks: something trimmed it; pass the raw bytes on",
        ),
    ];
    if let Some(trimmed) = body.strip_suffix(b"\r\n") {
        variants.push((
            trimmed.to_vec(),
            "a trailing CR LF was added to the body: send it without (curl: `--data-binary`, printf instead of echo)",
        ));
    }
    if let Some(trimmed) = body.strip_suffix(b"\n") {
        variants.push((
            trimmed.to_vec(),
            "a trailing newline was added to the body: send it without (printf instead of echo)",
        ));
    }
    variants.push((replace(body, b"\r\n", b"\n"), "line ends were changed from LF to CR LF: pass the raw bytes on"));
    variants.push((
        replace(&replace(body, b"\r\n", b"\n"), b"\n", b"\r\n"),
        "line ends were changed from CR LF to LF: pass the raw bytes on",
    ));
    match body.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => variants.push((rest.to_vec(), "a byte order mark was put before the body: send it without")),
        None => variants.push((
            [b"\xef\xbb\xbf", body].concat(),
            "the byte order mark before the body was removed: pass the raw bytes on",
        )),
    }
    let rewritten = [json::compact(body), json::spaced(body), json::indented(body, 2), json::indented(body, 4)];
    variants.extend(rewritten.into_iter().flatten().map(|text| (text, RESERIALISED)));
    variants
}

const RESERIALISED: &str = "the JSON body was parsed and written again (other white space): \
     verify the raw bytes, before any JSON parser";

fn replace(body: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = memchr::memmem::find(rest, from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

fn proves(signature: &Signature, scope: &Scope<'_>, key: &Key, candidates: &[Vec<u8>]) -> bool {
    (0..signature.signed.len()).any(|index| signature.proves(index, scope, key, candidates).unwrap_or(false))
}

/// A secret that is right but was copied in another form than the scheme takes.
fn wrong_secret_form(signature: &Signature, scope: &Scope<'_>, candidates: &[Vec<u8>]) -> Option<String> {
    let Scheme::Hmac(digest) = signature.scheme else { return None };
    let secret = scope.secret?;
    let as_key = |key: &[u8]| !key.is_empty() && proves(signature, scope, &Key::Mac(Mac::new(digest, key)), candidates);
    let as_secret = |secret: &[u8]| {
        let scope = Scope { secret: Some(secret), ..*scope };
        Key::make(signature, &scope).is_ok_and(|key| proves(signature, &scope, &key, candidates))
    };
    let trimmed = secret.trim_ascii();
    if trimmed != secret && as_secret(trimmed) {
        return Some("the secret has white space around it: remove it".into());
    }
    if let Some(inner) = unquoted(trimmed)
        && as_secret(inner)
    {
        return Some("the secret has quotes around it: remove them".into());
    }
    if let Some(rest) = secret.strip_prefix(b"whsec_") {
        if as_secret(rest) {
            return Some("the `whsec_` prefix is not part of this key: leave it out".into());
        }
        if decoded(rest).is_some_and(|key| as_key(&key)) {
            return Some("this secret must be decoded from base64 after `whsec_`: the provider is probably another one (standard-webhooks)".into());
        }
    } else if as_secret(&[b"whsec_", secret].concat()) {
        return Some("the `whsec_` prefix is part of the key: keep it".into());
    }
    if as_key(secret) {
        return Some("the sender used the secret as plain text, without decoding it: sign with the decoded key".into());
    }
    if decoded(secret).is_some_and(|key| as_key(&key)) {
        return Some("the sender decoded the secret from base64; this scheme uses its text as it is".into());
    }
    if hex::decode(secret).is_ok_and(|key| as_key(&key)) {
        return Some("the sender decoded the secret from hex; this scheme uses its text as it is".into());
    }
    None
}

fn unquoted(text: &[u8]) -> Option<&[u8]> {
    [b'"', b'\''].iter().find_map(|quote| text.strip_prefix(&[*quote])?.strip_suffix(&[*quote]))
}

fn decoded(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok().map(Cow::Owned)
}

/// What to say when the signature is not there at all.
pub(super) fn missing(provider: &Provider, request: &Request) -> String {
    let wanted: Vec<&str> = provider
        .signatures
        .iter()
        .flat_map(|signature| &signature.sources)
        .filter_map(|source| match source.source() {
            Source::Header(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let near =
        request.headers.keys().map(http::HeaderName::as_str).find(|name| {
            wanted.iter().any(|wanted| *name != *wanted && strsim::damerau_levenshtein(name, wanted) <= 2)
        });
    match near {
        Some(near) => format!("the request has a header `{near}`: is the name right?"),
        None => format!(
            "set a secret at {} so that it signs, or check that no proxy drops the header",
            provider.about().name
        ),
    }
}

/// What to say about a right signature at the wrong time.
pub(super) fn stale(reason: &Reason) -> Option<String> {
    match reason {
        Reason::TooOld { age, .. } if *age > 1_000_000_000 => {
            Some("the timestamp looks like another unit (seconds, milliseconds)".into())
        }
        Reason::TooOld { .. } => {
            Some("a replay keeps its old timestamp: sign it again, or verify with `--tolerance none`".into())
        }
        Reason::TooNew { .. } => Some("the clocks differ, or the timestamp is in milliseconds: check both".into()),
        _ => None,
    }
}

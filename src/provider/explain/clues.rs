//! What can be seen without the secret: that something happened to the body, though not what was signed.

use ::url::{Host, Url};

use super::body::GZIP;
use super::{Facts, charset, cure, url};
use crate::json::{self, Kind};
use crate::provider::signature::Signature;
use crate::provider::template::Scope;

/// Clues that are told; the first ones are the plainest.
const MAX_CLUES: usize = 3;
/// Larger bodies are not read for numbers and characters.
const MAX_READ: usize = 1024 * 1024;

/// Sentences, the plainest first; a signature that is right, over something else, has the right secret.
pub(super) fn clues(facts: &Facts<'_>, is_right: bool) -> Vec<String> {
    let body: &[u8] = &facts.request.body;
    let mut clues: Vec<String> = length(facts).into_iter().chain(packed(facts)).chain(local(facts)).collect();
    if body.len() <= MAX_READ {
        clues.extend(text(body));
        clues.extend(json(body));
    }
    if !is_right {
        clues.extend(mode(body));
    }
    clues.truncate(MAX_CLUES);
    clues
}

fn length(facts: &Facts<'_>) -> Option<String> {
    let told: usize = facts.request.header("content-length")?.parse().ok()?;
    let body = &facts.request.body;
    let encoding = facts.request.header("content-encoding").unwrap_or_default();
    match body.len() {
        length if length == told => None,
        0 => Some(format!("the body is empty, and content-length says {told}: {}", cure::CONSUMED)),
        length if encoding.is_empty() => {
            let difference = length.abs_diff(told);
            let more = if length > told { "more" } else { "less" };
            let noun = if difference == 1 { "byte" } else { "bytes" };
            Some(format!(
                "content-length says {told}, and the body has {difference} {noun} {more}: something changed it on the way"
            ))
        }
        _ => None,
    }
}

fn packed(facts: &Facts<'_>) -> Option<String> {
    let encoding = facts.request.header("content-encoding").unwrap_or_default().to_ascii_lowercase();
    let is_packed = facts.request.body.starts_with(GZIP);
    match encoding.as_str() {
        "gzip" | "x-gzip" if !is_packed => Some(
            "the request says `content-encoding: gzip` and the body is unpacked: what was signed may be the packed bytes, \
             which are lost"
                .to_owned(),
        ),
        "" if is_packed => Some("the body is gzip, and the request does not say so (content-encoding)".to_owned()),
        _ => None,
    }
}

/// A URL that no provider can call, where it is signed.
fn local(facts: &Facts<'_>) -> Option<String> {
    let public_url = facts.provider.given.public_url(facts.request);
    let url = facts.circumstances.url.or(public_url.as_deref());
    let scope = Scope { url, ..facts.provider.scope(facts.request) };
    let stands = |signature: &&Signature| signature.applies(&scope) && signature.find(&scope).next().is_some();
    let is_signed = facts.provider.signatures.iter().filter(stands).any(url::is_signed);
    let url = Url::parse(&scope.full_url()).ok()?;
    let is_local = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback() || address.is_private() || address.is_unspecified(),
        Host::Ipv6(address) => address.is_loopback() || address.is_unspecified(),
    };
    (is_signed && is_local).then(|| {
        format!(
            "the URL is signed too, and here it is one of `{}`: where a tunnel or proxy stands in between, give the \
             public one (`verify --url`, `listen --public-url`)",
            url.origin().ascii_serialization()
        )
    })
}

fn text(body: &[u8]) -> Option<String> {
    if memchr::memmem::find(body, "\u{fffd}".as_bytes()).is_some() {
        return Some(
            "the body has U+FFFD where bytes were not understood: what was signed is lost, keep the raw bytes".into(),
        );
    }
    if charset::is_encoded_twice(body) {
        return Some("the body looks like UTF-8 that was read as Latin-1 (`Ã©` for `é`): keep the raw bytes".into());
    }
    let is_form = !body.starts_with(b"{") && !body.starts_with(b"[");
    (is_form && memchr::memmem::find(body, b"=+").is_some())
        .then(|| "a form value begins with `+`, which reads as a blank: a `%2B` may have been decoded".into())
}

/// Integers beyond 2^53 and other texts that a parser does not keep.
fn json(body: &[u8]) -> Option<String> {
    let mut fragile = None;
    for token in json::tokens(body) {
        let token = token.ok()?;
        match token.kind {
            Kind::Number if is_beyond_doubles(token.text) => {
                return Some(
                    "the body has integers beyond 2^53, which JavaScript rounds: if anything parsed it, the signed bytes are lost"
                        .into(),
                );
            }
            Kind::Number if token.text.ends_with(b".0") => fragile = Some("`1.0`, which JavaScript writes `1`"),
            Kind::String if memchr::memmem::find(token.text, b"\\/").is_some() => {
                fragile = fragile.or(Some("`\\/`, which most parsers write `/`"));
            }
            _ => {}
        }
    }
    fragile.map(|what| format!("the body has {what}: it must not be parsed and written again before it is verified"))
}

fn is_beyond_doubles(number: &[u8]) -> bool {
    const LARGEST: u64 = 1 << 53;
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    let is_integer = digits.iter().all(u8::is_ascii_digit);
    is_integer
        && std::str::from_utf8(digits).is_ok_and(|digits| digits.parse().map_or(true, |value: u64| value > LARGEST))
}

/// Test and live events have secrets of their own.
fn mode(body: &[u8]) -> Option<String> {
    let pointer = json::Pointer::parse("/livemode").ok()?;
    match &body[json::find(body, &pointer)?] {
        b"true" => Some("the event is of live mode: the secret of test mode is another".into()),
        b"false" => Some("the event is of test mode: the secret of live mode is another".into()),
        _ => None,
    }
}

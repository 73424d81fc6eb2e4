//! Where a signature may stand in a request, and how it may be written there.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use crate::model::Request;

/// Headers that carry no signature: every client sends them.
const ORDINARY: [&str; 16] = [
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "user-agent",
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "cache-control",
    "date",
    "traceparent",
    "tracestate",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

/// Separators of items in a header.
const SEPARATORS: [&str; 3] = [",", ";", " "];

/// Names that a signed id goes by have one of these words.
const NAME_WORDS: [&str; 5] = ["id", "nonce", "delivery", "token", "key"];
/// More of them would make more readings than anyone waits for.
const MAX_NAMES: usize = 4;

/// A value of the request, with the manifest's words for its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) source: String,
    pub(super) text: String,
}

/// One way in which a signature may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) format: String,
    pub(super) split: Option<&'static str>,
    pub(super) encoding: &'static str,
    /// Bytes of the signature.
    pub(super) length: usize,
    /// The time that is captured beside it.
    pub(super) timestamp: Option<String>,
    /// What its item is called, such as `v0`: some sign that name too.
    pub(super) label: Option<String>,
}

/// A time that may be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    /// Where it stands; nothing when the signature's own format captures it.
    pub(super) place: Option<String>,
    pub(super) text: String,
}

impl Moment {
    /// The manifest's word for its unit.
    pub(super) fn unit(&self) -> &'static str {
        match self.text.len() {
            13 if is_number(&self.text) => "ms",
            _ if is_number(&self.text) => "s",
            _ => "rfc3339",
        }
    }
}

/// Everything that might be a signature: those whose name says so first.
pub(super) fn places(request: &Request) -> Vec<Place> {
    let headers = request.headers.iter().filter(|(name, _)| !ORDINARY.contains(&name.as_str()));
    let headers =
        headers.filter_map(|(name, value)| Some((format!("header:{name}"), value.to_str().ok()?.trim().to_owned())));
    let query = form_urlencoded::parse(request.uri.query().unwrap_or_default().as_bytes());
    let query = query.map(|(name, value)| (format!("query:{name}"), value.into_owned()));
    let is_form = request.media_type().as_deref() == Some("application/x-www-form-urlencoded");
    let form = form_urlencoded::parse(if is_form { &request.body } else { b"" });
    let form = form.map(|(name, value)| (format!("form:{name}"), value.into_owned()));
    let mut places: Vec<Place> =
        headers.chain(query).chain(form).map(|(source, text)| Place { source, text }).collect();
    let is_named =
        |place: &Place| ["sign", "hmac", "digest", "sig", "mac", "auth"].iter().any(|word| place.source.contains(word));
    places.sort_by_key(|place| !is_named(place));
    places
}

impl Place {
    /// Every way to read a signature from it, the plainest first.
    pub(super) fn readings(&self) -> Vec<Reading> {
        let mut found: Vec<Reading> = Vec::new();
        let mut add = |format: String, split, text: &str, timestamp: Option<String>, label: Option<&str>| {
            for (encoding, length) in decodings(text) {
                let reading = Reading {
                    format: format.clone(),
                    split,
                    encoding,
                    length,
                    timestamp: timestamp.clone(),
                    label: label.map(str::to_owned),
                };
                if !found.contains(&reading) {
                    found.push(reading);
                }
            }
        };
        add("{signature}".to_owned(), None, &self.text, None, None);
        for (at, separator) in self.text.match_indices(['=', ' ', ':', ',']) {
            let (before, after) = (&self.text[..at + separator.len()], &self.text[at + separator.len()..]);
            add(literal(before) + "{signature}", None, after, None, Some(&self.text[..at]));
        }
        for separator in SEPARATORS {
            let items: Vec<(&str, &str)> = self.text.split(separator).filter_map(item).collect();
            let time = items.iter().find(|(_, value)| is_time(value));
            for (name, value) in items.iter().filter(|item| Some(*item) != time && items.len() > 1) {
                let parts = items.iter().filter_map(|(key, _)| match (time, key) {
                    (Some((known, _)), key) if key == known => Some(format!("{}={{timestamp}}", literal(key))),
                    (_, key) if key == name => Some(format!("{}={{signature}}", literal(key))),
                    _ => None,
                });
                let spaced = if separator != " " && self.text.contains(&format!("{separator} ")) { " " } else { "" };
                let format = parts.collect::<Vec<_>>().join(&format!("{separator}{spaced}"));
                add(format, Some(separator), value, time.map(|(_, value)| (*value).to_owned()), Some(name));
            }
        }
        found
    }
}

/// `name=value`, where the name is a word.
fn item(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.trim().split_once('=')?;
    let is_word =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    is_word.then_some((name, value))
}

/// Text as a template writes it.
pub(super) fn literal(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// Encodings in which this text is as long as a signature, with its bytes.
fn decodings(text: &str) -> Vec<(&'static str, usize)> {
    let is_length = |length: usize| matches!(length, 16 | 20 | 32 | 48 | 64 | 66..=72 | 256 | 384 | 512);
    let hexadecimal = hex::decode(text).ok().map(|bytes| ("hex", bytes.len()));
    let standard = STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text));
    let standard = standard.ok().map(|bytes| ("base64", bytes.len()));
    let has_own = text.contains(['-', '_']) || !text.contains(['+', '/', '=']);
    let for_urls = URL_SAFE_NO_PAD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok().filter(|_| has_own);
    let for_urls = for_urls.map(|bytes| ("base64url", bytes.len()));
    [hexadecimal, standard, for_urls].into_iter().flatten().filter(|(_, length)| is_length(*length)).collect()
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Seconds or milliseconds of our time, or RFC 3339.
fn is_time(text: &str) -> bool {
    matches!(text.len(), 10 | 13) && is_number(text) || text.len() >= 19 && text.parse::<jiff::Timestamp>().is_ok()
}

/// Times that may be signed: the one beside the signature, then those of headers.
pub(super) fn moments(request: &Request, reading: &Reading) -> Vec<Moment> {
    let own = reading.timestamp.iter().map(|text| Moment { place: None, text: text.clone() });
    let headers = request.headers.iter().filter_map(|(name, value)| {
        let text = value.to_str().ok()?.trim();
        is_time(text).then(|| Moment { place: Some(format!("header:{name}")), text: text.to_owned() })
    });
    own.chain(headers.filter(|_| reading.timestamp.is_none())).collect()
}

/// Places of ids and nonces that may be signed.
pub(super) fn names(request: &Request, signature: &Place) -> Vec<String> {
    let has_word = |name: &str| name.split(['-', '_']).any(|word| NAME_WORDS.contains(&word));
    let headers = request.headers.keys().map(|name| name.as_str()).filter(|name| has_word(name));
    headers.map(|name| format!("header:{name}")).filter(|source| *source != signature.source).take(MAX_NAMES).collect()
}

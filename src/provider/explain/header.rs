//! The signature in another encoding, behind another prefix, or under another name.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderName;

use super::Facts;
use super::guess::Guess;
use super::mutation::{Mutation, Part, Undo, Undone};
use crate::model::Request;
use crate::provider::format::{SIGNATURE, shorten};
use crate::provider::signature::{Encoding, Signature};
use crate::provider::template::{Expression, Source};

/// Longer values are not taken apart: no signature is written in so many characters.
const MAX_TEXT: usize = 8 * 1024;
/// Pieces of a joined header that are tried.
const MAX_PIECES: usize = 16;

const fn header(id: &'static str, what: &'static str, cure: &'static str, undo: Undo) -> Mutation {
    Mutation { id, part: Part::Header, what, cure, undo }
}

/// Where it stands and how it is written.
pub(super) const WRITTEN: [Mutation; 12] = [
    header(
        "header.repeated",
        "the header is there several times, and one of them is right",
        "send it once: a proxy or a second middleware adds it again",
        Undo::Text(repeated),
    ),
    header("header.name", "it stands under another name", "", Undo::Other(renamed)),
    header(
        "header.joined",
        "several signatures are joined by a comma, and one of them is right",
        "a proxy folded the headers: split them before comparing",
        Undo::Text(|guess| pieces(guess, ',')),
    ),
    header(
        "header.prefix_missing",
        "the prefix before the signature is missing",
        "write it as the provider does",
        Undo::Text(|guess| literals(guess).into_iter().map(|literal| format!("{literal}{}", guess.text())).collect()),
    ),
    header(
        "header.prefix_added",
        "a prefix stands before the signature",
        "write the signature alone",
        Undo::Text(bare),
    ),
    header(
        "header.prefix_case",
        "the prefix before the signature is written in another case",
        "write it as the provider does",
        Undo::Text(cased),
    ),
    header(
        "header.version",
        "the signature stands under another version tag",
        "look for the tag that this scheme has: the other is of an old version or for tests",
        Undo::Text(tagged),
    ),
    header("header.encoding", "the signature is written in another encoding", "", Undo::Other(encoded)),
    header(
        "header.base64_of_hex",
        "the signature is the base64 of its hex text",
        "encode the digest's bytes, not its hex",
        Undo::Text(|guess| {
            rewritten(guess, |text| {
                Encoding::Hex.decode_any(std::str::from_utf8(&STANDARD.decode(text).ok()?).ok()?).ok()
            })
        }),
    ),
    header(
        "header.quoted",
        "the signature has quotes around it",
        "remove them",
        Undo::Text(|guess| vec![guess.text().replace(['"', '\''], "")]),
    ),
    header(
        "header.percent_encoded",
        "the signature is percent-encoded",
        "decode it before comparing",
        Undo::Text(percent_decoded),
    ),
    header(
        "header.plus_as_space",
        "the `+` of the signature's base64 became blanks",
        "something decoded it as a form value: encode `+` as `%2B`",
        Undo::Text(spaced),
    ),
];

fn is_short(guess: &Guess<'_>) -> bool {
    guess.text.len() <= MAX_TEXT
}

/// Headers that this signature reads and the request lacks, taken from those that are called nearly so.
fn renamed<'a>(_: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let request: &Request = &guess.request;
    let wanted = wanted(&guess.signature);
    let missing: Vec<&HeaderName> = wanted.into_iter().filter(|name| !request.headers.contains_key(*name)).collect();
    let pairs: Vec<(&HeaderName, &HeaderName)> =
        missing.iter().filter_map(|name| Some((*name, near(name.as_str(), request)?))).collect();
    let [(name, found), ..] = pairs.as_slice() else { return Vec::new() };
    let mut changed = request.clone();
    for (name, found) in &pairs {
        if let Some(value) = request.headers.get(*found) {
            changed.headers.insert((*name).clone(), value.clone());
        }
    }
    let mut renamed = guess.with_request(changed);
    let text =
        Expression::of((*guess.source).clone()).lookup(&renamed.scope()).map(|text| Bytes::copy_from_slice(&text));
    renamed.text = text.unwrap_or(renamed.text);
    let cure = if name.as_str().contains('_') || found.as_str().contains('_') {
        "nginx drops headers with underscores unless `underscores_in_headers on` is set"
    } else {
        "send it under its own name, or see which proxy renames it"
    };
    let what = format!("`{name}` is called `{}` here", shorten(found.as_str()));
    vec![Undone { guess: renamed, what: what.into(), cure: cure.into() }]
}

/// Headers that the signature and its content are read from.
pub(super) fn wanted(signature: &Signature) -> Vec<&HeaderName> {
    let variables = signature.variables.iter().flat_map(|(_, places)| places);
    let sources = signature.sources.iter().chain(variables).map(Expression::source);
    sources.filter_map(|source| if let Source::Header(name) = source { Some(name) } else { None }).collect()
}

/// The header whose name is this one but for a slip, `_` for `-`, or a lost `x-`.
pub(super) fn near<'r>(wanted: &str, request: &'r Request) -> Option<&'r HeaderName> {
    let plain = |name: &str| -> String {
        let name = name.trim_start_matches("http-").trim_start_matches("http_");
        let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        letters.strip_prefix('x').map(str::to_owned).unwrap_or(letters)
    };
    let names = || request.headers.keys().filter(|name| name.as_str() != wanted);
    let exact = names().find(|name| plain(name.as_str()) == plain(wanted));
    exact.or_else(|| names().find(|name| strsim::damerau_levenshtein(name.as_str(), wanted) <= 2))
}

/// Whether the signature's header is there more than once, which no guess can be right with.
pub(super) fn is_repeated(guess: &Guess<'_>) -> bool {
    match &*guess.source {
        Source::Header(name) => guess.request.headers.get_all(name).iter().nth(1).is_some(),
        _ => false,
    }
}

fn repeated(guess: &Guess<'_>) -> Vec<String> {
    let Source::Header(name) = &*guess.source else { return Vec::new() };
    let values: Vec<&str> =
        guess.request.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    if values.len() < 2 {
        Vec::new()
    } else {
        values.into_iter().take(MAX_PIECES).map(|value| value.trim().to_owned()).collect()
    }
}

fn pieces(guess: &Guess<'_>, separator: char) -> Vec<String> {
    if !is_short(guess) || !guess.text().contains(separator) {
        return Vec::new();
    }
    guess.text().split(separator).take(MAX_PIECES).map(|piece| piece.trim().to_owned()).collect()
}

/// The fixed text before the signature, of formats that begin with it.
fn literals(guess: &Guess<'_>) -> Vec<String> {
    let before = |text: &str| Some(text.split_once(&format!("{{{SIGNATURE}}}"))?.0.to_owned());
    let literals = guess.signature.formats.iter().filter_map(|format| before(format.text()));
    literals.filter(|literal| !literal.is_empty() && !literal.contains(['{', '}'])).collect()
}

/// What follows the first `=`, `,`, `:` or blank, and the last one that is no padding.
fn bare(guess: &Guess<'_>) -> Vec<String> {
    let text = guess.text();
    if !is_short(guess) {
        return Vec::new();
    }
    let inner = text.trim_end_matches('=');
    let marks = ['=', ',', ':', ' '];
    let ends = [inner.find(marks), inner.rfind(marks)];
    let mut bare: Vec<String> = ends.into_iter().flatten().map(|at| text[at + 1..].trim().to_owned()).collect();
    bare.dedup();
    bare
}

fn cased(guess: &Guess<'_>) -> Vec<String> {
    let text = guess.text();
    let fits = |literal: &String| text.get(..literal.len()).is_some_and(|start| start.eq_ignore_ascii_case(literal));
    literals(guess).into_iter().filter(fits).map(|literal| format!("{literal}{}", &text[literal.len()..])).collect()
}

/// The fixed text directly before `{signature}`: `v1=` in `t={timestamp},v1={signature}`.
fn tag(format: &str) -> Option<&str> {
    let before = format.split_once(&format!("{{{SIGNATURE}}}"))?.0;
    let start = before.rfind(['}', ';', ' ', '&']).map_or(0, |at| at + 1);
    let tag = &before[start..];
    // A comma ends an item, or joins tag and value (`v1,abc`).
    let tag = tag.trim_start_matches(',');
    (tag.len() > 1).then_some(tag)
}

/// The text with another item's tag replaced by the one that is looked for.
fn tagged(guess: &Guess<'_>) -> Vec<String> {
    if !is_short(guess) {
        return Vec::new();
    }
    let text = guess.text();
    let mut texts = Vec::new();
    for tag in guess.signature.formats.iter().filter_map(|format| tag(format.text())) {
        let Some(joint) = tag.chars().last() else { continue };
        // Each word that ends with the same joint may be the other tag.
        for (end, _) in text.match_indices(joint).take(MAX_PIECES) {
            let start = text[..end].rfind([',', ';', ' ', '&']).map_or(0, |at| at + 1);
            let found = &text[start..=end];
            if found != tag && found.len() > 1 {
                texts.push(format!("{}{tag}{}", &text[..start], &text[end + 1..]));
            }
        }
    }
    texts
}

/// The text with its signatures decoded by `decode` and written as the scheme does.
fn rewritten(guess: &Guess<'_>, decode: impl Fn(&str) -> Option<Vec<u8>>) -> Vec<String> {
    let mut text = guess.text().to_owned();
    let mut is_changed = false;
    for written in guess.written() {
        if let Some(bytes) = decode(&written).filter(|bytes| !bytes.is_empty()) {
            text = text.replacen(&written, &guess.signature.encoding.encode(&bytes), 1);
            is_changed = true;
        }
    }
    if is_changed { vec![text] } else { Vec::new() }
}

fn encoded<'a>(_: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let own = guess.signature.encoding;
    if guess.signature.is_credential() || guess.signature.jwt.is_some() {
        return Vec::new();
    }
    let others = [Encoding::Hex, Encoding::Base64, Encoding::Base64Url].into_iter().filter(|other| *other != own);
    let undone = |other: Encoding| {
        let text = rewritten(guess, |text| other.decode_any(text).ok()).pop().filter(|text| text != guess.text())?;
        Some(Undone {
            guess: guess.with_text(&text),
            what: format!("the signature is written in {}, and {} is expected", other.name(), own.name()).into(),
            cure: format!("write the digest in {}", own.name()).into(),
        })
    };
    others.filter_map(undone).collect()
}

fn percent_decoded(guess: &Guess<'_>) -> Vec<String> {
    if !is_short(guess) || !guess.text().contains('%') {
        return Vec::new();
    }
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned);
    // In a form a blank is written `+`.
    [decode(guess.text()), decode(&guess.text().replace('+', " "))].into_iter().flatten().collect()
}

fn spaced(guess: &Guess<'_>) -> Vec<String> {
    let written = guess.written();
    let with_blank: Vec<&String> = written.iter().filter(|written| written.contains(' ')).collect();
    if with_blank.is_empty() {
        return Vec::new();
    }
    let text = with_blank.iter().fold(guess.text().to_owned(), |text, one| text.replace(*one, &one.replace(' ', "+")));
    vec![text]
}

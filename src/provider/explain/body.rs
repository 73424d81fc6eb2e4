//! The body that was trimmed, converted, packed or wrapped on the way.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::{DeflateDecoder, GzDecoder, GzEncoder, ZlibDecoder, ZlibEncoder};

use super::guess::Guess;
use super::mutation::{Mutation, Part, Undo, Undone};
use super::{Facts, charset};
use crate::json;

/// A body that unpacks to more is not unpacked: a few bytes can hold gigabytes.
const MAX_UNPACKED: u64 = 4 * 1024 * 1024;

const BOM: &[u8] = b"\xef\xbb\xbf";
/// RFC 1952 section 2.3.1.
pub(super) const GZIP: &[u8] = b"\x1f\x8b";

const fn body(
    id: &'static str,
    what: &'static str,
    cure: &'static str,
    undo: fn(&[u8]) -> Option<Vec<u8>>,
) -> Mutation {
    Mutation { id, part: Part::Body, what, cure, undo: Undo::Body(undo) }
}

/// Its beginning and its line ends.
pub(super) const ENDS: [Mutation; 9] = [
    body(
        "body.newline_added",
        "a trailing newline was added to the body",
        "send it without (printf instead of echo)",
        |body| Some(body.strip_suffix(b"\n")?.to_vec()),
    ),
    body(
        "body.crlf_added",
        "a trailing CR LF was added to the body",
        "send it without (curl: `--data-binary`, printf instead of echo)",
        |body| Some(body.strip_suffix(b"\r\n")?.to_vec()),
    ),
    body(
        "body.newline_trimmed",
        "the signed body ends with a newline that this one lacks",
        "something trimmed it; pass the raw bytes on",
        |body| Some([body, b"\n"].concat()),
    ),
    body(
        "body.crlf_trimmed",
        "the signed body ends with CR LF that this one lacks",
        "something trimmed it; pass the raw bytes on",
        |body| Some([body, b"\r\n"].concat()),
    ),
    body("body.space_added", "white space was put around the body", "send it as it was signed", |body| {
        Some(body.trim_ascii().to_vec())
    }),
    body("body.lf_to_crlf", "line ends were changed from LF to CR LF", "pass the raw bytes on", |body| {
        Some(replace(body, b"\r\n", b"\n"))
    }),
    body("body.crlf_to_lf", "line ends were changed from CR LF to LF", "pass the raw bytes on", |body| {
        Some(replace(&replace(body, b"\r\n", b"\n"), b"\n", b"\r\n"))
    }),
    body("body.bom_added", "a byte order mark was put before the body", "send it without", |body| {
        Some(body.strip_prefix(BOM)?.to_vec())
    }),
    body("body.bom_removed", "the byte order mark before the body was removed", "pass the raw bytes on", |body| {
        (!body.starts_with(BOM)).then(|| [BOM, body].concat())
    }),
];

/// Its charset, compression and wrapping.
pub(super) const CONVERTED: [Mutation; 10] = [
    body(
        "body.gzip",
        "the body is still compressed with gzip, and it was signed before that",
        "unpack it as its content-encoding says, then verify",
        |body| unpack(GzDecoder::new(body)),
    ),
    body(
        "body.deflate",
        "the body is still compressed with deflate, and it was signed before that",
        "unpack it as its content-encoding says, then verify",
        |body| unpack(ZlibDecoder::new(body)).or_else(|| unpack(DeflateDecoder::new(body))),
    ),
    body(
        "body.base64",
        "the body is base64 of what was signed",
        "decode it first (AWS Lambda: `event.body` where `event.isBase64Encoded`)",
        |body| STANDARD.decode(body.trim_ascii()).ok(),
    ),
    body(
        "body.quoted",
        "the body is a JSON string that holds what was signed",
        "it was serialised twice: send the text itself",
        |body| (body.first() == Some(&b'"') && json::check(body).is_ok()).then(|| json::scalar(body).into_owned()),
    ),
    body(
        "body.latin1_to_utf8",
        "the body was signed in Latin-1 and converted to UTF-8",
        "pass the raw bytes on, without reading them as text",
        |body| charset::to_latin1(body).filter(|once| std::str::from_utf8(once).is_err()),
    ),
    body(
        "body.utf8_to_latin1",
        "the body was signed in UTF-8 and converted to Latin-1",
        "pass the raw bytes on, without reading them as text",
        charset::from_latin1,
    ),
    body(
        "body.mojibake",
        "the body's UTF-8 was read as Latin-1 and encoded again (`Ã©` for `é`)",
        "read it as UTF-8, or keep the bytes",
        |body| charset::to_latin1(body).filter(|once| std::str::from_utf8(once).is_ok()),
    ),
    body(
        "body.windows1252",
        "the body was read as Windows-1252 and encoded again (`â€™` for `’`)",
        "read it as UTF-8, or keep the bytes",
        charset::to_windows,
    ),
    Mutation {
        id: "body.unpacked",
        part: Part::Body,
        what: "the body was signed as it was compressed, and this one is unpacked",
        cure: "verify the bytes before anything unpacks them",
        undo: Undo::Other(packed),
    },
    Mutation {
        id: "body.not_signed",
        part: Part::Body,
        what: "the signature covers an empty body",
        cure: "the sender signed before the body was there: sign the bytes that are sent",
        undo: Undo::Other(emptied),
    },
];

pub(super) fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

fn unpack(reader: impl std::io::Read) -> Option<Vec<u8>> {
    let mut unpacked = Vec::new();
    let length = reader.take(MAX_UNPACKED + 1).read_to_end(&mut unpacked).ok()?;
    (length as u64 <= MAX_UNPACKED).then_some(unpacked)
}

/// Packed anew, where the request says that it was packed. Other packers write other bytes; then this finds nothing.
fn packed<'a>(_: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let encoding = guess.request.header("content-encoding").unwrap_or_default().to_ascii_lowercase();
    let mut packed = Vec::new();
    let body: &[u8] = &guess.body;
    let read = match encoding.as_str() {
        "gzip" | "x-gzip" if !body.starts_with(GZIP) => {
            GzEncoder::new(body, Compression::default()).read_to_end(&mut packed)
        }
        "deflate" => ZlibEncoder::new(body, Compression::default()).read_to_end(&mut packed),
        _ => return Vec::new(),
    };
    let undone = |body| Undone {
        guess: guess.with_body(body),
        what: "the body was signed as it was compressed, and this one is unpacked".into(),
        cure: "verify the bytes before anything unpacks them".into(),
    };
    read.ok().filter(|_| guess.signature.covers_body()).map(|_| undone(packed)).into_iter().collect()
}

fn emptied<'a>(_: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let is_there = !guess.body.is_empty() && guess.signature.covers_body();
    let undone = || Undone {
        guess: guess.with_body(Vec::new()),
        what: "the signature covers an empty body".into(),
        cure: "the sender signed before the body was there: sign the bytes that are sent".into(),
    };
    is_there.then(undone).into_iter().collect()
}

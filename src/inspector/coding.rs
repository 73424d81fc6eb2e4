//! Undoing content codings (RFC 9110 section 8.4) so that a person can read a body. What is stored and verified stays
//! as it came.

use std::io::{self, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// A person reads less; a bomb makes more.
const MAX_DECODED: usize = 16 * 1024 * 1024;
/// No text gets shorter than this by coding; bombs do.
const MAX_RATIO: usize = 100;
/// Short texts of one letter may.
const FREE: usize = 64 * 1024;
/// Nobody codes a body more often.
const MAX_LAYERS: usize = 2;
/// The window that a decoder keeps in memory is two to the power of this, 8 MiB (RFC 9659 section 3).
const MAX_WINDOW_LOG: u32 = 23;

/// Why a body cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub(super) enum DecodeError {
    /// It has no coding.
    #[error("the body has no content coding")]
    NotCoded,
    /// One that is not known here.
    #[error("the content coding `{0}` is not known here (gzip, deflate and zstd are)")]
    Unknown(String),
    /// More than any sender applies.
    #[error("the body is coded more than {MAX_LAYERS} times")]
    TooMany,
    /// The bytes do not have the form.
    #[error("the body is not what its content coding says: {0}")]
    Broken(#[from] io::Error),
    /// More than is shown.
    #[error("the decoded body would be longer than is shown (16 MiB, or 100 times the body)")]
    TooLong,
}

/// The body without its codings, within bounds of time and memory.
pub(super) fn decoded(headers: &HeaderMap, body: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut codings = listed(headers);
    if codings.is_empty() {
        codings.extend(by_first_bytes(body).map(str::to_owned));
    }
    if codings.is_empty() {
        return Err(DecodeError::NotCoded);
    }
    if codings.len() > MAX_LAYERS {
        return Err(DecodeError::TooMany);
    }
    let most = MAX_DECODED.min(body.len().saturating_mul(MAX_RATIO).max(FREE));
    // The last one listed was applied last.
    codings.iter().rev().try_fold(body.to_vec(), |body, coding| undone(coding, &body, most))
}

/// Whether the headers say that the body is coded.
pub(super) fn is_coded(headers: &HeaderMap) -> bool {
    !listed(headers).is_empty()
}

/// The codings in the order in which they were applied.
fn listed(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(CONTENT_ENCODING).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let lines = lines.collect::<Vec<_>>().join(",").to_ascii_lowercase();
    let codings = lines.split(',').map(str::trim).filter(|coding| !["", "identity"].contains(coding));
    codings.map(str::to_owned).collect()
}

/// What a sender forgot to say.
fn by_first_bytes(body: &[u8]) -> Option<&'static str> {
    match body {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        _ => None,
    }
}

fn undone(coding: &str, body: &[u8], most: usize) -> Result<Vec<u8>, DecodeError> {
    match coding {
        "gzip" | "x-gzip" => bounded(MultiGzDecoder::new(body), most),
        // Some senders leave the frame of zlib out (RFC 9110 section 8.4.1.2).
        "deflate" => match bounded(ZlibDecoder::new(body), most) {
            Err(DecodeError::Broken(_)) => bounded(DeflateDecoder::new(body), most),
            decoded => decoded,
        },
        "zstd" => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(body)?;
            decoder.window_log_max(MAX_WINDOW_LOG)?;
            bounded(decoder, most)
        }
        other => Err(DecodeError::Unknown(other.chars().take(40).collect())),
    }
}

fn bounded(source: impl Read, most: usize) -> Result<Vec<u8>, DecodeError> {
    let mut out = Vec::new();
    source.take(most as u64 + 1).read_to_end(&mut out)?;
    if out.len() > most { Err(DecodeError::TooLong) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use http::HeaderValue;

    use super::*;

    fn coded(coding: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(coding))])
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_was_coded_comes_back() {
        let text = b"{\"a\":1.0}";
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(text).unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
        raw.write_all(text).unwrap();
        for (coding, body) in [
            ("gzip", gzip(text)),
            ("GZIP", gzip(text)),
            ("deflate", zlib.finish().unwrap()),
            ("deflate", raw.finish().unwrap()),
            ("zstd", zstd::bulk::compress(text, 1).unwrap()),
            ("gzip, gzip", gzip(&gzip(text))),
            ("", gzip(text)),
        ] {
            assert_eq!(decoded(&coded(coding), &body).unwrap(), text, "{coding}");
        }
        assert!(matches!(decoded(&coded("identity"), text), Err(DecodeError::NotCoded)));
        assert!(matches!(decoded(&coded("br"), text), Err(DecodeError::Unknown(_))));
        assert!(matches!(decoded(&coded("gzip"), text), Err(DecodeError::Broken(_))));
        assert!(matches!(decoded(&coded("gzip,gzip,gzip"), text), Err(DecodeError::TooMany)));
    }

    #[test]
    fn a_bomb_does_not_go_off() {
        let bomb = gzip(&vec![0; 64 * 1024 * 1024]);
        assert!(matches!(decoded(&coded("gzip"), &bomb), Err(DecodeError::TooLong)));
        assert!(matches!(decoded(&coded("gzip, gzip"), &gzip(&bomb)), Err(DecodeError::TooLong)));
        // A frame whose window would take 128 MiB.
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(&vec![0; 1024]).unwrap();
        encoder.flush().unwrap();
        let long = encoder.finish().unwrap();
        assert!(matches!(decoded(&coded("zstd"), &long), Err(DecodeError::Broken(_))));
    }
}

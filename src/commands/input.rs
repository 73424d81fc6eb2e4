//! Bytes a person points at: a file, `@file`, `-` for stdin; and small values typed as flags.

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use http::HeaderMap;
use jiff::Timestamp;

use crate::error::Failure;
use crate::model::Request;
use crate::output;

/// Files and stdin are read up to this size; the listener takes 25 MiB, so there is room for tests of its limit.
const MAX_INPUT: u64 = 256 * 1024 * 1024;

/// Reads `-`, `@FILE` or `FILE`.
pub(super) fn read(name: &str) -> Result<Vec<u8>, Failure> {
    if name == "-" { stdin() } else { file(Path::new(name.strip_prefix('@').unwrap_or(name))) }
}

/// Reads `-` or `@FILE`; anything else is the text itself.
pub(super) fn text_or_file(value: &str) -> Result<Vec<u8>, Failure> {
    if value == "-" || value.starts_with('@') { read(value) } else { Ok(value.as_bytes().to_vec()) }
}

fn stdin() -> Result<Vec<u8>, Failure> {
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        // A terminal that waits in silence looks like a hang.
        output::talk("reading the body from the terminal; end it with Ctrl-D\n")?;
    }
    bounded(&mut stdin, "stdin")
}

pub(super) fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "no such file".to_owned(),
            _ => error.to_string(),
        };
        Failure::usage(format!("cannot read {}: {reason}", path.display()))
    };
    if path.is_dir() {
        return Err(Failure::usage(format!("cannot read {}: it is a directory", path.display())));
    }
    let mut file = std::fs::File::open(path).map_err(failed)?;
    bounded(&mut file, &path.display().to_string())
}

fn bounded(source: &mut dyn std::io::Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    source
        .take(MAX_INPUT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
    if bytes.len() as u64 > MAX_INPUT {
        return Err(Failure::usage(format!("{name} is larger than {MAX_INPUT} bytes")));
    }
    Ok(bytes)
}

/// Reads `-H` lines; repeats are kept.
pub(super) fn headers(lines: &[String]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = Request::parse_header(line)?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// RFC 3339, or seconds since 1970; now without a value.
pub(super) fn moment(text: Option<&str>) -> Result<Timestamp, Failure> {
    let Some(text) = text else { return Ok(Timestamp::now()) };
    let parsed = match text.parse::<i64>() {
        Ok(seconds) => Timestamp::from_second(seconds).ok(),
        Err(_) => text.parse().ok(),
    };
    parsed.ok_or_else(|| {
        Failure::usage(format!("`{text}` is not a time")).hint("write 2026-01-01T00:00:00Z, or seconds since 1970")
    })
}

//! Where strings and numbers end, byte by byte, as RFC 8259 sections 6 and 7 have it.

use memchr::memchr2;

/// Position of the offence and what should have stood there.
pub(super) type Offence = (usize, &'static str);

/// The offset of the first byte at or after `at` that is not white space.
pub(super) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The offset behind the closing quote of the string that opens at `start`.
pub(super) fn string_end(text: &[u8], start: usize) -> Result<usize, Offence> {
    let mut at = start + 1;
    loop {
        let run = memchr2(b'"', b'\\', &text[at..]).unwrap_or(text.len() - at);
        if let Some(control) = text[at..at + run].iter().position(|byte| *byte < 0x20) {
            return Err((at + control, "an escaped control character"));
        }
        at += run;
        match text.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(_) => at = escape_end(text, at + 1)?,
            None => return Err((at, "a closing `\"`")),
        }
    }
}

/// The offset behind the escape whose letter (after the backslash) is at `at`.
fn escape_end(text: &[u8], at: usize) -> Result<usize, Offence> {
    match text.get(at) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 1),
        Some(b'u') => match (at + 1..at + 5).find(|digit| !text.get(*digit).is_some_and(u8::is_ascii_hexdigit)) {
            None => Ok(at + 5),
            Some(offence) => Err((offence, "a hexadecimal digit")),
        },
        _ => Err((at, "an escape (one of `\"\\/bfnrtu`)")),
    }
}

/// The offset behind the number that starts at `start`.
pub(super) fn number_end(text: &[u8], start: usize) -> Result<usize, Offence> {
    let byte = |at: usize| text.get(at).copied();
    let mut at = start + usize::from(byte(start) == Some(b'-'));
    at = if byte(at) == Some(b'0') { at + 1 } else { digits(text, at)? };
    if byte(at) == Some(b'.') {
        at = digits(text, at + 1)?;
    }
    if matches!(byte(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(byte(at + 1), Some(b'+' | b'-')));
        at = digits(text, at + 1 + sign)?;
    }
    Ok(at)
}

fn digits(text: &[u8], start: usize) -> Result<usize, Offence> {
    let count = text[start.min(text.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 { Err((start, "a digit")) } else { Ok(start + count) }
}

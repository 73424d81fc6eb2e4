//! JSON strings: escapes undone and made.

use std::borrow::Cow;

use memchr::memchr;

/// What a value says: a string's bytes with its escapes undone, anything else as it is written.
///
/// A surrogate escape without its partner becomes U+FFFD; an unknown escape stays as it is.
pub fn scalar(value: &[u8]) -> Cow<'_, [u8]> {
    match value {
        [b'"', inner @ .., b'"'] => unescape(inner),
        other => Cow::Borrowed(other),
    }
}

/// Writes `text` as a JSON string literal.
pub fn quote(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    quote_into(&mut out, text);
    String::from_utf8(out).unwrap_or_default()
}

/// Appends `text` as a JSON string literal. Characters that would steer a terminal (C1 controls, DEL,
/// bidirectional and invisible ones) are written as escapes, which say the same.
pub fn quote_into(out: &mut Vec<u8>, text: &str) {
    if !text.is_ascii() || memchr(0x7F, text.as_bytes()).is_some() {
        return quote_foreign(out, text);
    }
    let mut rest = text.as_bytes();
    out.reserve(rest.len() + 2);
    out.push(b'"');
    while let Some(word) = rest.first_chunk::<8>() {
        let plain = plain_bytes(*word);
        // A copy of constant length is one instruction; what is too much is taken back.
        out.extend_from_slice(word);
        out.truncate(out.len() - 8 + plain);
        rest = &rest[plain..];
        if plain < 8 {
            escape(out, rest[0]);
            rest = &rest[1..];
        }
    }
    for &byte in rest {
        if NEEDS_ESCAPE[usize::from(byte)] {
            escape(out, byte);
        } else {
            out.push(byte);
        }
    }
    out.push(b'"');
}

fn quote_foreign(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut utf8 = [0; 4];
    let mut utf16 = [0; 2];
    for character in text.chars() {
        if steers_terminal(character) {
            for unit in character.encode_utf16(&mut utf16) {
                out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
            }
        } else if character.is_ascii() && NEEDS_ESCAPE[character as usize] {
            escape(out, character as u8);
        } else {
            out.extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
        }
    }
    out.push(b'"');
}

/// Whether a character beyond the C0 controls acts on a terminal or hides from it.
pub fn steers_terminal(character: char) -> bool {
    matches!(
        character,
        '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// How many bytes of a word come before the first that needs an escape. Looks at all eight at once:
/// in each test the lowest mark is exact, only marks above it may be false
/// (<https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord>).
fn plain_bytes(word: [u8; 8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let word = u64::from_le_bytes(word);
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let marks = (below(word, 0x20) | is(b'"') | is(b'\\')) & (ONES << 7);
    marks.trailing_zeros() as usize / 8
}

/// Bytes that cannot stand in a string as they are (RFC 8259 section 7).
const NEEDS_ESCAPE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

/// Writes a character that cannot stand as it is.
pub(super) fn escape(out: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

/// Undoes the escapes of a string's inside; allocates only when there are any.
pub(super) fn unescape(inner: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr(b'\\', inner) else { return Cow::Borrowed(inner) };
    let mut out = Vec::with_capacity(inner.len());
    out.extend_from_slice(&inner[..first]);
    let mut rest = &inner[first..];
    while let Some((&byte, after)) = rest.split_first() {
        rest = match byte {
            b'\\' => unescape_one(&mut out, after),
            _ => {
                let run = memchr(b'\\', rest).unwrap_or(rest.len());
                out.extend_from_slice(&rest[..run]);
                &rest[run..]
            }
        };
    }
    Cow::Owned(out)
}

/// Undoes the escape after whose backslash `after` begins; returns what follows it.
fn unescape_one<'a>(out: &mut Vec<u8>, after: &'a [u8]) -> &'a [u8] {
    let Some((&letter, rest)) = after.split_first() else {
        out.push(b'\\');
        return after;
    };
    match letter {
        b'"' | b'\\' | b'/' => out.push(letter),
        b'b' => out.push(0x08),
        b'f' => out.push(0x0C),
        b'n' => out.push(b'\n'),
        b'r' => out.push(b'\r'),
        b't' => out.push(b'\t'),
        b'u' if hex4(rest).is_some() => return unescape_unicode(out, rest),
        _ => out.extend([b'\\', letter]),
    }
    rest
}

/// Undoes `XXXX` or the surrogate pair `XXXX\uXXXX`.
fn unescape_unicode<'a>(out: &mut Vec<u8>, digits: &'a [u8]) -> &'a [u8] {
    let Some(high) = hex4(digits) else { return digits };
    let (code, rest) = match &digits[4..] {
        [b'\\', b'u', tail @ ..] if (0xD800..0xDC00).contains(&high) => match hex4(tail) {
            Some(low @ 0xDC00..=0xDFFF) => (0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00), &tail[4..]),
            _ => (high, &digits[4..]),
        },
        tail => (high, tail),
    };
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    rest
}

fn hex4(text: &[u8]) -> Option<u32> {
    let digits = text.get(..4)?;
    digits.iter().try_fold(0, |sum, digit| Some(sum << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_and_literals_stay_as_written() {
        for text in ["1.0", "12345678901234567890", "1E400", "null", "{\"a\":1}"] {
            assert_eq!(scalar(text.as_bytes()), text.as_bytes());
        }
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(&*scalar(br#""a\/b\n\u00e9\ud83d\ude00\"""#), "a/b\né😀\"".as_bytes());
        assert!(matches!(scalar(b"\"plain\""), Cow::Borrowed(b"plain")));
    }

    #[test]
    fn a_lone_surrogate_becomes_the_replacement_character() {
        let replaced = |inner: &str| String::from_utf8(unescape(inner.as_bytes()).into_owned()).unwrap();
        assert_eq!(replaced(r"\ud800"), "\u{fffd}");
        assert_eq!(replaced(r"\udc00x"), "\u{fffd}x");
        assert_eq!(replaced(r"\ud800\u0041"), "\u{fffd}A");
        assert_eq!(replaced(r"\ud800\ud800\udc00"), "\u{fffd}\u{10000}");
    }

    #[test]
    fn broken_escapes_and_bytes_pass_through() {
        assert_eq!(&*unescape(b"\xff\\"), b"\xff\\");
        assert_eq!(&*unescape(b"\\q\\u12"), b"\\q\\u12");
    }

    proptest! {
        #[test]
        fn a_quoted_text_reads_back(text in any::<String>()) {
            let quoted = quote(&text);
            prop_assert_eq!(&*scalar(quoted.as_bytes()), text.as_bytes());
            prop_assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
        }

        #[test]
        fn arbitrary_bytes_never_panic(inner in proptest::collection::vec(
            prop_oneof![Just(b'\\'), Just(b'u'), Just(b'd'), Just(b'8'), any::<u8>()], 0..32)) {
            let _ = unescape(&inner);
        }
    }
}

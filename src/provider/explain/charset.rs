//! Text in another charset. Latin-1 is ISO 8859-1, whose bytes are the first 256 characters of Unicode.

/// What Windows-1252 has at 0x80 to 0x9F, where Latin-1 has controls
/// (<https://encoding.spec.whatwg.org/index-windows-1252.txt>).
const WINDOWS: [char; 32] = [
    '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{2c6}', '\u{2030}',
    '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}', '\u{90}', '\u{2018}', '\u{2019}', '\u{201c}',
    '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2dc}', '\u{2122}', '\u{161}', '\u{203a}', '\u{153}', '\u{9d}',
    '\u{17e}', '\u{178}',
];

/// UTF-8 as Latin-1. `None` where it is not UTF-8, is ASCII only, or has characters that Latin-1 lacks.
pub(super) fn to_latin1(text: &[u8]) -> Option<Vec<u8>> {
    let text = some(text)?;
    text.chars().map(|character| u8::try_from(character).ok()).collect()
}

/// UTF-8 as Windows-1252, where that differs from Latin-1.
pub(super) fn to_windows(text: &[u8]) -> Option<Vec<u8>> {
    let text = some(text)?;
    let byte = |character: char| {
        let windows = (0x80_u8..).zip(WINDOWS).find(|(_, known)| *known == character);
        windows.map(|(byte, _)| byte).or_else(|| u8::try_from(character).ok())
    };
    if text.chars().all(|character| u8::try_from(character).is_ok()) { None } else { text.chars().map(byte).collect() }
}

/// Latin-1 as UTF-8; `None` where it is UTF-8 already.
pub(super) fn from_latin1(text: &[u8]) -> Option<Vec<u8>> {
    match std::str::from_utf8(text) {
        Ok(_) => None,
        Err(_) => Some(text.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes()),
    }
}

fn some(text: &[u8]) -> Option<&str> {
    std::str::from_utf8(text).ok().filter(|text| !text.is_ascii())
}

/// Whether this is UTF-8 that was read as Latin-1 or Windows-1252 and encoded again.
pub(super) fn is_encoded_twice(text: &[u8]) -> bool {
    to_latin1(text).or_else(|| to_windows(text)).is_some_and(|once| std::str::from_utf8(&once).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets_are_undone_in_both_directions() {
        assert_eq!(to_latin1("é".as_bytes()).unwrap(), b"\xe9");
        assert_eq!(from_latin1(b"\xe9").unwrap(), "é".as_bytes());
        assert_eq!(to_latin1("Ã©".as_bytes()).unwrap(), "é".as_bytes());
        assert_eq!(to_windows("â€™".as_bytes()).unwrap(), "’".as_bytes());
        assert_eq!((to_latin1(b"a"), to_latin1("€".as_bytes()), from_latin1("é".as_bytes())), (None, None, None));
        assert!(is_encoded_twice("Ã©".as_bytes()) && !is_encoded_twice("é".as_bytes()));
    }
}

//! How stand-ins look: of the same type and shape as what they replace, and nobody's.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::Personal;
use super::pattern::{digits, find, iban_remainder, luhn};

/// How a value stands in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A string, or a part of one.
    Text,
    /// A number, which must stay one.
    Number,
}

const FIRST_NAMES: [&str; 10] =
    ["Alex", "Blake", "Casey", "Drew", "Ellis", "Frankie", "Gray", "Harper", "Indigo", "Jordan"];
const LAST_NAMES: [&str; 6] = ["Example", "Sample", "Specimen", "Standin", "Placeholder", "Template"];
const CITIES: [&str; 4] = ["Exampletown", "Sampleville", "Specimen City", "Standinburg"];

/// Words of a name: runs without blanks and punctuation that have a letter.
pub(super) fn words_of_name(name: &[u8]) -> Vec<Range<usize>> {
    let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'\'' | b'-') || *byte >= 0x80;
    let mut words = Vec::new();
    let mut start = 0;
    while let Some(begin) = name[start..].iter().position(is_inside).map(|at| start + at) {
        let length = name[begin..].iter().take_while(|byte| is_inside(byte)).count();
        start = begin + length;
        if name[begin..start].iter().any(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80) {
            words.push(begin..start);
        }
    }
    words
}

/// Whether a value under a key of this kind is such a value at all, and not, say, `"email": "daily"`.
pub(super) fn can_be(kind: Personal, text: &[u8], form: Form) -> bool {
    let digits = digits(text).len();
    if form == Form::Number {
        let is_whole = text.iter().all(u8::is_ascii_digit);
        return match kind {
            Personal::Phone => is_whole && digits >= 7,
            Personal::Coordinate => true,
            Personal::Card
            | Personal::Account
            | Personal::Identity
            | Personal::Birth
            | Personal::PostalCode
            | Personal::Token => is_whole,
            _ => false,
        };
    }
    let is_other = |text: &[u8]| text.iter().any(|byte| matches!(byte, b'@' | b'/' | b':'));
    match kind {
        Personal::Name => !is_other(text) && !words_of_name(text).is_empty() && find(text).is_empty(),
        Personal::Username => !is_other(text) && !text.trim_ascii().is_empty(),
        Personal::Email => memchr::memchr(b'@', text).is_some(),
        Personal::Ip => find(text) == [super::pattern::Found { at: 0..text.len(), kind }],
        Personal::Phone => digits >= 3 && find(text).iter().all(|found| found.kind == kind),
        Personal::Birth => digits >= 1,
        Personal::Coordinate => {
            std::str::from_utf8(text).is_ok_and(|text| text.parse::<f64>().is_ok_and(f64::is_finite))
        }
        Personal::Address | Personal::City => !text.trim_ascii().is_empty() && find(text).is_empty(),
        _ => !text.trim_ascii().is_empty(),
    }
}

/// Whether it is an example already.
pub(super) fn is_reserved(kind: Personal, written: &[u8]) -> bool {
    match kind {
        Personal::Email => {
            let text = String::from_utf8_lossy(written).to_ascii_lowercase().replace("%40", "@");
            let Some((_, domain)) = text.rsplit_once('@') else { return false };
            // RFC 2606
            let names = ["example.com", "example.net", "example.org"];
            let ends = [".example", ".test", ".invalid", ".example.com", ".example.net", ".example.org"];
            names.contains(&domain) || ends.iter().any(|end| domain.ends_with(end))
        }
        Personal::Phone => {
            // 555-01xx in any area (North American Numbering Plan, 555 line numbers).
            let is_plain = written.iter().all(|byte| byte.is_ascii_digit() || b"+ .-()".contains(byte));
            let digits = digits(written);
            let national = digits.strip_prefix(b"1").filter(|rest| rest.len() == 10).unwrap_or(&digits);
            let is_fiction = match national.len() {
                10 => national[3..].starts_with(b"55501"),
                7 => national.starts_with(b"55501"),
                _ => false,
            };
            is_plain && is_fiction
        }
        Personal::Ip => match std::str::from_utf8(written).ok().and_then(|text| text.parse().ok()) {
            // RFC 5737, RFC 3849
            Some(std::net::IpAddr::V4(address)) => address.is_documentation(),
            Some(std::net::IpAddr::V6(address)) => address.segments()[..2] == [0x2001, 0xDB8],
            None => false,
        },
        _ => false,
    }
}

/// The part of a stand-in by which it would be recognised in a text.
pub(super) fn mark(stand_in: &[u8]) -> Option<&[u8]> {
    stand_in.strip_suffix(b"@example.com")
}

/// A word of a name, in the letters' case of the original.
pub(super) fn name_word(written: &[u8], number: usize, is_last: bool) -> Vec<u8> {
    let pool: &[&str] = if is_last { &LAST_NAMES } else { &FIRST_NAMES };
    let name = numbered(pool, number, "");
    let letters = || written.iter().filter(|byte| byte.is_ascii_alphabetic());
    if letters().count() > 1 && letters().all(u8::is_ascii_uppercase) {
        name.to_ascii_uppercase().into_bytes()
    } else if letters().count() > 0 && letters().all(u8::is_ascii_lowercase) {
        name.to_ascii_lowercase().into_bytes()
    } else {
        name.into_bytes()
    }
}

fn numbered(pool: &[&str], number: usize, gap: &str) -> String {
    let round = number / pool.len();
    let more = if round == 0 { String::new() } else { format!("{gap}{}", round + 1) };
    format!("{}{more}", pool[number % pool.len()])
}

/// The stand-in number `number` (from 0) for a value that is written so.
pub(super) fn render(kind: Personal, written: &[u8], number: usize, form: Form) -> Vec<u8> {
    if form == Form::Number {
        return number_like(kind, written, number);
    }
    let nth = number + 1;
    match kind {
        Personal::Name => name_word(written, number, false),
        Personal::Username => format!("user{nth}").into_bytes(),
        Personal::Email => {
            let at = if memchr::memchr(b'@', written).is_some() { "@" } else { "%40" };
            format!("person{nth}{at}example.com").into_bytes()
        }
        Personal::Phone => phone(written, number),
        Personal::Address => format!("{nth} Example Street").into_bytes(),
        Personal::City => numbered(&CITIES, number, " ").into_bytes(),
        Personal::Region if written.len() <= 3 => vec![b'A' + (number / 26 % 26) as u8, b'A' + (number % 26) as u8],
        Personal::Region => format!("Example State {nth}").into_bytes(),
        Personal::Ip => address(written, number).into_bytes(),
        Personal::Card => card(written, number),
        Personal::Account => account(written, number),
        Personal::Birth => birth(written),
        Personal::Coordinate => number_like(kind, written, number),
        Personal::UserAgent => b"Mozilla/5.0 (example)".to_vec(),
        Personal::PostalCode | Personal::Identity => shaped(written, 0, number),
        Personal::Token => shaped(written, prefix(written), number),
    }
}

/// `+1 202 555 01xx`: fictional in every area, and in the layout of the original where that has one.
fn phone(written: &[u8], number: usize) -> Vec<u8> {
    let national = format!("{}55501{:02}", 202 + number / 100 % 700, number % 100);
    let is_plain = written.iter().all(|byte| byte.is_ascii_digit() || b"+ .-()".contains(byte));
    let digits = digits(written);
    let new = match (digits.len(), digits.first()) {
        (7, _) if number < 100 => national[3..].to_owned(),
        (10, _) => national.clone(),
        (11, Some(b'1')) => format!("1{national}"),
        _ => String::new(),
    };
    if new.is_empty() || !is_plain || (written.starts_with(b"+") && digits.len() != 11) {
        let plus = if written.starts_with(b"+") { "+" } else { "" };
        return format!("{plus}1{national}").into_bytes();
    }
    let mut new = new.bytes();
    written.iter().map(|byte| if byte.is_ascii_digit() { new.next().unwrap_or(b'0') } else { *byte }).collect()
}

/// From the ranges for documentation (RFC 5737, RFC 3849).
fn address(written: &[u8], number: usize) -> String {
    if memchr::memchr(b':', written).is_some() {
        let [high, low] = [(number + 1) / 0xFFFF, (number + 1) % 0xFFFF].map(|part| part as u16);
        return Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, high, low).to_string();
    }
    let last = (number % 254 + 1) as u8;
    match number / 254 % 3 {
        0 => Ipv4Addr::new(192, 0, 2, last),
        1 => Ipv4Addr::new(198, 51, 100, last),
        _ => Ipv4Addr::new(203, 0, 113, last),
    }
    .to_string()
}

/// `4242…` with a right check digit, in the layout of the original; codes get zeros.
fn card(written: &[u8], number: usize) -> Vec<u8> {
    let length = digits(written).len();
    if length < 12 {
        return shaped(written, 0, number);
    }
    let mut new = if number == 0 && length == 16 {
        b"424242424242424".to_vec()
    } else {
        format!("4242{number:0width$}", width = length - 5).into_bytes()
    };
    new.push(b'0');
    let check = (10 - luhn(&new)) % 10;
    if let Some(last) = new.last_mut() {
        *last = b'0' + check as u8;
    }
    let mut new = new.into_iter();
    written
        .iter()
        .filter_map(|byte| match byte {
            b'0'..=b'9' => new.next(),
            b' ' | b'-' => Some(*byte),
            _ => None,
        })
        .collect()
}

/// The same country and length, zeros, and right check digits.
fn account(written: &[u8], number: usize) -> Vec<u8> {
    let letters = written.iter().take(2).filter(|byte| byte.is_ascii_uppercase()).count();
    if letters < 2 || written.len() < 15 || !written.is_ascii() {
        return shaped(written, 0, number);
    }
    let mut new = shaped(written, 4, number);
    new[2..4].copy_from_slice(b"00");
    let plain: Vec<u8> = new.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
    let check = 98 - iban_remainder(&plain);
    new[2..4].copy_from_slice(format!("{check:02}").as_bytes());
    new
}

/// 1 January 1970, written alike.
fn birth(written: &[u8]) -> Vec<u8> {
    let is = |at: usize, shape: &[u8]| {
        written.get(at..at + shape.len()).is_some_and(|text| {
            text.iter().zip(shape).all(|(byte, like)| if *like == b'0' { byte.is_ascii_digit() } else { byte == like })
        })
    };
    if is(0, b"0000-00-00") {
        return [b"1970-01-01", &written[10..]].concat();
    }
    for gap in *b"/.-" {
        if is(0, &[b'0', b'0', gap, b'0', b'0', gap, b'0', b'0', b'0', b'0']) {
            return [b"01", &[gap][..], b"01", &[gap], b"1970", &written[10..]].concat();
        }
    }
    if written.iter().all(u8::is_ascii_digit) && written.len() <= 4 {
        return number_like(Personal::Birth, written, 0);
    }
    b"1970-01-01".to_vec()
}

/// A number stays a number of its length.
fn number_like(kind: Personal, written: &[u8], number: usize) -> Vec<u8> {
    match kind {
        Personal::Birth => match written.len() {
            0..=2 => b"1".to_vec(),
            4 => b"1970".to_vec(),
            _ => b"0".to_vec(),
        },
        Personal::Coordinate => {
            let fraction = written.iter().skip_while(|byte| **byte != b'.').skip(1);
            let places = fraction.take_while(|byte| byte.is_ascii_digit()).count();
            if places == 0 { b"0".to_vec() } else { format!("0.{}", "0".repeat(places)).into_bytes() }
        }
        Personal::Phone => phone(written, number),
        Personal::Card if written.len() >= 12 => card(written, number),
        _ => {
            let mut new = shaped(written, 0, number);
            if let Some(first @ b'0') = new.first_mut() {
                *first = b'1';
            }
            new
        }
    }
}

/// The characters of a token that tell its kind: `sk_live_`, `whsec_`, `xoxb-`, `Bearer `, `eyJ`.
fn prefix(written: &[u8]) -> usize {
    const LONGEST: usize = 12;
    let scheme = [&b"Bearer "[..], b"Basic ", b"bearer ", b"basic "].into_iter().find(|word| written.starts_with(word));
    let start = scheme.map_or(0, <[u8]>::len);
    let rest = &written[start..];
    if rest.starts_with(b"eyJ") {
        return start + 3;
    }
    let mut end = 0;
    for (at, byte) in rest.iter().enumerate().take(LONGEST) {
        match byte {
            b'_' | b'-' => end = at + 1,
            b'a'..=b'z' | b'A'..=b'Z' => {}
            _ => break,
        }
    }
    // What is left must be most of it: `correct-horse` is no prefix and rest.
    if end * 2 <= rest.len() { start + end } else { start }
}

/// Zeros for digits and letters behind `from`, other characters as they are, and the number at the end.
fn shaped(written: &[u8], from: usize, number: usize) -> Vec<u8> {
    let text = String::from_utf8_lossy(written);
    let mut new: Vec<u8> = text
        .chars()
        .enumerate()
        .map(|(at, character)| match character {
            _ if at < from && character.is_ascii() => character as u8,
            character if character.is_ascii_alphanumeric() => b'0',
            ' '..='~' => character as u8,
            _ => b'0',
        })
        .collect();
    let mut left = number + 1;
    for place in (from.min(new.len())..new.len()).rev() {
        if new[place] == b'0' && left > 0 {
            new[place] = b'0' + (left % 10) as u8;
            left /= 10;
        }
    }
    if left > 0 || new.is_empty() || new == written {
        new.extend(format!("{}", number + 1).bytes());
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: Personal, written: &str, number: usize) -> String {
        String::from_utf8(render(kind, written.as_bytes(), number, Form::Text)).unwrap()
    }

    #[test]
    fn stand_ins_have_the_shape_of_what_they_replace() {
        for (kind, written, expected) in [
            (Personal::Phone, "+14155238886", "+12025550100"),
            (Personal::Phone, "(415) 523-8886", "(202) 555-0100"),
            (Personal::Phone, "523-8886", "555-0100"),
            (Personal::Phone, "+49 30 901820", "+12025550100"),
            (Personal::Phone, "555-555-SHIP", "12025550100"),
            (Personal::Email, "bob@corp.com", "person1@example.com"),
            (Personal::Email, "bob%40corp.com", "person1%40example.com"),
            (Personal::Ip, "84.17.2.9", "192.0.2.1"),
            (Personal::Ip, "2a00::1", "2001:db8::1"),
            (Personal::Card, "4111 1111 1111 1111", "4242 4242 4242 4242"),
            (Personal::Card, "378282246310005", "424200000000004"),
            (Personal::Card, "123", "001"),
            (Personal::Account, "GB82 WEST 1234 5698 7654 32", "GB88 0000 0000 0000 0000 01"),
            (Personal::Birth, "1985-04-12T00:00:00Z", "1970-01-01T00:00:00Z"),
            (Personal::Birth, "12/04/1985", "01/01/1970"),
            (Personal::Coordinate, "-81.3792", "0.0000"),
            (Personal::PostalCode, "K2H7A8", "000001"),
            (Personal::Token, "sk_live_51HabcDEF", "sk_live_000000001"),
            (Personal::Token, "whsec_MfKQ9r8GKYqr", "whsec_000000000001"),
            (Personal::Token, "Bearer abcdef", "Bearer 000001"),
            (Personal::Token, "123456abcd", "0000000001"),
        ] {
            assert_eq!(text(kind, written, 0), expected, "{written}");
        }
        let account: Vec<u8> = text(Personal::Account, "GB82 WEST 1234 5698 7654 32", 7).replace(' ', "").into_bytes();
        assert_eq!(iban_remainder(&account), 1);
        assert_eq!(luhn(&digits(text(Personal::Card, "4111111111111111", 9).as_bytes())), 0);
    }

    #[test]
    fn numbers_stay_numbers() {
        for (kind, written, expected) in [
            (Personal::Phone, "14155238886", "12025550100"),
            (Personal::Birth, "1985", "1970"),
            (Personal::Birth, "7", "1"),
            (Personal::Coordinate, "28.5", "0.0"),
            (Personal::Token, "4711", "1001"),
            (Personal::Token, "0", "1"),
        ] {
            let new = render(kind, written.as_bytes(), 0, Form::Number);
            assert_eq!(String::from_utf8(new).unwrap(), expected, "{written}");
        }
    }

    #[test]
    fn examples_are_left_alone() {
        for (kind, written) in [
            (Personal::Email, "jane@example.com"),
            (Personal::Email, "jane@mail.example.org"),
            (Personal::Phone, "+1 415 555 0123"),
            (Personal::Ip, "203.0.113.9"),
            (Personal::Ip, "2001:db8::7"),
        ] {
            assert!(is_reserved(kind, written.as_bytes()), "{written}");
        }
        assert!(!is_reserved(Personal::Email, b"jane@notexample.com"));
        assert!(!is_reserved(Personal::Phone, b"+1 415 555 0223"));
    }
}

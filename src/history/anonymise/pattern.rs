//! What is personal by its form, under any key and inside any text.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::{Personal, key};

/// Something personal in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) at: Range<usize>,
    pub(super) kind: Personal,
}

/// A form, what it means, and what regular expressions cannot say of it.
struct Pattern {
    kind: Personal,
    form: Option<Regex>,
    holds: fn(&[u8], &Range<usize>) -> bool,
}

/// The more telling ones come first. Group 1, where there is one, is what is personal.
static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let pattern = |kind, form: &str, holds| Pattern { kind, form: Regex::new(form).ok(), holds };
    vec![
        // RFC 7519 section 3.1: `{"` in base64url.
        pattern(Personal::Token, r"(?-u)eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*", stands_alone),
        // Prefixes by which issuers make their tokens recognisable.
        pattern(
            Personal::Token,
            r"(?-u)(?:[spr]k_(?:live|test)_|whsec_|gh[pousr]_|github_pat_|xox[a-z]-|xapp-|glpat-|npm_|shp[a-z]{2}_|sk-|SG\.)[A-Za-z0-9_\-./+=]{8,}|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}",
            stands_alone,
        ),
        pattern(Personal::Token, r"(?-u)(?i:bearer|basic) ([A-Za-z0-9_\-./+=:~]{8,})", anything),
        // A part of a path that nobody can guess opens what the URL leads to.
        pattern(Personal::Token, r#"(?-u)://[^\s"'<>?#]*/([A-Za-z0-9-]{20,})"#, |text, at| {
            let has = |test: fn(&u8) -> bool| text[at.clone()].iter().any(test);
            stands_alone(text, at)
                && has(u8::is_ascii_digit)
                && has(u8::is_ascii_lowercase)
                && has(u8::is_ascii_uppercase)
        }),
        // Credentials before the host (RFC 3986 section 3.2.1).
        pattern(Personal::Token, r#"(?-u)[A-Za-z][A-Za-z0-9+.-]*://([^/\s@"'<>?#]+)@"#, |text, at| {
            &text[at.clone()] != b"git"
        }),
        pattern(
            Personal::Email,
            r"(?-u)[A-Za-z0-9\x80-\xff][A-Za-z0-9._%+'\x80-\xff-]*(?:@|%40)[A-Za-z0-9\x80-\xff-]+(?:\.[A-Za-z0-9\x80-\xff-]+)+",
            is_address,
        ),
        pattern(Personal::Account, r"(?-u)[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?", is_iban),
        pattern(Personal::Card, r"(?-u)[2-6][0-9](?:[ -]?[0-9]){11,17}", is_card),
        pattern(Personal::Identity, r"(?-u)[0-9]{3}-[0-9]{2}-[0-9]{4}", |text, at| {
            stands_alone(text, at) && !text[at.clone()].starts_with(b"000")
        }),
        // E.164, bare or in groups, and what North America writes.
        pattern(Personal::Phone, r"(?-u)\+[1-9][0-9]{0,3}(?:[ .-]?\(?[0-9]{1,12}\)?){1,6}", is_phone),
        pattern(
            Personal::Phone,
            r"(?-u)(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}",
            is_phone,
        ),
        pattern(Personal::Ip, r"(?-u)[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*[0-9A-Fa-f:]", is_ip),
        pattern(Personal::Ip, r"(?-u)[0-9]{1,3}(?:\.[0-9]{1,3}){3}", is_ip),
    ]
});

static PARAMETER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?-u)[?&;]([A-Za-z0-9_.\-\[\]]{1,64})=([^&;#\s"'<>]+)"#).ok());

/// Finds what is personal by its form, in order and without overlaps.
pub(super) fn find(text: &[u8]) -> Vec<Found> {
    let mut found = parameters(text);
    for pattern in PATTERNS.iter() {
        let Some(form) = &pattern.form else { continue };
        for captures in form.captures_iter(text) {
            let Some(at) = captures.get(1).or_else(|| captures.get(0)).map(|group| group.range()) else { continue };
            if (pattern.holds)(text, &at) {
                found.push(Found { at, kind: pattern.kind });
            }
        }
    }
    without_overlaps(found)
}

/// Parameters of URLs whose names say what they are.
fn parameters(text: &[u8]) -> Vec<Found> {
    let Some(form) = PARAMETER.as_ref().filter(|_| memchr::memmem::find(text, b"://").is_some()) else {
        return Vec::new();
    };
    let named = form.captures_iter(text).filter_map(|captures| {
        let (name, value) = (captures.get(1)?, captures.get(2)?);
        Some(Found {
            at: value.range(),
            kind: key::parameter(name.as_bytes()).filter(|kind| *kind == Personal::Token)?,
        })
    });
    named.collect()
}

/// In order; of several at one place the first one found counts.
pub(super) fn without_overlaps(found: Vec<Found>) -> Vec<Found> {
    let mut ranked: Vec<(usize, Found)> = found.into_iter().enumerate().collect();
    ranked.sort_by_key(|(rank, found)| (found.at.start, *rank));
    let mut kept: Vec<(usize, Found)> = Vec::new();
    for (rank, next) in ranked {
        match kept.last_mut() {
            Some((last_rank, last)) if next.at.start < last.at.end => {
                let is_longer = next.at.start == last.at.start && next.at.end > last.at.end;
                if rank < *last_rank || is_longer {
                    (*last_rank, *last) = (rank, next);
                }
            }
            _ => kept.push((rank, next)),
        }
    }
    kept.into_iter().map(|(_, found)| found).collect()
}

/// Whether no letter or digit touches it. Scripts that write words without blanks have no such bounds.
pub(super) fn stands_alone(text: &[u8], at: &Range<usize>) -> bool {
    let joins = |inner: Option<&u8>, outer: Option<&u8>| {
        inner.is_some_and(u8::is_ascii_alphanumeric) && outer.is_some_and(u8::is_ascii_alphanumeric)
    };
    let before = at.start.checked_sub(1).and_then(|before| text.get(before));
    !joins(text.get(at.start), before)
        && !joins(at.end.checked_sub(1).and_then(|last| text.get(last)), text.get(at.end))
}

fn anything(_: &[u8], _: &Range<usize>) -> bool {
    true
}

/// `git@host:path` is where a repository is, not who.
fn is_address(text: &[u8], at: &Range<usize>) -> bool {
    !text[at.clone()].starts_with(b"git@")
}

pub(super) fn digits(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(u8::is_ascii_digit).collect()
}

/// Digits of a telephone number (ITU-T E.164: at most 15).
fn is_phone(text: &[u8], at: &Range<usize>) -> bool {
    let before = at.start.checked_sub(1).map(|before| text[before]);
    let is_part = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'/' | b'_'));
    let goes_on = matches!(text.get(at.end..), Some([b'.' | b'-' | b':', next, ..]) if next.is_ascii_digit());
    !is_part && !goes_on && stands_alone(text, at) && (8..=15).contains(&digits(&text[at.clone()]).len())
}

fn is_ip(text: &[u8], at: &Range<usize>) -> bool {
    let parsed = std::str::from_utf8(&text[at.clone()]).ok().and_then(|text| text.parse::<IpAddr>().ok());
    let goes_on = matches!(text.get(at.end..), Some([b'.', next, ..]) if next.is_ascii_digit());
    let before = at.start.checked_sub(1).map(|before| text[before]);
    let is_part = matches!(before, Some(b'.' | b':' | b'-'));
    parsed.is_some_and(is_someones) && !goes_on && !(is_part && at.start > 0) && stands_alone(text, at)
}

/// Not this machine, nobody, everybody, or an example.
fn is_someones(address: IpAddr) -> bool {
    !address.is_loopback() && !address.is_unspecified() && address != IpAddr::V4(Ipv4Addr::BROADCAST)
}

fn is_card(text: &[u8], at: &Range<usize>) -> bool {
    let digits = digits(&text[at.clone()]);
    let before = at.start.checked_sub(1).map(|before| text[before]);
    let is_part = matches!(before, Some(b'-' | b'_' | b'/' | b'.'));
    let length = match digits.as_slice() {
        [b'4', ..] => matches!(digits.len(), 13 | 16 | 19),
        [b'3', b'4' | b'7', ..] => digits.len() == 15,
        [b'3', b'0' | b'6' | b'8', ..] => digits.len() == 14,
        [b'5', b'1'..=b'5', ..] | [b'2', b'2'..=b'7', ..] | [b'3', b'5', ..] | [b'6', b'0' | b'4' | b'5', ..] => {
            digits.len() == 16
        }
        _ => false,
    };
    length && !is_part && stands_alone(text, at) && luhn(&digits) == 0
}

/// The remainder of the checksum (ISO/IEC 7812-1 annex B); 0 when the last digit is right.
pub(super) fn luhn(digits: &[u8]) -> u32 {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0') * (1 + place as u32 % 2);
            value / 10 + value % 10
        })
        .sum();
    sum % 10
}

fn is_iban(text: &[u8], at: &Range<usize>) -> bool {
    let account: Vec<u8> = text[at.clone()].iter().copied().filter(|byte| *byte != b' ').collect();
    (15..=34).contains(&account.len()) && stands_alone(text, at) && iban_remainder(&account) == 1
}

/// The remainder by 97 with the first four characters at the end (ISO 13616, ISO 7064).
pub(super) fn iban_remainder(account: &[u8]) -> u32 {
    let (head, rest) = account.split_at(account.len().min(4));
    rest.iter().chain(head).fold(0, |sum, character| match character {
        b'0'..=b'9' => (sum * 10 + u32::from(character - b'0')) % 97,
        _ => (sum * 100 + u32::from(character.to_ascii_uppercase().wrapping_sub(b'A')) + 10) % 97,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, &'static str)> {
        find(text.as_bytes()).into_iter().map(|found| (&text[found.at], found.kind.as_str())).collect()
    }

    #[test]
    fn personal_data_in_text_is_found_by_its_form() {
        for (text, part, kind) in [
            ("write to bob.o'neil+x@mail.corp.co.uk.", "bob.o'neil+x@mail.corp.co.uk", "email"),
            ("jürgen@münchen.de", "jürgen@münchen.de", "email"),
            ("https://x.co/u/bob%40corp.com/", "bob%40corp.com", "email"),
            ("call +49 30 901820 now", "+49 30 901820", "phone"),
            ("whatsapp:+14155238886", "+14155238886", "phone"),
            ("(415) 523-8886", "(415) 523-8886", "phone"),
            ("415-523-8886", "415-523-8886", "phone"),
            ("from 84.17.2.9:443", "84.17.2.9", "ip"),
            ("2a00:1450:4001::200e", "2a00:1450:4001::200e", "ip"),
            ("card 4111 1111 1111 1111", "4111 1111 1111 1111", "card"),
            ("GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 32", "account"),
            ("DE89370400440532013000", "DE89370400440532013000", "account"),
            ("ssn 123-45-6789", "123-45-6789", "identity"),
            ("sk_live_51HabcDEF", "sk_live_51HabcDEF", "token"),
            ("a whsec_MfKQ9r8GKYqr here", "whsec_MfKQ9r8GKYqr", "token"),
            ("Bearer abcdef123456", "abcdef123456", "token"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "token"),
            ("https://u:p4ss@host/x", "u:p4ss", "token"),
            ("https://host/x?a=1&access_token=abc&b=2", "abc", "token"),
            ("https://host/x?key=abcdefg", "abcdefg", "token"),
            ("https://host/T1DC/96rGlfmibIGlgcZRskXaIFfN/x", "96rGlfmibIGlgcZRskXaIFfN", "token"),
        ] {
            assert_eq!(found(text), [(part, kind)], "{text}");
        }
    }

    #[test]
    fn ids_times_and_other_numbers_are_not_taken_for_people() {
        for text in [
            "019a4a9a-a87c-7363-b1b4-c9804bf499b4",
            "evt_1MtwBwLkdIwHu7ixYHnR3bQe",
            "2026-01-01T12:00:00.000Z",
            "2026-01-01T12:00:00+01:00",
            "Thu, 01 Jan 2026 12:00:00 +0000",
            "1767225600000",
            "1680893993",
            "820982911946154508",
            "gid://shopify/Order/820982911946154508",
            "2010-04-01",
            "12:30:45",
            "std::vector",
            "127.0.0.1 and ::1",
            "1.2.3",
            "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
            "git@github.com:owner/repo.git",
            "4111111111111112",
            "$1,234,567.89",
            "https://host/x?page=2",
            "https://host/events/019a4a9a-a87c-7363-b1b4-c9804bf499b4/evt_1MtwBwLkdIwHu7ixYHnR3bQe",
            "",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}

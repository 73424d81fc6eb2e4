//! Headers that a page saw and sends back: what it could not see, or saw in another spelling, is what was received.

use std::collections::HashMap;

use http::{HeaderName, HeaderValue};

use super::answer::Refused;
use super::sender::{header, impossible};
use crate::history::mask;
use crate::model::Request;
use crate::output::MASK;

/// The headers that are meant. A value that is just as a page is shown it stands for the received one; of a repeated
/// name the one in the same place.
pub(super) fn original_headers(
    wanted: &[(String, String)],
    received: &Request,
) -> Result<Vec<(HeaderName, HeaderValue)>, Refused> {
    let masked = mask::masked_request(Request { body: bytes::Bytes::new(), ..received.clone() });
    let mut places: HashMap<HeaderName, usize> = HashMap::new();
    let meant = wanted.iter().map(|(name, text)| {
        let (name, value) = header(name, text)?;
        let place = places.entry(name.clone()).or_default();
        let originals: Vec<&HeaderValue> = received.headers.get_all(&name).iter().collect();
        let shown: Vec<String> = masked.headers.get_all(&name).iter().map(shown).collect();
        let is_it = |index: &usize| shown.get(*index).is_some_and(|shown| shown == text.trim());
        let index = Some(*place).filter(is_it).or_else(|| (0..shown.len()).find(is_it));
        *place += 1;
        match index.and_then(|index| originals.get(index)) {
            Some(original) => Ok((name, (*original).clone())),
            None if text.trim() == MASK => {
                let message = format!("`{name}: {MASK}` stands for the value that was received, and there is none");
                Err(impossible("bad_header", message).hint("write the value itself"))
            }
            None => Ok((name, value)),
        }
    });
    meant.collect()
}

/// A value as a page is shown it.
fn shown(value: &HeaderValue) -> String {
    match std::str::from_utf8(value.as_bytes()) {
        _ if value.is_sensitive() => MASK.to_owned(),
        Ok(text) => text.trim().to_owned(),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn meant(wanted: &[(&str, &str)]) -> Result<Vec<String>, Refused> {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-token", &b"secret"[..]),
            ("x-token", b"another"),
            ("x-name", b"caf\xe9"),
            ("referer", b"http://h/?token=s&a=1"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
        }
        let request = Request { headers, ..Request::default() };
        let wanted: Vec<(String, String)> =
            wanted.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let shown = |(name, value): (HeaderName, HeaderValue)| format!("{name}: {}", value.as_bytes().escape_ascii());
        Ok(original_headers(&wanted, &request)?.into_iter().map(shown).collect())
    }

    #[test]
    fn a_value_as_it_is_shown_stands_for_the_one_that_was_received() {
        let all = [
            ("x-token", "***"),
            ("X-Token", "***"),
            ("x-name", "caf\u{e9}"),
            ("referer", "http://h/?token=***&a=1"),
            ("x-new", "1"),
        ];
        let expected =
            ["x-token: secret", "x-token: another", "x-name: caf\\xe9", "referer: http://h/?token=s&a=1", "x-new: 1"];
        assert_eq!(meant(&all).unwrap(), expected);
        assert_eq!(meant(&[("x-token", "mine"), ("x-token", "***")]).unwrap(), ["x-token: mine", "x-token: another"]);
        assert_eq!(meant(&[("x-other", "***")]).unwrap_err().code, "bad_header");
    }
}

//! What differs between two events, place by place. Places are written as in a filter, so that one can be
//! asked for with `--where`.

use std::collections::{HashMap, HashSet};

use http::HeaderMap;
use sha2::{Digest as _, Sha256};

use super::values::compare_json;
use crate::model::{Event, Request};
use crate::output::size;

/// Bytes of places and values that are kept; a sender can make more differences than memory holds.
const MAX_BYTES: usize = 64 << 20;
/// Stands for a header value that is a credential in itself.
const MASK: &[u8] = b"***";

/// One place that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `json:/data/id`, `header:x-topic`, `query:page`, `form:From`, `method`, `path`, `body` …; the second
    /// value of a repeated name is `header:x-topic#2`.
    pub place: String,
    /// What stood there, JSON as it is written; `None` where nothing did.
    pub before: Option<Vec<u8>>,
    /// What stands there now.
    pub after: Option<Vec<u8>>,
    /// Both say the same and are written differently: `1.0` and `1`.
    pub is_spelling: bool,
}

impl Difference {
    fn changed(place: &str, before: impl Into<Vec<u8>>, after: impl Into<Vec<u8>>) -> Self {
        Self { place: place.to_owned(), before: Some(before.into()), after: Some(after.into()), is_spelling: false }
    }

    /// The word for it: `added`, `removed` or `changed`.
    pub fn kind(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        }
    }
}

/// As what two bodies were compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BodyForm {
    /// Value by value.
    #[default]
    Json,
    /// Field by field.
    Form,
    /// As a whole, and both can be read.
    Text,
    /// As a whole.
    Binary,
}

/// All differences.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// In the order of the parts of a request.
    pub differences: Vec<Difference>,
    /// There were more than are kept.
    pub is_cut: bool,
    /// As what the bodies were compared.
    pub form: BodyForm,
    bytes: usize,
}

impl Comparison {
    /// Keeps one more.
    pub(super) fn add(&mut self, difference: Difference) {
        let length = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, Vec::len);
        self.bytes += difference.place.len() + length(&difference.before) + length(&difference.after);
        self.is_cut |= self.bytes > MAX_BYTES;
        if !self.is_cut || self.differences.is_empty() {
            self.differences.push(difference);
        }
    }

    fn compare(&mut self, place: &str, before: &[u8], after: &[u8]) {
        if before != after {
            self.add(Difference::changed(place, before, after));
        }
    }

    /// Compares named values: each name's first, each name's second and so on.
    fn compare_fields(&mut self, place: &str, before: Fields, after: Fields) {
        let mut others: HashMap<String, Vec<u8>> = after.iter().cloned().collect();
        let known: HashSet<String> = before.iter().map(|(name, _)| name.clone()).collect();
        let paired = before.into_iter().map(|(name, value)| {
            let other = others.remove(&name);
            (name, Some(value), other)
        });
        let paired: Vec<_> = paired.collect();
        let new = after.into_iter().filter(|(name, _)| !known.contains(name));
        for (name, before, after) in paired.into_iter().chain(new.map(|(name, value)| (name, None, Some(value)))) {
            if before != after {
                self.add(Difference { place: format!("{place}:{name}"), before, after, is_spelling: false });
            }
        }
    }
}

/// Compares two events: what they are, and their requests.
pub fn compare_events(before: &Event, after: &Event) -> Comparison {
    let mut comparison = Comparison::default();
    comparison.compare("provider", before.provider.as_bytes(), after.provider.as_bytes());
    let event_type = |event: &Event| event.event_type.clone().map(String::into_bytes);
    let (one, two) = (event_type(before), event_type(after));
    if one != two {
        comparison.add(Difference { place: "event".to_owned(), before: one, after: two, is_spelling: false });
    }
    let verdict = |event: &Event| event.verdict.status.as_str().as_bytes();
    comparison.compare("verdict", verdict(before), verdict(after));
    add_requests(&mut comparison, &before.request, &after.request);
    comparison
}

/// Compares two requests.
pub fn compare_requests(before: &Request, after: &Request) -> Comparison {
    let mut comparison = Comparison::default();
    add_requests(&mut comparison, before, after);
    comparison
}

fn add_requests(comparison: &mut Comparison, before: &Request, after: &Request) {
    comparison.compare("method", before.method.as_str().as_bytes(), after.method.as_str().as_bytes());
    comparison.compare("path", before.uri.path().as_bytes(), after.uri.path().as_bytes());
    add_queries(comparison, before, after);
    comparison.compare_fields("header", headers(&before.headers), headers(&after.headers));
    add_bodies(comparison, before, after);
}

fn add_queries(comparison: &mut Comparison, before: &Request, after: &Request) {
    let (one, two) = (before.uri.query().unwrap_or_default(), after.uri.query().unwrap_or_default());
    let count = comparison.differences.len();
    comparison.compare_fields("query", pairs(one.as_bytes()), pairs(two.as_bytes()));
    if one != two && comparison.differences.len() == count {
        let same = Difference::changed("query", one, two);
        comparison.add(Difference { is_spelling: true, ..same });
    }
}

fn add_bodies(comparison: &mut Comparison, before: &Request, after: &Request) {
    let (one, two) = (&before.body, &after.body);
    if let Some(values) = compare_json(one, two) {
        values.differences.into_iter().for_each(|difference| comparison.add(difference));
        comparison.is_cut |= values.is_cut;
        comparison.form = BodyForm::Json;
    } else if is_form(before) && is_form(after) {
        comparison.form = BodyForm::Form;
        comparison.compare_fields("form", pairs(one), pairs(two));
    } else if is_text(one) && is_text(two) {
        comparison.form = BodyForm::Text;
        comparison.compare("body", one, two);
    } else {
        comparison.form = BodyForm::Binary;
        if one != two {
            comparison.add(Difference::changed("body", digest(one), digest(two)));
        }
    }
}

fn is_form(request: &Request) -> bool {
    request.media_type().as_deref() == Some("application/x-www-form-urlencoded")
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok()
}

fn digest(bytes: &[u8]) -> String {
    format!("{}, sha256 {}", size(bytes.len() as u64), hex::encode(Sha256::digest(bytes)))
}

/// Names with their values; from the second on, a repeated name carries its number.
type Fields = Vec<(String, Vec<u8>)>;

fn fields(pairs: impl Iterator<Item = (String, Vec<u8>)>) -> Fields {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let numbered = pairs.map(|(name, value)| {
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        (if *count == 1 { name } else { format!("{name}#{count}") }, value)
    });
    numbered.collect()
}

fn pairs(text: &[u8]) -> Fields {
    fields(form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned().into_bytes())))
}

fn headers(headers: &HeaderMap) -> Fields {
    let value =
        |value: &http::HeaderValue| if value.is_sensitive() { MASK.to_vec() } else { value.as_bytes().to_vec() };
    fields(headers.iter().map(|(name, text)| (name.as_str().to_owned(), value(text))))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn request(target: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Request {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        Request {
            uri: target.parse().unwrap(),
            headers: headers.fold(HeaderMap::new(), |mut map, (name, value)| {
                map.append(name, value);
                map
            }),
            body: body.to_vec().into(),
            ..Request::default()
        }
    }

    fn places(before: &Request, after: &Request) -> Vec<(String, &'static str)> {
        let comparison = compare_requests(before, after);
        comparison.differences.iter().map(|found| (found.place.clone(), found.kind())).collect()
    }

    fn place(place: &str, kind: &'static str) -> (String, &'static str) {
        (place.to_owned(), kind)
    }

    #[test]
    fn every_part_of_a_request_is_compared() {
        let before = request("/a?x=1&y=1", &[("x-one", "1"), ("x-one", "2"), ("x-gone", "1")], b"{\"a\":1}");
        let after = request("/b?x=1&z=1", &[("x-one", "1"), ("x-one", "3"), ("x-new", "1")], b"{\"a\":2}");
        let expected = [
            place("path", "changed"),
            place("query:y", "removed"),
            place("query:z", "added"),
            place("header:x-one#2", "changed"),
            place("header:x-gone", "removed"),
            place("header:x-new", "added"),
            place("json:/a", "changed"),
        ];
        assert_eq!(places(&before, &after), expected);
        assert!(places(&before, &before).is_empty());
    }

    #[test]
    fn a_query_written_differently_is_a_difference_in_spelling() {
        let comparison = compare_requests(&request("/?a=%20", &[], b""), &request("/?a=+", &[], b""));
        assert!(comparison.differences[0].is_spelling && comparison.differences.len() == 1);
    }

    #[test]
    fn bodies_are_compared_for_what_they_are() {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let (one, two) = (request("/", &form, b"a=1&a=2"), request("/", &form, b"a=1&a=3"));
        assert_eq!(places(&one, &two), [place("form:a#2", "changed")]);
        assert_eq!(places(&request("/", &[], b"x"), &request("/", &[], b"y")), [place("body", "changed")]);
        let binary = compare_requests(&request("/", &[], b"x"), &request("/", &[], b"\xff"));
        assert_eq!(binary.form, BodyForm::Binary);
        let after = String::from_utf8(binary.differences[0].after.clone().unwrap()).unwrap();
        assert!(after.starts_with("1 B, sha256 a8100ae6"), "{after}");
    }

    #[test]
    fn a_masked_credential_stays_masked() {
        let mut before = request("/", &[("authorization", "")], b"");
        before.headers.iter_mut().for_each(|(_, value)| value.set_sensitive(true));
        let comparison = compare_requests(&before, &request("/", &[], b""));
        assert_eq!(comparison.differences[0].before.as_deref(), Some(MASK));
    }
}

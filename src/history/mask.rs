//! What an export does not give away: credentials in headers and URLs become `***`.
//!
//! Names are judged by their words, since no list of headers is complete. Bodies are left as they
//! are: what is secret in them, only their reader knows.

use http::header::{AUTHORIZATION, CONTENT_LOCATION, COOKIE, LOCATION, PROXY_AUTHORIZATION, REFERER, SET_COOKIE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::Record;
use crate::model::{Delivery, Request};
use crate::output::MASK;

/// Headers that carry a credential by their definition (RFC 9110 section 11, RFC 6265).
const CREDENTIALS: [HeaderName; 4] = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE, SET_COOKIE];

/// Headers whose value is a URL, which may carry a credential in its query.
const URLS: [HeaderName; 3] = [LOCATION, CONTENT_LOCATION, REFERER];

/// Words that say of a name (`X-Api-Key`, `hub-signature-256`, `access_token`) that its value opens
/// something, or proves to the receiver who sent it.
const SECRET_WORDS: [&str; 13] = [
    "token",
    "key",
    "secret",
    "signature",
    "sig",
    "hmac",
    "password",
    "passwd",
    "pwd",
    "apikey",
    "auth",
    "authorization",
    "credential",
];

/// The same at the end of names without gaps (`apiKey`, `accessToken`). `key` is not among them:
/// `monkey` is no secret.
const SECRET_ENDINGS: [&str; 6] = ["token", "secret", "signature", "password", "apikey", "credential"];

/// The record without its credentials.
#[must_use]
pub fn masked(mut record: Record) -> Record {
    mask_request(&mut record.event.request);
    for attempt in &mut record.deliveries {
        mask_delivery(&mut attempt.delivery);
    }
    for target in &mut record.waiting {
        *target = masked_url(target);
    }
    record
}

/// The request without its credentials.
#[must_use]
pub fn masked_request(mut request: Request) -> Request {
    mask_request(&mut request);
    request
}

/// The delivery without its credentials.
#[must_use]
pub fn masked_delivery(mut delivery: Delivery) -> Delivery {
    mask_delivery(&mut delivery);
    delivery
}

/// The record as it is kept. What the history does not hold is `***` here too.
#[must_use]
pub fn revealed(mut record: Record) -> Record {
    for value in record.event.request.headers.values_mut().filter(|value| value.is_sensitive()) {
        *value = mask();
    }
    record
}

/// Whether a header of this name is masked.
pub fn is_secret_header(name: &HeaderName) -> bool {
    CREDENTIALS.contains(name) || is_secret_name(name.as_str())
}

/// Whether the value of a header of this name is a URL, whose query may hold credentials.
pub fn is_url_header(name: &HeaderName) -> bool {
    URLS.contains(name)
}

/// Whether a parameter or field of this name is masked.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|character: char| !character.is_ascii_alphanumeric());
    words.any(|word| SECRET_WORDS.contains(&word)) || SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// A URL without its user, password and secret parameters; the rest stays as it is written.
pub fn masked_url(url: &str) -> String {
    let (rest, fragment) = url.split_once('#').map_or((url, None), |(rest, fragment)| (rest, Some(fragment)));
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let mut masked = without_user(place);
    if let Some(query) = query {
        masked.push('?');
        masked.push_str(&masked_query(query));
    }
    if let Some(fragment) = fragment {
        masked.push('#');
        masked.push_str(&masked_query(fragment));
    }
    masked
}

/// A query without the values of its secret parameters; the rest stays as it is written.
pub fn masked_query(query: &str) -> String {
    let pairs: Vec<String> = query.split('&').map(masked_pair).collect();
    pairs.join("&")
}

fn masked_pair(pair: &str) -> String {
    // Names are compared as the receiver reads them: `%74oken` is `token`.
    let name = form_urlencoded::parse(pair.as_bytes()).next().map(|(name, _)| name.into_owned());
    match pair.split_once('=') {
        Some((written, _)) if name.is_some_and(|name| is_secret_name(&name)) => format!("{written}={MASK}"),
        _ => pair.to_owned(),
    }
}

fn without_user(place: &str) -> String {
    let Some((scheme, rest)) = place.split_once("://") else { return place.to_owned() };
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((user, _)) => format!("{scheme}://{MASK}{}", &rest[user.len()..]),
        None => place.to_owned(),
    }
}

fn mask_request(request: &mut Request) {
    mask_headers(&mut request.headers);
    request.uri = masked_uri(std::mem::take(&mut request.uri));
}

fn mask_delivery(delivery: &mut Delivery) {
    delivery.target = masked_url(&delivery.target);
    if let Some(response) = &mut delivery.response {
        mask_headers(&mut response.headers);
    }
}

fn mask_headers(headers: &mut HeaderMap) {
    for (name, value) in headers.iter_mut() {
        if value.is_sensitive() || is_secret_header(name) {
            *value = mask();
        } else if URLS.contains(name) {
            let masked = value.to_str().map(masked_url);
            *value = masked.ok().and_then(|url| HeaderValue::try_from(url).ok()).unwrap_or_else(mask);
        }
    }
}

/// A value that says of itself that it is not the real one.
fn mask() -> HeaderValue {
    let mut value = HeaderValue::from_static(MASK);
    value.set_sensitive(true);
    value
}

fn masked_uri(uri: Uri) -> Uri {
    let Some(query) = uri.query().map(masked_query) else { return uri };
    let path = uri.path().to_owned();
    let mut parts = uri.into_parts();
    // What cannot be masked is left out.
    let masked = PathAndQuery::try_from(format!("{path}?{query}")).or_else(|_| PathAndQuery::try_from(path));
    parts.path_and_query = masked.ok();
    Uri::from_parts(parts).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_secrets_are_known_by_their_words() {
        for name in [
            "authorization",
            "proxy-authorization",
            "cookie",
            "set-cookie",
            "x-auth-token",
            "x-api-key",
            "x-apikey",
            "client-secret",
            "stripe-signature",
            "signature",
            "x-hub-signature-256",
            "x-shopify-hmac-sha256",
            "x-password",
        ] {
            assert!(is_secret_header(&HeaderName::from_bytes(name.as_bytes()).unwrap()), "{name}");
        }
        for name in ["content-type", "x-github-event", "x-monkey", "author", "x-keyboard", "host", "user-agent"] {
            assert!(!is_secret_header(&HeaderName::from_bytes(name.as_bytes()).unwrap()), "{name}");
        }
        for name in ["token", "access_token", "accessToken", "apiKey", "SIG", "hub.secret"] {
            assert!(is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn a_url_keeps_everything_but_its_secrets() {
        for (url, masked) in [
            ("/hook?a=1&token=x&b=%20&token=y", "/hook?a=1&token=***&b=%20&token=***"),
            ("http://me:pw@h:1/p/@x?a", "http://***@h:1/p/@x?a"),
            (
                "https://h/?%74oken=x&api%5Fkey=y#access_token=z",
                "https://h/?%74oken=***&api%5Fkey=***#access_token=***",
            ),
            ("http://h/a=b?=&&x==y", "http://h/a=b?=&&x==y"),
        ] {
            assert_eq!(masked_url(url), masked);
        }
    }

    proptest! {
        #[test]
        fn no_secret_parameter_survives(before in "[a-z=&%?]{0,12}", after in "[a-z=&%?#]{0,12}") {
            let masked = masked_query(&format!("{before}&sig=SENTINEL&{after}"));
            prop_assert!(!masked.contains("SENTINEL"), "{}", masked);
            let url = masked_url(&format!("https://h/?{before}&sig=SENTINEL#{after}"));
            prop_assert!(!url.contains("SENTINEL"), "{}", url);
        }
    }
}

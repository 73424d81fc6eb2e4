use std::cell::RefCell;

use http::HeaderMap;

use super::*;
use crate::provider::{Catalogue, Draft, Generator, compose};

const URL: &str = "https://hooks.example.test/in";

/// What is worked out from the request that this manifest makes.
fn inferred(signature: &str, secret: &str) -> Option<Inferred> {
    let manifest = format!(
        "[provider]\nid = \"acme\"\nname = \"Acme\"\n[delivery.headers]\nX-Request-Id = \"{{$uuid}}\"\n[[signature]]\n{signature}"
    );
    let provider = compile("acme", &manifest).unwrap();
    let secret = Secret::new(secret, "test").unwrap();
    let headers = HeaderMap::new();
    let draft =
        Draft { event: "a", body: br#"{"a":1}"#, content_type: None, headers: &headers, url: URL, signature: None };
    let now = Timestamp::from_second(1_767_225_600).unwrap();
    let request = compose(&provider, &draft, Some(&secret), &RefCell::new(Generator::new(1, now))).unwrap();
    infer(&request, &secret, Some(URL)).ok()
}

#[track_caller]
fn finds(signature: &str, signed: &str) -> Inferred {
    let found = inferred(signature, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap_or_else(|| panic!("{signature}"));
    assert_eq!(found.signed.as_deref(), Some(signed), "{found:?}");
    found
}

#[test]
fn the_plain_forms_are_found() {
    let found =
        finds("scheme = \"hmac\"\nsource = \"header:X-Acme\"\nencoding = \"hex\"\nsigned = \"{body}\"", "{body}");
    assert_eq!((found.algorithm, found.encoding, found.key), (Some("sha256"), Some("hex"), "{secret}"));
    let found = finds(
        "scheme = \"hmac\"\nalgorithm = \"sha1\"\nsource = \"header:X-Acme\"\nformat = \"sha1={signature}\"\nencoding = \"base64\"\nsigned = \"{body}\"",
        "{body}",
    );
    assert_eq!((found.algorithm, found.format.as_str()), (Some("sha1"), "sha1={signature}"));
    finds(
        "scheme = \"hash\"\nsource = \"header:X-Acme\"\nencoding = \"hex\"\nsigned = \"{body}{secret}\"",
        "{body}{secret}",
    );
}

#[test]
fn times_and_ids_that_are_signed_are_found() {
    let found = finds(
        "scheme = \"hmac\"\nsource = \"header:X-Acme\"\nformat = \"t={timestamp},v1={signature}\"\nsplit = \",\"\nencoding = \"hex\"\nsigned = \"{timestamp}.{body}\"\ntimestamp = { value = \"{timestamp}\", unit = \"s\" }",
        "{timestamp}.{body}",
    );
    assert_eq!(
        (found.format.as_str(), found.split, found.unit),
        ("t={timestamp},v1={signature}", Some(","), Some("s"))
    );
    let found = finds(
        "scheme = \"hmac\"\nsource = \"header:X-Acme\"\nformat = \"v0={signature}\"\nencoding = \"hex\"\nvars = { timestamp = \"header:X-Acme-Time\" }\nsigned = \"v0:{timestamp}:{body}\"\ntimestamp = { value = \"{timestamp}\", unit = \"ms\" }",
        "v0:{timestamp}:{body}",
    );
    assert_eq!((found.variables, found.unit), (vec![("timestamp", "header:x-acme-time".to_owned())], Some("ms")));
    let found = finds(
        "scheme = \"hmac\"\nsource = \"header:X-Acme\"\nencoding = \"base64\"\nkey = '{secret|strip(\"whsec_\")|unbase64}'\nvars = { timestamp = \"header:X-Acme-Time\", id = \"header:X-Request-Id\" }\nsigned = \"{id}.{timestamp}.{body}\"\ntimestamp = { value = \"{timestamp}\", unit = \"s\" }",
        "{id}.{timestamp}.{body}",
    );
    assert_eq!(found.key, "{secret|strip(\"whsec_\")|unbase64}");
}

#[test]
fn the_url_and_the_secret_itself_are_found() {
    finds(
        "scheme = \"hmac\"\nsource = \"header:X-Acme\"\nencoding = \"base64\"\nsigned = \"{url}{body}\"",
        "{url}{body}",
    );
    let token =
        inferred("scheme = \"token\"\nsource = \"header:X-Acme\"\nformat = \"Token {signature}\"", "hunter22").unwrap();
    assert_eq!((token.scheme, token.format.as_str()), ("token", "Token {signature}"));
    assert_eq!(inferred("scheme = \"basic\"\nsource = \"header:Authorization\"", "user:word").unwrap().scheme, "basic");
}

#[test]
fn another_secret_explains_nothing_and_tells_where_it_was_looked_for() {
    let mut request = Request::default();
    request.headers.insert("x-acme", http::HeaderValue::from_static("0123456789abcdef0123456789abcdef01234567"));
    let unexplained = infer(&request, &Secret::new("no", "test").unwrap(), None).unwrap_err();
    assert_eq!(unexplained.places, ["header:x-acme"]);
    assert!(unexplained.tries > 10 && unexplained.tries <= MAX_TRIES, "{}", unexplained.tries);
}

#[test]
fn what_is_found_never_holds_the_secret() {
    let found =
        inferred("scheme = \"token\"\nsource = \"header:X-Acme\"\nformat = \"Token {signature}\"", "hunter22").unwrap();
    assert!(!format!("{found:?}{}{:?}", found.manifest(), found.sentences()).contains("hunter22"));
}

/// Most built-in providers are found again from one request of theirs, so most others will be.
#[test]
fn most_built_in_hmacs_are_found_again() {
    let (providers, _) = Catalogue::default().all();
    let (mut found, mut missed) = (0, Vec::new());
    for provider in &providers {
        let Some(signature) = provider.signatures().first().filter(|one| one.algorithm().starts_with("HMAC")) else {
            continue;
        };
        let Some(fixture) = Catalogue::default()
            .events(provider.id())
            .first()
            .map(|event| Catalogue::default().fixture(provider.id(), event).unwrap())
        else {
            continue;
        };
        let texts = [
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "00112233445566778899aabbccddeeff",
        ];
        let headers = HeaderMap::new();
        let draft = Draft {
            event: &fixture.event,
            body: &fixture.body,
            content_type: Some(&fixture.content_type),
            headers: &headers,
            url: URL,
            signature: Some(signature.id()),
        };
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        let made = texts.iter().find_map(|text| {
            let secret = Secret::new(*text, "test").unwrap();
            let request = compose(provider, &draft, Some(&secret), &RefCell::new(Generator::new(1, now))).ok()?;
            Some((request, secret))
        });
        let Some((request, secret)) = made else { continue };
        match infer(&request, &secret, Some(URL)) {
            Ok(_) => found += 1,
            Err(_) => missed.push(provider.id().to_string()),
        }
    }
    assert!(found >= 4 * missed.len(), "{found} found, missed {missed:?}");
}

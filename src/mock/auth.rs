//! Who may call the provider's API: whoever has the credentials that the mock made up.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::header::AUTHORIZATION;
use subtle::ConstantTimeEq as _;

use crate::model::{MockCredentials, Request};
use crate::provider::api::AuthKind;

/// Whether the request carries these credentials where the API wants them. How long that takes tells
/// nothing of how much of them is right.
pub(super) fn is_let_in(kind: &AuthKind, credentials: &MockCredentials, request: &Request) -> bool {
    let token = credentials.token.as_deref().unwrap_or_default();
    match kind {
        AuthKind::None => true,
        AuthKind::Basic => {
            let username = credentials.username.as_deref().unwrap_or_default();
            let password = credentials.password.as_deref().unwrap_or_default();
            let wanted = format!("{username}:{password}");
            let given = scheme_value(request, &["Basic".to_owned()]);
            let given = given.and_then(|text| BASE64_STANDARD.decode(text.trim()).ok());
            given.is_some_and(|given| is_same(&given, wanted.as_bytes()))
        }
        AuthKind::Bearer(schemes) => {
            scheme_value(request, schemes).is_some_and(|given| is_same(given.trim().as_bytes(), token.as_bytes()))
        }
        AuthKind::Header(name) => {
            let given = request.headers.get(name);
            given.is_some_and(|given| is_same(given.as_bytes().trim_ascii(), token.as_bytes()))
        }
        AuthKind::Query(name) => {
            let query = request.uri.query().unwrap_or_default().as_bytes();
            let given = form_urlencoded::parse(query).find(|(key, _)| key == name);
            given.is_some_and(|(_, given)| is_same(given.as_bytes(), token.as_bytes()))
        }
    }
}

/// What stands behind one of these words; their case does not matter (RFC 9110 section 11.1).
fn scheme_value<'r>(request: &'r Request, schemes: &[String]) -> Option<&'r str> {
    let text = request.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = text.split_once(' ')?;
    schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme)).then_some(rest)
}

/// An empty credential lets nobody in.
fn is_same(given: &[u8], wanted: &[u8]) -> bool {
    !wanted.is_empty() && bool::from(given.ct_eq(wanted))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn request(header: &str, value: &str, uri: &str) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert(header.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        Request { headers, uri: uri.parse().unwrap(), ..Request::default() }
    }

    fn credentials() -> MockCredentials {
        MockCredentials { username: Some("me".into()), password: Some("pa:ss".into()), token: Some("tok".into()) }
    }

    #[test]
    fn a_right_credential_in_its_place_opens() {
        let bearer = AuthKind::Bearer(vec!["Bearer".into(), "token".into()]);
        let basic = format!("basic {}", BASE64_STANDARD.encode("me:pa:ss"));
        let is_let_in = |kind: &AuthKind, request| is_let_in(kind, &credentials(), &request);
        assert!(is_let_in(&AuthKind::Basic, request("authorization", &basic, "/")));
        for value in ["Bearer tok", "bearer tok", "token tok"] {
            assert!(is_let_in(&bearer, request("authorization", value, "/")), "{value}");
        }
        assert!(is_let_in(&AuthKind::Header("x-key".parse().unwrap()), request("x-key", "tok", "/")));
        assert!(is_let_in(&AuthKind::Query("key".into()), request("x", "y", "/?a=1&key=tok")));
        assert!(is_let_in(&AuthKind::None, request("x", "y", "/")));
    }

    #[test]
    fn anything_else_does_not() {
        let bearer = AuthKind::Bearer(vec!["Bearer".into()]);
        let is_let_in = |kind: &AuthKind, request| is_let_in(kind, &credentials(), &request);
        for value in ["Bearer to", "Bearer tokk", "token tok", "tok", "Bearer", "Bearer "] {
            assert!(!is_let_in(&bearer, request("authorization", value, "/?key=tok")), "{value}");
        }
        let wrong = format!("Basic {}", BASE64_STANDARD.encode("me:pass"));
        for value in [wrong.as_str(), "Basic !", "Basic "] {
            assert!(!is_let_in(&AuthKind::Basic, request("authorization", value, "/")), "{value}");
        }
        assert!(!is_let_in(&AuthKind::Query("key".into()), request("x", "y", "/?key=tok2")));
        let nobody = MockCredentials::default();
        assert!(!super::is_let_in(&bearer, &nobody, &request("authorization", "Bearer ", "/")), "an empty token");
    }
}

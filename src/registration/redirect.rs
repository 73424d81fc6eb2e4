//! Redirects: a credential never goes to another origin, and only a call that reads is sent again.

use http::Method;
use url::Url;

use super::place::is_loopback;

/// Redirects in a row that are followed.
pub(super) const MAX_REDIRECTS: usize = 3;

/// The place to ask instead, where that is safe; else the place that was named, fit to be shown.
pub(super) fn follow(method: &Method, from: &Url, location: Option<&str>) -> Result<Url, String> {
    let Some(location) = location else { return Err("nowhere".to_owned()) };
    let Ok(to) = from.join(location) else { return Err("a place that is no URL".to_owned()) };
    let is_same = to.origin() == from.origin() && to.origin().is_tuple();
    let is_private = to.scheme() == "https" || is_loopback(&to);
    let is_bare = to.username().is_empty() && to.password().is_none();
    if *method == Method::GET && is_same && is_private && is_bare { Ok(to) } else { Err(shown(&to)) }
}

/// Without what may be a credential: the query, and what stands before `@`.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // A URL that cannot have a user has none to take away.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(base: &str, location: &str) -> Result<String, String> {
        follow(&Method::GET, &Url::parse(base).unwrap(), Some(location)).map(String::from)
    }

    #[test]
    fn a_call_that_reads_follows_within_its_origin() {
        assert_eq!(from("https://api.test/v1/a", "/v2/a?x=1"), Ok("https://api.test/v2/a?x=1".into()));
        assert_eq!(from("https://api.test/v1/a", "https://api.test:443/b"), Ok("https://api.test/b".into()));
        assert_eq!(from("http://127.0.0.1:4001/a", "b"), Ok("http://127.0.0.1:4001/b".into()));
    }

    #[test]
    fn no_other_origin_is_followed() {
        for (location, named) in [
            ("https://evil.test/a", "https://evil.test/a"),
            ("//evil.test/a", "https://evil.test/a"),
            ("https://api.test.evil.test/", "https://api.test.evil.test/"),
            ("https://sub.api.test/", "https://sub.api.test/"),
            ("https://api.test:444/", "https://api.test:444/"),
            ("http://api.test/a", "http://api.test/a"),
            ("https://api.test@evil.test/", "https://evil.test/"),
            ("https://user:pass@api.test/", "https://api.test/"),
            ("https://evil.test/?key=token#x", "https://evil.test/"),
            ("ftp://api.test/", "ftp://api.test/"),
            ("javascript:alert(1)", "javascript:alert(1)"),
            ("https://", "a place that is no URL"),
        ] {
            assert_eq!(from("https://api.test/a", location), Err(named.into()), "{location}");
        }
        assert!(from("http://api.test/a", "/b").is_err(), "not in the clear");
        assert!(from("http://127.0.0.1:4001/a", "http://127.0.0.1:4002/a").is_err(), "another port");
        assert!(from("http://127.0.0.1:4001/a", "http://localhost:4001/a").is_err(), "another name");
    }

    #[test]
    fn a_call_that_changes_something_is_not_sent_again() {
        let base = Url::parse("https://api.test/a").unwrap();
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert_eq!(follow(&method, &base, Some("/b")), Err("https://api.test/b".into()), "{method}");
        }
        assert_eq!(follow(&Method::GET, &base, None), Err("nowhere".into()));
    }
}

//! A target: a URL that receives, in all the forms people type.

use http::Uri;
use percent_encoding::percent_decode_str;
use url::Url;

/// A URL that receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
}

/// Why a text is not a target, or a path cannot be joined to one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not a URL.
    #[error("`{0}` is not a target (write 4242, localhost:4242/path or a URL)")]
    NotUrl(String),
    /// Another scheme than http or https.
    #[error("`{0}` is not an http or https URL")]
    Scheme(String),
    /// Credentials in the URL would show in every log.
    #[error("a target cannot carry credentials: pass them with -H 'Authorization: …'")]
    Credentials,
    /// The path of a received request leads out of the target's.
    #[error("the path `{0}` leads out of the target")]
    Escapes(String),
}

impl Target {
    /// Reads `4242`, `:4242/path`, `/path`, `localhost:4242/path` or a URL.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let text = text.trim();
        let wrong = || TargetError::NotUrl(text.to_owned());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let full = if text.contains("://") {
            text.to_owned()
        } else if text.starts_with('/') || text.starts_with(':') {
            format!("http://localhost{text}")
        } else if digits > 0 && (digits == text.len() || text.as_bytes()[digits] == b'/') {
            format!("http://localhost:{text}")
        } else {
            format!("http://{text}")
        };
        let mut url = Url::parse(&full).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(TargetError::Scheme(text.to_owned()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(wrong());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        url.set_fragment(None);
        Ok(Self { url })
    }

    /// As a URL.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The target for a received request: its path stands below the target's, its query behind the
    /// target's. A path that begins with the target's own is taken to be under it already, so that a
    /// tunnel to `/hooks` and a target ending in `/hooks` meet.
    pub fn join(&self, received: &Uri) -> Result<Uri, TargetError> {
        let base = self.url.path().trim_end_matches('/');
        let path = received.path();
        let escapes = || TargetError::Escapes(path.chars().take(100).collect());
        let below: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        for segment in &below {
            if has_dots(&percent_decode_str(segment).decode_utf8_lossy()) {
                return Err(escapes());
            }
        }
        let trailing = if path.ends_with('/') && !below.is_empty() { "/" } else { "" };
        let joined = format!("/{}{trailing}", below.join("/"));
        let is_below = !base.is_empty() && (joined == base || joined.starts_with(&format!("{base}/")));
        let path = match (is_below, below.is_empty()) {
            (true, _) => joined,
            (false, true) => self.url.path().to_owned(),
            (false, false) => format!("{base}{joined}"),
        };
        let query = match (self.url.query(), received.query()) {
            (Some(own), Some(received)) => format!("?{own}&{received}"),
            (Some(query), None) | (None, Some(query)) => format!("?{query}"),
            (None, None) => String::new(),
        };
        format!("{}{path}{query}", self.origin()).parse().map_err(|_| escapes())
    }

    fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

/// Whether a server could read a step up in it: some split at backslashes, some drop what follows `;`.
fn has_dots(decoded: &str) -> bool {
    let names = decoded.split(['/', '\\']).map(|part| part.split(';').next().unwrap_or_default());
    names.into_iter().any(|name| name == "." || name == "..")
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.url.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_forms_people_type() {
        for (typed, url) in [
            ("4242", "http://localhost:4242/"),
            ("4242/hook", "http://localhost:4242/hook"),
            (":4242/hook", "http://localhost:4242/hook"),
            ("/hook", "http://localhost/hook"),
            ("localhost:4242/path", "http://localhost:4242/path"),
            ("app.test", "http://app.test/"),
            ("127.0.0.1:3000", "http://127.0.0.1:3000/"),
            ("https://app.test/x?y=1", "https://app.test/x?y=1"),
            ("[::1]:3000", "http://[::1]:3000/"),
        ] {
            assert_eq!(Target::parse(typed).unwrap().to_string(), url, "{typed}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_target() {
        assert!(matches!(Target::parse("ftp://x"), Err(TargetError::Scheme(_))));
        assert!(matches!(Target::parse("http://u:p@x"), Err(TargetError::Credentials)));
        for text in ["", "http://", "99999999", "a b"] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }

    fn join(target: &str, path: &str) -> Result<String, TargetError> {
        Target::parse(target).unwrap().join(&path.parse().unwrap()).map(|uri| uri.to_string())
    }

    #[test]
    fn a_received_path_stands_below_the_targets() {
        assert_eq!(join("3000", "/").unwrap(), "http://localhost:3000/");
        assert_eq!(join("3000/hook", "/").unwrap(), "http://localhost:3000/hook");
        assert_eq!(join("3000/hook/", "/").unwrap(), "http://localhost:3000/hook/");
        assert_eq!(
            join("3000/hook", "/message/added?a=1&a=%2B").unwrap(),
            "http://localhost:3000/hook/message/added?a=1&a=%2B"
        );
        assert_eq!(join("3000/hook", "/hook").unwrap(), "http://localhost:3000/hook");
        assert_eq!(join("3000/hook?k=1", "/?a=2").unwrap(), "http://localhost:3000/hook?k=1&a=2");
    }

    #[test]
    fn no_path_leaves_the_target() {
        for path in [
            "/..",
            "/../admin",
            "/%2e%2e/admin",
            "/a/%2E./b",
            "/a%2f..%2fb",
            "/..%5cx",
            "/./x",
            "/..;/admin",
            "/a/..%3b/b",
        ] {
            assert!(matches!(join("3000/hook", path), Err(TargetError::Escapes(_))), "{path}");
        }
        assert_eq!(join("3000/hook", "//evil.test/x").unwrap(), "http://localhost:3000/hook/evil.test/x");
        assert_eq!(join("3000/hook", "/@evil.test").unwrap(), "http://localhost:3000/hook/@evil.test");
        assert_eq!(join("3000/hook", "/hooked").unwrap(), "http://localhost:3000/hook/hooked");
    }

    proptest::proptest! {
        #[test]
        fn every_joined_target_keeps_authority_and_prefix(path in "/[a-z0-9./%\\\\@:;?&=+~-]{0,40}") {
            let Ok(received) = path.parse::<Uri>() else { return Ok(()) };
            if let Ok(uri) = Target::parse("http://app.test:81/hook").unwrap().join(&received) {
                proptest::prop_assert_eq!(uri.authority().unwrap().as_str(), "app.test:81");
                proptest::prop_assert!(uri.path() == "/hook" || uri.path().starts_with("/hook/"));
                let normal = Url::parse(&uri.to_string()).unwrap();
                proptest::prop_assert!(normal.path().starts_with("/hook"), "{}", normal);
            }
        }
    }
}

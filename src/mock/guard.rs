//! Who may use the control calls: programs on this machine, and no web page that a browser has open.
//!
//! A page cannot read answers of another origin, but it can send requests there, and by DNS rebinding even
//! become the same origin. What it cannot do is hide its `Origin`, name another `Host`, or send JSON without
//! asking first (<https://fetch.spec.whatwg.org/#cors-safelisted-request-header>).

use std::net::{IpAddr, SocketAddr};

use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::uri::Authority;
use http::{Method, StatusCode};

use super::refusal::Refused;
use crate::model::Request;

/// What a browser says about who made a request (<https://www.w3.org/TR/fetch-metadata/>).
const FETCH_SITE: &str = "sec-fetch-site";

/// The names by which the mock may be called.
#[derive(Debug, Clone)]
pub(super) struct Names {
    host: String,
    bound: Vec<SocketAddr>,
}

impl Names {
    /// The name it was bound by, and the addresses that this meant.
    pub(super) fn new(host: &str, bound: Vec<SocketAddr>) -> Self {
        Self { host: bare(host).to_ascii_lowercase(), bound }
    }

    /// Whether a `Host` means this server: a name that a page could rebind is not taken.
    fn include(&self, host: &str) -> bool {
        let host = bare(host).to_ascii_lowercase();
        if host == "localhost" || host == self.host {
            return true;
        }
        let Ok(address) = host.parse::<IpAddr>() else { return false };
        let is_bound = |bound: &SocketAddr| bound.ip().is_unspecified() || bound.ip() == address;
        address.is_loopback() || self.bound.iter().any(is_bound)
    }
}

/// An IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Refuses what a web page may have sent.
pub(super) fn check(request: &Request, names: &Names) -> Result<(), Refused> {
    let forbidden = |reason: &str| Err(Refused::new(StatusCode::FORBIDDEN, "forbidden", reason));
    let host = request.headers.get(HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    if !host.is_some_and(|host| names.include(host.host())) {
        return forbidden("control calls are taken only under this server's own address or localhost");
    }
    if request.headers.contains_key(ORIGIN) {
        return forbidden("control calls are not taken from a web page (there is an Origin header)");
    }
    if request.headers.get_all(FETCH_SITE).iter().any(|site| site != "none") {
        return forbidden("control calls are not taken from a web page (see its Sec-Fetch-Site header)");
    }
    let has_body = request.method == Method::POST || request.method == Method::PUT || request.method == Method::PATCH;
    if has_body && request.media_type().as_deref() != Some("application/json") {
        let reason = format!("control calls take {CONTENT_TYPE}: application/json");
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn request(method: Method, headers: &[(&str, &str)]) -> Request {
        let pairs = headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()));
        Request { method, headers: HeaderMap::from_iter(pairs), ..Request::default() }
    }

    fn names() -> Names {
        Names::new("127.0.0.1", vec!["127.0.0.1:4001".parse().unwrap()])
    }

    fn status(method: Method, headers: &[(&str, &str)]) -> Option<u16> {
        check(&request(method, headers), &names()).err().map(|refused| refused.status.as_u16())
    }

    #[test]
    fn programs_on_this_machine_are_let_in() {
        for host in ["127.0.0.1:4001", "localhost:4001", "LOCALHOST", "[::1]:4001", "127.0.0.2:9"] {
            assert_eq!(status(Method::GET, &[("host", host)]), None, "{host}");
        }
        let post = [("host", "localhost:4001"), ("content-type", "application/json; charset=utf-8")];
        assert_eq!(status(Method::POST, &post), None);
        assert_eq!(
            status(Method::GET, &[("host", "localhost"), ("sec-fetch-site", "none")]),
            None,
            "typed by a person"
        );
    }

    #[test]
    fn another_host_is_refused_whatever_it_resolves_to() {
        for host in ["evil.test:4001", "localhost.evil.test", "192.0.2.7:4001", "127.0.0.1.evil.test", ""] {
            assert_eq!(status(Method::GET, &[("host", host)]), Some(403), "{host}");
        }
        assert_eq!(status(Method::GET, &[]), Some(403), "none");
    }

    #[test]
    fn what_a_page_sends_is_refused() {
        let host = ("host", "127.0.0.1:4001");
        for origin in ["http://evil.test", "null", "http://127.0.0.1:4001"] {
            assert_eq!(status(Method::GET, &[host, ("origin", origin)]), Some(403), "{origin}");
        }
        for site in ["cross-site", "same-site", "same-origin"] {
            assert_eq!(status(Method::GET, &[host, ("sec-fetch-site", site)]), Some(403), "{site}");
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            assert_eq!(status(Method::POST, &[host, ("content-type", kind)]), Some(415), "{kind}");
        }
        assert_eq!(status(Method::POST, &[host]), Some(415), "no type at all");
    }

    #[test]
    fn a_server_for_the_whole_network_is_called_by_any_of_its_addresses_but_by_no_name() {
        let names = Names::new("0.0.0.0", vec!["0.0.0.0:4001".parse().unwrap()]);
        assert!(names.include("192.0.2.7") && !names.include("evil.test"));
        let named = Names::new("box.lan", vec!["192.0.2.7:4001".parse().unwrap()]);
        assert!(named.include("box.lan") && named.include("192.0.2.7") && !named.include("192.0.2.8"));
    }
}

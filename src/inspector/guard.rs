//! Who may call: the inspector's own page, and programs that know its token.
//!
//! A web page of a stranger's can send requests to this machine, and by DNS rebinding even become the same origin.
//! What it cannot do is name this server's address as its own host, hide its `Origin`, or know the token. The token is
//! a header, not a cookie: cookies belong to a host whatever its port, so every app on this machine would get it.

use std::net::{IpAddr, SocketAddr};

use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderName, Method, StatusCode};

use super::answer::Refused;
use super::token::Token;
use crate::model::Request;

/// The header that carries the token.
pub(super) const TOKEN: HeaderName = HeaderName::from_static("hookctl-token");
/// What a browser says about who made a request (<https://www.w3.org/TR/fetch-metadata/>).
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The port of a `Host` that names none.
const HTTP_PORT: u16 = 80;

/// The names under which the inspector is called.
#[derive(Debug)]
pub(super) struct Names(Vec<SocketAddr>);

impl Names {
    pub(super) fn new(bound: Vec<SocketAddr>) -> Self {
        Self(bound)
    }

    /// Whether a `Host` is one of the inspector's own addresses. Names other than `localhost` can be made to resolve to
    /// any address; addresses cannot, so where all of them were asked for, any will do.
    fn include(&self, host: &Authority) -> bool {
        if host.as_str().contains('@') {
            return false;
        }
        let port = host.port().map_or(HTTP_PORT.to_string(), |port| port.as_str().to_owned());
        let name = host.host();
        let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let address = name.parse::<IpAddr>();
        let is_localhost = name.eq_ignore_ascii_case("localhost");
        self.0.iter().any(|bound| match &address {
            _ if bound.ip().is_unspecified() => is_localhost || address.is_ok(),
            Ok(address) => bound.port().to_string() == port && *address == bound.ip(),
            Err(_) => bound.port().to_string() == port && is_localhost && bound.ip().is_loopback(),
        })
    }
}

/// Holds for every request, also for files that tell nothing.
pub(super) fn check_host(request: &Request, names: &Names) -> Result<(), Refused> {
    let mut hosts = request.headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    if host.is_some_and(|host| names.include(&host)) && hosts.next().is_none() {
        return Ok(());
    }
    let message = "the inspector is called by its own address only";
    Err(Refused::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", message)
        .hint("open the URL that hookctl printed, as it is"))
}

/// Holds for every call of the API.
pub(super) fn check_caller(request: &Request, token: &Token) -> Result<(), Refused> {
    let own = request.headers.get(HOST).map(|host| [b"http://", host.as_bytes()].concat());
    let is_foreign = request.headers.get_all(ORIGIN).iter().any(|origin| Some(origin.as_bytes()) != own.as_deref());
    let may = |site: &http::HeaderValue| site == "same-origin" || request.method == Method::GET && site == "none";
    if is_foreign || !request.headers.get_all(FETCH_SITE).iter().all(may) {
        return Err(Refused::new(StatusCode::FORBIDDEN, "foreign_page", "another page made this request"));
    }
    let mut tokens = request.headers.get_all(TOKEN).iter();
    match (tokens.next(), tokens.next()) {
        (Some(offered), None) if token.is(offered.as_bytes()) => {}
        _ => {
            return Err(Refused::new(StatusCode::UNAUTHORIZED, "wrong_token", "the token is missing or wrong")
                .hint(format!("send it as `{TOKEN}`: it stands behind #token= in the URL that hookctl printed")));
        }
    }
    if request.method == Method::POST && request.media_type().as_deref() != Some("application/json") {
        let message = format!("the call takes {CONTENT_TYPE}: application/json");
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    const DIGITS: &str = "0123456789abcdef0123456789abcdef";

    fn request(method: Method, headers: &[(&'static str, &str)]) -> Request {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        Request { method, headers: map, ..Request::default() }
    }

    fn token() -> Token {
        Token::of(DIGITS)
    }

    fn host_status(names: &Names, hosts: &[&str]) -> Option<u16> {
        let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        check_host(&request(Method::GET, &headers), names).err().map(|refused| refused.status.as_u16())
    }

    fn caller_status(method: Method, headers: &[(&'static str, &str)]) -> Option<u16> {
        let all = [&[("host", "127.0.0.1:4040")], headers].concat();
        check_caller(&request(method, &all), &token()).err().map(|refused| refused.status.as_u16())
    }

    #[test]
    fn only_its_own_addresses_are_its_names() {
        let names = Names::new(vec!["127.0.0.1:4040".parse().unwrap(), "[::1]:4040".parse().unwrap()]);
        for host in ["127.0.0.1:4040", "localhost:4040", "LOCALHOST:4040", "[::1]:4040"] {
            assert_eq!(host_status(&names, &[host]), None, "{host}");
        }
        for host in [
            "127.0.0.1",
            "127.0.0.1:4041",
            "127.0.0.2:4040",
            "0.0.0.0:4040",
            "localhost",
            "127.0.0.1:04040",
            "localhost.:4040",
            "localhost.evil.test:4040",
            "evil.test:4040",
            "evil.test",
            "127.0.0.1.evil.test:4040",
            "127.1:4040",
            "2130706433:4040",
            "0x7f000001:4040",
            "[::ffff:127.0.0.1]:4040",
            "[::]:4040",
            "user@127.0.0.1:4040",
            "127.0.0.1:4040@evil.test",
            "127.0.0.1:4040/",
            " ",
            "",
        ] {
            assert_eq!(host_status(&names, &[host]), Some(421), "{host}");
        }
        assert_eq!(host_status(&names, &[]), Some(421), "none");
        assert_eq!(host_status(&names, &["127.0.0.1:4040", "127.0.0.1:4040"]), Some(421), "two");
    }

    #[test]
    fn a_server_for_the_whole_network_is_called_by_addresses_and_by_no_name() {
        let names = Names::new(vec!["0.0.0.0:4040".parse().unwrap()]);
        for host in ["192.0.2.7:4040", "192.0.2.7:8080", "localhost:4040"] {
            assert_eq!(host_status(&names, &[host]), None, "{host}");
        }
        for host in ["evil.test:4040", "box.lan:4040"] {
            assert_eq!(host_status(&names, &[host]), Some(421), "{host}");
        }
    }

    #[test]
    fn a_call_needs_the_token() {
        assert_eq!(caller_status(Method::GET, &[("hookctl-token", DIGITS)]), None);
        for offered in ["", "0123456789abcdef0123456789abcde", "ffffffffffffffffffffffffffffffff"] {
            assert_eq!(caller_status(Method::GET, &[("hookctl-token", offered)]), Some(401), "{offered}");
        }
        assert_eq!(caller_status(Method::GET, &[]), Some(401));
        assert_eq!(caller_status(Method::GET, &[("cookie", DIGITS), ("authorization", DIGITS)]), Some(401));
        assert_eq!(caller_status(Method::GET, &[("hookctl-token", DIGITS), ("hookctl-token", DIGITS)]), Some(401));
    }

    #[test]
    fn another_page_is_refused_even_with_the_token() {
        let token = ("hookctl-token", DIGITS);
        let json = ("content-type", "application/json");
        assert_eq!(caller_status(Method::POST, &[token, json]), None, "a program");
        let own = [token, json, ("origin", "http://127.0.0.1:4040"), ("sec-fetch-site", "same-origin")];
        assert_eq!(caller_status(Method::POST, &own), None, "the page");
        for origin in
            ["http://evil.test", "null", "https://127.0.0.1:4040", "http://localhost:4040", "http://127.0.0.1"]
        {
            assert_eq!(caller_status(Method::POST, &[token, json, ("origin", origin)]), Some(403), "{origin}");
            assert_eq!(caller_status(Method::GET, &[token, ("origin", origin)]), Some(403), "{origin}");
        }
        for site in ["cross-site", "same-site", "none"] {
            assert_eq!(caller_status(Method::POST, &[token, json, ("sec-fetch-site", site)]), Some(403), "{site}");
        }
    }

    #[test]
    fn what_a_form_can_send_is_refused() {
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            let headers = [("hookctl-token", DIGITS), ("content-type", kind)];
            assert_eq!(caller_status(Method::POST, &headers), Some(415), "{kind}");
        }
        assert_eq!(caller_status(Method::POST, &[("hookctl-token", DIGITS)]), Some(415), "no type at all");
    }
}

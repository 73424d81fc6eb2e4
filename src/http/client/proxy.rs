//! Proxies: which one a target goes through, and the way through it.

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::connect::Endpoint;
use super::failure;
use crate::model::DeliveryError;

/// Bytes of a proxy's answer to CONNECT; it has no body.
const MAX_CONNECT_ANSWER: usize = 8 * 1024;

/// Which proxies to use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Proxies {
    /// `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in upper or lower case, as curl
    /// reads them. Unlike curl, a target on this machine (`localhost`, 127.0.0.0/8, ::1) never goes
    /// through a proxy: it is the developer's own app, which no proxy can reach.
    #[default]
    Environment,
    /// None.
    Never,
    /// This one for every target that is not on this machine.
    All(String),
}

/// The proxies of a client.
#[derive(Debug)]
pub(super) struct ProxyTable {
    matcher: Option<Matcher>,
}

/// How a target is reached.
#[derive(Debug, Clone)]
pub(super) enum Route {
    /// Without a proxy.
    Direct,
    /// Plain HTTP: the proxy is asked for the absolute URL.
    Forward(Proxy),
    /// TLS: the proxy is asked for a tunnel.
    Tunnel(Proxy),
}

/// One HTTP proxy.
#[derive(Debug, Clone)]
pub(super) struct Proxy {
    pub endpoint: Endpoint,
    /// The value of `Proxy-Authorization`.
    pub authorization: Option<HeaderValue>,
}

impl ProxyTable {
    /// Reads the environment if that is what is asked.
    pub fn new(proxies: &Proxies) -> Self {
        let matcher = match proxies {
            Proxies::Environment => Some(Matcher::from_env()),
            Proxies::Never => None,
            Proxies::All(url) => Some(Matcher::builder().all(url.clone()).build()),
        };
        Self { matcher }
    }

    /// The route to a target.
    pub fn route(&self, target: &Endpoint, encrypted: bool) -> Result<Route, DeliveryError> {
        let Some(intercept) = self.intercept(target, encrypted) else { return Ok(Route::Direct) };
        let proxy = Proxy::new(&intercept, &target.host)?;
        Ok(if encrypted { Route::Tunnel(proxy) } else { Route::Forward(proxy) })
    }

    fn intercept(&self, target: &Endpoint, encrypted: bool) -> Option<Intercept> {
        if target.is_loopback() {
            return None;
        }
        let scheme = if encrypted { "https" } else { "http" };
        let uri: Uri = format!("{scheme}://{target}/").parse().ok()?;
        self.matcher.as_ref()?.intercept(&uri)
    }
}

impl Proxy {
    fn new(intercept: &Intercept, target: &str) -> Result<Self, DeliveryError> {
        let uri = intercept.uri();
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let endpoint = Endpoint { host, port: uri.port_u16().unwrap_or(80) };
        if uri.scheme_str() != Some("http") {
            let scheme = uri.scheme_str().unwrap_or_default();
            return Err(failure::proxy(&endpoint, &format!("{scheme} proxies are not supported, only http"), target));
        }
        Ok(Self { endpoint, authorization: intercept.basic_auth().cloned() })
    }

    /// Asks for a tunnel to `target` (RFC 9110 section 9.3.6).
    pub async fn tunnel(&self, stream: &mut TcpStream, target: &Endpoint) -> Result<(), DeliveryError> {
        let failed = |problem: String| failure::proxy(&self.endpoint, &problem, &target.host);
        stream.write_all(&self.connect_request(target)).await.map_err(|error| failed(error.to_string()))?;
        let answer = read_head(stream).await.map_err(|error| failed(error.to_string()))?;
        let status_line = answer.lines().next().unwrap_or_default();
        match status_line.split(' ').nth(1) {
            Some(status) if status.len() == 3 && status.starts_with('2') => Ok(()),
            Some("407") => {
                Err(failed("asks for a user and password (407); write http://user:password@host:port".into()))
            }
            _ => Err(failed(format!("refused the tunnel to {target}: {}", status_line.trim().escape_debug()))),
        }
    }

    fn connect_request(&self, target: &Endpoint) -> Vec<u8> {
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
        if let Some(authorization) = &self.authorization {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(authorization.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        request
    }
}

/// Reads to the empty line. Byte by byte, since what follows belongs to the tunnel.
async fn read_head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::with_capacity(256);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_CONNECT_ANSWER {
            return Err(std::io::Error::other("the answer to CONNECT does not end"));
        }
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

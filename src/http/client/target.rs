//! The authority a session sends to: the way to it, and a request in the form it takes.

use http::header::{CONTENT_LENGTH, HOST, PROXY_AUTHORIZATION, TRANSFER_ENCODING};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Uri};
use http_body_util::Full;
use tokio::net::TcpStream;
use url::Url;

use super::Inner;
use super::connect::{Endpoint, connect};
use super::exchange::Outgoing;
use super::failure;
use super::proxy::{Proxy, Route};
use super::wire::Wire;
use crate::model::{DeliveryError, Request};

/// An authority and the way to it.
#[derive(Debug)]
pub(super) struct Target {
    pub endpoint: Endpoint,
    encrypted: bool,
    /// The value of `Host`: the port stands there unless it is the scheme's own.
    host: HeaderValue,
    route: Route,
}

impl Target {
    /// Reads authority and scheme of `url`.
    pub fn new(client: &Inner, url: &Url) -> Result<Self, DeliveryError> {
        let encrypted = match url.scheme() {
            "https" => true,
            "http" => false,
            other => return Err(failure::bad_target(&format!("cannot send to a {other}: URL"))),
        };
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(failure::bad_target("the URL has no host"));
        };
        let value = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let value =
            HeaderValue::try_from(value).map_err(|_| failure::bad_target("the host cannot stand in a header"))?;
        let endpoint = Endpoint { host: host.trim_start_matches('[').trim_end_matches(']').to_owned(), port };
        let route = client.proxies.route(&endpoint, encrypted)?;
        Ok(Self { endpoint, encrypted, host: value, route })
    }

    /// The connected stream, through the proxy and TLS where there are any.
    pub async fn wire(&self, client: &Inner) -> Result<Wire, DeliveryError> {
        let stream = match &self.route {
            Route::Direct => connect(&self.endpoint, &client.forbidden, client.connect_timeout).await?,
            Route::Forward(proxy) => self.connect_proxy(client, proxy).await?,
            Route::Tunnel(proxy) => {
                let mut stream = self.connect_proxy(client, proxy).await?;
                proxy.tunnel(&mut stream, &self.endpoint).await?;
                stream
            }
        };
        if !self.encrypted {
            return Ok(Wire::Plain(stream));
        }
        let stream = client.tls.handshake(&self.endpoint, stream).await?;
        Ok(Wire::Tls(Box::new(stream)))
    }

    async fn connect_proxy(&self, client: &Inner, proxy: &Proxy) -> Result<TcpStream, DeliveryError> {
        connect(&proxy.endpoint, &client.forbidden, client.connect_timeout)
            .await
            .map_err(|error| failure::proxy(&proxy.endpoint, &error.message, &self.endpoint.host))
    }

    /// The request as it goes out.
    pub fn prepare(&self, request: Request) -> Result<Outgoing, DeliveryError> {
        let Request { method, uri, headers, body } = request;
        let mut headers = if headers.contains_key(HOST) { headers } else { self.with_host(headers) };
        headers.remove(TRANSFER_ENCODING);
        if !body.is_empty() || headers.contains_key(CONTENT_LENGTH) || wants_length(&method) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        if let Route::Forward(Proxy { authorization: Some(authorization), .. }) = &self.route {
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        let mut outgoing = http::Request::new(Full::new(body));
        *outgoing.method_mut() = method;
        *outgoing.uri_mut() = self.request_target(&uri)?;
        *outgoing.headers_mut() = headers;
        Ok(outgoing)
    }

    /// `Host` first, as RFC 9110 section 7.2 asks.
    fn with_host(&self, headers: HeaderMap) -> HeaderMap {
        let mut all = HeaderMap::with_capacity(headers.len() + 2);
        all.insert(HOST, self.host.clone());
        all.extend(headers);
        all
    }

    /// Origin-form, or absolute-form for a proxy (RFC 9112 section 3.2).
    fn request_target(&self, uri: &Uri) -> Result<Uri, DeliveryError> {
        let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        let mut parts = http::uri::Parts::default();
        if let Route::Forward(_) = self.route {
            parts.scheme = Some(http::uri::Scheme::HTTP);
            parts.authority = self.host.to_str().ok().and_then(|host| host.parse().ok());
        }
        parts.path_and_query = Some(path);
        Uri::from_parts(parts)
            .map_err(|error| failure::bad_target(&format!("the request target cannot be sent: {error}")))
    }

    /// What a failed exchange means.
    pub fn broken(&self, error: &hyper::Error) -> DeliveryError {
        failure::exchange(&self.endpoint, self.encrypted, error)
    }
}

/// RFC 9110 section 8.6: these say so even when they have no body.
fn wants_length(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

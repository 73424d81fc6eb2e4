//! Asking: the request that a provider sends to see whether an endpoint answers rightly.

use std::borrow::Cow;
use std::cell::RefCell;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Uri};

use super::{Handshake, Message};
use crate::model::{Request, Secret};
use crate::provider::Provider;
use crate::provider::generator::{Generate, Generator};
use crate::provider::sign::{SignError, provider_headers, set, sign, template_error};
use crate::provider::template::{Scope, Template};

/// Letters and digits of a challenge: nobody guesses it, and no encoding changes it.
const CHALLENGE: Generate = Generate::Alphanumeric(32);

impl Handshake {
    /// The request with which the provider asks at this URL, with a fresh challenge; signed where it is. `None`
    /// where the manifest does not say how. `headers` replace the provider's.
    pub fn ask(
        &self,
        provider: &Provider,
        url: &str,
        headers: &HeaderMap,
        secret: Option<&Secret>,
        generator: &RefCell<Generator>,
    ) -> Result<Option<Request>, SignError> {
        let Some(message) = &self.message else { return Ok(None) };
        let challenge = generator.borrow_mut().make(&CHALLENGE, None);
        let mut request = message.request(provider, url, &challenge, generator)?;
        for name in headers.keys() {
            request.headers.remove(name);
        }
        request.headers.extend(headers.clone());
        if let Some(secret) = secret.filter(|_| self.signed) {
            sign(provider, None, secret, &mut request, generator)?;
        }
        Ok(Some(request))
    }
}

impl Message {
    fn request(
        &self,
        provider: &Provider,
        url: &str,
        challenge: &str,
        generator: &RefCell<Generator>,
    ) -> Result<Request, SignError> {
        let uri: Uri = url.parse().map_err(|_| SignError::Target(url.to_owned()))?;
        let mut request = Request { method: self.method.clone(), uri, headers: HeaderMap::new(), body: Bytes::new() };
        let variables = [("event.name", Cow::Borrowed(b"".as_slice())), ("challenge", challenge.as_bytes().into())];
        // What a provider sends with its events it sends with what looks like one.
        if self.method == provider.delivery.method {
            provider_headers(provider, &provider.delivery.headers, "", 1, &mut request, generator)?;
        }
        for (name, template) in &self.headers {
            let value = rendered(template, "send.headers", provider, &request, &variables, generator)?;
            set(&mut request.headers, name.clone(), &value, false)?;
        }
        if let Some(target) = &self.target {
            let added = rendered(target, "send.target", provider, &request, &variables, generator)?;
            request.uri = joined(url, &added)?;
        }
        if let Some(body) = &self.body {
            let scope = Scope { variables: &variables, generator: Some(generator), ..provider.scope(&request) };
            request.body = body.render(&scope).map_err(template_error("send.body"))?.into();
            let usual = provider.delivery.content_types.first().map(String::as_str);
            if let Some(usual) = usual.filter(|_| !request.headers.contains_key(CONTENT_TYPE)) {
                set(&mut request.headers, CONTENT_TYPE, usual, false)?;
            }
        }
        Ok(request)
    }
}

fn rendered(
    template: &Template,
    place: &str,
    provider: &Provider,
    request: &Request,
    variables: &[(&str, Cow<'_, [u8]>)],
    generator: &RefCell<Generator>,
) -> Result<String, SignError> {
    let scope = Scope { variables, generator: Some(generator), ..provider.scope(request) };
    template.render_text(&scope).map_err(template_error(place))
}

/// A URL with `/path` or `?query` behind it; a query joins the one that is there.
fn joined(url: &str, added: &str) -> Result<Uri, SignError> {
    let (base, query) = match url.split_once('?') {
        Some((base, query)) => (base, Some(query)),
        None => (url, None),
    };
    let (path, more) = match added.split_once('?') {
        Some((path, more)) => (path, Some(more)),
        None => (added, None),
    };
    let base = if path.is_empty() { base } else { base.trim_end_matches('/') };
    let queries: Vec<&str> = query.into_iter().chain(more).filter(|query| !query.is_empty()).collect();
    let mark = if queries.is_empty() { "" } else { "?" };
    let whole = format!("{base}{path}{mark}{}", queries.join("&"));
    whole.parse().map_err(|_| SignError::Target(whole.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_joins_the_query_that_is_there() {
        let join = |url, added| joined(url, added).unwrap().to_string();
        assert_eq!(join("http://h/in", "?a=1"), "http://h/in?a=1");
        assert_eq!(join("http://h/in?b=2", "?a=1"), "http://h/in?b=2&a=1");
        assert_eq!(join("http://h/in/?b=2", "/ping"), "http://h/in/ping?b=2");
        assert_eq!(join("http://h/", "/ping?a=1"), "http://h/ping?a=1");
    }
}

//! The other direction: composing the request that a provider would send.

use std::borrow::Cow;
use std::cell::RefCell;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use jiff::Timestamp;

use super::Provider;
use super::companion;
use super::format::{Format, SIGNATURE};
use super::fresh;
use super::generator::Generator;
use super::item::{Item, ItemRule};
use super::key::Keys;
use super::signature::{Scheme, Signature, TimeUnit};
use super::template::{Expression, RenderError, Scope, Source, Template};
use super::timestamp;
use crate::model::{Request, Secret};

/// Stands in the place of a credential.
const MASK: &str = "***";

/// What is to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// The event's name, for headers and path.
    pub event: &'a str,
    /// The body, byte for byte.
    pub body: &'a [u8],
    /// The content type, where it is not the provider's usual one.
    pub content_type: Option<&'a str>,
    /// Headers that replace or join the provider's; set before signing.
    pub headers: &'a HeaderMap,
    /// The URL it goes to, as typed.
    pub url: &'a str,
    /// Signs with the alternative of this id instead of the first that takes the secret.
    pub signature: Option<&'a str>,
}

/// Why a request cannot be composed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The target is not a URL that HTTP can carry.
    #[error("`{0}` is not a valid request target")]
    Target(String),
    /// A template of the manifest does not fit this body.
    #[error("{place}: {problem}")]
    Template {
        /// Which header or key.
        place: String,
        /// What is wrong.
        problem: RenderError,
    },
    /// The secret has not the form that the scheme takes.
    #[error("the secret cannot be used: {0}")]
    Secret(String),
    /// No alternative of this id.
    #[error("{provider} has no signature `{id}`")]
    UnknownSignature {
        /// The provider.
        provider: String,
        /// What was asked for.
        id: String,
    },
    /// The scheme writes one signature only.
    #[error("a request of {provider} has room for one signature (`{signature}`): it cannot be signed with two secrets")]
    NoRoom {
        /// The provider.
        provider: String,
        /// The alternative.
        signature: String,
    },
    /// No alternative takes a secret of this form.
    #[error("no signature of {provider} takes this secret: it begins with {prefixes}")]
    NoneTakes {
        /// The provider.
        provider: String,
        /// How secrets for it begin.
        prefixes: String,
    },
    /// What belongs to the signature cannot be written where it stands.
    #[error("the {place} cannot be written: {problem}")]
    Place {
        /// Where.
        place: String,
        /// What is in the way.
        problem: String,
    },
}

/// The error of a template; `place` is written out only when there is one.
pub(super) fn template_error(place: impl std::fmt::Display) -> impl FnOnce(RenderError) -> SignError {
    move |problem| SignError::Template { place: place.to_string(), problem }
}

/// The path of the target with the provider's own path behind it.
fn target_path(provider: &Provider, event: &str, url: &str) -> Result<Uri, SignError> {
    let bad = || SignError::Target(url.to_owned());
    let uri: Uri = url.parse().map_err(|_| bad())?;
    let Some(rule) = &provider.delivery.path else { return Ok(uri) };
    let nothing = Request::default();
    let variables = [("event.name", Cow::Borrowed(event.as_bytes()))];
    let added = rule
        .render_text(&Scope { variables: &variables, ..Scope::of(&nothing) })
        .map_err(template_error("[delivery] path"))?;
    let base = uri.path().trim_end_matches('/');
    let added = added.trim_start_matches('/');
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(format!("{base}/{added}{query}").parse().map_err(|_| bad())?);
    Uri::from_parts(parts).map_err(|_| bad())
}

/// A fixture's body with its ids and times renewed, as a real sender would.
pub fn renew(
    provider: &Provider,
    event: &str,
    body: &[u8],
    generator: &RefCell<Generator>,
) -> Result<Vec<u8>, SignError> {
    fresh::renew(&provider.fresh, event, body, generator).map_err(template_error("[fresh]"))
}

/// Composes and signs. Without a secret, or where the provider signs nothing, the request has no signature.
pub fn compose(
    provider: &Provider,
    draft: &Draft<'_>,
    secret: Option<&Secret>,
    generator: &RefCell<Generator>,
) -> Result<Request, SignError> {
    compose_attempt(provider, draft, 1, secret, generator)
}

/// Composes and signs the attempt of this number, from 1. Further attempts have the provider's
/// `retry_headers` too.
pub fn compose_attempt(
    provider: &Provider,
    draft: &Draft<'_>,
    attempt: u32,
    secret: Option<&Secret>,
    generator: &RefCell<Generator>,
) -> Result<Request, SignError> {
    let mut request = Request {
        method: provider.delivery.method.clone(),
        uri: target_path(provider, draft.event, draft.url)?,
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(draft.body),
    };
    let content_type = draft.content_type.or(provider.delivery.content_types.first().map(String::as_str));
    if let Some(content_type) = content_type {
        set(&mut request.headers, CONTENT_TYPE, content_type, false)?;
    }
    let rules = &provider.delivery;
    provider_headers(provider, &rules.headers, draft.event, attempt, &mut request, generator)?;
    if attempt > 1 {
        provider_headers(provider, &rules.retry_headers, draft.event, attempt - 1, &mut request, generator)?;
    }
    for name in draft.headers.keys() {
        request.headers.remove(name);
    }
    request.headers.extend(draft.headers.clone());
    provider_query(provider, &rules.query, draft.event, attempt, &mut request, generator)?;
    if let Some(secret) = secret {
        sign(provider, draft.signature, secret, &mut request, generator)?;
    }
    Ok(request)
}

/// A parameter that the URL has already is the user's.
fn provider_query(
    provider: &Provider,
    templates: &[(Source, Template)],
    event: &str,
    attempt: u32,
    request: &mut Request,
    generator: &RefCell<Generator>,
) -> Result<(), SignError> {
    let attempt = attempt.to_string();
    let variables = [("event.name", Cow::Borrowed(event.as_bytes())), ("attempt", Cow::Borrowed(attempt.as_bytes()))];
    for (place, template) in templates {
        if place.is_there(request) {
            continue;
        }
        let scope = Scope { variables: &variables, generator: Some(generator), ..provider.scope(request) };
        let value = template.render_text(&scope).map_err(template_error(place.place()))?;
        if !value.is_empty() {
            companion::put(place, request, &value)?;
        }
    }
    Ok(())
}

pub(super) fn provider_headers(
    provider: &Provider,
    templates: &[(HeaderName, Template)],
    event: &str,
    attempt: u32,
    request: &mut Request,
    generator: &RefCell<Generator>,
) -> Result<(), SignError> {
    let attempt = attempt.to_string();
    let variables = [("event.name", Cow::Borrowed(event.as_bytes())), ("attempt", Cow::Borrowed(attempt.as_bytes()))];
    let mut made = HeaderMap::new();
    for (name, template) in templates {
        let scope = Scope { variables: &variables, generator: Some(generator), ..provider.scope(request) };
        let value = template.render_text(&scope).map_err(template_error(format!("header `{name}`")))?;
        // Without an event there is nothing to say in the header that names it.
        if !value.is_empty() {
            set(&mut made, name.clone(), &value, false)?;
        }
    }
    for name in made.keys() {
        request.headers.remove(name);
    }
    request.headers.extend(made);
    Ok(())
}

/// Adds the signature to a request that is otherwise complete.
pub fn sign(
    provider: &Provider,
    id: Option<&str>,
    secret: &Secret,
    request: &mut Request,
    generator: &RefCell<Generator>,
) -> Result<(), SignError> {
    let Some(signature) = choose_signature(provider, id, secret)? else { return Ok(()) };
    companion::complete(provider, signature, secret, false, request, generator)?;
    write(provider, signature, secret, request, generator)
}

/// Signs a request of the past anew: its signatures give way to a fresh one, the signed time says now, and
/// an id that is signed is made up only where there is none. Everything else stays as it is.
pub fn resign(
    provider: &Provider,
    id: Option<&str>,
    secret: &Secret,
    request: &mut Request,
    generator: &RefCell<Generator>,
) -> Result<(), SignError> {
    let Some(signature) = choose_signature(provider, id, secret)? else { return Ok(()) };
    for place in provider.signatures.iter().flat_map(Signature::places).filter(|place| !place.is_in_body()) {
        place.take(request);
    }
    let absent = |name: &HeaderName| {
        signature.reads_header(name) && !request.headers.contains_key(name) && !is_time(signature, name)
    };
    let needed: Vec<(HeaderName, Template)> =
        provider.delivery.headers.iter().filter(|(name, _)| absent(name)).cloned().collect();
    provider_headers(provider, &needed, "", 1, request, generator)?;
    companion::complete(provider, signature, secret, true, request, generator)?;
    write(provider, signature, secret, request, generator)
}

/// Adds the signature of another secret to a request that is signed already, as providers do while a secret is
/// replaced: in the same header where it takes several, else in the scheme's further header.
pub fn countersign(
    provider: &Provider,
    id: Option<&str>,
    secret: &Secret,
    request: &mut Request,
    generator: &RefCell<Generator>,
) -> Result<(), SignError> {
    let Some(signature) = choose_signature(provider, id, secret)? else { return Ok(()) };
    let no_room = || SignError::NoRoom { provider: provider.id().to_string(), signature: signature.id().to_owned() };
    let place = signature.places().next().ok_or_else(no_room)?;
    let written = place.text(request).ok_or_else(no_room)?;
    let further = value(provider, signature, None, secret, request, generator)?;
    let both = signature.formats.first().and_then(|format| format.append(&written, &further));
    let (place, text) = match (both, signature.places().nth(1)) {
        (Some(both), _) => (place, both),
        (None, Some(other)) => (other, further),
        (None, None) => return Err(no_room()),
    };
    put(signature, place, &text, request)
}

fn is_time(signature: &Signature, header: &HeaderName) -> bool {
    matches!(signature.time_place(), Some(Source::Header(name)) if name == header)
}

/// Computes the signature and puts it in its place.
fn write(
    provider: &Provider,
    signature: &Signature,
    secret: &Secret,
    request: &mut Request,
    generator: &RefCell<Generator>,
) -> Result<(), SignError> {
    let Some(place) = signature.places().next() else { return Ok(()) };
    if !signature.sources.first().is_some_and(Expression::is_plain) {
        let problem = "the provider wraps it in a form that is only read here".to_owned();
        return Err(SignError::Place { place: place.place(), problem });
    }
    if let Some(rule) = &signature.item {
        return write_items(provider, signature, rule, place, secret, request, generator);
    }
    let value = value(provider, signature, None, secret, request, generator)?;
    put(signature, place, &value, request)
}

/// Puts a signature in its place.
fn put(signature: &Signature, place: &Source, value: &str, request: &mut Request) -> Result<(), SignError> {
    match place {
        Source::Header(name) => set(&mut request.headers, name.clone(), value, signature.is_credential()),
        place => companion::put(place, request, value),
    }
}

/// Signs every item of the body.
fn write_items(
    provider: &Provider,
    signature: &Signature,
    rule: &ItemRule,
    place: &Source,
    secret: &Secret,
    request: &mut Request,
    generator: &RefCell<Generator>,
) -> Result<(), SignError> {
    let failed = |problem: String| SignError::Place { place: place.place(), problem };
    let original = request.clone();
    let items = rule.items(&original.body).map_err(failed)?;
    if items.is_empty() {
        return Err(failed(format!("the body has no item `{}`", rule.text())));
    }
    for item in items {
        let value = value(provider, signature, Some(item), secret, &original, generator)?;
        let own = match place {
            Source::Json(pointer) => Source::Json(item.resolve(pointer).unwrap_or_else(|| pointer.clone())),
            other => other.clone(),
        };
        companion::put(&own, request, &value)?;
    }
    Ok(())
}

/// The signature as it is written.
fn value(
    provider: &Provider,
    signature: &Signature,
    item: Option<Item<'_>>,
    secret: &Secret,
    request: &Request,
    generator: &RefCell<Generator>,
) -> Result<String, SignError> {
    let moment = generator.borrow().now();
    let now = timestamp::write(signature.timestamp.as_ref().map_or(TimeUnit::Seconds, |rule| rule.unit), moment);
    let url = provider.given.public_url(request).unwrap_or_else(|| request.uri.to_string());
    let base = Scope {
        url: Some(&url),
        secret: Some(secret.expose()),
        item,
        generator: Some(generator),
        ..provider.scope(request)
    };
    let old = signature.places().next().and_then(|place| place.text(request)).unwrap_or_default();
    // What the format names besides the signature is the user's to say, or as it was.
    let given = signature.formats.iter().flat_map(Format::captures);
    let given = given.filter_map(|name| Some((name, provider.variable(name)?)));
    let mut variables: Vec<(&str, Cow<'_, [u8]>)> = signature
        .captured(&old)
        .into_iter()
        .chain(given)
        .map(|(name, value)| (name, value.as_bytes().to_vec().into()))
        .collect();
    variables.push(("timestamp", now.into_bytes().into()));
    signature.bind(0, &base, &mut variables);
    let text = signature_text(signature, &Scope { variables: &variables, ..base }, moment)?;
    variables.push((SIGNATURE, text.into()));
    let format = signature.formats.first();
    let rendered = format.map(|format| format.render(&Scope { variables: &variables, ..base }));
    rendered.unwrap_or(Ok(String::new())).map_err(template_error(format_args!("signature `{}`", signature.id())))
}

impl Provider {
    /// Changes what stands where its signatures belong.
    pub fn spoil_signature(&self, request: &mut Request, spoil: impl Fn(&mut [u8]) -> bool) {
        for place in self.signature_places() {
            let Some(text) = place.text(request) else { continue };
            let mut bytes = text.into_bytes();
            spoil(&mut bytes);
            if let Ok(text) = String::from_utf8(bytes) {
                // What stood there can be written there.
                let _ = place.put(request, &text);
            }
        }
    }

    /// Changes a value of the body that is signed, where single values are; false where it is the whole body.
    pub fn spoil_signed_value(&self, request: &mut Request, spoil: impl Fn(&mut [u8]) -> bool) -> bool {
        let present = self.signatures.iter().find(|signature| signature.places().any(|place| place.is_there(request)));
        let Some(signature) = present else { return false };
        let in_body = || signature.signed_sources().filter(|source| source.is_in_body() || **source == Source::Form);
        if in_body().any(|source| !source.is_place()) {
            return false;
        }
        in_body().any(|place| {
            let mut bytes = place.text(request).unwrap_or_default().into_bytes();
            spoil(&mut bytes) && String::from_utf8(bytes).is_ok_and(|text| place.put(request, &text).is_ok())
        })
    }

    /// Puts `***` where a credential stands in the URL or the body, as [`set`] marks one in a header; tells whether
    /// there was any.
    pub fn mask_credentials(&self, request: &mut Request) -> bool {
        let credentials = self.signatures.iter().filter(|signature| signature.is_credential());
        let places: Vec<Source> = credentials.flat_map(|signature| signature.standing_at(request)).collect();
        let is_outside_headers = |place: &&Source| !matches!(place, Source::Header(_) | Source::HeaderPattern(_));
        let found = places.iter().filter(is_outside_headers).filter(|place| place.is_there(request));
        let found: Vec<&Source> = found.collect();
        found.into_iter().filter(|place| place.put(request, MASK).is_ok()).count() > 0
    }

    /// Takes its signatures away.
    pub fn take_signature(&self, request: &mut Request) {
        for place in self.signature_places() {
            place.take(request);
        }
    }

    /// Each place once: alternatives may share one.
    fn signature_places(&self) -> Vec<&Source> {
        let mut places: Vec<&Source> = Vec::new();
        for place in self.signatures.iter().flat_map(Signature::places) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }
}

/// The alternative to sign with: the one asked for, else the first that takes this secret; none when the
/// provider signs nothing.
pub fn choose_signature<'p>(
    provider: &'p Provider,
    id: Option<&str>,
    secret: &Secret,
) -> Result<Option<&'p Signature>, SignError> {
    if let Some(id) = id {
        let found = provider.signatures.iter().find(|signature| signature.id() == id);
        let unknown = || SignError::UnknownSignature { provider: provider.id().to_string(), id: id.to_owned() };
        return found.map(Some).ok_or_else(unknown);
    }
    let found = provider.signatures.iter().find(|signature| provider.takes(signature, secret.expose()));
    if found.is_none() && !provider.signatures.is_empty() {
        let prefixes: Vec<&str> =
            provider.signatures.iter().flat_map(|s| &s.secret_prefixes).map(String::as_str).collect();
        return Err(SignError::NoneTakes { provider: provider.id().to_string(), prefixes: prefixes.join(" or ") });
    }
    Ok(found)
}

/// What takes the place of `{signature}`.
fn signature_text(signature: &Signature, scope: &Scope<'_>, now: Timestamp) -> Result<Vec<u8>, SignError> {
    let failed = |problem| SignError::Template { place: format!("signature `{}`", signature.id()), problem };
    match signature.scheme {
        Scheme::Token => signature.expect.render(scope).map_err(failed),
        Scheme::Basic => {
            let credentials = STANDARD.encode(scope.secret.unwrap_or_default());
            Ok(format!("Basic {credentials}").into_bytes())
        }
        _ => {
            let keys = Keys::make(signature, scope).map_err(SignError::Secret)?;
            let (id, key) = keys.signing().ok_or_else(|| SignError::Secret("it holds no key".into()))?;
            let unsigned = |error| match error {
                RenderError::Unusable { problem } => SignError::Secret(problem),
                RenderError::NotGiven(_) => failed(error),
                absent => SignError::Template {
                    place: format!("signature `{}`", signature.id()),
                    problem: RenderError::Absent(signature.describe_absence(&absent, 0)),
                },
            };
            if let Some(rules) = &signature.jwt {
                let claims = match signature.places().next() {
                    Some(Source::Body) => own_claims(scope.body),
                    _ => b"{}".into(),
                };
                return rules.sign((id, key), &claims, scope, now).map_err(unsigned);
            }
            let bytes = signature.compute(0, scope, key).map_err(unsigned)?;
            Ok(signature.encoding.encode(&bytes).into_bytes())
        }
    }
}

/// A body that becomes a JWT is its claims; one that is a JWT already has them in its payload.
fn own_claims(body: &[u8]) -> Cow<'_, [u8]> {
    let payload = || URL_SAFE_NO_PAD.decode(std::str::from_utf8(body).ok()?.trim().split('.').nth(1)?).ok();
    payload().map_or(Cow::Borrowed(body), Cow::Owned)
}

/// Sets a header. One that is a credential in itself is marked sensitive, so that nothing prints it.
pub(super) fn set(
    headers: &mut HeaderMap,
    name: HeaderName,
    value: &str,
    is_credential: bool,
) -> Result<(), SignError> {
    let mut parsed = HeaderValue::from_str(value).map_err(|_| {
        template_error(format_args!("header `{name}`"))(RenderError::unusable("the value has a control character"))
    })?;
    parsed.set_sensitive(is_credential);
    headers.insert(name, parsed);
    Ok(())
}

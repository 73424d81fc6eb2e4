//! Handshakes: what a provider asks an endpoint before it sends events, and what a right endpoint answers.

mod ask;
mod compile;
mod judge;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::Provider;
use super::answers::Answers;
use super::condition::Condition;
use super::host::HostGlob;
use super::signature::Check;
use super::template::{Expression, RenderError, Scope, Source, Template};
use super::verify::same;
use crate::json;
use crate::model::{Reason, Request, Response, Secret, Verdict, VerdictStatus};

pub use judge::{RightAnswer, WrongAnswer};

pub(super) use compile::{handshakes, probes};

/// No handshake has a larger body: the largest known, a confirmation of Amazon SNS, has 2 KiB.
const MAX_QUESTION: usize = 64 * 1024;
/// A challenge is an echo of some hundred bytes; more would make the listener an amplifier.
const MAX_REPLY: usize = 8 * 1024;

/// A compiled `[[handshake]]`.
#[derive(Debug, Clone)]
pub struct Handshake {
    name: Arc<str>,
    /// The cheapest first.
    when: Vec<Condition>,
    signed: bool,
    variables: Vec<(Box<str>, Template)>,
    key: Template,
    checks: Vec<Check>,
    message: Option<Message>,
    reply: Reply,
    success: Answers,
    success_text: Vec<String>,
    accept: Vec<Body>,
    require: Vec<HeaderName>,
    accept_headers: Vec<(HeaderName, Template)>,
    capture: Option<Expression>,
    then_get: Option<Template>,
    then_get_hosts: Vec<HostGlob>,
}

/// How it is asked.
#[derive(Debug, Clone)]
struct Message {
    method: Method,
    target: Option<Template>,
    headers: Vec<(HeaderName, Template)>,
    body: Option<Body>,
}

/// What a right endpoint answers.
#[derive(Debug, Clone)]
struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, Template)>,
    body: Option<Body>,
}

/// A body; in one that is JSON, what is put in stays inside its string.
#[derive(Debug, Clone)]
struct Body {
    template: Template,
    is_json: bool,
}

/// A compiled `[[probe]]`: a spoiled request that the provider sends to see it refused.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Its name.
    pub name: String,
    /// What is spoiled.
    pub spoil: Spoil,
    /// Statuses that a right endpoint answers.
    pub statuses: Vec<u16>,
}

/// What is spoiled in a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    /// The signature.
    Signature,
    /// The time that is signed.
    Timestamp,
    /// The body, after signing.
    Body,
}

/// A handshake as it was asked: the request, and what else its answer may depend on.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Whose handshake it is.
    pub provider: &'a Provider,
    /// The request.
    pub request: &'a Request,
    /// The URL as the provider knows it, where a proxy stands in between.
    pub url: Option<&'a str>,
    /// The secret that both sides share.
    pub secret: Option<&'a Secret>,
}

/// Why a handshake cannot be answered rightly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// A value that both sides agreed on is another.
    #[error("{name} is not the expected one")]
    Disagreement {
        /// The manifest's name of the value.
        name: String,
    },
    /// The answer needs the secret, and none is known.
    #[error("the answer to this handshake is made with the secret, and none is known")]
    NoSecret,
    /// The answer needs a value that only the user can give.
    #[error("the answer to this handshake needs a value for `{name}`")]
    NotGiven {
        /// The manifest's name of the value.
        name: String,
    },
    /// What came cannot be answered.
    #[error("the handshake cannot be answered: {problem}")]
    Unusable {
        /// What is wrong with it.
        problem: String,
    },
}

impl HandshakeError {
    /// The status that says so.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Disagreement { .. } => StatusCode::FORBIDDEN,
            Self::NoSecret | Self::NotGiven { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unusable { .. } => StatusCode::BAD_REQUEST,
        }
    }

    /// The word for it in JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Disagreement { .. } => "wrong_token",
            Self::NoSecret | Self::NotGiven { .. } => "not_configured",
            Self::Unusable { .. } => "bad_challenge",
        }
    }

    /// The same as a verdict on the request.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Disagreement { name } => {
                let reason = Reason::WrongCredential { place: format!("`{name}`") };
                Verdict::new(VerdictStatus::Invalid, None, Some(reason))
            }
            Self::NoSecret => Verdict::unchecked(Reason::Handshake { problem: Some(self.to_string()) })
                .with_hint("give it with --secret-env NAME"),
            Self::NotGiven { name } => Verdict::unchecked(Reason::Handshake { problem: Some(self.to_string()) })
                .with_hint(format!("give it with --var {name}=VALUE")),
            Self::Unusable { .. } => {
                Verdict::new(VerdictStatus::Invalid, None, Some(Reason::Handshake { problem: Some(self.to_string()) }))
            }
        }
    }
}

impl From<RenderError> for HandshakeError {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::NotGiven(name) => Self::NotGiven { name },
            RenderError::Absent(place) if place == Source::Secret.place() => Self::NoSecret,
            other => Self::Unusable { problem: other.to_string() },
        }
    }
}

impl Handshake {
    /// Its name in the manifest.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Whether it must carry a valid signature.
    pub fn is_signed(&self) -> bool {
        self.signed
    }

    /// Whether the answer has no body, and a refusal none either.
    pub fn is_bare(&self) -> bool {
        self.reply.body.as_ref().is_some_and(|body| body.template.text().is_empty())
    }

    /// Whether it hands over the secret that later signatures are made with.
    pub fn is_capturing(&self) -> bool {
        self.capture.is_some()
    }

    /// Whether the manifest says how it is asked.
    pub fn can_be_asked(&self) -> bool {
        self.message.is_some()
    }

    /// Whether the provider's own conditions, not only the method, tell this handshake from other requests.
    pub fn is_telling(&self) -> bool {
        self.when.iter().any(|condition| !condition.is_of_method())
    }

    /// How many of its conditions name a value: the handshake with most is meant where several match.
    pub fn specificity(&self) -> usize {
        self.when.iter().filter(|condition| !condition.is_of_method() && condition.names_a_value()).count()
    }

    /// Whether this request is it. Costs nearly nothing where it is not.
    pub fn matches(&self, provider: &Provider, request: &Request) -> bool {
        if self.when.is_empty() || request.body.len() > MAX_QUESTION {
            return false;
        }
        let is_ruled_out = self.when.iter().any(|condition| condition.is_ruled_out(request));
        !is_ruled_out && {
            let scope = provider.scope(request);
            self.when.iter().all(|condition| condition.holds(&scope))
        }
    }

    /// What a right endpoint answers.
    pub fn reply(&self, asked: &Asked<'_>) -> Result<Response, HandshakeError> {
        self.within(asked, |scope| {
            let mut headers = HeaderMap::new();
            for (name, template) in &self.reply.headers {
                headers.insert(name, header_value(name, &template.render(scope)?)?);
            }
            let body = match &self.reply.body {
                Some(body) => body.render(scope)?,
                None => Vec::new(),
            };
            if body.len() > MAX_REPLY {
                let problem = format!("the answer would have {} bytes, more than {MAX_REPLY}", body.len());
                return Err(HandshakeError::Unusable { problem });
            }
            if !body.is_empty() {
                // What is echoed is a stranger's text: no browser may take it for a page.
                headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("text/plain; charset=utf-8"));
            }
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            Ok(Response { status: self.reply.status, headers, body: Bytes::from(body) })
        })
    }

    /// The secret that this handshake hands over.
    pub fn captured(&self, request: &Request) -> Option<Vec<u8>> {
        let value = self.capture.as_ref()?.lookup(&Scope::of(request))?;
        Some(value.into_owned()).filter(|value| !value.is_empty())
    }

    /// Takes what is handed over out of what is kept and shown: a header is sealed, a JSON value becomes `***`.
    pub fn seal(&self, request: &mut Request) {
        match self.capture.as_ref().map(Expression::source) {
            Some(Source::Header(name)) => {
                if let http::header::Entry::Occupied(mut values) = request.headers.entry(name) {
                    values.iter_mut().for_each(|value| value.set_sensitive(true));
                }
            }
            Some(Source::Json(pointer)) => {
                let Some(secret) = self.captured(request) else { return };
                let masked = json::set(&request.body, pointer, br#""***""#, json::Missing::Refuse);
                let masked = masked.ok().filter(|masked| memchr::memmem::find(masked, &secret).is_none());
                request.body = masked.map_or_else(Bytes::new, Bytes::from);
            }
            _ => {}
        }
    }

    /// The URL whose retrieval finishes this handshake: as text, and where it leads to the provider itself.
    pub fn confirmation(&self, provider: &Provider, request: &Request) -> Option<(String, Result<url::Url, String>)> {
        let template = self.then_get.as_ref()?;
        Some(match template.render_text(&provider.scope(request)) {
            Ok(text) => {
                let url = self.allowed(&text);
                (text, url)
            }
            Err(error) => (String::new(), Err(error.to_string())),
        })
    }

    fn allowed(&self, text: &str) -> Result<url::Url, String> {
        let url = url::Url::parse(text).map_err(|_| "the URL to confirm with is not one".to_owned())?;
        let host = url.host_str().unwrap_or_default();
        let is_plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
        if url.scheme() != "https" || !is_plain {
            return Err("the URL to confirm with is not https on the usual port".to_owned());
        }
        if matches!(url.host(), Some(url::Host::Domain(_))) && self.then_get_hosts.iter().any(|glob| glob.matches(host))
        {
            Ok(url)
        } else {
            Err(format!("the URL to confirm with leads to `{host}`, which is not the provider's"))
        }
    }

    /// Compares values that both sides agreed on, as far as the user gives them.
    pub fn check(&self, asked: &Asked<'_>) -> Result<(), HandshakeError> {
        if self.checks.is_empty() { Ok(()) } else { self.within(asked, |scope| self.compare(scope)) }
    }

    fn compare(&self, scope: &Scope<'_>) -> Result<(), HandshakeError> {
        for check in &self.checks {
            let agree = match (check.left.render(scope), check.right.render(scope)) {
                (Err(RenderError::NotGiven(_)), _) | (_, Err(RenderError::NotGiven(_))) => true,
                (Ok(left), Ok(right)) => same(&left, &right),
                _ => false,
            };
            if !agree {
                return Err(HandshakeError::Disagreement { name: check.name.clone() });
            }
        }
        Ok(())
    }

    /// Everything that templates of the answer can refer to.
    fn within<T>(
        &self,
        asked: &Asked<'_>,
        then: impl FnOnce(&Scope<'_>) -> Result<T, HandshakeError>,
    ) -> Result<T, HandshakeError> {
        let secret = asked.secret.map(Secret::expose);
        let base = Scope { url: asked.url, secret, ..asked.provider.scope(asked.request) };
        let key = secret.map(|_| self.key.render(&base)).transpose()?;
        let base = Scope { secret: key.as_deref(), ..base };
        let mut variables: Vec<(&str, Cow<'_, [u8]>)> = Vec::new();
        for (name, template) in &self.variables {
            variables.push((name, template.render(&base)?.into()));
        }
        then(&Scope { variables: &variables, ..base })
    }
}

impl Body {
    fn render(&self, scope: &Scope<'_>) -> Result<Vec<u8>, RenderError> {
        if self.is_json { self.template.render_json(scope) } else { self.template.render(scope) }
    }
}

fn header_value(name: &HeaderName, bytes: &[u8]) -> Result<HeaderValue, HandshakeError> {
    HeaderValue::from_bytes(bytes).map_err(|_| HandshakeError::Unusable {
        problem: format!("the value for header `{name}` has a control character"),
    })
}

#[cfg(test)]
mod tests;

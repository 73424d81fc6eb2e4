//! From segments to bytes, within a scope.

use std::borrow::Cow;
use std::cell::RefCell;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Expression;
use super::source::Source;
use crate::json::{self, Pointer};
use crate::model::{self, Request};
use crate::provider::generator::Generator;
use crate::provider::item::Item;
use crate::provider::variable::Given;

/// Name and value pairs of a form, a query or the headers.
pub type Pairs<'a> = Vec<(Cow<'a, [u8]>, Cow<'a, [u8]>)>;

/// What an expression yields: bytes, or fields that must still be joined.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Raw bytes.
    Bytes(Cow<'a, [u8]>),
    /// Fields.
    Pairs(Pairs<'a>),
}

/// Why a template cannot be rendered for this request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A value that is not optional is absent; the text says which.
    #[error("the request has no {0}")]
    Absent(String),
    /// A value that only the user can give is not given.
    #[error("no value is known for `{0}`: give it with --var {0}=VALUE")]
    NotGiven(String),
    /// A value has not the form that a filter needs.
    #[error("{problem}")]
    Unusable {
        /// What is wrong.
        problem: String,
    },
}

impl RenderError {
    pub(crate) fn unusable(problem: impl Into<String>) -> Self {
        Self::Unusable { problem: problem.into() }
    }
}

/// Everything a template can refer to.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The request.
    pub request: &'a Request,
    /// The body as it is to be signed: the request's, or a variant that an explanation tries.
    pub body: &'a [u8],
    /// The URL as the sender wrote it, where it differs from what the request line tells.
    pub url: Option<&'a str>,
    /// The secret's bytes.
    pub secret: Option<&'a [u8]>,
    /// What the user gives for the provider's variables.
    pub(crate) given: &'a Given,
    /// The JWT that stands where the signature does.
    pub(crate) token: Option<&'a str>,
    /// The item of the body that is at hand.
    pub(crate) item: Option<Item<'a>>,
    /// Captures and variables; looked up from the back.
    pub variables: &'a [(&'a str, Cow<'a, [u8]>)],
    /// Makes up ids and times, when sending.
    pub generator: Option<&'a RefCell<Generator>>,
}

impl<'a> Scope<'a> {
    /// A scope over a request alone.
    pub fn of(request: &'a Request) -> Self {
        Self {
            request,
            body: &request.body,
            url: None,
            secret: None,
            given: Given::NONE,
            token: None,
            item: None,
            variables: &[],
            generator: None,
        }
    }

    /// What a person calls this place: of the item at hand, where it is in one.
    pub(crate) fn name(&self, source: &Source) -> String {
        match (source, self.item) {
            (Source::Json(pointer), Some(item)) => match item.resolve(pointer) {
                Some(pointer) => Source::Json(pointer).place(),
                None => source.place(),
            },
            _ => source.place(),
        }
    }

    /// The whole URL: as given, or as far as the request tells (`http://` + `Host` + target).
    pub fn full_url(&self) -> String {
        let uri = &self.request.uri;
        match self.url {
            Some(url) => url.to_owned(),
            None if uri.scheme().is_some() => uri.to_string(),
            None => format!("http://{}{uri}", self.request.header("host").unwrap_or("localhost")),
        }
    }

    fn path_and_query(&self) -> (Cow<'a, str>, Option<Cow<'a, str>>) {
        match self.url {
            Some(url) => {
                let after_scheme = url.find("://").map_or(0, |at| at + 3);
                let rest = url[after_scheme..].find('/').map_or("/", |at| &url[after_scheme + at..]);
                let rest = rest.split('#').next().unwrap_or(rest);
                match rest.split_once('?') {
                    Some((path, query)) => (path.into(), Some(query.into())),
                    None => (rest.into(), None),
                }
            }
            None => (self.request.uri.path().into(), self.request.uri.query().map(Cow::from)),
        }
    }

    fn query_pairs(&self) -> Pairs<'a> {
        let (_, query) = self.path_and_query();
        query.map(|query| decode_pairs(query.as_bytes())).unwrap_or_default()
    }

    /// The fields of a form body; none when the content type is another. A file is not a field.
    fn form_pairs(&self) -> Pairs<'a> {
        match self.request.media_type().as_deref() {
            None | Some("" | "application/x-www-form-urlencoded") => decode_pairs(self.body),
            Some("multipart/form-data") => {
                let content_type = self.request.header("content-type").unwrap_or_default();
                multipart_pairs(model::parts(content_type, self.body).unwrap_or_default())
            }
            Some(_) => Pairs::new(),
        }
    }
}

fn decode_pairs<'a>(text: &[u8]) -> Pairs<'a> {
    form_urlencoded::parse(text)
        .into_owned()
        .map(|(key, value)| (Cow::Owned(key.into_bytes()), Cow::Owned(value.into_bytes())))
        .collect()
}

fn multipart_pairs(parts: Vec<model::Part<'_>>) -> Pairs<'_> {
    let fields = parts.into_iter().filter(|part| part.filename.is_none());
    fields.filter_map(|part| Some((part.name?.into_bytes().into(), part.body.into()))).collect()
}

fn field<'a>(pairs: Pairs<'a>, name: &str) -> Option<Cow<'a, [u8]>> {
    pairs.into_iter().find(|(key, _)| &**key == name.as_bytes()).map(|(_, value)| value)
}

impl Expression {
    /// The value as bytes; empty when an optional source is absent.
    pub fn bytes<'a>(&self, scope: &Scope<'a>) -> Result<Cow<'a, [u8]>, RenderError> {
        match self.value(scope)? {
            None => Ok(Cow::Borrowed(&[])),
            Some(Value::Bytes(bytes)) => Ok(bytes),
            Some(Value::Pairs(_)) => Err(RenderError::unusable("join the fields with `pairs` first")),
        }
    }

    /// The value when its source is there, before any filter.
    pub fn lookup<'a>(&self, scope: &Scope<'a>) -> Option<Cow<'a, [u8]>> {
        match self.source.read(scope).ok()?? {
            Value::Bytes(bytes) => Some(bytes),
            Value::Pairs(_) => None,
        }
    }

    /// The value when its source is there and the filters can make something of it.
    pub fn evaluate<'a>(&self, scope: &Scope<'a>) -> Option<Cow<'a, [u8]>> {
        match self.value(scope).ok()?? {
            Value::Bytes(bytes) => Some(bytes),
            Value::Pairs(_) => None,
        }
    }

    /// The value when its source is there, after the filters; as it stands where a filter cannot read it.
    pub(crate) fn found<'a>(&self, scope: &Scope<'a>) -> Option<Cow<'a, [u8]>> {
        let raw = self.lookup(scope)?;
        if self.filters.is_empty() { Some(raw) } else { Some(self.bytes(scope).unwrap_or(raw)) }
    }

    fn value<'a>(&self, scope: &Scope<'a>) -> Result<Option<Value<'a>>, RenderError> {
        let mut value = match self.source.read(scope)? {
            Some(value) => value,
            None if self.optional => return Ok(None),
            None => return Err(self.source.absence(scope)),
        };
        for filter in &self.filters {
            value = filter.apply(value, scope)?;
        }
        Ok(Some(value))
    }
}

impl Source {
    fn absence(&self, scope: &Scope<'_>) -> RenderError {
        match self {
            Self::Given(name) => RenderError::NotGiven(name.to_string()),
            other => RenderError::Absent(scope.name(other)),
        }
    }

    /// Whether a key that leads there in the body is repeated, so that another reader may find another value.
    pub(crate) fn is_ambiguous(&self, scope: &Scope<'_>) -> bool {
        let Self::Json(pointer) = self else { return false };
        let inside = scope.item.and_then(|item| item.locate(pointer));
        let (document, steps) = inside.unwrap_or((scope.body, pointer.segments()));
        json::is_ambiguous(document, steps)
    }

    fn read<'a>(&self, scope: &Scope<'a>) -> Result<Option<Value<'a>>, RenderError> {
        let text = |text: String| Some(Cow::Owned(text.into_bytes()));
        let bytes: Option<Cow<'a, [u8]>> = match self {
            Self::Body => Some(Cow::Borrowed(scope.body)),
            Self::Method => Some(Cow::Borrowed(scope.request.method.as_str().as_bytes())),
            Self::Url => text(scope.full_url()),
            Self::UrlBase => text(scope.full_url().split('?').next().unwrap_or_default().to_owned()),
            Self::Path => text(scope.path_and_query().0.into_owned()),
            Self::QueryString => scope.path_and_query().1.map(|query| Cow::Owned(query.into_owned().into_bytes())),
            Self::Target => {
                let (path, query) = scope.path_and_query();
                text(query.map_or(path.to_string(), |query| format!("{path}?{query}")))
            }
            Self::Host => header(scope, &http::header::HOST),
            Self::Header(name) => header(scope, name),
            Self::Form => return Ok(Some(Value::Pairs(scope.form_pairs()))),
            Self::Query => return Ok(Some(Value::Pairs(scope.query_pairs()))),
            Self::Headers => return Ok(Some(Value::Pairs(headers(scope)))),
            Self::QueryParameter(name) => field(scope.query_pairs(), name),
            Self::FormField(name, None) => field(scope.form_pairs(), name),
            Self::FormField(name, Some(pointer)) => field(scope.form_pairs(), name).and_then(|document| {
                let place = json::find(&document, pointer)?;
                Some(Cow::Owned(json::scalar(&document[place]).into_owned()))
            }),
            Self::HeaderPattern(pattern) => {
                pattern.names(&scope.request.headers).next().and_then(|name| header(scope, name))
            }
            Self::Json(pointer) => {
                let inside = scope.item.and_then(|item| item.locate(pointer));
                let (document, steps) = inside.unwrap_or((scope.body, pointer.segments()));
                json::find_steps(document, steps).map(|place| json::scalar(&document[place]))
            }
            Self::Jwt(pointers) => scope.token.and_then(|token| claim(token, pointers)).map(Cow::Owned),
            Self::Secret => scope.secret.map(Cow::Borrowed),
            Self::Given(name) => scope.given.get(name).map(|value| Cow::Borrowed(value.as_bytes())),
            Self::Variable(name) => {
                scope.variables.iter().rev().find(|(known, _)| *known == &**name).map(|(_, value)| value.clone())
            }
            Self::Generated(kind) => match scope.generator {
                Some(generator) => text(generator.borrow_mut().make(kind, None)),
                None => return Err(RenderError::unusable("made-up values exist only when sending")),
            },
        };
        Ok(bytes.map(Value::Bytes))
    }
}

/// A value in the payload of a JWT, which nobody has judged yet.
fn claim(token: &str, pointers: &[Pointer]) -> Option<Vec<u8>> {
    let mut document = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    for pointer in pointers {
        let place = json::find(&document, pointer)?;
        document = json::scalar(&document[place]).into_owned();
    }
    Some(document)
}

fn header<'a>(scope: &Scope<'a>, name: &http::HeaderName) -> Option<Cow<'a, [u8]>> {
    scope.request.headers.get(name).map(|value| Cow::Borrowed(value.as_bytes().trim_ascii()))
}

fn headers<'a>(scope: &Scope<'a>) -> Pairs<'a> {
    let request = scope.request;
    request
        .headers
        .iter()
        .map(|(name, value)| (Cow::Borrowed(name.as_str().as_bytes()), Cow::Borrowed(value.as_bytes().trim_ascii())))
        .collect()
}

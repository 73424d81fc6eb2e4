//! Where a template takes a value from.

use http::{HeaderMap, HeaderName};
use memchr::memmem;
use wildmatch::WildMatch;

use crate::json::Pointer;
use crate::model::Request;
use crate::provider::generator::Generate;

/// The first part of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// The body, raw.
    Body,
    /// The method, upper case.
    Method,
    /// The whole URL as the sender wrote it.
    Url,
    /// The URL without query.
    UrlBase,
    /// The path, still percent-encoded.
    Path,
    /// The query without `?`.
    QueryString,
    /// The `Host` header.
    Host,
    /// Path and query as on the request line.
    Target,
    /// All form fields of the body.
    Form,
    /// All query parameters.
    Query,
    /// All headers, names lower case.
    Headers,
    /// One header.
    Header(HeaderName),
    /// Headers of a pattern, `header:X-Signature-*`: the first of them.
    HeaderPattern(HeaderPattern),
    /// One query parameter, decoded.
    QueryParameter(Box<str>),
    /// One form field, decoded; with a pointer, the place in the JSON that it holds.
    FormField(Box<str>, Option<Pointer>),
    /// A place in the JSON body.
    Json(Pointer),
    /// A claim of the JWT that stands where the signature does; each further pointer leads into the JSON text
    /// that the one before it names.
    Jwt(Box<[Pointer]>),
    /// The secret's bytes.
    Secret,
    /// A value that the user gives, `var:webhook_id`.
    Given(Box<str>),
    /// A capture, a declared variable, or a sender's variable such as `event.name`.
    Variable(Box<str>),
    /// A value made up by the sender: `$uuid`, `$hex:24`.
    Generated(Generate),
}

/// Header names with a `*` in them.
#[derive(Debug, Clone, PartialEq)]
pub struct HeaderPattern {
    text: Box<str>,
    pattern: WildMatch,
    first: HeaderName,
}

impl HeaderPattern {
    /// `None` where it is no header name with `1` for the `*`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let first = HeaderName::from_bytes(text.replace('*', "1").as_bytes()).ok()?;
        Some(Self { pattern: WildMatch::new(&text), text: text.into(), first })
    }

    /// The one that is written: `1` in the place of the `*`.
    pub(crate) fn first(&self) -> &HeaderName {
        &self.first
    }

    /// The headers of a request that match.
    pub(crate) fn names<'a>(&self, headers: &'a HeaderMap) -> impl Iterator<Item = &'a HeaderName> {
        headers.keys().filter(|name| self.pattern.matches(name.as_str()))
    }
}

/// Whether no writer of JSON escapes anything of this text, so that it can be searched for as it is.
pub(crate) fn is_unescaped(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':'))
}

impl Source {
    /// Whether this is the body or a part of it.
    pub(crate) fn is_of_body(&self) -> bool {
        matches!(self, Self::Body | Self::Form | Self::FormField(..) | Self::Json(_))
    }

    /// Whether this is the URL or a part of it.
    pub(crate) fn is_of_url(&self) -> bool {
        matches!(
            self,
            Self::Url
                | Self::UrlBase
                | Self::Path
                | Self::Target
                | Self::QueryString
                | Self::Query
                | Self::QueryParameter(_)
                | Self::Host
        )
    }

    /// Whether a glance shows that nothing stands there: query and body are searched for the name, and not read.
    pub(crate) fn is_ruled_out(&self, request: &Request) -> bool {
        match self {
            Self::Header(name) => !request.headers.contains_key(name),
            Self::QueryParameter(name) => {
                let query = request.uri.query().unwrap_or_default().as_bytes();
                memmem::find(query, name.as_bytes()).is_none() && !query.contains(&b'%')
            }
            Self::FormField(name, _) => {
                memmem::find(&request.body, name.as_bytes()).is_none() && !request.body.contains(&b'%')
            }
            Self::Json(pointer) => {
                let mut names = pointer.segments().iter().filter(|name| is_unescaped(name));
                let name = names.rfind(|name| !name.bytes().all(|byte| byte.is_ascii_digit()));
                !matches!(request.body.trim_ascii_start().first(), Some(b'{' | b'['))
                    || name.is_some_and(|name| memmem::find(&request.body, name.as_bytes()).is_none())
            }
            _ => false,
        }
    }

    /// The place as a person says it, for "the request has no …".
    pub fn place(&self) -> String {
        match self {
            Self::Body => "body".into(),
            Self::Method => "method".into(),
            Self::Url | Self::UrlBase => "URL".into(),
            Self::Path | Self::Target => "path".into(),
            Self::QueryString | Self::Query => "query".into(),
            Self::Host => "header `host`".into(),
            Self::Form => "form fields".into(),
            Self::Headers => "headers".into(),
            Self::Header(name) => format!("header `{name}`"),
            Self::QueryParameter(name) => format!("query parameter `{name}`"),
            Self::FormField(name, None) => format!("form field `{name}`"),
            Self::FormField(name, Some(pointer)) => format!("JSON value `{pointer}` in form field `{name}`"),
            Self::HeaderPattern(pattern) => format!("header `{}`", pattern.text),
            Self::Json(pointer) => format!("JSON value `{pointer}`"),
            Self::Jwt(pointers) => {
                let pointers: Vec<String> = pointers.iter().map(ToString::to_string).collect();
                format!("claim `{}` of the JWT", pointers.join("#"))
            }
            Self::Secret => "secret".into(),
            Self::Given(name) => format!("value for `{name}`"),
            Self::Variable(name) => format!("value `{name}`"),
            Self::Generated(_) => "generated value".into(),
        }
    }
}

//! Where a template takes a value from.

use http::HeaderName;

use crate::json::Pointer;
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
    /// One query parameter, decoded.
    QueryParameter(Box<str>),
    /// One form field, decoded; with a pointer, the place in the JSON that it holds.
    FormField(Box<str>, Option<Pointer>),
    /// A place in the JSON body.
    Json(Pointer),
    /// The secret's bytes.
    Secret,
    /// A value that the user gives, `var:webhook_id`.
    Given(Box<str>),
    /// A capture, a declared variable, or a sender's variable such as `event.name`.
    Variable(Box<str>),
    /// A value made up by the sender: `$uuid`, `$hex:24`.
    Generated(Generate),
}

impl Source {
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
            Self::Json(pointer) => format!("JSON value `{pointer}`"),
            Self::Secret => "secret".into(),
            Self::Given(name) => format!("value for `{name}`"),
            Self::Variable(name) => format!("value `{name}`"),
            Self::Generated(_) => "generated value".into(),
        }
    }
}

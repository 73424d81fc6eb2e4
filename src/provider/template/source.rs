//! Where a template takes a value from.

use http::HeaderName;

use crate::json::Pointer;

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
    /// A capture, a declared variable, or a sender's variable such as `event.name`.
    Variable(Box<str>),
    /// A value made up by the sender: `$uuid`, `$hex:24`.
    Generated(Generate),
}

/// What a sender makes up anew for each delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Generate {
    /// A random UUID (version 4).
    Uuid,
    /// A time-ordered UUID (version 7).
    Uuid7,
    /// Lower-case hexadecimal digits.
    Hex(usize),
    /// Letters and digits.
    Alphanumeric(usize),
    /// Decimal digits, the first not zero.
    Digits(usize),
    /// A positive 31-bit number.
    Integer,
    /// Now, in seconds.
    Unix,
    /// Now, in milliseconds.
    UnixMillis,
    /// Now, RFC 3339 in UTC; the precision of the value it replaces, else seconds.
    Rfc3339,
    /// The value made under this name, the same throughout one delivery.
    Same(Box<str>),
}

/// The longest run of characters a manifest may ask for; ids are far shorter.
const MAX_GENERATED: usize = 256;

impl Generate {
    /// Reads `uuid`, `hex:24`, `same:thread` …
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, argument) = match text.split_once(':') {
            Some((kind, argument)) => (kind, Some(argument)),
            None => (text, None),
        };
        let length = || argument.and_then(|text| text.parse().ok()).filter(|n| (1..=MAX_GENERATED).contains(n));
        Some(match (kind, argument) {
            ("uuid", None) => Self::Uuid,
            ("uuid7", None) => Self::Uuid7,
            ("int", None) => Self::Integer,
            ("unix", None) => Self::Unix,
            ("unix_ms", None) => Self::UnixMillis,
            ("rfc3339", None) => Self::Rfc3339,
            ("hex", Some(_)) => Self::Hex(length()?),
            ("alnum", Some(_)) => Self::Alphanumeric(length()?),
            ("digits", Some(_)) => Self::Digits(length()?),
            ("same", Some(name)) if !name.is_empty() => Self::Same(name.into()),
            _ => return None,
        })
    }
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
            Self::Variable(name) => format!("value `{name}`"),
            Self::Generated(_) => "generated value".into(),
        }
    }
}

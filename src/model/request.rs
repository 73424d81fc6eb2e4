//! A request: method, target, ordered headers, body bytes; nothing else.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

/// One HTTP request as it travelled, received or about to be sent.
///
/// `uri` is what stood on the request line (`/hook?x=1`, or an absolute URL when sending).
/// `headers` keeps the order of names, and the order of repeats within a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// The request target.
    pub uri: Uri,
    /// Header fields; values are raw bytes.
    pub headers: HeaderMap,
    /// The body, byte for byte.
    pub body: Bytes,
}

/// A header line typed by a person that is not a header.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RequestError {
    /// No colon.
    #[error("header `{0}` has no colon (write `Name: value`)")]
    NoColon(String),
    /// The name has a character that RFC 9110 section 5.1 does not allow.
    #[error("`{0}` is not a header name")]
    BadName(String),
    /// The value has a control character (RFC 9110 section 5.5).
    #[error("the value of header `{0}` has a control character")]
    BadValue(String),
}

impl Request {
    /// The value of a header as text, trimmed; `None` when absent or not UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.headers.get(name)?.as_bytes()).ok().map(str::trim)
    }

    /// The media type without parameters, lower case: `application/json`.
    pub fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// Reads one `Name: value` line, as `-H` takes it.
    pub fn parse_header(line: &str) -> Result<(HeaderName, HeaderValue), RequestError> {
        let (name, value) = line.split_once(':').ok_or_else(|| RequestError::NoColon(line.to_owned()))?;
        let name = name.trim();
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| RequestError::BadName(name.to_owned()))?;
        let value =
            HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| RequestError::BadValue(name.to_owned()))?;
        Ok((parsed, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_line_needs_a_colon() {
        assert_eq!(Request::parse_header("X-Key"), Err(RequestError::NoColon("X-Key".into())));
        let (name, value) = Request::parse_header("X-Key: a, b: c").unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("x-key", "a, b: c"));
    }
}

//! Refusals: requests turned away before they reach the handler.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::Answer;

/// How soon a sender may come again after a 503: connections and memory free up within seconds.
pub(super) const RETRY_AFTER_SECONDS: &str = "1";

/// A request that was turned away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status that was answered, or that describes why the connection was closed.
    pub status: u16,
    /// Why, in one lower-case line.
    pub reason: String,
    /// The peer; `None` when the connection could not even be accepted.
    pub remote: Option<SocketAddr>,
}

/// Why a request is turned away, before it is known from whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The answer's status.
    pub status: StatusCode,
    /// Why, in one lower-case line.
    pub reason: String,
}

impl Fault {
    /// A fault of the given status.
    pub fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }

    /// The answer: a JSON reason, after which the connection is closed.
    pub fn answer(&self) -> Answer {
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        let error = match self.status {
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                "too_large"
            }
            StatusCode::REQUEST_TIMEOUT => "too_slow",
            StatusCode::SERVICE_UNAVAILABLE => "busy",
            _ => "malformed",
        };
        let body = serde_json::json!({ "error": error, "reason": self.reason }).to_string();
        Answer { status: self.status, headers, body: Bytes::from(body) }
    }

    /// The notice for the handler.
    pub fn told_of(self, remote: SocketAddr) -> Refusal {
        Refusal { status: self.status.as_u16(), reason: self.reason, remote: Some(remote) }
    }
}

//! A delivery: one attempt to send a request to a target, and what came back.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};

/// One attempt and its outcome. Exactly one of `response` and `error` is set, except that a body
/// which broke off leaves both.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The method of the request.
    pub method: Method,
    /// The URL that was tried.
    pub target: String,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// From the first connect to the last byte of the answer.
    pub duration: Duration,
    /// What came back.
    pub response: Option<Response>,
    /// Whether the body of the answer goes on behind what was kept.
    pub truncated: bool,
    /// Why nothing (or not all) came back.
    pub error: Option<DeliveryError>,
}

/// A delivery of the past.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// When it ended.
    pub made_at: jiff::Timestamp,
    /// What was sent where, and what came back.
    pub delivery: Delivery,
}

/// The target's answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status code.
    pub status: StatusCode,
    /// Header fields.
    pub headers: HeaderMap,
    /// Body, up to the caller's limit.
    pub body: Bytes,
}

/// The kinds of network failure a person can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Nothing listens there.
    Refused,
    /// The name does not resolve.
    Dns,
    /// The TLS handshake or the certificate failed.
    Tls,
    /// The time limit passed.
    Timeout,
    /// The connection broke.
    Reset,
    /// Network or host unreachable.
    Unreachable,
    /// The peer does not speak HTTP.
    Protocol,
    /// The answer is larger than the limit.
    TooLarge,
    /// The proxy refused.
    Proxy,
    /// The target is hookctl itself.
    Loop,
    /// The queue for this target is full.
    Backlog,
}

impl FailureKind {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Unreachable => "unreachable",
            Self::Protocol => "protocol",
            Self::TooLarge => "too_large",
            Self::Proxy => "proxy",
            Self::Loop => "loop",
            Self::Backlog => "backlog",
        }
    }

    /// Whether nobody was there at all.
    pub const fn is_absent(self) -> bool {
        matches!(self, Self::Refused | Self::Dns | Self::Unreachable)
    }
}

/// Why a delivery failed, with the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DeliveryError {
    /// What kind of failure.
    pub kind: FailureKind,
    /// One lower-case line; says which addresses were tried.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Delivery {
    /// The status code, when an answer came.
    pub fn status(&self) -> Option<u16> {
        self.response.as_ref().map(|response| response.status.as_u16())
    }

    /// Whether a 2xx came back and nothing broke off.
    pub fn is_success(&self) -> bool {
        self.error.is_none() && self.response.as_ref().is_some_and(|response| response.status.is_success())
    }
}

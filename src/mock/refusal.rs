//! Why a call is refused.

use http::StatusCode;
use serde::Serialize;

/// Why a call is refused, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    /// The status that is answered.
    pub status: StatusCode,
    /// A word for scripts.
    pub code: &'static str,
    /// One lower-case line.
    pub reason: String,
    /// The cure.
    pub hint: Option<String>,
}

/// The answer's body.
#[derive(Serialize)]
struct Body<'r> {
    error: &'r str,
    reason: &'r str,
    hint: Option<&'r str>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, code: &'static str, reason: impl Into<String>) -> Self {
        Self { status, code, reason: reason.into(), hint: None }
    }

    /// A value that cannot be taken.
    pub(super) fn invalid(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", reason)
    }

    /// Something that is not there.
    pub(super) fn absent(code: &'static str, reason: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, reason)
    }

    /// A bound of the mock is met.
    pub(super) fn full(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "full", reason)
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn body(&self) -> Vec<u8> {
        let body = Body { error: self.code, reason: &self.reason, hint: self.hint.as_deref() };
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

impl From<super::StateError> for Refused {
    fn from(error: super::StateError) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "state", error.to_string()).hint(error.hint())
    }
}

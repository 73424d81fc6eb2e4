//! Answers: JSON objects, and refusals in the form of the command line's errors.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use crate::http::Answer;
use crate::output;
use crate::store::StoreError;

/// Nothing but the page's own files, which make no markup of texts and run no texts; and nobody frames it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types 'none'";

/// Why a call is refused, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct Refused {
    /// The status that is answered.
    pub(super) status: StatusCode,
    /// A word for scripts.
    pub(super) code: &'static str,
    /// One lower-case line.
    pub(super) message: String,
    /// The cure.
    pub(super) hint: Option<String>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), hint: None }
    }

    /// A value that cannot be taken.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message)
    }

    /// Something that is not there.
    pub(super) fn absent(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// Something that should not have happened.
    pub(super) fn broken(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "broken", message)
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "history", error.to_string())
    }
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        let line = output::error_line(refused.code, &refused.message, refused.hint.as_deref());
        Answer { status: refused.status, ..of("application/json", line) }
    }
}

/// What a call answers.
pub(super) type Told = Result<Answer, Refused>;

/// An object with `v` and `type` first, as on the command line.
pub(super) fn item(kind: &str, value: &impl Serialize) -> Told {
    let line = output::item_line(kind, value).map_err(|error| Refused::broken(error.to_string()))?;
    Ok(of("application/json", line))
}

/// An answer that no browser takes for anything else, keeps, or shows inside another page.
pub(super) fn of(content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    guarded(Answer { headers, body: body.into(), ..Answer::default() })
}

/// The same answer with what every answer carries, where it does not carry its own.
pub(super) fn guarded(mut answer: Answer) -> Answer {
    let own: [(HeaderName, &str); 6] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        // Who opened the page has no hold of its window.
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in own {
        answer.headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    answer
}

//! What the sender gets back.

use std::time::Duration;

use bytes::Bytes;
use http::header::{self, CONTENT_TYPE, HeaderMap};
use http::{HeaderValue, StatusCode};

use crate::http::Answer;
use crate::model::{Delivery, Response, Verdict, VerdictStatus};
use crate::provider::HandshakeError;
use crate::store::StoreError;

/// The configured answer.
#[derive(Debug, Clone, Default)]
pub struct Canned {
    /// Status.
    pub status: StatusCode,
    /// Header fields.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// How long to wait before giving it.
    pub delay: Option<Duration>,
}

impl Canned {
    pub(super) async fn give(&self) -> Answer {
        self.delayed(Answer { status: self.status, headers: self.headers.clone(), body: self.body.clone() }).await
    }

    /// Any answer, after the configured wait.
    pub(super) async fn delayed(&self, answer: Answer) -> Answer {
        if let Some(delay) = self.delay {
            tokio::time::sleep(delay).await;
        }
        answer
    }
}

/// 401 with the reason. What would have matched is not in it: that would make the listener sign for anyone.
pub(super) fn refused(verdict: &Verdict) -> Answer {
    let error = if verdict.status == VerdictStatus::Unsigned { "unsigned" } else { "invalid_signature" };
    let reason = verdict.reason.as_ref().map(ToString::to_string).unwrap_or_default();
    json(StatusCode::UNAUTHORIZED, error, &reason)
}

/// 401 and nothing else, for providers that wait for an empty body.
pub(super) fn bare(verdict: &Verdict) -> Answer {
    Answer { body: Bytes::new(), headers: HeaderMap::new(), ..refused(verdict) }
}

/// The answer to a handshake.
pub(super) fn of(reply: Response) -> Answer {
    Answer { status: reply.status, headers: reply.headers, body: reply.body }
}

/// A handshake to which there is no right answer.
pub(super) fn unanswered(error: &HandshakeError) -> Answer {
    json(error.status(), error.code(), &error.to_string())
}

/// The event is not on the disk, so it must come again: 507 where there is no room (RFC 4918 section
/// 11.5), 503 otherwise. Where the history lies is no business of the sender.
pub(super) fn not_kept(error: &StoreError) -> Answer {
    match error {
        StoreError::Full(_) => json(StatusCode::INSUFFICIENT_STORAGE, "storage_full", "the event could not be kept"),
        _ => json(StatusCode::SERVICE_UNAVAILABLE, "not_kept", "the event could not be kept"),
    }
}

/// 508: the request has been here before.
pub(super) fn loop_detected() -> Answer {
    json(StatusCode::LOOP_DETECTED, "loop", "this request was forwarded by a listener already")
}

/// The target's own answer, or 502 at once when it gave none.
pub(super) fn upstream(delivery: &Delivery) -> Answer {
    match (&delivery.response, &delivery.error) {
        (Some(response), None) => {
            let mut headers = response.headers.clone();
            for name in [
                header::CONNECTION,
                header::TRANSFER_ENCODING,
                header::UPGRADE,
                header::TRAILER,
                header::CONTENT_LENGTH,
            ] {
                headers.remove(name);
            }
            headers.remove("keep-alive");
            Answer { status: response.status, headers, body: response.body.clone() }
        }
        (_, Some(error)) => json(StatusCode::BAD_GATEWAY, error.kind.as_str(), &error.message),
        (None, None) => json(StatusCode::BAD_GATEWAY, "protocol", "the target gave no answer"),
    }
}

fn json(status: StatusCode, error: &str, reason: &str) -> Answer {
    let body = serde_json::json!({ "error": error, "reason": reason }).to_string();
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    Answer { status, headers, body: body.into() }
}

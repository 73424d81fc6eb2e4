//! An event as a list shows it.

use serde::Serialize;
use serde_json::value::RawValue;

use super::answer::Refused;
use super::cut::cut;
use crate::history::mask::{masked_query, masked_url};
use crate::output;
use crate::store::{LastAttempt, Overview, Reader};

/// Bytes of a text that are told: a list shows less, and is of many rows.
const MAX_TEXT: usize = 2 * 1024;

/// A row, without headers and body. Credentials in URLs are masked.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    id: String,
    received_at: String,
    provider: String,
    event_type: Option<String>,
    delivery_id: Option<String>,
    handshake: Option<String>,
    verdict: Box<RawValue>,
    request: Request,
    retry: Option<Retry>,
    repeats: u64,
    deliveries: Deliveries,
    pinned: bool,
}

#[derive(Debug, Serialize)]
struct Request {
    method: String,
    path: String,
    query: Option<String>,
    remote: String,
    content_type: Option<String>,
    body_bytes: u64,
}

#[derive(Debug, Serialize)]
struct Retry {
    number: u32,
    of: String,
}

#[derive(Debug, Serialize)]
struct Deliveries {
    attempts: u64,
    targets: u64,
    failed: u64,
    waiting: u64,
    last: Option<Last>,
}

#[derive(Debug, Serialize)]
struct Last {
    target: String,
    status: Option<u16>,
    duration_ms: f64,
    error: Option<Problem>,
}

#[derive(Debug, Serialize)]
struct Problem {
    kind: &'static str,
    message: String,
}

impl Row {
    /// The row of the event at a place; `None` where it was deleted meanwhile.
    pub(super) fn read(reader: &Reader, seq: i64) -> Result<Option<Self>, Refused> {
        reader.overview(seq)?.map(Self::of).transpose()
    }

    fn of(overview: Overview) -> Result<Self, Refused> {
        let Overview { event, body_bytes, repeats, attempts, last, targets, failed, waiting, is_pinned, .. } = overview;
        let mut verdict = Vec::new();
        output::write_verdict(&mut verdict, &event.verdict);
        let verdict = serde_json::from_slice(&verdict).map_err(|error| Refused::broken(error.to_string()))?;
        let request = &event.request;
        Ok(Self {
            id: event.id.to_string(),
            received_at: format!("{:.6}", event.received_at),
            provider: event.provider.to_string(),
            verdict,
            request: Request {
                method: request.method.to_string(),
                path: cut(request.uri.path(), MAX_TEXT),
                query: request.uri.query().map(|query| cut(&masked_query(query), MAX_TEXT)),
                remote: event.remote.to_string(),
                content_type: request.header("content-type").map(|text| cut(text, MAX_TEXT)),
                body_bytes,
            },
            retry: event.repeat.map(|repeat| Retry { number: repeat.retry, of: repeat.first.to_string() }),
            repeats,
            deliveries: Deliveries { attempts, targets, failed, waiting, last: last.map(Last::of) },
            pinned: is_pinned,
            event_type: event.event_type,
            delivery_id: event.delivery_id,
            handshake: event.handshake.as_deref().map(str::to_owned),
        })
    }
}

impl Last {
    fn of(attempt: LastAttempt) -> Self {
        Self {
            target: cut(&masked_url(&attempt.target), MAX_TEXT),
            status: attempt.status,
            duration_ms: attempt.duration.as_micros() as f64 / 1000.0,
            error: attempt.error.map(|error| Problem { kind: error.kind.as_str(), message: error.message }),
        }
    }
}

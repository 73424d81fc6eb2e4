//! Samples of model data for the tests of this layer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use uuid::Uuid;

use crate::model::{Delivery, Event, EventId, Request, Response, Verdict};

/// The id of the sample event.
pub(super) const ID: EventId = Uuid::from_u128(0x019a_a899_d1c8_7000_8000_0000_0000_0001);

/// A valid event with this body.
pub(super) fn event(body: &[u8]) -> Event {
    let mut headers = HeaderMap::new();
    headers.append("content-type", HeaderValue::from_static("application/json"));
    headers.append("x-key", HeaderValue::from_static("a"));
    headers.append("x-key", HeaderValue::from_static("b"));
    Event {
        id: ID,
        received_at: "2026-11-21T15:04:05Z".parse().unwrap(),
        provider: "prospektr".into(),
        event_type: Some("prospect.added".into()),
        delivery_id: None,
        verdict: Verdict::valid(Arc::from("sha256")),
        request: Request {
            method: Method::POST,
            uri: Uri::from_static("/hook?a=1&a=2"),
            headers,
            body: Bytes::copy_from_slice(body),
        },
        remote: ([127, 0, 0, 1], 5000).into(),
        handshake: None,
        repeat: None,
    }
}

/// A delivery that was answered.
pub(super) fn delivery(status: u16, body: &[u8]) -> Delivery {
    let mut headers = HeaderMap::new();
    headers.append("content-type", HeaderValue::from_static("text/plain"));
    let response =
        Response { status: StatusCode::from_u16(status).unwrap(), headers, body: Bytes::copy_from_slice(body) };
    Delivery {
        method: http::Method::POST,
        target: "http://localhost:3000/".into(),
        attempt: 1,
        duration: Duration::from_micros(23_045),
        response: Some(response),
        truncated: false,
        error: None,
    }
}

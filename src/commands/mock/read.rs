//! Attempts as a mock tells them in JSON, read back for lines that people read.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::model::{Delivery, DeliveryError, FailureKind, MessageState, MockAttempt, NextAttempt, Response};

#[derive(Deserialize)]
struct Told {
    message_id: String,
    event_type: String,
    webhook_id: String,
    made_at: String,
    manual: bool,
    success: bool,
    wait_ms: f64,
    waited_ms: f64,
    state: String,
    retry_in_ms: Option<f64>,
    real_retry_in_ms: Option<f64>,
    webhook_fate: Option<String>,
    delivery: ToldDelivery,
}

#[derive(Deserialize)]
struct ToldDelivery {
    target: String,
    attempt: u32,
    status: Option<u16>,
    duration_ms: f64,
    error: Option<ToldError>,
    response: Option<ToldResponse>,
}

#[derive(Deserialize)]
struct ToldError {
    kind: FailureKind,
    message: String,
}

#[derive(Deserialize)]
struct ToldResponse {
    headers: Vec<(String, String)>,
    body: String,
    truncated: bool,
}

/// An attempt; `None` when it is told in another form.
pub(super) fn attempt(value: &Value) -> Option<MockAttempt> {
    let told: Told = serde_json::from_value(value.clone()).ok()?;
    let next = told.retry_in_ms.zip(told.real_retry_in_ms);
    Some(MockAttempt {
        message_id: told.message_id,
        event_type: told.event_type,
        webhook_id: told.webhook_id,
        made_at: told.made_at.parse().ok()?,
        is_manual: told.manual,
        is_success: told.success,
        wait: duration(told.wait_ms),
        waited: duration(told.waited_ms),
        state: MessageState::parse(&told.state)?,
        next: next.map(|(wait, real)| NextAttempt { wait: duration(wait), real: duration(real) }),
        webhook_fate: told.webhook_fate,
        delivery: Arc::new(delivery(told.delivery)),
    })
}

fn delivery(told: ToldDelivery) -> Delivery {
    let status = told.status.and_then(|status| StatusCode::from_u16(status).ok());
    let truncated = told.response.as_ref().is_some_and(|response| response.truncated);
    let response = told.response.zip(status).map(|(response, status)| Response {
        status,
        headers: headers(&response.headers),
        body: response.body.into(),
    });
    let error = told.error.map(|error| DeliveryError { kind: error.kind, message: error.message, hint: None });
    Delivery {
        method: Method::POST,
        target: told.target,
        attempt: told.attempt,
        duration: duration(told.duration_ms),
        response,
        truncated,
        error,
    }
}

fn headers(pairs: &[(String, String)]) -> HeaderMap {
    let pairs = pairs
        .iter()
        .filter_map(|(name, value)| Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?)));
    pairs.collect()
}

fn duration(millis: f64) -> Duration {
    Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default()
}

//! The attempts: what was tried, and what came back.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use rusqlite::{Connection, Row, params};

use super::messages::{Logged, state, time};
use super::{micros, of_micros};
use crate::model::{Delivery, DeliveryError, FailureKind, MockAttempt, NextAttempt, Response};

pub(super) fn insert(connection: &Connection, message: i64, attempt: &MockAttempt) -> rusqlite::Result<()> {
    let delivery = &attempt.delivery;
    let response = delivery.response.as_ref();
    let insert = "INSERT INTO attempt (message, number, made_at, manual, wait, waited, state, next_wait, next_real, \
         webhook_fate, method, target, duration, status, headers, body, truncated, error_kind, error_message, success) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
    let values = params![
        message,
        delivery.attempt,
        attempt.made_at.as_microsecond(),
        attempt.is_manual,
        micros(attempt.wait),
        micros(attempt.waited),
        attempt.state.as_str(),
        attempt.next.map(|next| micros(next.wait)),
        attempt.next.map(|next| micros(next.real)),
        attempt.webhook_fate,
        delivery.method.as_str(),
        delivery.target,
        micros(delivery.duration),
        delivery.status(),
        response.map(|response| pairs(&response.headers)),
        response.map(|response| &response.body[..]),
        delivery.truncated,
        delivery.error.as_ref().map(|error| error.kind.as_str()),
        delivery.error.as_ref().map(|error| &error.message),
        attempt.is_success,
    ];
    connection.prepare_cached(insert)?.execute(values).map(drop)
}

/// The attempts at a message, in their order.
pub(super) fn of(connection: &Connection, message: &Logged) -> rusqlite::Result<Vec<MockAttempt>> {
    let mut found = connection.prepare_cached(
        "SELECT number, made_at, manual, wait, waited, state, next_wait, next_real, webhook_fate, method, target, \
         duration, status, headers, body, truncated, error_kind, error_message, success FROM attempt WHERE message = ?1 \
         ORDER BY seq",
    )?;
    found.query_map([message.seq], |row| read(row, message))?.collect()
}

fn read(row: &Row<'_>, message: &Logged) -> rusqlite::Result<MockAttempt> {
    let next = match (row.get::<_, Option<i64>>(6)?, row.get::<_, Option<i64>>(7)?) {
        (Some(wait), Some(real)) => Some(NextAttempt { wait: of_micros(wait), real: of_micros(real) }),
        _ => None,
    };
    Ok(MockAttempt {
        message_id: crate::mock::message_id(message.seq),
        event_type: message.event_type.clone(),
        webhook_id: message.webhook.clone(),
        made_at: time(row, 1)?,
        is_manual: row.get(2)?,
        is_success: row.get(18)?,
        wait: of_micros(row.get(3)?),
        waited: of_micros(row.get(4)?),
        state: state(row, 5)?,
        next,
        webhook_fate: row.get(8)?,
        delivery: Arc::new(delivery(row)?),
    })
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let (method, status): (String, Option<u16>) = (row.get(9)?, row.get(12)?);
    let (kind, message): (Option<String>, Option<String>) = (row.get(16)?, row.get(17)?);
    let response = match status.and_then(|status| StatusCode::from_u16(status).ok()) {
        None => None,
        Some(status) => {
            let headers: Option<String> = row.get(13)?;
            let body: Option<Vec<u8>> = row.get(14)?;
            Some(Response {
                status,
                headers: header_map(&headers.unwrap_or_default()),
                body: body.unwrap_or_default().into(),
            })
        }
    };
    Ok(Delivery {
        method: Method::from_bytes(method.as_bytes()).unwrap_or(Method::POST),
        target: row.get(10)?,
        attempt: row.get(0)?,
        duration: of_micros(row.get(11)?),
        response,
        truncated: row.get(15)?,
        error: kind.map(|kind| DeliveryError { kind: failure(kind), message: message.unwrap_or_default(), hint: None }),
    })
}

fn failure(word: String) -> FailureKind {
    serde_json::from_value(serde_json::Value::String(word)).unwrap_or(FailureKind::Protocol)
}

/// Headers as JSON pairs; bytes that are no UTF-8 are kept as the characters of their numbers.
fn pairs(headers: &HeaderMap) -> String {
    let text = |value: &HeaderValue| match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    };
    let pairs: Vec<(&str, String)> = headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    serde_json::to_string(&pairs).unwrap_or_default()
}

fn header_map(text: &str) -> HeaderMap {
    let pairs: Vec<(String, String)> = serde_json::from_str(text).unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value)) {
            headers.append(name, value);
        }
    }
    headers
}

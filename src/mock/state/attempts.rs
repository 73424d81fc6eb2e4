//! The attempts: what was tried, and what came back.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use rusqlite::{Connection, Row, params};

use super::messages::{Logged, state, time};
use super::{micros, of_micros, signed};
use crate::mock::limits::{MAX_ANSWER_BYTES, MAX_KEPT_ATTEMPTS};
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

/// Keeps the attempts at a message and the answers to all of them within their bounds; the oldest go.
pub(super) fn make_room(connection: &Connection, message: i64) -> rusqlite::Result<()> {
    let surplus = "DELETE FROM attempt WHERE message = ?1 AND seq <= \
         (SELECT seq FROM attempt WHERE message = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)";
    connection.prepare_cached(surplus)?.execute(params![message, signed(MAX_KEPT_ATTEMPTS)])?;
    let mut kept = connection.prepare_cached("SELECT answers FROM kept")?;
    let mut forget = connection.prepare_cached(
        "UPDATE attempt SET body = NULL, headers = NULL, truncated = TRUE \
         WHERE seq = (SELECT seq FROM attempt INDEXED BY attempt_with_answer WHERE body IS NOT NULL \
         ORDER BY seq LIMIT 1)",
    )?;
    while kept.query_row([], |row| row.get::<_, i64>(0))? > signed(MAX_ANSWER_BYTES) {
        if forget.execute([])? == 0 {
            break;
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::super::{Emission, Finish, Recipient, State};
    use super::*;
    use crate::mock::limits::MAX_KEPT_ANSWER;
    use crate::model::MessageState;

    /// A state with so many messages.
    fn state(messages: usize) -> State {
        let state = State::open(None, "acme").unwrap();
        let moment = Timestamp::UNIX_EPOCH;
        let emission =
            Emission { event: "e".into(), body: b"x".to_vec(), content_type: None, headers: Vec::new(), moment };
        let to = Recipient { webhook: "wh_1".into(), url: "http://a/".into(), seed: 1 };
        state.add_event(&emission, &vec![to; messages], 0, moment).unwrap().unwrap();
        state
    }

    fn answered(state: &State, seq: i64, body: usize) {
        let response = Response { status: StatusCode::OK, headers: HeaderMap::new(), body: vec![b'x'; body].into() };
        let delivery = Delivery {
            method: Method::POST,
            target: "http://a/".into(),
            attempt: 1,
            duration: Duration::ZERO,
            response: Some(response),
            truncated: false,
            error: None,
        };
        let attempt = MockAttempt {
            message_id: crate::mock::message_id(seq),
            event_type: "e".into(),
            webhook_id: "wh_1".into(),
            made_at: Timestamp::UNIX_EPOCH,
            is_manual: true,
            is_success: true,
            wait: Duration::ZERO,
            waited: Duration::ZERO,
            state: MessageState::Delivered,
            next: None,
            webhook_fate: None,
            delivery: Arc::new(delivery),
        };
        let ended = Timestamp::UNIX_EPOCH;
        state.finish(&Finish { seq, attempt: &attempt, elapsed: 0, ended, due: None }).unwrap();
    }

    /// The length of each answer that is kept of a message, and whether it is whole.
    fn kept(state: &State, seq: i64) -> Vec<(usize, bool)> {
        let message = state.log(Some(seq), 1).unwrap().remove(0);
        let of = |attempt: &MockAttempt| {
            let delivery = &attempt.delivery;
            (delivery.response.as_ref().unwrap().body.len(), !delivery.truncated)
        };
        state.attempts(&message).unwrap().iter().map(of).collect()
    }

    #[test]
    fn only_so_many_attempts_at_a_message_are_kept_and_the_newest() {
        let state = state(2);
        answered(&state, 2, 7);
        (1..=MAX_KEPT_ATTEMPTS + 3).for_each(|size| answered(&state, 1, size));
        let kept_of_1 = kept(&state, 1);
        assert_eq!((kept_of_1.len(), kept_of_1[0]), (MAX_KEPT_ATTEMPTS, (4, true)));
        assert_eq!(kept(&state, 2), [(7, true)], "another message is another matter");
    }

    #[test]
    fn only_so_many_bytes_of_answers_are_kept_and_the_newest() {
        let messages = MAX_ANSWER_BYTES / MAX_KEPT_ANSWER + 2;
        let state = state(messages);
        (1..=messages).for_each(|seq| answered(&state, signed(seq), MAX_KEPT_ANSWER));
        assert_eq!(kept(&state, 1), [(0, false)], "the attempt is there, its answer is not");
        assert_eq!(kept(&state, signed(messages)), [(MAX_KEPT_ANSWER, true)]);
    }
}

//! What control calls answer.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::message_id;
use super::state::Logged;
use super::webhook::Registered;
use crate::model::MockAttempt;
use crate::output;

/// A webhook; never with its secret.
#[derive(Serialize)]
pub(super) struct ToldWebhook {
    id: String,
    url: String,
    events: Vec<String>,
    enabled: bool,
    signed: bool,
    disabled_because: Option<String>,
}

impl From<&Registered> for ToldWebhook {
    fn from(webhook: &Registered) -> Self {
        Self {
            id: webhook.id.clone(),
            url: webhook.url().to_owned(),
            events: webhook.events().map(str::to_owned).collect(),
            enabled: webhook.is_enabled(),
            signed: webhook.secret().is_ok_and(|secret| secret.is_some()),
            disabled_because: webhook.disabled_because.clone(),
        }
    }
}

/// A message with all its attempts.
#[derive(Serialize)]
pub(super) struct ToldMessage {
    id: String,
    event_type: String,
    webhook_id: String,
    target: String,
    state: &'static str,
    created_at: String,
    due_at: Option<String>,
    body_bytes: i64,
    attempts: Vec<Box<RawValue>>,
}

impl ToldMessage {
    pub(super) fn new(message: &Logged, attempts: &[MockAttempt]) -> Self {
        let due = message.due.and_then(|due| Timestamp::from_millisecond(due).ok());
        Self {
            id: message_id(message.seq),
            event_type: message.event_type.clone(),
            webhook_id: message.webhook.clone(),
            target: message.target.clone(),
            state: message.state.as_str(),
            created_at: time(message.created_at),
            due_at: due.map(time),
            body_bytes: message.body_bytes,
            attempts: attempts.iter().filter_map(|attempt| output::mock_attempt_object(attempt).ok()).collect(),
        }
    }

    /// How long its attempts are, in JSON.
    pub(super) fn attempt_bytes(&self) -> usize {
        self.attempts.iter().map(|attempt| attempt.get().len()).sum()
    }
}

/// Attempts that a call waited for.
pub(super) fn told_attempts(attempts: &[Arc<MockAttempt>]) -> Vec<Box<RawValue>> {
    attempts.iter().filter_map(|attempt| output::mock_attempt_object(attempt).ok()).collect()
}

fn time(time: Timestamp) -> String {
    format!("{time:.6}")
}

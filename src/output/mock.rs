//! The lines of a mock provider.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

use super::body::body;
use super::human::{Human, MAX_NAME_WIDTH, MAX_TEXT_WIDTH};
use super::json_line::write_delivery;
use super::style::Role;
use super::terminal::one_line;
use crate::model::{MessageState, MockAttempt, MockCall, MockReady};

/// An attempt as JSON; the line of `--json` and what the control calls answer.
#[derive(Serialize)]
struct AttemptFields<'a> {
    message_id: &'a str,
    event_type: &'a str,
    webhook_id: &'a str,
    made_at: String,
    manual: bool,
    success: bool,
    wait_ms: f64,
    waited_ms: f64,
    state: &'static str,
    retry_in_ms: Option<f64>,
    real_retry_in_ms: Option<f64>,
    webhook_fate: Option<&'a str>,
    delivery: Box<RawValue>,
}

/// The object of an attempt, without `v` and `type`.
pub fn mock_attempt_object(attempt: &MockAttempt) -> serde_json::Result<Box<RawValue>> {
    let mut delivery = Vec::new();
    write_delivery(&mut delivery, &attempt.delivery);
    let delivery = String::from_utf8(delivery).map_err(serde::ser::Error::custom)?;
    serde_json::value::to_raw_value(&AttemptFields {
        message_id: &attempt.message_id,
        event_type: &attempt.event_type,
        webhook_id: &attempt.webhook_id,
        made_at: format!("{:.6}", attempt.made_at),
        manual: attempt.is_manual,
        success: attempt.is_success,
        wait_ms: millis(attempt.wait),
        waited_ms: millis(attempt.waited),
        state: attempt.state.as_str(),
        retry_in_ms: attempt.next.map(|next| millis(next.wait)),
        real_retry_in_ms: attempt.next.map(|next| millis(next.real)),
        webhook_fate: attempt.webhook_fate.as_deref(),
        delivery: RawValue::from_string(delivery)?,
    })
}

/// Milliseconds with at most three digits behind the point.
pub fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// A duration as people write it: `5m`, `75h 35m 5s`, `300ms`.
pub fn span(duration: Duration) -> String {
    if !duration.is_zero() && duration < Duration::from_millis(1) {
        return "under 1ms".to_owned();
    }
    let precise = if duration < Duration::from_secs(10) { 1 } else { 1000 };
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let rounded = Duration::from_millis((millis.saturating_add(precise / 2) / precise).saturating_mul(precise));
    format!("{:#}", SignedDuration::try_from(rounded).unwrap_or(SignedDuration::MAX))
}

/// The members of the `ready` line, after its type.
#[derive(Serialize)]
pub(super) struct ReadyFields<'r> {
    url: &'r str,
    api_url: &'r str,
    provider: &'r str,
    username: Option<&'r str>,
    password: Option<&'r str>,
    token: Option<&'r str>,
    inspector: Option<&'r str>,
}

impl<'r> ReadyFields<'r> {
    pub(super) fn of(ready: &'r MockReady) -> Self {
        let credentials = &ready.credentials;
        Self {
            url: &ready.url,
            api_url: &ready.api_url,
            provider: &ready.provider,
            username: credentials.username.as_deref(),
            password: credentials.password.as_deref(),
            token: credentials.token.as_deref(),
            inspector: None,
        }
    }
}

impl Human {
    /// Where the mock is, and what to try next.
    pub(super) fn mock_ready(&self, ready: &MockReady) -> String {
        let mut out = format!("Ready! Mock of {} on {} (^C to quit)\n", ready.provider, ready.url);
        if self.quiet {
            return out;
        }
        let credentials = &ready.credentials;
        let facts = [
            ("username", credentials.username.as_deref()),
            ("password", credentials.password.as_deref()),
            ("token", credentials.token.as_deref()),
        ];
        for (name, value) in facts.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            out.push_str(&format!("    {name}: {}\n", one_line(value, MAX_TEXT_WIDTH)));
        }
        for line in &ready.advice {
            out.push_str(&format!("    {}\n", one_line(line, MAX_TEXT_WIDTH)));
        }
        out
    }

    /// A request that the mock answered.
    pub(super) fn mock_call(&self, call: &MockCall, now: Timestamp) -> String {
        let role = if call.status < 400 { Role::Good } else { Role::Bad };
        let request = one_line(format!("{} {}", call.method, call.path), MAX_TEXT_WIDTH);
        format!("{}  --> {} {request}\n", self.time(now), self.palette.paint(role, &format!("[{}]", call.status)))
    }

    /// An attempt: its line, why it failed, and what follows from it.
    pub fn mock_attempt(&self, attempt: &MockAttempt) -> String {
        let delivery = &attempt.delivery;
        let is_good = attempt.is_success;
        let status = delivery.status().map_or("---".to_owned(), |status| status.to_string());
        let mut out = format!(
            "{}  <-- {} {} {} ({}ms) {} [{}] attempt {}\n",
            self.time(attempt.made_at),
            self.palette.paint(if is_good { Role::Good } else { Role::Bad }, &format!("[{status}]")),
            delivery.method,
            one_line(&delivery.target, MAX_TEXT_WIDTH),
            delivery.duration.as_millis(),
            self.palette.paint(Role::Strong, &one_line(&attempt.event_type, MAX_NAME_WIDTH)),
            attempt.message_id,
            delivery.attempt,
        );
        if let Some(error) = &delivery.error {
            out.push_str(&self.remark("error", Role::Bad, &error.message));
        }
        let answer = delivery.response.as_ref().filter(|_| !self.quiet && (!is_good || self.verbosity > 0));
        if let Some(response) = answer.filter(|response| !response.body.is_empty()) {
            out.push_str(&body(&response.headers, &response.body, self.palette));
        }
        out + &self.mock_consequence(attempt)
    }

    fn mock_consequence(&self, attempt: &MockAttempt) -> String {
        let mut out = match (attempt.state, attempt.next) {
            _ if attempt.is_manual => String::new(),
            (MessageState::Pending, Some(next)) => {
                let here = if next.real == next.wait { String::new() } else { format!(" ({} here)", span(next.real)) };
                self.remark("retry", Role::Warning, &format!("in {}{here}", span(next.wait)))
            }
            (MessageState::Failed, _) => self.remark("failed", Role::Bad, "no attempt is left"),
            (MessageState::Stopped, _) => self.remark("stopped", Role::Bad, "the answer asks for no further attempt"),
            (MessageState::Gone, _) => self.remark("gone", Role::Bad, "the target wants nothing more"),
            (MessageState::Dropped, _) => self.remark("dropped", Role::Bad, "its webhook gets nothing more"),
            (MessageState::Pending | MessageState::Delivered, _) => String::new(),
        };
        if let Some(fate) = &attempt.webhook_fate {
            out.push_str(&self.remark("webhook", Role::Bad, fate));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_as_exact_as_a_person_wants_it() {
        for (millis, text) in [
            (0, "0s"),
            (300, "300ms"),
            (5000, "5s"),
            (272_105_499, "75h 35m 5s"),
            (10_070, "10s"),
            (10_500, "11s"),
            (9_999, "9s 999ms"),
        ] {
            assert_eq!(span(Duration::from_millis(millis)), text);
        }
        assert_eq!(span(Duration::from_micros(50)), "under 1ms");
        assert!((millis(Duration::from_nanos(1_234_567)) - 1.235).abs() < f64::EPSILON);
    }
}

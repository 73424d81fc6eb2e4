//! What a provider makes of an answer: whether the message has arrived, and when it tries again.

use std::time::{Duration, SystemTime};

use http::header::RETRY_AFTER;

use super::limits::MAX_RETRY_AFTER;
use crate::http::retry_after;
use crate::model::{Delivery, FailureKind, MessageState, Response};
use crate::provider::{DeliveryRules, Reply};

/// What follows from an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judgement {
    /// What becomes of the message.
    pub(super) state: MessageState,
    /// The provider's wait before the next attempt.
    pub(super) wait: Option<Duration>,
    /// How long the target asked to be left alone, where the provider heeds that for all messages.
    pub(super) hold: Option<Duration>,
}

impl Judgement {
    fn end(state: MessageState) -> Self {
        Self { state, wait: None, hold: None }
    }
}

/// Judges the answer to the attempt of this number, from 1.
pub(super) fn judge(rules: &DeliveryRules, delivery: &Delivery, number: u32, now: SystemTime) -> Judgement {
    let reply = reply(delivery);
    if rules.is_success(reply) {
        return Judgement::end(MessageState::Delivered);
    }
    if delivery.status().is_some_and(|status| rules.gone_status.contains(&status)) {
        return Judgement::end(MessageState::Gone);
    }
    if !rules.is_retried(reply) || is_told_to_stop(rules, delivery.response.as_ref()) {
        return Judgement::end(MessageState::Stopped);
    }
    let position = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(wait) = rules.schedule.waits.get(position) else { return Judgement::end(MessageState::Failed) };
    let throttles = delivery.status().is_some_and(|status| rules.throttle_status.contains(&status));
    let asked = asked(delivery.response.as_ref(), now).filter(|_| throttles || rules.retry_after);
    Judgement {
        state: MessageState::Pending,
        wait: Some(asked.map_or(*wait, |asked| asked.max(*wait))),
        hold: asked.filter(|_| throttles),
    }
}

/// A body that broke off is no answer.
fn reply(delivery: &Delivery) -> Reply<'_> {
    match (&delivery.error, &delivery.response) {
        (None, Some(response)) => Reply::Answer { status: response.status.as_u16(), body: &response.body },
        (Some(error), _) if error.kind == FailureKind::Timeout => Reply::Timeout,
        _ => Reply::Network,
    }
}

fn is_told_to_stop(rules: &DeliveryRules, response: Option<&Response>) -> bool {
    let (Some((name, value)), Some(response)) = (&rules.stop_header, response) else { return false };
    response.headers.get_all(name).iter().any(|found| found.as_bytes().trim_ascii() == value.as_bytes())
}

/// How long the target asks to be left alone, up to a limit.
fn asked(response: Option<&Response>, now: SystemTime) -> Option<Duration> {
    let text = response?.headers.get(RETRY_AFTER)?.to_str().ok()?;
    Some(retry_after(text, now)?.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Method, StatusCode};

    use super::*;
    use crate::model::DeliveryError;
    use crate::provider::{Provider, compile};

    fn provider(delivery: &str) -> Provider {
        let text = format!(
            "[provider]\nid = \"acme\"\nname = \"Acme\"\n[delivery]\nsource = \"https://acme.test\"\n\
             verified = \"2026-11-21\"\n{delivery}"
        );
        compile("acme", &text).unwrap()
    }

    fn answered(status: u16, header: Option<(&'static str, &'static str)>) -> Delivery {
        let mut headers = HeaderMap::new();
        headers.extend(
            header.map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), HeaderValue::from_static(value))),
        );
        Delivery {
            method: Method::POST,
            target: "http://a/".into(),
            attempt: 1,
            duration: Duration::ZERO,
            response: Some(Response { status: StatusCode::from_u16(status).unwrap(), headers, body: "".into() }),
            truncated: false,
            error: None,
        }
    }

    fn of(provider: &Provider, delivery: &Delivery, number: u32) -> (MessageState, Option<u64>) {
        let judgement = judge(provider.delivery(), delivery, number, SystemTime::UNIX_EPOCH);
        (judgement.state, judgement.wait.map(|wait| wait.as_secs()))
    }

    #[test]
    fn the_waits_come_one_after_the_other_and_end() {
        let provider = provider("retries = [\"5s\", \"5m\"]");
        let failed = answered(500, None);
        assert_eq!(of(&provider, &failed, 1), (MessageState::Pending, Some(5)));
        assert_eq!(of(&provider, &failed, 2), (MessageState::Pending, Some(300)));
        assert_eq!(of(&provider, &failed, 3), (MessageState::Failed, None));
        assert_eq!(of(&provider, &answered(204, None), 2), (MessageState::Delivered, None));
        assert_eq!(of(&provider, &answered(302, None), 3), (MessageState::Failed, None), "no redirect is followed");
    }

    #[test]
    fn what_is_success_and_what_ends_the_retries_is_the_providers_word() {
        let provider = provider(
            "retries = [\"5s\"]\nsuccess = [\"200\"]\ngone_status = [410]\nstop_on = [\"4xx\"]\n\
             stop_on_response_header = \"X-No-Retry: 1\"",
        );
        assert_eq!(of(&provider, &answered(200, None), 1).0, MessageState::Delivered);
        assert_eq!(of(&provider, &answered(204, None), 1).0, MessageState::Pending);
        assert_eq!(of(&provider, &answered(410, None), 1).0, MessageState::Gone);
        assert_eq!(of(&provider, &answered(404, None), 1).0, MessageState::Stopped);
        assert_eq!(of(&provider, &answered(500, Some(("x-no-retry", "1"))), 1).0, MessageState::Stopped);
        assert_eq!(of(&provider, &answered(500, Some(("x-no-retry", "0"))), 1).0, MessageState::Pending);
    }

    #[test]
    fn retry_after_counts_only_where_the_provider_heeds_it() {
        let busy = answered(429, Some(("retry-after", "60")));
        let plain = provider("retries = [\"5s\"]");
        assert_eq!(of(&plain, &busy, 1), (MessageState::Pending, Some(5)));
        let heeds = provider("retries = [\"5s\"]\nthrottle_status = [429]");
        assert_eq!(of(&heeds, &busy, 1), (MessageState::Pending, Some(60)));
        let held = judge(heeds.delivery(), &busy, 1, SystemTime::UNIX_EPOCH).hold;
        assert_eq!(held, Some(Duration::from_secs(60)));
        assert_eq!(of(&heeds, &answered(503, Some(("retry-after", "60"))), 1).1, Some(5));
        assert_eq!(of(&heeds, &answered(429, Some(("retry-after", "1"))), 1).1, Some(5), "never sooner than planned");
    }

    #[test]
    fn an_answer_that_broke_off_or_never_came_is_none() {
        let provider = provider("retries = [\"5s\"]\nretry_on = [\"timeout\"]");
        let error = |kind| DeliveryError { kind, message: "x".into(), hint: None };
        let broken = Delivery { error: Some(error(FailureKind::Reset)), ..answered(200, None) };
        assert_eq!(of(&provider, &broken, 1).0, MessageState::Stopped);
        let late = Delivery { error: Some(error(FailureKind::Timeout)), response: None, ..answered(200, None) };
        assert_eq!(of(&provider, &late, 1).0, MessageState::Pending);
    }
}

//! One attempt: the request is composed as the provider would, sent, and its answer judged.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use url::Url;

use super::clock::due;
use super::engine::Engine;
use super::judge::{Judgement, judge};
use super::lanes::Turn;
use super::state::{Finish, Job};
use super::webhook::Fields;
use super::{StateError, message_id};
use crate::model::{Delivery, DeliveryError, FailureKind, MessageState, MockAttempt, NextAttempt, Request, Secret};
use crate::provider::{Counted, DisableAction, Draft, Generator, Provider, SignError, compose_attempt};

/// The request of this attempt, from 1. `now` is when it is made.
pub(super) fn compose(
    provider: &Provider,
    job: &Job,
    attempt: u32,
    secret: Option<&Secret>,
    now: Timestamp,
) -> Result<Request, SignError> {
    let rules = provider.delivery();
    let first = job.emission.moment;
    let now = if attempt > 1 && rules.resign_on_retry { now } else { first };
    let anew = if rules.same_id_on_retry { 0 } else { u64::from(attempt - 1) << 32 };
    let generator = RefCell::new(Generator::new(job.seed.wrapping_add(anew), now).with_ids_of(first));
    let mut headers = headers(&job.emission.headers);
    if let Some(api) = provider.api() {
        headers.extend(api.webhook_headers(&Fields::from_iter([("id".to_owned(), job.webhook.as_str().into())])));
    }
    let draft = Draft {
        event: &job.emission.event,
        body: &job.emission.body,
        content_type: job.emission.content_type.as_deref(),
        headers: &headers,
        url: &job.url,
        signature: None,
    };
    compose_attempt(provider, &draft, attempt, secret, &generator)
}

/// Headers that the manifest gives a fixture.
fn headers(pairs: &[(String, String)]) -> HeaderMap {
    let pairs = pairs.iter().filter_map(|(name, value)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
    });
    pairs.collect()
}

impl Engine {
    /// Makes one attempt, keeps and tells what came of it, and says when the next is due.
    pub(super) async fn attempt(&self, turn: Turn) -> Result<(), StateError> {
        let Some(job) = self.state.job(turn.seq)? else { return Ok(()) };
        if job.state != MessageState::Pending && !turn.is_manual {
            return Ok(());
        }
        let Some(webhook) = self.state.webhook(&job.webhook)?.filter(|it| it.is_enabled() || turn.is_manual) else {
            return self.state.drop_message(turn.seq);
        };
        let made_at = Timestamp::now();
        // A further attempt that a person asks for is told from a retry by nothing.
        let composed = match webhook.secret() {
            Ok(secret) => compose(&self.provider, &job, job.attempts + 1, secret.as_ref(), made_at)
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let delivery = match (composed, Url::parse(&job.url)) {
            (Ok(request), Ok(url)) => self.send(request, &url, job.attempts + 1).await,
            (Err(problem), _) => self.unsent(&job, problem),
            (_, Err(error)) => self.unsent(&job, error.to_string()),
        };
        let attempt = self.conclude(&job, turn, made_at, delivery)?;
        self.done(turn.seq, Arc::new(attempt));
        Ok(())
    }

    async fn send(&self, request: Request, url: &Url, attempt: u32) -> Delivery {
        let (method, target) = (request.method.clone(), request.uri.to_string());
        self.client.session(url).send(request).await.into_delivery(method, target, attempt)
    }

    /// What cannot be composed counts as an attempt that failed: the schedule goes on.
    fn unsent(&self, job: &Job, problem: String) -> Delivery {
        Delivery {
            method: self.provider.delivery().method.clone(),
            target: job.url.clone(),
            attempt: job.attempts + 1,
            duration: Duration::ZERO,
            response: None,
            truncated: false,
            error: Some(DeliveryError { kind: FailureKind::Protocol, message: problem, hint: None }),
        }
    }

    fn conclude(
        &self,
        job: &Job,
        turn: Turn,
        made_at: Timestamp,
        delivery: Delivery,
    ) -> Result<MockAttempt, StateError> {
        let ended = Timestamp::now();
        let Judgement { mut state, wait, hold } =
            judge(self.provider.delivery(), &delivery, job.scheduled + 1, SystemTime::now());
        let is_success = state == MessageState::Delivered;
        let mut next = wait.map(|wait| NextAttempt { wait, real: self.clock.real(wait) });
        let mut next_due = next.map(|next| due(ended, next.real));
        let wait = if turn.is_manual { Duration::ZERO } else { job.wait };
        let elapsed = job.elapsed.saturating_add(millis(wait)).saturating_add(millis(delivery.duration));
        if turn.is_manual && !is_success && state != MessageState::Gone {
            // What the schedule holds is still to come.
            (state, next, next_due) = (job.state, None, job.due);
        }
        let fate = self.webhook_fate(job, turn, state, &delivery, job.born.saturating_add(elapsed))?;
        if fate.is_some() && state == MessageState::Pending {
            (state, next, next_due) = (MessageState::Dropped, None, None);
        }
        if let Some(hold) = hold {
            self.hold(&job.url, due(ended, self.clock.real(hold)));
        }
        let attempt = MockAttempt {
            message_id: message_id(job.seq),
            event_type: job.emission.event.clone(),
            webhook_id: job.webhook.clone(),
            made_at,
            is_manual: turn.is_manual,
            is_success,
            wait,
            waited: Duration::try_from(made_at.duration_since(job.since)).unwrap_or_default(),
            state,
            next,
            webhook_fate: fate,
            delivery: Arc::new(delivery),
        };
        let goes_on = self.state.finish(&Finish { seq: job.seq, attempt: &attempt, elapsed, ended, due: next_due })?;
        if let Some(due) = next_due.filter(|_| goes_on && !turn.is_manual) {
            self.push(&job.url, Turn { due, seq: job.seq, is_manual: false });
        }
        Ok(attempt)
    }

    /// What becomes of the webhook by this answer, where it does not stay as it is.
    fn webhook_fate(
        &self,
        job: &Job,
        turn: Turn,
        state: MessageState,
        delivery: &Delivery,
        now: i64,
    ) -> Result<Option<String>, StateError> {
        if state == MessageState::Gone {
            let because = format!("it answered {}", delivery.status().unwrap_or_default());
            self.disable(&job.webhook, &because)?;
            return Ok(Some(format!("disabled: {because}")));
        }
        if state == MessageState::Delivered {
            self.state.clear_failures(&job.webhook)?;
            return Ok(None);
        }
        let Some(rule) = self.provider.delivery().disable.filter(|_| !turn.is_manual) else { return Ok(None) };
        let counts = match rule.of {
            Counted::Attempts => true,
            Counted::Retries => job.scheduled > 0,
            Counted::Messages => state != MessageState::Pending,
        };
        let Some((failures, since)) = self.state.add_failures(&job.webhook, u32::from(counts), now)? else {
            return Ok(None);
        };
        let failing_for = Duration::from_millis(u64::try_from(now.saturating_sub(since)).unwrap_or_default());
        let Some(because) = rule.verdict(failures, failing_for) else { return Ok(None) };
        match rule.action {
            DisableAction::Disable => self.disable(&job.webhook, &because)?,
            DisableAction::Delete => drop(self.delete(&job.webhook)?),
        }
        Ok(Some(format!("{} after {because}", rule.action.done())))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

//! Making an event happen: its body is a fixture with fresh ids, and each webhook that wants it gets a message.

use std::cell::RefCell;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::attempt::compose;
use super::engine::Engine;
use super::lanes::Turn;
use super::limits::{MAX_EVENT_BYTES, MAX_PENDING, MAX_REQUEST};
use super::refusal::Refused;
use super::state::{Emission, Job, Recipient};
use super::webhook::Registered;
use crate::delivery::edit;
use crate::model::{MessageState, MockAttempt};
use crate::provider::{Generator, LookupError, Scenario, SharedValues, renew};

/// What is to happen.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// The name of a fixture.
    pub event: String,
    /// Edits of its body, `path=text` or `path:=JSON`.
    pub set: Vec<String>,
    /// Whether edits make paths that are not there.
    pub add: bool,
    /// Only this webhook, whether it wants the event or not.
    pub webhook: Option<String>,
    /// The values that the events of a scenario share.
    pub shared: Option<(Arc<Scenario>, SharedValues)>,
}

/// What happened.
#[derive(Debug)]
pub struct Emitted {
    /// The event.
    pub event: String,
    /// Its messages, one for each webhook that is told.
    pub messages: Vec<String>,
    /// The first attempt at each of them.
    pub firsts: Vec<oneshot::Receiver<Arc<MockAttempt>>>,
}

impl Engine {
    /// Makes an event happen. Nothing is kept when one of its requests cannot be composed.
    pub(super) fn emit(&self, order: &Order) -> Result<Emitted, Refused> {
        let now = Timestamp::now();
        let emission = self.emission(order, now)?;
        let webhooks = self.recipients(order)?;
        let recipients: Vec<Recipient> = webhooks
            .iter()
            .map(|it| Recipient { webhook: it.id.clone(), url: it.url().to_owned(), seed: rand::random() })
            .collect();
        for (webhook, recipient) in webhooks.iter().zip(&recipients) {
            self.rehearse(&emission, webhook, recipient)?;
        }
        let born = self.clock.provider_millis(now);
        let Some(waiting) = self.state.add_event(&emission, &recipients, born, now)? else {
            let reason = format!(
                "more than {MAX_PENDING} deliveries or {} MiB of events would wait",
                MAX_EVENT_BYTES / 1024 / 1024
            );
            return Err(Refused::full(reason).hint("let the targets catch up first"));
        };
        let firsts = waiting.iter().map(|it| self.wait_for(it.seq)).collect();
        for it in &waiting {
            self.push(&it.url, Turn { due: it.due, seq: it.seq, is_manual: false });
        }
        let messages = waiting.iter().map(|it| super::message_id(it.seq)).collect();
        Ok(Emitted { event: emission.event, messages, firsts })
    }

    fn emission(&self, order: &Order, now: Timestamp) -> Result<Emission, Refused> {
        let id = self.provider.id();
        let event = order.event.strip_prefix(&**id).and_then(|rest| rest.strip_prefix('/')).unwrap_or(&order.event);
        let fixture = self.catalogue.fixture(id, event).map_err(unknown_event)?;
        let generator = RefCell::new(Generator::new(rand::random(), now));
        let cannot = |error: crate::provider::SignError| Refused::invalid(error.to_string());
        let mut body = renew(&self.provider, event, &fixture.body, &generator).map_err(cannot)?;
        if let Some((scenario, values)) = &order.shared {
            body = scenario.share(event, body, values);
        }
        let body = edit(body, Some(&fixture.content_type), &order.set, order.add).map_err(|error| {
            let refused = Refused::invalid(error.to_string());
            match error.hint() {
                Some(hint) => refused.hint(hint),
                None => refused,
            }
        })?;
        if body.len() > MAX_REQUEST {
            return Err(Refused::invalid(format!("the body would be larger than {MAX_REQUEST} bytes")));
        }
        Ok(Emission {
            event: event.to_owned(),
            body,
            content_type: Some(fixture.content_type),
            headers: fixture.note.map(|note| note.headers).unwrap_or_default(),
            moment: now,
        })
    }

    /// Enabled webhooks that want the event, or the one that was named.
    fn recipients(&self, order: &Order) -> Result<Vec<Registered>, Refused> {
        if let Some(id) = &order.webhook {
            let found = self.state.webhook(id)?;
            let webhook = found.ok_or_else(|| Refused::absent("unknown_webhook", format!("no webhook `{id}`")))?;
            if !webhook.is_enabled() {
                return Err(Refused::invalid(format!("webhook `{id}` is disabled")).hint("enable it first"));
            }
            return Ok(vec![webhook]);
        }
        let names = self.names_of(&order.event);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let webhooks = self.state.webhooks()?;
        Ok(webhooks.into_iter().filter(|webhook| webhook.is_enabled() && webhook.wants(&names)).collect())
    }

    /// Composes the first request once, so that a secret in the wrong form is told at once.
    fn rehearse(&self, emission: &Emission, webhook: &Registered, to: &Recipient) -> Result<(), Refused> {
        let secret = webhook.secret().map_err(|error| Refused::invalid(error.to_string()))?;
        let job = Job {
            seq: 0,
            emission: emission.clone(),
            webhook: to.webhook.clone(),
            url: to.url.clone(),
            seed: to.seed,
            state: MessageState::Pending,
            attempts: 0,
            scheduled: 0,
            wait: std::time::Duration::ZERO,
            since: emission.moment,
            born: 0,
            elapsed: 0,
            due: None,
        };
        let composed = compose(&self.provider, &job, 1, secret.as_ref(), emission.moment);
        let refused = |error| {
            Refused::new(
                http::StatusCode::UNPROCESSABLE_ENTITY,
                "cannot_sign",
                format!("webhook `{}`: {error}", webhook.id),
            )
        };
        composed.map(drop).map_err(refused)
    }
}

pub(super) fn unknown_event(error: LookupError) -> Refused {
    let refused = match &error {
        LookupError::UnknownEvent { .. } => Refused::absent("unknown_event", error.to_string()),
        other => Refused::invalid(other.to_string()),
    };
    match error.hint() {
        Some(hint) => refused.hint(hint),
        None => refused,
    }
}

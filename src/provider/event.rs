//! Where a request says what happened, and how the provider delivers.

use std::time::Duration;

use http::{HeaderName, Method};

use super::answers::{Answers, Reply};
use super::disable::DisableRule;
use super::manifest::Retries;
use super::schedule::Schedule;
use super::template::{Scope, Source, Template};

/// `[event]`, compiled. Lists are alternatives: the first that yields text counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventRules {
    pub(crate) types: Vec<Template>,
    pub(crate) outer_types: Vec<Template>,
    pub(crate) ids: Vec<Template>,
}

/// Longer names are cut: they are shown in one line, and come from outside.
const MAX_NAME: usize = 256;

impl EventRules {
    /// The event type, where the request says it.
    pub(crate) fn event_type(&self, scope: &Scope<'_>) -> Option<String> {
        first(&self.types, scope).or_else(|| first(&self.outer_types, scope))
    }

    /// The delivery id, where the request says it.
    pub(crate) fn delivery_id(&self, scope: &Scope<'_>) -> Option<String> {
        first(&self.ids, scope)
    }
}

fn first(templates: &[Template], scope: &Scope<'_>) -> Option<String> {
    templates.iter().find_map(|template| {
        let bytes = template.render(scope).ok().filter(|bytes| !bytes.is_empty())?;
        let text = String::from_utf8_lossy(&bytes);
        Some(match text.char_indices().nth(MAX_NAME) {
            Some((end, _)) => text[..end].to_owned(),
            None => text.into_owned(),
        })
    })
}

/// `[delivery]`, compiled.
#[derive(Debug, Clone)]
pub struct DeliveryRules {
    /// The method, `POST` unless stated.
    pub method: Method,
    /// Appended to the path of the target.
    pub path: Option<Template>,
    /// Parameters that the URL gets where it has none of the name.
    pub query: Vec<(Source, Template)>,
    /// Content types the provider sends, the usual one first.
    pub content_types: Vec<String>,
    /// Headers in the sender's order.
    pub headers: Vec<(HeaderName, Template)>,
    /// How long the provider waits, as its documentation writes it.
    pub timeout: Option<String>,
    /// The same as a time.
    pub time_limit: Option<Duration>,
    /// How long it waits for a connection.
    pub connect_limit: Option<Duration>,
    /// Its retries, as its documentation writes them.
    pub retries: Option<Retries>,
    /// When exactly it tries again.
    pub schedule: Schedule,
    /// What alone is tried again; nothing named means every failure.
    pub retry_on: Answers,
    /// What is not tried again.
    pub stop_on: Answers,
    /// A header of an answer that ends the retries, with its value.
    pub stop_header: Option<(HeaderName, String)>,
    /// Answers that say that nothing more is wanted: the webhook is disabled.
    pub gone_status: Vec<u16>,
    /// Answers that ask for less: their `Retry-After` holds for all that goes to the target.
    pub throttle_status: Vec<u16>,
    /// Whether `Retry-After` of any failed answer is heeded.
    pub retry_after: bool,
    /// When a webhook that fails is given up.
    pub disable: Option<DisableRule>,
    /// Whether a further attempt is signed anew, with its own time.
    pub resign_on_retry: bool,
    /// Whether ids in the headers stay from attempt to attempt; those of the body always do.
    pub same_id_on_retry: bool,
    /// Headers of further attempts, where `{attempt}` counts these: 1 is the first retry.
    pub retry_headers: Vec<(HeaderName, Template)>,
    /// What counts as success, such as `2xx`.
    pub success: Vec<String>,
    /// The same, to be asked.
    pub accepted: Answers,
    /// The page the figures come from.
    pub source: Option<String>,
    /// The day they were read, `YYYY-MM-DD`.
    pub verified: Option<String>,
}

impl DeliveryRules {
    /// Whether this answer means that the message has arrived: as published, else any 2xx.
    pub fn is_success(&self, reply: Reply<'_>) -> bool {
        match reply {
            Reply::Answer { status, .. } if self.accepted.is_empty() => (200..300).contains(&status),
            _ => self.accepted.contains(reply),
        }
    }

    /// Whether a failure of this kind is tried again at all.
    pub fn is_retried(&self, reply: Reply<'_>) -> bool {
        !self.stop_on.contains(reply) && (self.retry_on.is_empty() || self.retry_on.contains(reply))
    }
}

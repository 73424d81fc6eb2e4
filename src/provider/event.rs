//! Where a request says what happened, and how the provider delivers.

use http::{HeaderName, Method};

use super::manifest::Retries;
use super::template::{Scope, Template};

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
    /// Content types the provider sends, the usual one first.
    pub content_types: Vec<String>,
    /// Headers in the sender's order.
    pub headers: Vec<(HeaderName, Template)>,
    /// How long the provider waits, as its documentation writes it.
    pub timeout: Option<String>,
    /// Its retry schedule.
    pub retries: Option<Retries>,
    /// Whether a further attempt is signed anew, with its own time.
    pub resign_on_retry: bool,
    /// Whether ids in the headers stay from attempt to attempt; those of the body always do.
    pub same_id_on_retry: bool,
    /// Headers of further attempts, where `{attempt}` counts these: 1 is the first retry.
    pub retry_headers: Vec<(HeaderName, Template)>,
    /// What counts as success, such as `2xx`.
    pub success: Vec<String>,
    /// The page the figures come from.
    pub source: Option<String>,
    /// The day they were read, `YYYY-MM-DD`.
    pub verified: Option<String>,
}

//! Names of events in a registration API, which are not always the types that requests carry.

use std::borrow::Cow;

use serde_json::Value;
use wildmatch::WildMatch;

use super::Fields;
use crate::model::{Request, Webhook};
use crate::provider::template::{Scope, Template};

/// `[api.events]`, compiled.
#[derive(Debug, Clone)]
pub struct EventNames {
    pub(super) names: Vec<String>,
    pub(super) all: All,
    pub(super) open: bool,
    pub(super) one_each: bool,
    pub(super) name: Option<Template>,
}

/// How an API says that all events are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum All {
    /// By this name.
    Name(String),
    /// By the whole list.
    Names,
    /// By null, or nothing.
    Null,
}

/// A name that the API does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no event `{name}`{}", nearest.as_ref().map(|nearest| format!(" (nearest: `{nearest}`)")).unwrap_or_default())]
pub struct UnknownEvent {
    /// As typed; a glob that matches nothing too.
    pub name: String,
    /// The name most like it.
    pub nearest: Option<String>,
}

impl EventNames {
    /// All documented names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether names are the user's own.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Whether a webhook is for one event only.
    pub fn one_each(&self) -> bool {
        self.one_each
    }

    /// The names that these patterns choose, in the API's order; `*` alone is all. With `allow_unknown`
    /// a plain name that is not documented is taken as it is.
    pub fn choose(&self, patterns: &[String], allow_unknown: bool) -> Result<Vec<String>, UnknownEvent> {
        if patterns.iter().any(|pattern| pattern == Webhook::ALL) {
            return Ok(vec![Webhook::ALL.to_owned()]);
        }
        let mut chosen = vec![false; self.names.len()];
        let mut own = Vec::new();
        for pattern in patterns {
            let is_glob = pattern.contains(['*', '?']);
            let glob = WildMatch::new(pattern);
            let matching: Vec<usize> = (0..chosen.len())
                .filter(|&at| if is_glob { glob.matches(&self.names[at]) } else { self.names[at] == *pattern })
                .collect();
            if matching.is_empty() {
                if is_glob || !(allow_unknown || self.open) {
                    return Err(self.unknown(pattern));
                }
                own.push(pattern.clone());
            }
            matching.into_iter().for_each(|at| chosen[at] = true);
        }
        let known = self.names.iter().zip(chosen).filter(|(_, is_chosen)| *is_chosen).map(|(name, _)| name.clone());
        Ok(known.chain(own).collect())
    }

    fn unknown(&self, pattern: &str) -> UnknownEvent {
        let plain = pattern.replace('*', "");
        // `issues.opened` means `issues` before it means anything else of the same length.
        let begins = self.names.iter().filter(|name| plain.starts_with(name.as_str())).max_by_key(|name| name.len());
        let near = || self.names.iter().min_by_key(|name| strsim::damerau_levenshtein(name, &plain));
        UnknownEvent { name: pattern.to_owned(), nearest: begins.or_else(near).cloned() }
    }

    /// The API's name of an event type.
    pub fn name_of(&self, event_type: &str) -> String {
        let Some(template) = &self.name else { return event_type.to_owned() };
        let nothing = Request::default();
        let variables = [("event.name", Cow::Borrowed(event_type.as_bytes()))];
        let scope = Scope { variables: &variables, ..Scope::of(&nothing) };
        template.render_text(&scope).unwrap_or_else(|_| event_type.to_owned())
    }

    /// Whether a webhook for these events gets this event type.
    pub fn covers(&self, events: &[String], event_type: &str) -> bool {
        let name = self.name_of(event_type);
        events.iter().any(|event| event == Webhook::ALL || *event == name || event == event_type)
    }

    /// Whether two lists mean the same events, in whatever order.
    pub fn are_same(&self, left: &[String], right: &[String]) -> bool {
        let whole = |events: &[String]| {
            let mut names = if self.all == All::Names && events.iter().any(|event| event == Webhook::ALL) {
                self.names.clone()
            } else {
                events.to_vec()
            };
            names.sort_unstable();
            names.dedup();
            names
        };
        whole(left) == whole(right)
    }

    /// All, as the API says it.
    pub(super) fn expand(&self, fields: &mut Fields) {
        let Some(events) = fields.get_mut("events") else { return };
        if events.as_array().is_some_and(|names| names.iter().any(|name| name == Webhook::ALL)) {
            *events = match &self.all {
                All::Name(name) => vec![name.as_str()].into(),
                All::Names => self.names.clone().into(),
                All::Null => Value::Null,
            };
        }
    }

    /// The other way round.
    pub(super) fn fold(&self, fields: &mut Fields) {
        let Some(events) = fields.get_mut("events") else { return };
        let is_all = match &self.all {
            All::Name(all) => events.as_array().is_some_and(|names| names.iter().any(|name| name == all.as_str())),
            All::Names => false,
            All::Null => events.is_null() || events.as_array().is_some_and(Vec::is_empty),
        };
        if is_all {
            *events = vec![Webhook::ALL].into();
        }
    }
}

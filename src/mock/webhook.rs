//! A webhook that is registered at the mock.

use serde_json::Value;
use wildmatch::WildMatch;

use crate::model::{EmptySecret, Secret};
pub(super) use crate::provider::api::Fields;

/// A registered webhook.
#[derive(Debug, Clone)]
pub(super) struct Registered {
    pub(super) id: String,
    pub(super) fields: Fields,
    /// Why the provider gave it up.
    pub(super) disabled_because: Option<String>,
}

impl Registered {
    pub(super) fn url(&self) -> &str {
        self.text("url").unwrap_or_default()
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.fields.get("enabled").and_then(Value::as_bool).unwrap_or(true)
    }

    /// Names of events, or globs; none means all.
    pub(super) fn events(&self) -> impl Iterator<Item = &str> {
        self.fields.get("events").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// Whether an event that goes by any of these names is wanted.
    pub(super) fn wants(&self, names: &[&str]) -> bool {
        let mut events = self.events().peekable();
        events.peek().is_none()
            || events.any(|event| {
                let pattern = WildMatch::new(event);
                names.iter().any(|name| pattern.matches(name))
            })
    }

    /// What its messages are signed with.
    pub(super) fn secret(&self) -> Result<Option<Secret>, EmptySecret> {
        self.text("secret").map(|text| Secret::new(text, format!("webhook {}", self.id))).transpose()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }
}

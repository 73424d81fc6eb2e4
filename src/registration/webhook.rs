//! What is asked of an API: a new webhook, or changes of one.

use crate::model::Secret;
use crate::provider::api::Fields;

/// A webhook that is to be made.
#[derive(Debug, Clone, Default)]
pub struct Registration {
    /// Where events are to be sent.
    pub url: String,
    /// The API's names of events; [`crate::model::Webhook::ALL`] alone for all.
    pub events: Vec<String>,
    /// The signing secret, where the user chooses it.
    pub secret: Option<Secret>,
    /// Whether it sends from the start.
    pub enabled: Option<bool>,
    /// A note for people.
    pub description: Option<String>,
}

/// What is to change of a webhook; the rest stays.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Where events are to be sent.
    pub url: Option<String>,
    /// Which events.
    pub events: Option<Vec<String>>,
    /// The signing secret.
    pub secret: Option<Secret>,
    /// Whether it sends.
    pub enabled: Option<bool>,
    /// A note for people.
    pub description: Option<String>,
}

impl Registration {
    /// As changes of nothing.
    pub fn changes(&self) -> Changes {
        let Self { url, events, secret, enabled, description } = self.clone();
        Changes { url: Some(url), events: Some(events), secret, enabled, description }
    }
}

impl Changes {
    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        self.given().is_empty()
    }

    /// Names of the fields that are to change.
    pub(super) fn given(&self) -> Vec<&'static str> {
        let given = [
            ("url", self.url.is_some()),
            ("events", self.events.is_some()),
            ("secret", self.secret.is_some()),
            ("enabled", self.enabled.is_some()),
            ("description", self.description.is_some()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
    }

    /// As fields of a request; with `mask` that stands for the secret.
    pub(super) fn fill(&self, fields: &mut Fields, mask: Option<&str>) {
        let mut set = |name: &str, value: Option<serde_json::Value>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        };
        let secret = |secret: &Secret| match mask {
            Some(mask) => mask.to_owned(),
            None => String::from_utf8_lossy(secret.expose()).into_owned(),
        };
        set("url", self.url.clone().map(Into::into));
        set("events", self.events.clone().map(Into::into));
        set("secret", self.secret.as_ref().map(|value| secret(value).into()));
        set("enabled", self.enabled.map(Into::into));
        set("description", self.description.clone().map(Into::into));
    }
}

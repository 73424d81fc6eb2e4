//! `[[webhook]]`: the registrations that are wanted at providers.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::api::{Vars, Wrong, check_vars, texts};

/// One table as it is typed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookTable {
    name: Option<String>,
    pub(super) provider: Spanned<String>,
    url: Spanned<String>,
    events: Option<Spanned<Vec<String>>>,
    all_events: Option<Spanned<bool>>,
    #[serde(default = "yes")]
    enabled: bool,
    description: Option<String>,
    #[serde(default)]
    vars: Vars,
}

/// A webhook that is wanted.
#[derive(Debug, Clone)]
pub(crate) struct WantedWebhook {
    /// What it is called in reports.
    pub(crate) name: Option<String>,
    /// At which provider.
    pub(crate) provider: String,
    /// Where events are to go.
    pub(crate) url: String,
    /// Names or globs; `None` is all.
    pub(crate) events: Option<Vec<String>>,
    /// Whether it is switched on.
    pub(crate) enabled: bool,
    /// A note; one that is left out is none of the file's business.
    pub(crate) description: Option<String>,
    /// Values of variables, before those of the provider's table.
    pub(crate) vars: BTreeMap<String, String>,
    /// `hookctl.toml:12`
    pub(crate) place: String,
}

fn yes() -> bool {
    true
}

impl WebhookTable {
    pub(super) fn check(&self) -> Result<(), Wrong> {
        let is_web = url::Url::parse(self.url.get_ref())
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !is_web {
            return Err((self.url.span(), "this is not the URL of a web server (write https://host/path)"));
        }
        let is_all = self.all_events.as_ref().is_some_and(|all| *all.get_ref());
        match &self.events {
            Some(events) if is_all => {
                return Err((events.span(), "events and all_events exclude each other: keep one"));
            }
            Some(events) if events.get_ref().iter().all(|name| name.trim().is_empty()) => {
                return Err((events.span(), "which events? name some, or write all_events = true"));
            }
            None if !is_all => {
                return Err((self.url.span(), "which events? add events = [\"…\"] or all_events = true"));
            }
            _ => {}
        }
        check_vars(&self.vars)
    }

    pub(super) fn wanted(&self, path: &Path, text: &str) -> WantedWebhook {
        let before = text.get(..self.provider.span().start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        WantedWebhook {
            name: self.name.clone(),
            provider: self.provider.get_ref().clone(),
            url: self.url.get_ref().clone(),
            events: self.events.as_ref().map(|events| events.get_ref().clone()),
            enabled: self.enabled,
            description: self.description.clone(),
            vars: texts(&self.vars).collect(),
            place: format!("{}:{line}", path.display()),
        }
    }
}

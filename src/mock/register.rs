//! Registering a webhook by a control call or a flag, for providers without a registration API too.

use serde_json::Value;
use wildmatch::WildMatch;

use super::StateError;
use super::api::made_token;
use super::engine::Engine;
use super::limits::MAX_WEBHOOKS;
use super::refusal::Refused;
use super::webhook::{Fields, Registered};
use crate::delivery::Target;
use crate::model::MockCredentials;
use crate::provider::api::AuthKind;

impl Engine {
    /// Adds a webhook of these fields; what the provider makes up is made up here.
    pub(super) fn register(&self, fields: Fields) -> Result<Registered, Refused> {
        let url = fields.get("url").and_then(Value::as_str).unwrap_or_default();
        check_url(url)?;
        let added = self.state.add_webhook(self.completed(fields), MAX_WEBHOOKS)?;
        added.ok_or_else(|| {
            Refused::full(format!("{MAX_WEBHOOKS} webhooks are registered already")).hint("delete some first")
        })
    }

    /// Changes fields of a webhook; `None` when there is none.
    pub(super) fn change(&self, id: &str, changes: Fields) -> Result<Option<Registered>, StateError> {
        let Some(changed) = self.state.change_webhook(id, changes)? else { return Ok(None) };
        self.forget(&changed.dropped);
        Ok(Some(changed.webhook))
    }

    /// Removes a webhook; `false` when there is none.
    pub(super) fn delete(&self, id: &str) -> Result<bool, StateError> {
        let dropped = self.state.delete_webhook(id)?;
        self.forget(dropped.as_deref().unwrap_or_default());
        Ok(dropped.is_some())
    }

    /// Switches a webhook off, as the provider does with one that fails.
    pub(super) fn disable(&self, id: &str, because: &str) -> Result<(), StateError> {
        self.forget(&self.state.disable_webhook(id, because)?);
        Ok(())
    }

    /// The webhook of this URL with these events and this secret; it is there once, however often it is
    /// asked for.
    pub(super) fn register_again(&self, url: &str, events: &[String], secret: Option<&str>) -> Result<String, Refused> {
        let events = self.checked_events(events)?;
        let known = self.state.webhooks()?.into_iter().find(|webhook| webhook.url() == url);
        let mut fields = Fields::new();
        fields.insert("url".to_owned(), url.into());
        fields.insert("events".to_owned(), events.into());
        fields.insert("enabled".to_owned(), true.into());
        if let Some(secret) = secret {
            fields.insert("secret".to_owned(), secret.into());
        }
        if let Some(known) = known {
            self.change(&known.id, fields)?;
            return Ok(known.id);
        }
        self.register(fields).map(|webhook| webhook.id)
    }

    /// Names and globs of events as they are kept; one that fits no event is a slip.
    pub(super) fn checked_events(&self, events: &[String]) -> Result<Vec<String>, Refused> {
        let id = self.provider.id();
        let known = self.catalogue.events(id);
        let api = self.provider.api().map(|api| api.events());
        let of_api = api.into_iter().flat_map(|events| events.names().iter().cloned());
        let names: Vec<String> = known.iter().flat_map(|event| self.names_of(event)).chain(of_api).collect();
        let is_open = known.is_empty() || api.is_some_and(|events| events.is_open());
        let mut checked = Vec::new();
        for event in events.iter().map(|event| event.trim()).filter(|event| !event.is_empty()) {
            let pattern = WildMatch::new(event);
            if !is_open && !names.iter().any(|name| pattern.matches(name)) {
                let nearest = names.iter().min_by_key(|name| strsim::damerau_levenshtein(name, event));
                let refused = Refused::invalid(format!("no event of {id} is called `{event}`"));
                return Err(match nearest {
                    Some(nearest) => refused.hint(format!("nearest: `{nearest}`; globs such as `*` are taken")),
                    None => refused,
                });
            }
            checked.push(event.to_owned());
        }
        if checked.is_empty() {
            checked.push("*".to_owned());
        }
        Ok(checked)
    }

    /// All names that an event goes by.
    pub(super) fn names_of(&self, event: &str) -> Vec<String> {
        let api = self.provider.api().map(|api| api.events().name_of(event));
        std::iter::once(event.to_owned()).chain(api.filter(|name| name != event)).collect()
    }

    /// Credentials for the API, made up once.
    pub(super) fn credentials(&self) -> Result<MockCredentials, StateError> {
        let Some(api) = self.provider.api() else { return Ok(MockCredentials::default()) };
        let made = |name: &str| self.state.setting(name, || made_token(self)).map(Some);
        Ok(match &api.auth().kind {
            AuthKind::None => MockCredentials::default(),
            AuthKind::Basic => {
                let username = self.state.setting("username", || format!("mock_{:08x}", rand::random::<u32>()))?;
                MockCredentials { username: Some(username), password: made("password")?, token: None }
            }
            AuthKind::Bearer(_) | AuthKind::Header(_) | AuthKind::Query(_) => {
                MockCredentials { token: made("token")?, ..MockCredentials::default() }
            }
        })
    }

    /// The path of the API below the root.
    pub(super) fn api_path(&self) -> &str {
        self.provider.api().map_or("", |api| api.base_path())
    }
}

/// A URL that can be delivered to.
fn check_url(url: &str) -> Result<(), Refused> {
    let is_whole = url.starts_with("http://") || url.starts_with("https://");
    match Target::parse(url) {
        Ok(_) if is_whole => Ok(()),
        Ok(_) => Err(Refused::invalid(format!("`{url}` is not an http or https URL"))),
        Err(error) => Err(Refused::invalid(error.to_string())),
    }
}

//! One configuration file: its shape, and errors with their place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::api::{ApiSettings, ApiTable};
use super::flags::{FlagValue, Flags};
use super::secret::{LabelledOrigin, NOT_THE_SECRET};
use super::webhook::{WantedWebhook, WebhookTable};
use crate::cli;
use crate::error::{Exit, Failure};
use crate::provider::SignatureTable;
use crate::store::Retention;

/// Among the flags of a command it would pass for an address that a person has typed.
const NOT_THE_PLACE: &str = "the address of an API stands in [provider.NAME.api], as base_url";

/// A file that was read.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    path: PathBuf,
    text: String,
    tables: Tables,
    profile: Option<String>,
}

/// What a file, or a profile in it, may hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    color: Option<Spanned<toml::Value>>,
    format: Option<Spanned<toml::Value>>,
    json: Option<Spanned<toml::Value>>,
    quiet: Option<Spanned<toml::Value>>,
    verbose: Option<Spanned<toml::Value>>,
    providers: Option<Spanned<toml::Value>>,
    db: Option<Spanned<toml::Value>>,
    #[serde(default)]
    history: HistorySettings,
    #[serde(default)]
    listen: Flags,
    #[serde(default)]
    send: Flags,
    #[serde(default)]
    verify: Flags,
    #[serde(default)]
    sign: Flags,
    #[serde(default)]
    provider: BTreeMap<Spanned<String>, ProviderSettings>,
    #[serde(default)]
    route: Vec<Route>,
    #[serde(default)]
    webhook: Vec<WebhookTable>,
    #[serde(default)]
    profile: BTreeMap<String, Tables>,
}

/// `[provider.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderSettings {
    /// Any value, so that an error about its type does not repeat it.
    secret: Option<Spanned<toml::Value>>,
    #[serde(default)]
    vars: BTreeMap<String, String>,
    signature: Option<SignatureTable>,
    api: Option<ApiTable>,
}

/// `[history]`: how much is kept. `0` is without limit.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HistorySettings {
    max_events: Option<u64>,
    max_bytes: Option<Spanned<String>>,
    max_age: Option<Spanned<String>>,
}

/// `[[route]]`: which events go where.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Route {
    /// Globs of event types.
    pub(crate) events: Vec<String>,
    /// Targets.
    pub(crate) to: Vec<String>,
}

impl ConfigFile {
    /// Reads and checks a file.
    pub(super) fn read(path: &Path, profile: Option<&str>) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
        let tables: Tables =
            toml::from_str(&text).map_err(|error| wrong(path, &text, error.span(), error.message()))?;
        let file = Self { path: path.to_owned(), text, tables, profile: profile.map(str::to_owned) };
        file.check()?;
        Ok(file)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its text, for places of errors.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn has_profile(&self) -> bool {
        self.profile.as_ref().is_some_and(|name| self.tables.profile.contains_key(name))
    }

    pub(super) fn profile_names(&self) -> Vec<String> {
        self.tables.profile.keys().cloned().collect()
    }

    /// The chosen profile's tables, then the plain ones.
    fn layers(&self) -> impl Iterator<Item = &Tables> {
        let chosen = self.profile.as_ref().and_then(|name| self.tables.profile.get(name));
        chosen.into_iter().chain([&self.tables])
    }

    pub(super) fn flags(&self, command: &str) -> Vec<FlagValue> {
        let origin = self.path.display().to_string();
        self.layers().flat_map(|tables| tables.flags(command, &origin)).collect()
    }

    /// Where the secrets of a provider are, the current one first, and the file that says so.
    pub(super) fn secrets(&self, provider: &str) -> Option<(Vec<LabelledOrigin>, String)> {
        let written = self.layers().find_map(|tables| tables.provider(provider)?.secret.as_ref())?;
        let mut origins = LabelledOrigin::parse_all(written.get_ref()).ok()?;
        for one in &mut origins {
            one.origin = one.origin.clone().relative_to(self.path.parent());
        }
        Some((origins, self.path.display().to_string()))
    }

    /// Every secret that any of the tables names, of whatever profile.
    pub(super) fn all_secrets(&self) -> Vec<LabelledOrigin> {
        let profiles = self.tables.profile.iter().map(|(name, tables)| (Some(name), tables));
        let tables = profiles.chain([(None, &self.tables)]);
        let providers = tables.flat_map(|(profile, tables)| tables.provider.iter().map(move |named| (profile, named)));
        let origins = providers.flat_map(|(profile, (id, settings))| {
            let written =
                settings.secret.as_ref().and_then(|written| LabelledOrigin::parse_all(written.get_ref()).ok());
            written.into_iter().flatten().map(move |one| one.of(id.get_ref(), profile.map(String::as_str)))
        });
        origins.map(|one| LabelledOrigin { origin: one.origin.relative_to(self.path.parent()), ..one }).collect()
    }

    /// Values of a provider's variables; those of the profile come last and count.
    pub(super) fn variables(&self, provider: &str) -> Vec<(&str, &str)> {
        let layers: Vec<&Tables> = self.layers().collect();
        let tables = layers.into_iter().rev().filter_map(|tables| tables.provider(provider));
        tables.flat_map(|table| &table.vars).map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    pub(super) fn add_api(&self, provider: &str, settings: &mut ApiSettings) {
        self.api_tables(provider).for_each(|table| table.add_to(settings, &self.path));
    }

    pub(super) fn has_api(&self, provider: &str) -> bool {
        self.api_tables(provider).next().is_some()
    }

    fn api_tables(&self, provider: &str) -> impl Iterator<Item = &ApiTable> {
        self.layers().filter_map(move |tables| tables.provider(provider)?.api.as_ref())
    }

    /// The first list there is: a profile's is instead of the plain one, not beside it.
    pub(super) fn webhooks(&self) -> Option<Vec<WantedWebhook>> {
        let list = self.layers().map(|tables| &tables.webhook).find(|list| !list.is_empty())?;
        Some(list.iter().map(|table| table.wanted(&self.path, &self.text)).collect())
    }

    pub(super) fn signature(&self, provider: &str) -> Option<&SignatureTable> {
        self.layers().find_map(|tables| tables.provider(provider)?.signature.as_ref())
    }

    /// How much of the history is kept, as far as the file says.
    pub(super) fn retention(&self, rest: Retention) -> Result<Retention, Failure> {
        let layers = || self.layers().map(|tables| &tables.history);
        let mut retention = rest;
        if let Some(events) = layers().find_map(|history| history.max_events) {
            retention.max_events = Some(events).filter(|events| *events > 0);
        }
        if let Some(bytes) = layers().find_map(|history| history.max_bytes.as_ref()) {
            let size = cli::byte_size(bytes.get_ref()).map_err(|problem| self.wrong_at(bytes, &problem))?;
            retention.max_bytes = u64::try_from(size).ok().filter(|size| *size > 0);
        }
        if let Some(age) = layers().find_map(|history| history.max_age.as_ref()) {
            let limit = cli::age(age.get_ref()).map_err(|problem| self.wrong_at(age, &problem))?;
            retention.max_age = Some(limit).filter(|limit| limit.is_positive());
        }
        Ok(retention)
    }

    /// Whether the file says this key of `[history]`.
    pub(crate) fn says_of_history(&self, key: &str) -> bool {
        self.layers().map(|tables| &tables.history).any(|history| match key {
            "max_events" => history.max_events.is_some(),
            "max_bytes" => history.max_bytes.is_some(),
            _ => history.max_age.is_some(),
        })
    }

    pub(super) fn routes(&self) -> impl Iterator<Item = &Route> {
        self.layers().flat_map(|tables| &tables.route)
    }

    pub(super) fn check_providers(&self, known: &[String]) -> Result<(), Failure> {
        let all = self.tables.profile.values().chain([&self.tables]);
        for name in all.flat_map(Tables::named_providers) {
            if !known.contains(name.get_ref()) {
                let nearest = known.iter().min_by_key(|id| strsim::damerau_levenshtein(id, name.get_ref()));
                let nearest = nearest.map(|id| format!(" (nearest: `{id}`)")).unwrap_or_default();
                return Err(self.wrong_at(name, &format!("unknown provider `{}`{nearest}", name.get_ref())));
            }
        }
        Ok(())
    }

    pub(super) fn signed_providers(&self) -> Vec<(String, String)> {
        let origin = self.path.display().to_string();
        let signed =
            self.layers().flat_map(|tables| &tables.provider).filter(|(_, settings)| settings.signature.is_some());
        signed.map(|(name, _)| (name.get_ref().clone(), origin.clone())).collect()
    }

    /// Flags must exist, and secrets must say where they are, not what they are.
    fn check(&self) -> Result<(), Failure> {
        let all = self.tables.profile.values().chain([&self.tables]);
        for tables in all {
            for (command, flags) in tables.commands() {
                for name in flags.keys() {
                    if name.get_ref() == "secret" {
                        return Err(self.wrong_at(name, NOT_THE_SECRET));
                    }
                    if matches!(name.get_ref().as_str(), "api_url" | "api-url") {
                        return Err(self.wrong_at(name, NOT_THE_PLACE));
                    }
                    if !cli::has_flag(command, name.get_ref()) {
                        return Err(self.wrong_at(name, &cli::unknown_flag(command, name.get_ref())));
                    }
                }
            }
            for settings in tables.provider.values() {
                if let Some(secret) = &settings.secret
                    && let Err(problem) = LabelledOrigin::parse_all(secret.get_ref())
                {
                    return Err(self.wrong_at(secret, problem));
                }
                if let Some(api) = &settings.api {
                    api.check().map_err(|(span, problem)| wrong(&self.path, &self.text, Some(span), problem))?;
                }
            }
            for webhook in &tables.webhook {
                webhook.check().map_err(|(span, problem)| wrong(&self.path, &self.text, Some(span), problem))?;
            }
            if let Some(nested) = self.tables.profile.values().find(|profile| !profile.profile.is_empty()) {
                let names: Vec<&String> = nested.profile.keys().collect();
                return Err(Failure::usage(format!(
                    "{}: a profile cannot hold profiles ({names:?})",
                    self.path.display()
                )));
            }
        }
        Ok(())
    }

    fn wrong_at<T>(&self, at: &Spanned<T>, problem: &str) -> Failure {
        wrong(&self.path, &self.text, Some(at.span()), problem)
    }
}

impl Tables {
    fn provider(&self, id: &str) -> Option<&ProviderSettings> {
        self.provider.iter().find(|(name, _)| name.get_ref() == id).map(|(_, settings)| settings)
    }

    fn named_providers(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.provider.keys().chain(self.webhook.iter().map(|webhook| &webhook.provider))
    }

    fn commands(&self) -> [(&'static str, &Flags); 4] {
        [("listen", &self.listen), ("send", &self.send), ("verify", &self.verify), ("sign", &self.sign)]
    }

    fn flags(&self, command: &str, origin: &str) -> Vec<FlagValue> {
        let value = |name: &str, value: &toml::Value| FlagValue::new(name, value, origin);
        if command.is_empty() {
            let globals = [
                ("color", &self.color),
                ("format", &self.format),
                ("json", &self.json),
                ("quiet", &self.quiet),
                ("verbose", &self.verbose),
                ("providers", &self.providers),
                ("db", &self.db),
            ];
            return globals
                .into_iter()
                .filter_map(|(name, found)| Some(value(name, found.as_ref()?.get_ref())))
                .collect();
        }
        let tables = self.commands().into_iter().filter(|(name, _)| *name == command);
        tables.flat_map(|(_, flags)| flags).map(|(name, found)| value(name.get_ref(), found)).collect()
    }
}

fn wrong(path: &Path, text: &str, span: Option<std::ops::Range<usize>>, problem: &str) -> Failure {
    let place = span.map_or_else(String::new, |span| {
        let before = text.get(..span.start).unwrap_or(text);
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!(":{}:{column}", before.matches('\n').count() + 1)
    });
    Failure::new(Exit::Usage, "broken_config", anyhow::anyhow!("{}{place}: {problem}", path.display()))
        .hint("`hookctl config init` writes a commented example")
}

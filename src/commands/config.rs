//! `hookctl config`: every effective value and where it came from.

use std::fs;

use serde::Serialize;

use super::Context;
use crate::cli::{self, ConfigCommand};
use crate::error::{Exit, Failure, Outcome};
use crate::output;
use crate::provider::api::AuthKind;
use crate::settings::{ApiSettings, FILE_NAME, FlagValue, Said, SecretOrigin};
use crate::store::Retention;

/// What `config init` writes: every key, commented out, with its default.
const EXAMPLE: &str = include_str!("hookctl.toml");

/// Commands whose flags the file can set.
const COMMANDS: [&str; 5] = ["", "listen", "send", "verify", "sign"];

/// Runs the command.
pub(super) fn run(command: Option<ConfigCommand>, context: &Context) -> Outcome {
    match command {
        Some(ConfigCommand::Init { force }) => init(force, context),
        Some(ConfigCommand::Show) | None => show(context),
    }
}

fn init(force: bool, context: &Context) -> Outcome {
    let path = context.directory.join(FILE_NAME);
    if path.exists() && !force {
        return Err(Failure::usage(format!("{} is there already", path.display())).hint("--force replaces it"));
    }
    fs::write(&path, EXAMPLE)
        .map_err(|error| Failure::machine("cannot_write", anyhow::anyhow!("{}: {error}", path.display())))?;
    context.say(&format!("wrote {}", path.display()));
    Ok(Exit::Done)
}

/// One effective value.
#[derive(Serialize)]
struct Entry {
    key: String,
    value: String,
    origin: String,
}

fn show(context: &Context) -> Outcome {
    let mut entries: Vec<Entry> = COMMANDS.iter().flat_map(|command| flag_entries(command, context)).collect();
    entries.extend(secret_entries(context)?);
    entries.extend(api_entries(context));
    entries.extend(retention_entries(context)?);
    entries.extend(table_entries(context));
    if context.json() {
        for entry in &entries {
            context.print_item("config", entry)?;
        }
        return Ok(Exit::Done);
    }
    let files: Vec<String> = context.settings.files().iter().map(|file| file.path().display().to_string()).collect();
    context.say(&if files.is_empty() {
        format!("no {FILE_NAME} found; `hookctl config init` writes one")
    } else {
        format!("read {}", files.join(", "))
    });
    let rows: Vec<Vec<String>> = entries.into_iter().map(|entry| vec![entry.key, entry.value, entry.origin]).collect();
    context.print_table(&["KEY", "VALUE", "FROM"], &rows)?;
    Ok(Exit::Done)
}

/// The flags of one command that have a value without being typed.
fn flag_entries(command: &str, context: &Context) -> Vec<Entry> {
    let configured = context.settings.flags(command);
    cli::flags(command)
        .into_iter()
        .filter_map(|flag| {
            let typed = context.typed.iter().find(|(name, _)| command.is_empty() && *name == flag.name);
            let (value, origin) = match typed {
                Some((name, value)) => (value.clone(), format!("--{name}")),
                None => effective(&flag, &configured)?,
            };
            let key = if command.is_empty() { flag.name } else { format!("{command}.{}", flag.name) };
            let value = if flag.is_secret { "***".to_owned() } else { value };
            Some(Entry { key, value, origin })
        })
        .collect()
}

fn effective(flag: &cli::FlagInfo, configured: &[FlagValue]) -> Option<(String, String)> {
    if let Ok(value) = std::env::var(&flag.variable) {
        return Some((value, format!("env:{}", flag.variable)));
    }
    if let Some(value) = configured.iter().find(|value| value.name == flag.name) {
        return Some((value.values.join(", "), value.origin.clone()));
    }
    flag.default.clone().map(|default| (default, "default".to_owned()))
}

/// How much of the history is kept.
fn retention_entries(context: &Context) -> Result<Vec<Entry>, Failure> {
    let Retention { max_events, max_bytes, max_age } = context.settings.retention()?;
    let no_limit = || "no limit".to_owned();
    let values = [
        ("max_events", max_events.map_or_else(no_limit, |max| max.to_string())),
        ("max_bytes", max_bytes.map_or_else(no_limit, output::size)),
        ("max_age", max_age.map_or_else(no_limit, |age| shown_age(&age))),
    ];
    let entry = |(name, value): (&str, String)| {
        let file = context.settings.files().iter().find(|file| file.says_of_history(name));
        let origin = file.map_or_else(|| "default".to_owned(), |file| file.path().display().to_string());
        Entry { key: format!("history.{name}"), value, origin }
    };
    Ok(values.into_iter().map(entry).collect())
}

/// An age as it would be written.
pub(super) fn shown_age(age: &jiff::SignedDuration) -> String {
    const DAY: i64 = 24 * 60 * 60;
    if age.as_secs() % DAY == 0 { format!("{}d", age.as_secs() / DAY) } else { format!("{age:#}") }
}

/// What stands in tables of its own.
fn table_entries(context: &Context) -> Vec<Entry> {
    let signatures = context.settings.signed_providers().into_iter().map(|(id, origin)| Entry {
        key: format!("provider.{id}.signature"),
        value: "set".into(),
        origin,
    });
    let routes = context.settings.routes().into_iter().map(|route| Entry {
        key: "route".into(),
        value: format!("{} -> {}", route.events.join(", "), route.to.join(", ")),
        origin: "[[route]]".into(),
    });
    let webhooks = context.settings.webhooks().map(|(_, wanted)| wanted).unwrap_or_default();
    let webhooks = webhooks.into_iter().map(|wanted| Entry {
        key: "webhook".into(),
        value: format!("{} -> {}", wanted.provider, wanted.url),
        origin: wanted.place,
    });
    signatures.chain(routes).chain(webhooks).collect()
}

/// How registration APIs are reached and as whom: where credentials are, never what they are.
fn api_entries(context: &Context) -> Vec<Entry> {
    let mut entries = Vec::new();
    for id in context.catalogue.ids() {
        let mut say = |name: &str, value: String, origin: String| {
            entries.push(Entry { key: format!("provider.{id}.api.{name}"), value, origin });
        };
        let ApiSettings { base_url, username, password, token, vars } = context.settings.api(&id);
        if let Some((url, origin)) = base_url {
            say("base_url", url, origin);
        }
        for (name, (value, origin)) in vars {
            say(&format!("vars.{name}"), value, origin);
        }
        let provider = context.catalogue.provider(&id).ok();
        let auth = provider.as_ref().and_then(|provider| provider.api()).map(|api| api.auth());
        let known = |names: Option<&Vec<String>>| {
            let set = names?.iter().find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))?;
            Some(("***".to_owned(), format!("env:{set}")))
        };
        let (names, secrets) = (auth.map(|auth| &auth.username_env), auth.map(|auth| &auth.env));
        let (passwords, tokens) = match auth.map(|auth| &auth.kind) {
            Some(AuthKind::Basic) => (secrets, None),
            _ => (None, secrets),
        };
        let shown = |(place, origin): Said<SecretOrigin>| (place.to_string(), origin);
        let found = [
            ("username", username.map(|(name, origin)| (name.to_string(), origin)).or_else(|| known(names))),
            ("password", password.map(shown).or_else(|| known(passwords))),
            ("token", token.map(shown).or_else(|| known(tokens))),
        ];
        for (name, found) in found {
            if let Some((value, origin)) = found {
                say(name, value, origin);
            }
        }
    }
    entries
}

/// Where each provider's secret is, and whether it is there; never what it is.
fn secret_entries(context: &Context) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    for id in context.catalogue.ids() {
        let key = format!("provider.{id}.secret");
        if let Some((places, origin)) = context.settings.secrets(&id) {
            let places: Vec<String> = places.iter().map(|place| place.origin.to_string()).collect();
            entries.push(Entry { key, value: places.join(", "), origin });
        } else if let Ok(provider) = context.catalogue.provider(&id) {
            let set = provider.about().secret_env.iter().find(|name| std::env::var_os(name).is_some());
            entries.extend(set.map(|name| Entry { key, value: "***".into(), origin: format!("env:{name}") }));
        }
    }
    Ok(entries)
}

//! Values of flags that stand in a file: they become the defaults of the command line, so that a flag
//! or a variable always counts before them.

use std::collections::BTreeMap;

use toml::Spanned;

use super::Settings;

/// `[listen]` and its like: flags by their long name, with `_` or `-`.
pub(super) type Flags = BTreeMap<Spanned<String>, toml::Value>;

/// One flag's value, and which file says so.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FlagValue {
    /// The long name with dashes.
    pub(crate) name: String,
    /// As it would be typed; several for a list.
    pub(crate) values: Vec<String>,
    /// The file.
    pub(crate) origin: String,
}

impl FlagValue {
    pub(super) fn new(name: &str, value: &toml::Value, origin: &str) -> Self {
        let values = match value {
            toml::Value::Array(values) => values.iter().map(typed).collect(),
            one => vec![typed(one)],
        };
        Self { name: name.replace('_', "-"), values, origin: origin.to_owned() }
    }
}

/// A value as a person would type it.
fn typed(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Puts the configured values into the command line as defaults.
pub(crate) fn preset(command: clap::Command, settings: &Settings) -> clap::Command {
    let command = with_defaults(command, &settings.flags(""));
    ["listen", "send", "verify", "sign"].into_iter().fold(command, |command, name| {
        let values = settings.flags(name);
        if values.is_empty() { command } else { command.mut_subcommand(name, |inner| with_defaults(inner, &values)) }
    })
}

fn with_defaults(command: clap::Command, values: &[FlagValue]) -> clap::Command {
    if values.is_empty() {
        return command;
    }
    command.mut_args(|arg| {
        let configured = values.iter().find(|value| arg.get_long() == Some(&value.name));
        match configured {
            Some(value) => arg.required(false).default_values(value.values.clone()),
            None => arg,
        }
    })
}

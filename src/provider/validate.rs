//! Rules of a manifest that go across keys, or concern parts that are acted on elsewhere.

use std::collections::HashSet;

use toml::Spanned;

use super::manifest::{Manifest, ScenarioTable, SignatureTable};
use super::problem::{Compiled, duration_seconds, problem};
use super::variable::PUBLIC_URL;

/// Provider ids are folder names and flag values.
fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

pub(super) fn manifest(manifest: &Manifest) -> Compiled<()> {
    let id = &manifest.provider.id;
    if !is_name(id.get_ref()) {
        return Err(problem(id, format!("`id`: `{}` must be lower-case letters, digits and `-`", id.get_ref())));
    }
    unique_ids(&manifest.signature)?;
    manifest.variable.keys().try_for_each(variable)?;
    delivery(manifest)?;
    manifest.scenario.iter().try_for_each(|table| scenario(table, manifest))?;
    for (event, fixture) in &manifest.fixture {
        if fixture.documented && fixture.source.is_none() {
            return Err(problem(event, format!("fixture `{}` is documented but has no `source`", event.get_ref())));
        }
    }
    Ok(())
}

/// Names of variables are typed on command lines and in configuration files.
fn variable(name: &Spanned<String>) -> Compiled<()> {
    let text = name.get_ref();
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if text.is_empty() || !text.bytes().all(is_word) {
        return Err(problem(name, format!("variable `{text}`: write lower-case letters, digits and `_`")));
    }
    if text == PUBLIC_URL {
        return Err(problem(name, format!("variable `{text}`: every provider has it already")));
    }
    Ok(())
}

/// Every `var:NAME` of the text must be declared.
pub(super) fn variables(manifest: &Manifest, text: &str) -> Compiled<()> {
    for (at, found) in text.match_indices("var:").filter(|(at, _)| text[..*at].ends_with(['{', '?', '"', '\''])) {
        let rest = &text[at + found.len()..];
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = &rest[..length];
        if name != PUBLIC_URL && !manifest.variable.keys().any(|known| known.get_ref() == name) {
            let place = Spanned::new(at..at + found.len() + length, ());
            return Err(problem(&place, format!("`var:{name}`: declare it in a table [variable.{name}]")));
        }
    }
    Ok(())
}

fn unique_ids(signatures: &[SignatureTable]) -> Compiled<()> {
    let mut seen = HashSet::new();
    for table in signatures {
        if let Some(id) = table.id.as_ref().filter(|id| !seen.insert(id.as_str())) {
            return Err(problem(&table.scheme, format!("two signatures have the id `{id}`")));
        }
    }
    Ok(())
}

/// Delivery figures carry a link and a date, or are left out.
fn delivery(manifest: &Manifest) -> Compiled<()> {
    let table = &manifest.delivery;
    for (key, value) in [
        ("timeout", &table.timeout),
        ("connect_timeout", &table.connect_timeout),
        ("retry_window", &table.retry_window),
    ] {
        if let Some(value) = value {
            duration_seconds(key, value)?;
            sourced(key, value, manifest)?;
        }
    }
    if let Some(retries) = &table.retries {
        sourced("retries", retries, manifest)?;
    }
    if let Some(disable) = &table.disable {
        sourced("disable", &disable.action, manifest)?;
    }
    if let Some(date) = &table.verified
        && date.get_ref().parse::<jiff::civil::Date>().is_err()
    {
        return Err(problem(date, format!("`verified`: `{}` is not a date (write 2026-11-21)", date.get_ref())));
    }
    Ok(())
}

fn sourced<T>(key: &str, at: &Spanned<T>, manifest: &Manifest) -> Compiled<()> {
    match (&manifest.delivery.source, &manifest.delivery.verified) {
        (Some(_), Some(_)) => Ok(()),
        _ => Err(problem(at, format!("`{key}` needs `source` (a link) and `verified` (a date) in [delivery]"))),
    }
}

fn scenario(table: &ScenarioTable, manifest: &Manifest) -> Compiled<()> {
    for step in &table.steps {
        let event = step.event.get_ref();
        if !manifest.fixture.keys().any(|known| known.get_ref() == event) {
            return Err(problem(&step.event, format!("scenario `{}`: no fixture `{event}`", table.name)));
        }
    }
    Ok(())
}

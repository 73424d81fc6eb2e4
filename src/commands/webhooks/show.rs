//! Webhooks on stdout: facts or a table for people, lines of JSON.

use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::leased::Leased;
use crate::commands::Context;
use crate::error::Failure;
use crate::model::Webhook;
use crate::output::{self, one_line};

const HEADERS: [&str; 5] = ["ID", "EVENTS", "URL", "ENABLED", "CREATED"];
/// Longer cells would push the rest off the screen.
const MAX_CELL: usize = 60;

/// A webhook as JSON.
#[derive(Serialize)]
struct Line<'w> {
    provider: &'w str,
    webhook: Fields<'w>,
}

/// Its fields; the secret is none of them.
#[derive(Serialize)]
struct Fields<'w> {
    id: &'w str,
    url: &'w str,
    events: &'w [String],
    enabled: Option<bool>,
    description: Option<&'w str>,
    created_at: Option<String>,
    updated_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_file: Option<String>,
    /// A listener on this machine made it, and removes it.
    #[serde(skip_serializing_if = "is_false")]
    mine: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Prints one webhook.
pub(super) fn one(
    provider: &str,
    webhook: &Webhook,
    secret_file: Option<&Path>,
    context: &Context,
) -> Result<(), Failure> {
    if context.json() {
        return line(provider, webhook, secret_file, false, context);
    }
    let mut facts =
        vec![("id", webhook.id.clone()), ("url", webhook.url.clone()), ("events", webhook.events.join(", "))];
    facts.extend(webhook.enabled.map(|enabled| ("enabled", yes_or_no(enabled).to_owned())));
    facts.extend(webhook.description.clone().map(|text| ("note", text)));
    facts.extend(webhook.created_at.map(|time| ("created", local(time))));
    facts.extend(webhook.updated_at.map(|time| ("updated", local(time))));
    facts.extend(secret_file.map(|path| ("secret", format!("in {}", path.display()))));
    let text: String = facts.iter().map(|(name, value)| format!("{name:<8} {}\n", output::untrusted(value))).collect();
    Ok(output::print(text)?)
}

/// Prints several; `mine` are those that listeners on this machine made.
pub(super) fn all(provider: &str, webhooks: &[Webhook], mine: &Leased, context: &Context) -> Result<(), Failure> {
    if context.json() {
        let print = |webhook: &Webhook| line(provider, webhook, None, mine.has(webhook), context);
        return webhooks.iter().try_for_each(print);
    }
    if webhooks.is_empty() {
        context.say(&format!("{provider} has no webhooks for these credentials"));
        return Ok(());
    }
    let rows: Vec<Vec<String>> = webhooks.iter().map(row).collect();
    context.print_table(&HEADERS, &rows)
}

fn line(
    provider: &str,
    webhook: &Webhook,
    secret_file: Option<&Path>,
    mine: bool,
    context: &Context,
) -> Result<(), Failure> {
    let time = |time: Option<Timestamp>| time.map(|time| format!("{time:.6}"));
    let fields = Fields {
        id: &webhook.id,
        url: &webhook.url,
        events: &webhook.events,
        enabled: webhook.enabled,
        description: webhook.description.as_deref(),
        created_at: time(webhook.created_at),
        updated_at: time(webhook.updated_at),
        secret_file: secret_file.map(|path| path.display().to_string()),
        mine,
    };
    context.print_item("webhook", &Line { provider, webhook: fields })
}

fn row(webhook: &Webhook) -> Vec<String> {
    vec![
        webhook.id.clone(),
        one_line(webhook.events.join(", "), MAX_CELL),
        one_line(&webhook.url, MAX_CELL),
        webhook.enabled.map_or("-", yes_or_no).to_owned(),
        webhook.created_at.map_or_else(|| "-".to_owned(), local),
    ]
}

fn yes_or_no(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}

fn local(time: Timestamp) -> String {
    time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

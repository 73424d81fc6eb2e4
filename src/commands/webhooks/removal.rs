//! Taking a registration away, as far as the provider lets one.

use serde::Serialize;

use crate::commands::Context;
use crate::error::Failure;
use crate::output;
use crate::provider::api::{Api, Operation};
use crate::registration::lease::Record;
use crate::registration::{Client, RegistrationError};

/// What became of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Removal {
    /// It is no more.
    Deleted,
    /// It sends nothing more; the provider has no call to delete it.
    Disabled,
    /// It was gone before.
    Absent,
    /// It stands: the provider has a call neither to delete nor to disable it.
    Kept,
    /// It would be removed.
    Planned,
    /// It stands: something failed.
    Failed,
}

impl Removal {
    fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Disabled => "disabled",
            Self::Absent => "absent",
            Self::Kept => "kept",
            Self::Planned => "planned",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing more is to be done about it.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Deleted | Self::Disabled | Self::Absent)
    }
}

/// Whether the API has a way to end a registration.
pub(super) fn is_removable(api: &Api) -> bool {
    api.supports(Operation::Delete) || api.supports(Operation::Disable)
}

/// Deletes a webhook, or disables it where there is no call to delete.
pub(super) async fn remove(client: &Client, id: &str) -> Result<Removal, RegistrationError> {
    let can = |operation| client.api().supports(operation);
    let removed = if can(Operation::Delete) {
        client.delete(id).await.map(|()| Removal::Deleted)
    } else if can(Operation::Disable) {
        client.set_enabled(id, false).await.map(|_| Removal::Disabled)
    } else if can(Operation::Get) {
        // Someone may have removed it by hand.
        client.get(id).await.map(|_| Removal::Kept)
    } else {
        Ok(Removal::Kept)
    };
    match removed {
        Err(RegistrationError::UnknownId { .. }) => Ok(Removal::Absent),
        removed => removed,
    }
}

/// What is told of one registration.
#[derive(Serialize)]
struct Line<'a> {
    provider: &'a str,
    id: Option<&'a str>,
    url: &'a str,
    made_at: &'a str,
    outcome: &'static str,
    reason: Option<&'a str>,
}

/// Says what became of a temporary registration: a line on stdout.
pub(super) fn report(
    context: &Context,
    record: &Record,
    removal: Removal,
    reason: Option<&str>,
) -> Result<(), Failure> {
    if context.json() {
        let Record { provider, url, made_at, .. } = record;
        let (id, outcome) = (record.id.as_deref(), removal.as_str());
        return context.print_item("unregistered", &Line { provider, id, url, made_at, outcome, reason });
    }
    Ok(output::print(format!("{}\n", sentence(record, removal, reason)))?)
}

/// The same in words.
pub(super) fn sentence(record: &Record, removal: Removal, reason: Option<&str>) -> String {
    let id = record.id.as_deref().map_or_else(|| "without a known id".to_owned(), |id| output::one_line(id, MAX_ID));
    let webhook = format!("{} webhook {id} -> {}", record.provider, output::one_line(&record.url, MAX_TEXT));
    let done = match removal {
        Removal::Deleted => "deleted",
        Removal::Disabled => "disabled, since there is no call to delete it:",
        Removal::Absent => "was gone already:",
        Removal::Kept => "still there, since there is a call neither to delete nor to disable it:",
        Removal::Planned => "would be removed:",
        Removal::Failed => "could not be removed:",
    };
    let reason = reason.map(|reason| format!(" ({})", output::one_line(reason, MAX_TEXT))).unwrap_or_default();
    format!("{done} {webhook}{reason}")
}

/// Ids of providers are far shorter.
pub(super) const MAX_ID: usize = 120;
/// URLs, and errors with their hints, may be long.
const MAX_TEXT: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_foreign_reaches_the_terminal_as_it_came() {
        let mut record = Record::intent("p", "http://api/", "https://me.example/\r", jiff::Timestamp::UNIX_EPOCH);
        record.id = Some("a\u{1b}[2J".into());
        let text = sentence(&record, Removal::Failed, Some("which one is not known: a\nb\u{9b}"));
        assert!(!text.contains(|one: char| one.is_control()) && text.contains("a\\nb"), "{text}");
    }
}

//! When a provider gives a webhook up, as far as it publishes that in figures.

use std::time::Duration;

use super::manifest::DisableTable;
use super::problem::{Compiled, duration, problem, unknown};

/// `[delivery.disable]`, compiled: at least one of the two figures is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisableRule {
    /// So many failures in a row.
    pub failures: Option<u32>,
    /// What the failures are.
    pub of: Counted,
    /// Nothing but failures for so long.
    pub window: Option<Duration>,
    /// What becomes of the webhook.
    pub action: DisableAction,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Attempts, retries included.
    Attempts,
    /// Retries: a first attempt that fails is not one of them.
    Retries,
    /// Messages that were given up.
    Messages,
}

/// What becomes of a webhook that failed too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisableAction {
    /// It stays, and gets nothing.
    Disable,
    /// It is deleted.
    Delete,
}

impl Counted {
    /// As it stands in the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attempts => "attempts",
            Self::Retries => "retries",
            Self::Messages => "messages",
        }
    }
}

impl DisableAction {
    /// What happened to the webhook, as a person says it.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Disable => "disabled",
            Self::Delete => "deleted",
        }
    }
}

impl DisableRule {
    pub(super) fn read(table: &DisableTable) -> Compiled<Self> {
        let action = match table.action.get_ref().as_str() {
            "disable" => DisableAction::Disable,
            "delete" => DisableAction::Delete,
            _ => return Err(unknown("action", &table.action, &["disable", "delete"])),
        };
        let of = match &table.of {
            None => Counted::Attempts,
            Some(of) if of.get_ref() == "attempts" => Counted::Attempts,
            Some(of) if of.get_ref() == "retries" => Counted::Retries,
            Some(of) if of.get_ref() == "messages" => Counted::Messages,
            Some(of) => return Err(unknown("of", of, &["attempts", "retries", "messages"])),
        };
        let window = table.window.as_ref().map(|text| duration("window", text)).transpose()?;
        let failures = table.failures.as_ref().map(|count| *count.get_ref());
        if let Some(at) = table.failures.as_ref().filter(|count| *count.get_ref() == 0) {
            return Err(problem(at, "`failures` must be at least 1"));
        }
        if failures.is_none() && window.is_none() {
            return Err(problem(&table.action, "[delivery.disable] needs `failures` or `window`"));
        }
        Ok(Self { failures, of, window, action })
    }

    /// Why a webhook with so many failures in a row, and none but failures for so long, is given up.
    pub fn verdict(&self, failures: u32, failing_for: Duration) -> Option<String> {
        if let Some(limit) = self.failures.filter(|limit| failures >= *limit) {
            let what = match (self.of, limit) {
                (Counted::Attempts, 1) => "failed attempt",
                (Counted::Attempts, _) => "failed attempts in a row",
                (Counted::Retries, 1) => "failed retry",
                (Counted::Retries, _) => "failed retries in a row",
                (Counted::Messages, 1) => "failed message",
                (Counted::Messages, _) => "failed messages in a row",
            };
            return Some(format!("{limit} {what}"));
        }
        let window = self.window.filter(|window| failing_for >= *window)?;
        let window = jiff::SignedDuration::try_from(window).unwrap_or_default();
        Some(format!("nothing but failures for {window:#}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: DisableRule = DisableRule {
        failures: Some(3),
        of: Counted::Attempts,
        window: Some(Duration::from_secs(3600)),
        action: DisableAction::Disable,
    };

    #[test]
    fn a_webhook_is_given_up_for_the_count_or_the_time() {
        let hour = Duration::from_secs(3600);
        assert_eq!(RULE.verdict(2, Duration::ZERO), None);
        assert_eq!(RULE.verdict(3, Duration::ZERO).as_deref(), Some("3 failed attempts in a row"));
        assert_eq!(RULE.verdict(1, hour).as_deref(), Some("nothing but failures for 1h"));
    }
}

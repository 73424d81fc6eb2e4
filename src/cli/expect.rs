//! `hookctl expect`, and what `listen --expect` takes.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::values::{Since, duration};

const EXAMPLES: &str = "\
Examples:
  hookctl expect prospect.added                                  is one in the history?
  hookctl expect 'prospect.added where json:/prospect/state=FL' --within 30s
  hookctl expect 'stripe/invoice.*' 'where header:X-Topic~order' --since 5m    both must have come
  hookctl expect invoice.paid --count 2 --at-most 2 --within 10s               exactly two
  hookctl expect invoice.paid --within 30s --junit report.xml                  for CI

An EXPRESSION is [PROVIDER/]EVENT-GLOB [where CONDITION [and CONDITION…]], in quotes. A condition is
PLACE, or PLACE OPERATOR VALUE with = != ~ > >= < <=, such as json:/data/id=42 or header:X-Topic~order.
Everything the history holds counts, unless --since says otherwise; then events are waited for until
--within has passed. Only events with a valid signature count, those of a provider that signs nothing,
and those that were received with --no-verify.
Exit codes: 0 it came; 1 it did not (the error names the nearest event); 130 interrupted before.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExpectArgs {
    /// Which events must come: 'prospect.added where json:/prospect/state=FL' (several: all must)
    #[arg(required = true, value_name = "EXPRESSION")]
    pub(crate) expressions: Vec<String>,
    /// Wait this long for what is not there yet
    #[arg(long, value_parser = duration, default_value = "0s", value_name = "TIME")]
    pub(crate) within: Duration,
    /// At least so many of each
    #[arg(long, value_name = "N", default_value_t = 1, default_value_if("at-most", "0", "0"))]
    pub(crate) count: u64,
    /// At most so many of each; waits until --within has passed, and 0 means none
    #[arg(long, value_name = "N", id = "at-most")]
    pub(crate) at_most: Option<u64>,
    /// Only received since: 5m, 2026-11-21 or 2026-11-21T15:04:05Z
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Since>,
    /// Events with a wrong, missing or unchecked signature count too
    #[arg(long)]
    pub(crate) any_verdict: bool,
    /// Write the outcome to this file, as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}

/// What `listen --expect` waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expected {
    /// So many events.
    Count(u64),
    /// An event that an expression describes.
    Expression(String),
}

impl FromStr for Expected {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().parse::<f64>() {
            Err(_) => Ok(Self::Expression(text.to_owned())),
            Ok(_) => match text.trim().parse() {
                Ok(count) if count > 0 => Ok(Self::Count(count)),
                _ => Err(format!("`{text}` is not a number of events (write 1 or more, or an expression)")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_count_and_anything_else_an_expression() {
        assert_eq!("2".parse(), Ok(Expected::Count(2)));
        assert_eq!("invoice.*".parse(), Ok(Expected::Expression("invoice.*".into())));
        for text in ["0", "-1", "1.5", "99999999999999999999999"] {
            assert!(text.parse::<Expected>().is_err(), "{text}");
        }
    }
}

//! `hookctl send`.

use std::time::Duration;

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCompleter;

use super::complete;
use super::values::{Rate, StatusRange, duration, status_range};
use super::{SecretArgs, SignatureArgs, TlsArgs, VariableArgs};
use crate::delivery;

const EXAMPLES: &str = "\
Examples:
  hookctl send message_received --to http://127.0.0.1:4000
  hookctl send prospect.added --to 4000 --secret-env HOOK_SECRET --set prospect.city=Miami
  hookctl send github/push --to https://example.test/hook --dry-run
  hookctl send ./payload.json --provider stripe --to 4000 --secret-env STRIPE_WEBHOOK_SECRET
  hookctl send @last --to 4000            the body of a captured event, signed anew
  hookctl send prospect.added --to 4000 --tamper signature --expect-status 401
  hookctl send message_received --to 4000 --count 1000 --concurrency 16
  hookctl send --handshake --provider slack --to 3000 --secret-env SLACK_SIGNING_SECRET";

/// What an event has and a handshake has not.
const HANDSHAKE_ALONE: [&str; 12] =
    ["what", "data", "set", "add", "exact", "tamper", "rotate", "count", "rate", "duration", "watch", "expect_status"];

#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SendArgs {
    /// An event (message_received), PROVIDER/EVENT, a file, @FILE, - for stdin, or a captured event (@last, @2, @ID)
    #[arg(value_name = "EVENT|FILE|@ID", required_unless_present_any = ["data", "handshake"], add = ArgValueCompleter::new(complete::events))]
    pub(crate) what: Option<String>,
    /// Where to: 4242, localhost:4242/path or a URL
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// Send as this provider does
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(complete::providers))]
    pub(crate) provider: Option<String>,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    #[command(flatten)]
    pub(crate) signature: SignatureArgs,
    #[command(flatten)]
    pub(crate) variables: VariableArgs,
    /// Change the body: path=text, or path:=JSON (repeatable)
    #[arg(long, value_name = "PATH=VALUE", help_heading = "Body and headers")]
    pub(crate) set: Vec<String>,
    /// Let --set make paths that are not there
    #[arg(long, help_heading = "Body and headers")]
    pub(crate) add: bool,
    /// The body instead of the fixture's: text, @FILE, or - for stdin
    #[arg(long, value_name = "STR|@FILE|-", help_heading = "Body and headers")]
    pub(crate) data: Option<String>,
    /// Header, 'Name: value' (repeatable); replaces the provider's of that name
    #[arg(short = 'H', long, value_name = "HEADER", help_heading = "Body and headers")]
    pub(crate) header: Vec<String>,
    /// Send the fixture's bytes as they are: no fresh ids and times
    #[arg(long, help_heading = "Body and headers")]
    pub(crate) exact: bool,
    /// Make fresh ids reproducible
    #[arg(long, value_name = "N", help_heading = "Body and headers")]
    pub(crate) seed: Option<u64>,
    /// Send a request that must be refused: success is then a 4xx
    #[arg(long, value_enum, value_name = "KIND", help_heading = "Body and headers")]
    pub(crate) tamper: Option<Tamper>,
    /// Sign with two secrets, as while one is replaced: give the new one first, then the old one
    #[arg(long, help_heading = "Secret and signature", conflicts_with = "tamper")]
    pub(crate) rotate: bool,
    /// Ask what the provider asks before it sends events, and check the answer: everything it asks, spoiled requests
    /// that must be refused included, or only this
    #[arg(long, value_name = "NAME", num_args = 0..=1, conflicts_with_all = HANDSHAKE_ALONE)]
    pub(crate) handshake: Option<Option<String>>,
    /// How many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Repetition")]
    pub(crate) count: Option<u64>,
    /// At most this many, such as 50/s
    #[arg(long, value_name = "RATE", help_heading = "Repetition")]
    pub(crate) rate: Option<Rate>,
    /// At a time, on as many connections
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), default_value_t = 1, help_heading = "Repetition")]
    pub(crate) concurrency: u16,
    /// For this long
    #[arg(long, value_parser = duration, value_name = "TIME", help_heading = "Repetition")]
    pub(crate) duration: Option<Duration>,
    /// Try again after a failure: none, a number, or the provider's own schedule
    #[arg(long, value_name = "none|N|provider", default_value = "none", help_heading = "Repetition")]
    pub(crate) retry: RetryRule,
    /// Send again whenever the fixture or file changes
    #[arg(long, help_heading = "Repetition")]
    pub(crate) watch: bool,
    /// The status that counts as success [default: 2xx, with --tamper 4xx]
    #[arg(long, value_name = "STATUS", value_parser = status_range)]
    pub(crate) expect_status: Option<StatusRange>,
    /// How long the target may take; 0 waits for ever
    #[arg(long, value_parser = duration, value_name = "TIME", default_value = "30s")]
    pub(crate) timeout: Duration,
    /// Print the request instead of sending it
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print a curl command instead of sending
    #[arg(long)]
    pub(crate) curl: bool,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
}

impl SendArgs {
    /// The status that counts as success: as given, else what the request deserves.
    pub(crate) fn expected_status(&self) -> StatusRange {
        let class = if self.tamper.is_some() { 4 } else { 2 };
        self.expect_status.clone().unwrap_or_else(|| StatusRange::class(class))
    }
}

/// Ways to spoil a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tamper {
    /// Change the body after signing
    Body,
    /// Change the signature
    Signature,
    /// Sign with a time far in the past
    Timestamp,
    /// Leave the signature out
    Missing,
    /// Sign with another secret
    Secret,
}

impl From<Tamper> for delivery::Tamper {
    fn from(kind: Tamper) -> Self {
        match kind {
            Tamper::Body => Self::Body,
            Tamper::Signature => Self::Signature,
            Tamper::Timestamp => Self::Timestamp,
            Tamper::Missing => Self::Missing,
            Tamper::Secret => Self::Secret,
        }
    }
}

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryRule {
    /// Never.
    None,
    /// This many times.
    Times(u32),
    /// As the provider's manifest says.
    Provider,
}

impl std::str::FromStr for RetryRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "provider" => Ok(Self::Provider),
            number => {
                number.parse().map(Self::Times).map_err(|_| format!("`{text}` is not none, provider or a number"))
            }
        }
    }
}

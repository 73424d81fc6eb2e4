//! `hookctl events replay`.

use std::time::Duration;

use clap::Args;
use clap_complete::ArgValueCompleter;

use super::FilterArgs;
use crate::cli::complete;
use crate::cli::values::{Rate, Speed, StatusRange, duration, status_range};
use crate::cli::{SecretArgs, SignatureArgs, TlsArgs, VariableArgs};

const REPLAY_EXAMPLES: &str = "\
Examples:
  hookctl events replay @last --to 3000              as received: same headers, same bytes
  hookctl events replay --since 2h --failed          to the targets that did not get them
  hookctl events replay @2 --to 3000 --resign --set data.amount:=120
  hookctl events replay @last --to 3000 --edit --resign
  hookctl events replay --event 'invoice.*' --to 3000 --speed 10x --yes
  hookctl events replay --since 1d --to 3000 --missing --yes     go on where a replay stopped

Each request carries hookctl-event-id, and hookctl-attempt from the second attempt on.";

#[derive(Debug, Args)]
#[command(after_help = REPLAY_EXAMPLES)]
pub(crate) struct ReplayArgs {
    /// @last, @2 (second newest), ids or the beginnings of ids; with filters, those of them that match
    #[arg(value_name = "EVENT")]
    pub(crate) events: Vec<String>,
    /// Where to: 4242, localhost:4242/path or a URL [default: the targets that an event first went to]
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Only those that the target has not answered with a 2xx yet
    #[arg(long, help_heading = "Which events")]
    pub(crate) missing: bool,
    /// Change the body: path=text, or path:=JSON (repeatable)
    #[arg(long, value_name = "PATH=VALUE", help_heading = "Body and headers")]
    pub(crate) set: Vec<String>,
    /// Let --set make paths that are not there
    #[arg(long, help_heading = "Body and headers")]
    pub(crate) add: bool,
    /// Header, 'Name: value' (repeatable); replaces what was received under that name
    #[arg(short = 'H', long, value_name = "HEADER", help_heading = "Body and headers")]
    pub(crate) header: Vec<String>,
    /// Change the body of one event in $VISUAL or $EDITOR
    #[arg(long, help_heading = "Body and headers")]
    pub(crate) edit: bool,
    /// Sign anew, with the secret of this machine and the time of now
    #[arg(long, help_heading = "Secret and signature")]
    pub(crate) resign: bool,
    /// Sign anew as this provider does, whatever the event's
    #[arg(long, value_name = "NAME", help_heading = "Secret and signature", add = ArgValueCompleter::new(complete::providers))]
    pub(crate) sign_as: Option<String>,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    #[command(flatten)]
    pub(crate) signature: SignatureArgs,
    #[command(flatten)]
    pub(crate) variables: VariableArgs,
    /// At most this many requests, such as 50/s
    #[arg(long, value_name = "RATE", help_heading = "Pace")]
    pub(crate) rate: Option<Rate>,
    /// Keep the spacing of their arrival: 1x, 10x as fast, or max to wait for nothing
    #[arg(long, value_name = "1x|10x|max", default_value = "max", help_heading = "Pace")]
    pub(crate) speed: Speed,
    /// Send more than 20 without being asked
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// The status that counts as success
    #[arg(long, value_name = "STATUS", value_parser = status_range, default_value = "2xx")]
    pub(crate) expect_status: StatusRange,
    /// How long the target may take; 0 waits for ever
    #[arg(long, value_parser = duration, value_name = "TIME", default_value = "30s")]
    pub(crate) timeout: Duration,
    /// Show what would go where, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
}

//! `hookctl events delete` and `hookctl events vacuum`.

use clap::Args;

use super::FilterArgs;

const DELETE_EXAMPLES: &str = "\
Examples:
  hookctl events delete @last
  hookctl events delete --provider stripe --until 30d
  hookctl events delete --all --yes && hookctl events vacuum

What is deleted is overwritten; `hookctl events vacuum` gives the space back and empties the log.";

#[derive(Debug, Args)]
#[command(after_help = DELETE_EXAMPLES)]
pub(crate) struct DeleteEventsArgs {
    /// @last, @2 (second newest), an id or the beginning of one; with filters, those of them that match
    #[arg(value_name = "EVENT")]
    pub(crate) events: Vec<String>,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Every event
    #[arg(long, conflicts_with = "events")]
    pub(crate) all: bool,
    /// Do not ask; else more than 20, --all, and events that still wait for a target are asked about
    #[arg(short, long)]
    pub(crate) yes: bool,
}

const VACUUM_EXAMPLES: &str = "\
Examples:
  hookctl events vacuum
  hookctl events vacuum --json | jq .after_bytes

A listener on the same history goes on receiving; it writes when this is done.";

#[derive(Debug, Args)]
#[command(after_help = VACUUM_EXAMPLES)]
pub(crate) struct VacuumArgs {}

//! `hookctl events drift`.

use clap::Args;
use clap_complete::ArgValueCompleter;

use super::FilterArgs;
use crate::cli::complete;

const DRIFT_EXAMPLES: &str = "\
Examples:
  hookctl events drift                              every type that has a fixture
  hookctl events drift prokeep/message_received --since 7d
  hookctl events drift 'stripe/invoice.*' --json

new: captured, not in the fixture; missing: in the fixture, not in every event; type: of another type.
Without --verdict, events with an invalid or missing signature are left out.
Exit code 1: something drifted, or there was nothing to compare.";

#[derive(Debug, Args)]
#[command(after_help = DRIFT_EXAMPLES)]
pub(crate) struct DriftArgs {
    /// PROVIDER/EVENT, as globs; all that were captured when none is given
    #[arg(value_name = "PROVIDER/EVENT", add = ArgValueCompleter::new(complete::events))]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Compare the newest so many of each type; 0 for all
    #[arg(short = 'n', long, default_value_t = NEWEST, value_name = "N")]
    pub(crate) limit: u64,
}

/// Enough to meet a field that is there sometimes; old events drifted long ago.
const NEWEST: u64 = 200;

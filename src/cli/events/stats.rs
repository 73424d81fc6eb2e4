//! `hookctl events stats`.

use clap::Args;

use super::FilterArgs;

const STATS_EXAMPLES: &str = "\
Examples:
  hookctl events stats
  hookctl events stats --since 24h --provider stripe
  hookctl events stats --json | jq .per_minute";

#[derive(Debug, Args)]
#[command(after_help = STATS_EXAMPLES)]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

//! `hookctl events list`.

use clap::Args;

use super::FilterArgs;

const LIST_EXAMPLES: &str = "\
Examples:
  hookctl events list --since 2h --failed
  hookctl events list --event 'invoice.*' --where json:/data/id=42
  hookctl events list --filter 'provider:stripe event:invoice.* since:2h is:failed'
  hookctl events list --filter 'json:/name=\"Ada L\" header:x-topic~order \"some text\"'
  hookctl events list --verdict invalid --json | jq .event.verdict.reason

--filter takes words that must all hold: provider: event: verdict: (repeated, any of them) since: until:
is:failed is:pinned, a condition as --where takes it, and text as `hookctl events search` finds it.
Quotes keep blanks together.";

#[derive(Debug, Args)]
#[command(after_help = LIST_EXAMPLES)]
pub(crate) struct ListEventsArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// At most so many; 0 for all
    #[arg(short = 'n', long, default_value_t = 50, value_name = "N")]
    pub(crate) limit: u64,
}

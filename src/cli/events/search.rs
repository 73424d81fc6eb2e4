//! `hookctl events search`.

use clap::Args;

use super::FilterArgs;

const SEARCH_EXAMPLES: &str = "\
TEXT is searched for in the body as it was received, in each header line (`name: value`) and in the
request target: without regard to ASCII case, from the beginning of a word, to wherever it ends.
`love` finds `Lovelace`, `lace` does not. A credential that was right is not kept and so not found.

Examples:
  hookctl events search 'ada@example.com'
  hookctl events search evt_1NqLZ --since 3d -n 1
  hookctl events search 'user-agent: stripe' --json | jq -r .event.id";

#[derive(Debug, Args)]
#[command(after_help = SEARCH_EXAMPLES)]
pub(crate) struct SearchEventsArgs {
    /// What to find, from the beginning of a word; `--` before one that begins with a dash
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// At most so many; 0 for all
    #[arg(short = 'n', long, default_value_t = 0, value_name = "N")]
    pub(crate) limit: u64,
}

//! `hookctl events diff`.

use clap::Args;

const DIFF_EXAMPLES: &str = "\
Examples:
  hookctl events diff                     the newest two
  hookctl events diff @5 @last
  hookctl events diff 019aa899 @last --full
  hookctl events diff --json | jq -r .place

JSON is compared value by value as it is written: 1.0 and 1 differ in spelling, the order of keys
does not count. Exit code 0 without a difference, 1 with some.";

#[derive(Debug, Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub(crate) struct DiffEventsArgs {
    /// The earlier event: @2, an id or the beginning of one
    #[arg(value_name = "A", default_value = "@2")]
    pub(crate) before: String,
    /// The later event
    #[arg(value_name = "B", default_value = "@last")]
    pub(crate) after: String,
    /// Show the whole bodies too, line by line
    #[arg(long, conflicts_with = "differences_only")]
    pub(crate) full: bool,
    /// Leave out the unchanged lines around a difference in a text
    #[arg(long)]
    pub(crate) differences_only: bool,
}

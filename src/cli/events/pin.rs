//! `hookctl events pin`.

use clap::Args;

const PIN_EXAMPLES: &str = "\
Examples:
  hookctl events pin @last
  hookctl events pin 019aa899 @2 --off
  hookctl events list --pinned

A pinned event stays whatever the limits of the history say; `hookctl events delete` deletes it all the same.";

#[derive(Debug, Args)]
#[command(after_help = PIN_EXAMPLES)]
pub(crate) struct PinArgs {
    /// @last, @2 (second newest), an id or the beginning of one
    #[arg(required = true, value_name = "EVENT")]
    pub(crate) events: Vec<String>,
    /// Let them go
    #[arg(long)]
    pub(crate) off: bool,
}

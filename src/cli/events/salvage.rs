//! `hookctl events salvage`.

use std::path::PathBuf;

use clap::Args;

const SALVAGE_EXAMPLES: &str = "\
Examples:
  hookctl events salvage                                the history itself, into history-salvaged.db beside it
  hookctl events salvage broken.db -o mended.db
  hookctl events list --db mended.db";

#[derive(Debug, Args)]
#[command(after_help = SALVAGE_EXAMPLES)]
pub(crate) struct SalvageArgs {
    /// The damaged file; it is only read [default: the history]
    pub(crate) file: Option<PathBuf>,
    /// The new history; nothing is replaced [default: NAME-salvaged.db beside the file]
    #[arg(short, long, value_name = "NEW.db")]
    pub(crate) output: Option<PathBuf>,
}

//! `hookctl events show`.

use std::path::PathBuf;

use clap::Args;

const SHOW_EXAMPLES: &str = "\
Examples:
  hookctl events show                     the newest one
  hookctl events show @2 --headers
  hookctl events show 019aa899 --raw > body.json
  hookctl events show @last --hex | less
  hookctl events show @last --part 2 --save photo.jpg";

#[derive(Debug, Args)]
#[command(after_help = SHOW_EXAMPLES)]
pub(crate) struct ShowEventArgs {
    /// @last, @2 (second newest), an id or the beginning of one
    #[arg(default_value = "@last")]
    pub(crate) event: String,
    /// Only the body, byte for byte
    #[arg(long, conflicts_with_all = ["hex", "headers"])]
    pub(crate) raw: bool,
    /// The body as a hex dump
    #[arg(long)]
    pub(crate) hex: bool,
    /// Only the request line and headers
    #[arg(long, conflicts_with_all = ["hex", "part", "save"])]
    pub(crate) headers: bool,
    /// One part of a multipart body, from 1
    #[arg(long, value_name = "N")]
    pub(crate) part: Option<usize>,
    /// Write the body, or the part, to this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["raw", "hex"])]
    pub(crate) save: Option<PathBuf>,
    /// With --raw, write to a terminal too; with --save, replace the file
    #[arg(long)]
    pub(crate) force: bool,
}

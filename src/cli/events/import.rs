//! `hookctl events import`.

use clap::{Args, ValueEnum};

const IMPORT_EXAMPLES: &str = "\
Examples:
  hookctl events import events.jsonl
  hookctl events import from-the-browser.har
  ssh staging hookctl events export --as jsonl --reveal | hookctl events import -

An event that is there already is left as it is: importing twice adds nothing. Verdicts and deliveries
come along as they were recorded; nothing is sent. Requests of a foreign HAR are `unchecked`.";

#[derive(Debug, Args)]
#[command(after_help = IMPORT_EXAMPLES)]
pub(crate) struct ImportArgs {
    /// A file of `events export` or `listen --json`, a HAR of any tool, or - for stdin
    #[arg(value_name = "FILE|-")]
    pub(crate) file: String,
    /// The format; else HAR for *.har, else jsonl
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) r#as: Option<ImportFormat>,
    /// Leave out lines that cannot be read, instead of stopping at the first
    #[arg(long)]
    pub(crate) skip_bad: bool,
}

/// A format as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    /// The lines of --json
    Jsonl,
    /// HTTP archive
    Har,
}

//! `hookctl events export`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::FilterArgs;

const EXPORT_EXAMPLES: &str = "\
Examples:
  hookctl events export -o events.jsonl --since 2h
  hookctl events export --verdict invalid -o refused.har
  hookctl events export @last --as curl --reveal | bash
  hookctl events export --provider stripe --as fixtures -o .hookctl/providers

Credentials in headers and query parameters are written as *** unless --reveal is given: Authorization,
Cookie, Set-Cookie, and whatever has token, key, secret, signature, hmac, password or auth in its name.
Bodies are written as they are. Events come out in the order of arrival.";

#[derive(Debug, Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub(crate) struct ExportArgs {
    /// Only these: @last, @2 (second newest), ids or beginnings of them
    #[arg(value_name = "EVENT")]
    pub(crate) events: Vec<String>,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// The format; else by the ending of -o (.jsonl .har .sh .http .csv), else jsonl
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) r#as: Option<ExportFormat>,
    /// Write into this file, or folder for fixtures, instead of stdout
    #[arg(short, long, value_name = "FILE|DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Replace a file that is there, or add to a folder that is not empty
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
    /// Write credentials too
    #[arg(long)]
    pub(crate) reveal: bool,
    /// At most so many, the newest ones; 0 for all
    #[arg(short = 'n', long, default_value_t = 0, value_name = "N")]
    pub(crate) limit: u64,
}

/// A format as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// The lines of --json; with --reveal nothing is lost
    Jsonl,
    /// HTTP archive 1.2: of several deliveries it holds the last one
    Har,
    /// A bash script of curl commands
    Curl,
    /// For the HTTP clients of JetBrains and VS Code
    Http,
    /// A table without bodies
    Csv,
    /// A folder of exact bodies: PROVIDER/EVENT.json
    Fixtures,
}

impl ExportFormat {
    /// The word for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Har => "har",
            Self::Curl => "curl",
            Self::Http => "http",
            Self::Csv => "csv",
            Self::Fixtures => "fixtures",
        }
    }

    /// The format that a file's name asks for.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "har" => Some(Self::Har),
            "sh" => Some(Self::Curl),
            "http" | "rest" => Some(Self::Http),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

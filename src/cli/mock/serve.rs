//! `hookctl mock PROVIDER`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::ArgValueCompleter;

use crate::cli::complete;
use crate::cli::values::time_scale;
use crate::cli::{SecretArgs, TlsArgs};

#[derive(Debug, Args)]
pub(crate) struct ServeMockArgs {
    /// The provider to be
    #[arg(value_name = "PROVIDER", add = ArgValueCompleter::new(complete::providers))]
    pub(crate) provider: Option<String>,
    /// Port to listen on; 0 takes a free one
    #[arg(short, long, default_value_t = 4001)]
    pub(crate) port: u16,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDR")]
    pub(crate) host: String,
    /// How many times as fast the provider's waits pass; its time limit for an answer stays as it is
    #[arg(long, value_name = "N", default_value = "1", value_parser = time_scale, allow_negative_numbers = true)]
    pub(crate) time_scale: f64,
    /// Keep webhooks, credentials, messages and pending retries in this file over a restart
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Register a webhook for this target at once: 4000, localhost:4000/path or a URL (repeatable)
    #[arg(long, value_name = "URL", help_heading = "Webhooks of its own")]
    pub(crate) to: Vec<String>,
    /// The events that --to gets, as globs [default: all]
    #[arg(short, long, value_name = "GLOBS", value_delimiter = ',', help_heading = "Webhooks of its own", add = ArgValueCompleter::new(complete::event_types))]
    pub(crate) events: Vec<String>,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
}

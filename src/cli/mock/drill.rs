//! `hookctl mock drill`.

use clap::Args;
use clap_complete::ArgValueCompleter;

use crate::cli::complete;
use crate::cli::values::time_scale;
use crate::cli::{SecretArgs, TlsArgs};

const EXAMPLES: &str = "\
Examples:
  hookctl mock drill --to 4000
  hookctl mock drill stripe --to http://127.0.0.1:3000/hooks --event invoice.paid --secret-env STRIPE_WEBHOOK_SECRET
  hookctl mock drill --to 4000 --time-scale 1 --json

Exit code 1 when the delivery would have been lost, 3 when nobody was there to take it.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DrillArgs {
    /// The provider whose rules count
    #[arg(value_name = "PROVIDER", default_value = "standard-webhooks", add = ArgValueCompleter::new(complete::providers))]
    pub(crate) provider: String,
    /// The endpoint: 4000, localhost:4000/path or a URL
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// The event [default: the first that the provider has]
    #[arg(long, value_name = "EVENT", add = ArgValueCompleter::new(complete::event_types))]
    pub(crate) event: Option<String>,
    /// How many times as fast the waits pass [default: so that all of them take 10 s]
    #[arg(long, value_name = "N", value_parser = time_scale, allow_negative_numbers = true)]
    pub(crate) time_scale: Option<f64>,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
}

//! Flags that every call of a registration API takes.

use std::time::Duration;

use clap::Args;
use clap_complete::ArgValueCompleter;

use super::CredentialArgs;
use crate::cli::values::duration;
use crate::cli::{TlsArgs, complete};

/// Which API.
#[derive(Debug, Clone, Args)]
pub(crate) struct ApiArgs {
    /// Whose API
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(complete::providers))]
    pub(crate) provider: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// How it is reached, and as whom.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConnectionArgs {
    /// Call the API here: a mock, a proxy, an installation of one's own
    #[arg(long, value_name = "URL", help_heading = "The API")]
    pub(crate) api_url: Option<String>,
    /// A value that the API's address needs, such as subdomain=acme (repeatable)
    #[arg(long = "var", value_name = "NAME=VALUE", help_heading = "The API")]
    pub(crate) variables: Vec<String>,
    /// How long one answer may take
    #[arg(long, value_parser = limit, value_name = "TIME", default_value = "30s", help_heading = "The API")]
    pub(crate) timeout: Duration,
    /// Tries after the first, where a repeated call does no more than one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=10), default_value_t = crate::registration::RETRIES, help_heading = "The API")]
    pub(crate) retries: u32,
    #[command(flatten)]
    pub(crate) credentials: CredentialArgs,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
    /// Send the credential also where others could read it: with --insecure, or over plain http
    #[arg(long, help_heading = "TLS of outgoing requests")]
    pub(crate) insecure_send_token: bool,
}

/// What is printed instead of a call.
#[derive(Debug, Clone, Args)]
pub(crate) struct PreviewArgs {
    /// Print the request instead of sending it
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print a curl command instead of sending; credentials are its shell variables
    #[arg(long)]
    pub(crate) curl: bool,
}

/// Without a limit a silent API would keep a script for ever.
fn limit(text: &str) -> Result<Duration, String> {
    let limit = duration(text)?;
    if limit.is_zero() { Err("an answer needs some time (write 30s)".to_owned()) } else { Ok(limit) }
}

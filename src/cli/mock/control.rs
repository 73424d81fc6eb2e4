//! `hookctl mock emit`, `log`, `redeliver` and `scenario`: what is said to a mock that runs.

use clap::Args;
use clap_complete::ArgValueCompleter;

use crate::cli::complete;

const EMIT_EXAMPLES: &str = "\
Examples:
  hookctl mock emit message_received --api-url http://127.0.0.1:4001
  hookctl mock emit message_received --set data.text=hello --set data.priority:=3
  hookctl mock emit push --webhook wh_1 --no-wait

Exit code 1 when a first attempt failed, or when no webhook wants the event; retries follow beside it.";

const LOG_EXAMPLES: &str = "\
Examples:
  hookctl mock log
  hookctl mock log msg_3              all attempts at one message
  hookctl mock log --json | jq 'select(.state == \"failed\")'";

/// Where the mock is.
#[derive(Debug, Args)]
pub(crate) struct ApiUrl {
    /// The mock's address, as it says when it is ready
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4001")]
    pub(crate) api_url: String,
}

#[derive(Debug, Args)]
#[command(after_help = EMIT_EXAMPLES)]
pub(crate) struct EmitArgs {
    /// An event of the mock's provider, such as message_received
    #[arg(value_name = "EVENT", add = ArgValueCompleter::new(complete::event_types))]
    pub(crate) event: String,
    #[command(flatten)]
    pub(crate) api: ApiUrl,
    /// Change the body: path=text, or path:=JSON (repeatable)
    #[arg(long, value_name = "PATH=VALUE")]
    pub(crate) set: Vec<String>,
    /// Let --set make paths that are not there
    #[arg(long)]
    pub(crate) add: bool,
    /// Only for this webhook, whether it wants the event or not
    #[arg(long, value_name = "ID")]
    pub(crate) webhook: Option<String>,
    /// Do not wait for the first attempts
    #[arg(long)]
    pub(crate) no_wait: bool,
}

#[derive(Debug, Args)]
#[command(after_help = LOG_EXAMPLES)]
pub(crate) struct LogArgs {
    /// Only this message, with all its attempts
    #[arg(value_name = "MESSAGE")]
    pub(crate) message: Option<String>,
    #[command(flatten)]
    pub(crate) api: ApiUrl,
    /// The newest so many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 1 when the attempt failed. It is one attempt: what the schedule holds stays as it is."
)]
pub(crate) struct RedeliverArgs {
    /// The message, such as msg_3 (see `mock log`)
    #[arg(value_name = "MESSAGE")]
    pub(crate) message: String,
    #[command(flatten)]
    pub(crate) api: ApiUrl,
    /// Do not wait for the attempt
    #[arg(long)]
    pub(crate) no_wait: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "`hookctl providers show NAME` lists them. Delays pass as fast as the mock's clock; exit code 1 when a first attempt failed."
)]
pub(crate) struct ScenarioArgs {
    /// Its name, such as thread_lifecycle
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) api: ApiUrl,
    /// Do not wait until it is over
    #[arg(long)]
    pub(crate) no_wait: bool,
}

//! `hookctl webhooks create` and `update`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::ArgValueCompleter;

use super::{ApiArgs, PreviewArgs};
use crate::cli::{SecretArgs, complete};

const CREATE_EXAMPLES: &str = "\
Examples:
  hookctl webhooks create --provider prokeep --var subdomain=acme --username-env PROKEEP_USERNAME \\
    --password-env PROKEEP_PASSWORD --target https://app.example/hooks --events 'message_received,thread_*'
  hookctl webhooks create --provider github --var owner=me --var repo=app --token-env GITHUB_TOKEN \\
    --target https://app.example/hooks --events push --secret-env HOOK_SECRET
  hookctl webhooks create --provider stripe --target https://app.example/hooks --all-events --curl";

#[derive(Debug, Args)]
#[command(after_help = CREATE_EXAMPLES)]
pub(crate) struct CreateWebhookArgs {
    /// Where events are to be sent
    #[arg(long, value_name = "URL")]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) events: ChosenEventsArgs,
    /// A note for people
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Make it without sending yet
    #[arg(long)]
    pub(crate) disabled: bool,
    /// Write a signing secret that the API makes to this new file, instead of the data folder
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_out: Option<PathBuf>,
    /// Make more than 20 webhooks without asking, where each event needs one of its own
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) preview: PreviewArgs,
    #[command(flatten)]
    pub(crate) api: ApiArgs,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
}

/// Which events.
#[derive(Debug, Clone, Args)]
pub(crate) struct ChosenEventsArgs {
    /// Which events, by the API's names: a,b or globs such as 'thread_*'
    #[arg(short, long, value_name = "NAMES", value_delimiter = ',', add = ArgValueCompleter::new(complete::event_types))]
    pub(crate) events: Vec<String>,
    /// All events
    #[arg(long, conflicts_with = "events")]
    pub(crate) all_events: bool,
    /// Take event names that hookctl does not know
    #[arg(long)]
    pub(crate) allow_unknown_events: bool,
}

const UPDATE_EXAMPLES: &str = "\
Examples:
  hookctl webhooks update 12345678 --provider github --var owner=me --var repo=app --events push,release
  hookctl webhooks update we_1PgafmB7WZ01zgkW --provider stripe --target https://app.example/v2/hooks";

#[derive(Debug, Args)]
#[command(after_help = UPDATE_EXAMPLES)]
pub(crate) struct UpdateWebhookArgs {
    /// Its id
    pub(crate) id: String,
    /// Send events there from now on
    #[arg(long, value_name = "URL")]
    pub(crate) target: Option<String>,
    #[command(flatten)]
    pub(crate) events: ChosenEventsArgs,
    /// A note for people
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    #[command(flatten)]
    pub(crate) preview: PreviewArgs,
    #[command(flatten)]
    pub(crate) api: ApiArgs,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
}

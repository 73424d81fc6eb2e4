//! `hookctl webhooks list`, `get` and `whoami`.

use std::path::PathBuf;

use clap::Args;

use super::{ApiArgs, PreviewArgs};

const LIST_EXAMPLES: &str = "\
Examples:
  hookctl webhooks list --provider stripe --token-env STRIPE_API_KEY
  hookctl webhooks list --provider github --var org=acme --json | jq -r .webhook.id";

#[derive(Debug, Args)]
#[command(after_help = LIST_EXAMPLES)]
pub(crate) struct ListWebhooksArgs {
    /// Only those that listeners on this machine registered
    #[arg(long)]
    pub(crate) mine: bool,
    #[command(flatten)]
    pub(crate) preview: PreviewArgs,
    #[command(flatten)]
    pub(crate) api: ApiArgs,
}

const GET_EXAMPLES: &str = "\
Examples:
  hookctl webhooks get we_1PgafmB7WZ01zgkW --provider stripe
  hookctl webhooks get ep_2b --provider svix --var app_id=app_1 --secret-out svix.secret";

#[derive(Debug, Args)]
#[command(after_help = GET_EXAMPLES)]
pub(crate) struct GetWebhookArgs {
    /// Its id
    pub(crate) id: String,
    /// Write its signing secret to this new file, where the API tells it again
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) preview: PreviewArgs,
    #[command(flatten)]
    pub(crate) api: ApiArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  hookctl webhooks whoami --provider github --token-env GITHUB_TOKEN")]
pub(crate) struct WhoamiArgs {
    #[command(flatten)]
    pub(crate) api: ApiArgs,
}

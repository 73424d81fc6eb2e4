//! `hookctl webhooks delete`, `enable`, `disable` and `ping`.

use clap::Args;

use super::{ApiArgs, PreviewArgs};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  hookctl webhooks delete we_1PgafmB7WZ01zgkW --provider stripe")]
pub(crate) struct DeleteWebhooksArgs {
    /// Their ids
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) preview: PreviewArgs,
    #[command(flatten)]
    pub(crate) api: ApiArgs,
}

const SWITCH_EXAMPLES: &str = "\
Examples:
  hookctl webhooks disable we_1PgafmB7WZ01zgkW --provider stripe
  hookctl webhooks enable we_1PgafmB7WZ01zgkW --provider stripe";

#[derive(Debug, Args)]
#[command(after_help = SWITCH_EXAMPLES)]
pub(crate) struct SwitchWebhookArgs {
    /// Its id
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) preview: PreviewArgs,
    #[command(flatten)]
    pub(crate) api: ApiArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  hookctl webhooks ping 12345678 --provider github --var owner=me --var repo=app")]
pub(crate) struct PingWebhookArgs {
    /// Its id
    pub(crate) id: String,
    /// Which event, where the API lets one choose
    #[arg(long, value_name = "EVENT")]
    pub(crate) event: Option<String>,
    #[command(flatten)]
    pub(crate) preview: PreviewArgs,
    #[command(flatten)]
    pub(crate) api: ApiArgs,
}

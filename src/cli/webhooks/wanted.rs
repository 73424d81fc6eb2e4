//! `hookctl webhooks prune`, `plan` and `apply`.

use clap::Args;
use clap_complete::ArgValueCompleter;

use super::ConnectionArgs;
use crate::cli::complete;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hookctl webhooks prune --dry-run\n  hookctl webhooks prune --provider github --token-env GITHUB_TOKEN\n\nWhat `listen --register` made and could not remove itself is removed, with the credentials that the\nconfiguration has where it was made, or those given here."
)]
pub(crate) struct PruneArgs {
    /// Show what would be removed
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Forget what cannot be removed; it stays at the provider
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) forget: bool,
    /// Only at this provider
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(complete::providers))]
    pub(crate) provider: Option<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hookctl webhooks plan\n  hookctl webhooks plan --check --json      for CI: exit code 1 when something differs\n\nThe [[webhook]] tables of hookctl.toml are compared with what each provider has."
)]
pub(crate) struct PlanArgs {
    /// Exit with 1 when there is something to create or to change
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) which: WantedArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hookctl webhooks apply\n  hookctl webhooks apply --yes --json       for CI\n  hookctl webhooks apply --delete-unmanaged"
)]
pub(crate) struct ApplyArgs {
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Delete webhooks that no table asks for, too
    #[arg(long)]
    pub(crate) delete_unmanaged: bool,
    #[command(flatten)]
    pub(crate) which: WantedArgs,
}

/// Which tables are looked at, and how the APIs are reached.
#[derive(Debug, Clone, Args)]
pub(crate) struct WantedArgs {
    /// Only at this provider
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(complete::providers))]
    pub(crate) provider: Option<String>,
    /// Take event names that hookctl does not know
    #[arg(long)]
    pub(crate) allow_unknown_events: bool,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

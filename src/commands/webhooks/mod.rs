//! `hookctl webhooks`: registrations at the provider's side.

mod accepted;
mod apply;
mod create;
mod credentials;
mod delete;
mod events;
mod get;
mod leased;
mod list;
mod ping;
mod plan;
mod preview;
mod prune;
mod removal;
mod secret_file;
mod session;
mod show;
mod step;
mod switch;
mod target;
mod temporary;
mod update;
mod wanted;
mod whoami;

pub(super) use accepted::accepted;
pub(super) use temporary::{Made, Wish, wish};

use super::Context;
use crate::cli::WebhooksCommand;
use crate::error::Outcome;

/// Runs one of the commands.
pub(super) fn run(command: &WebhooksCommand, context: &Context) -> Outcome {
    match command {
        WebhooksCommand::Create(args) => create::run(args, context),
        WebhooksCommand::List(args) => list::run(args, context),
        WebhooksCommand::Get(args) => get::run(args, context),
        WebhooksCommand::Update(args) => update::run(args, context),
        WebhooksCommand::Delete(args) => delete::run(args, context),
        WebhooksCommand::Enable(args) => switch::run(args, true, context),
        WebhooksCommand::Disable(args) => switch::run(args, false, context),
        WebhooksCommand::Ping(args) => ping::run(args, context),
        WebhooksCommand::Whoami(args) => whoami::run(args, context),
        WebhooksCommand::Prune(args) => prune::run(args, context),
        WebhooksCommand::Plan(args) => plan::run(args, context),
        WebhooksCommand::Apply(args) => apply::run(args, context),
    }
}

//! `hookctl webhooks enable` and `disable`.

use super::session::Session;
use super::{preview, show};
use crate::cli::SwitchWebhookArgs;
use crate::commands::Context;
use crate::error::{Exit, Outcome};
use crate::provider::api::Operation;
use crate::registration::Changes;

/// Runs the command.
pub(super) fn run(args: &SwitchWebhookArgs, enabled: bool, context: &Context) -> Outcome {
    let operation = if enabled { Operation::Enable } else { Operation::Disable };
    let session = Session::open_for(operation, &args.api, context)?;
    if args.preview.is_wanted() {
        return preview::show(&args.preview, &session, operation, Some(&args.id), &Changes::default(), context);
    }
    let changed = session.call(context, async |client| client.set_enabled(&args.id, enabled).await)?;
    show::one(session.provider.id(), &changed, None, context)?;
    Ok(Exit::Done)
}

//! `hookctl webhooks list`.

use super::leased::Leased;
use super::session::Session;
use super::{preview, show};
use crate::cli::ListWebhooksArgs;
use crate::commands::Context;
use crate::error::{Exit, Outcome};
use crate::provider::api::Operation;
use crate::registration::Changes;

/// Runs the command.
pub(super) fn run(args: &ListWebhooksArgs, context: &Context) -> Outcome {
    let session = Session::open_for(Operation::List, &args.api, context)?;
    if args.preview.is_wanted() {
        return preview::show(&args.preview, &session, Operation::List, None, &Changes::default(), context);
    }
    let mut webhooks = session.call(context, async |client| client.list().await)?;
    let mine = Leased::at(&session, context)?;
    if args.mine {
        webhooks.retain(|webhook| mine.has(webhook));
        if webhooks.is_empty() {
            context.say(&format!("no listener on this machine has registered anything at {}", session.provider.id()));
            return Ok(Exit::Done);
        }
    }
    let shown = show::all(session.provider.id(), &webhooks, &mine, context);
    shown.map_or_else(|failure| failure.unless_closed(Exit::Done), |()| Ok(Exit::Done))
}

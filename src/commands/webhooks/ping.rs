//! `hookctl webhooks ping`.

use super::delete::Done;
use super::preview;
use super::session::Session;
use crate::cli::PingWebhookArgs;
use crate::commands::Context;
use crate::error::{Exit, Outcome};
use crate::output::untrusted;
use crate::provider::api::Operation;
use crate::registration::Changes;

/// Runs the command.
pub(super) fn run(args: &PingWebhookArgs, context: &Context) -> Outcome {
    let session = Session::open_for(Operation::Ping, &args.api, context)?;
    let (provider, id) = (session.provider.id(), &args.id);
    if args.preview.is_wanted() {
        return preview::show(&args.preview, &session, Operation::Ping, Some(id), &Changes::default(), context);
    }
    session.call(context, async |client| client.ping(id, args.event.as_deref()).await)?;
    if context.json() {
        context.print_item("webhook_pinged", &Done { provider, id })?;
    } else {
        context.say(&format!("{provider} takes the test event for webhook {}", untrusted(id)));
    }
    Ok(Exit::Done)
}

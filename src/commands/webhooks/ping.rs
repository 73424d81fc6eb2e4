//! `hookctl webhooks ping`.

use super::delete::Done;
use super::preview;
use super::session::Session;
use crate::cli::PingWebhookArgs;
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::output::untrusted;
use crate::provider::api::{Api, Described, Operation};
use crate::registration::Changes;

/// Runs the command.
pub(super) fn run(args: &PingWebhookArgs, context: &Context) -> Outcome {
    let mut session = Session::open_for(Operation::Ping, &args.api, context)?;
    if let Some(event) = &args.event {
        if !lets_choose(session.api()?) {
            return Err(Failure::usage(format!("{} chooses the test event itself", session.provider.id()))
                .hint("leave --event out"));
        }
        session.options.variables.insert("event".to_owned(), event.as_str().into());
    }
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

/// Whether the call has a place for the event's name.
fn lets_choose(api: &Api) -> bool {
    let in_path =
        |call: Described| call.operation == Operation::Ping && call.paths.iter().any(|path| path.contains("{event}"));
    api.takes(Operation::Ping, "event") || api.described().into_iter().any(in_path)
}

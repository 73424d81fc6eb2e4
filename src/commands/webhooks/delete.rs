//! `hookctl webhooks delete`.

use serde::Serialize;

use super::preview;
use super::session::Session;
use crate::cli::DeleteWebhooksArgs;
use crate::commands::Context;
use crate::error::{Exit, Outcome};
use crate::output::untrusted;
use crate::provider::api::Operation;
use crate::registration::Changes;

/// A webhook that is no more, or was pinged, as JSON.
#[derive(Serialize)]
pub(super) struct Done<'a> {
    pub(super) provider: &'a str,
    pub(super) id: &'a str,
}

/// Runs the command.
pub(super) fn run(args: &DeleteWebhooksArgs, context: &Context) -> Outcome {
    let session = Session::open_for(Operation::Delete, &args.api, context)?;
    let provider = session.provider.id();
    for id in &args.ids {
        if args.preview.is_wanted() {
            preview::show(&args.preview, &session, Operation::Delete, Some(id), &Changes::default(), context)?;
            continue;
        }
        session.call(context, async |client| client.delete(id).await)?;
        if context.json() {
            context.print_item("webhook_deleted", &Done { provider, id })?;
        } else {
            context.say(&format!("deleted webhook {} at {provider}", untrusted(id)));
        }
    }
    Ok(Exit::Done)
}

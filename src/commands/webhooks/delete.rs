//! `hookctl webhooks delete`.

use serde::Serialize;

use super::session::Session;
use super::{preview, secret_file};
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
    let mut unknown = None;
    for id in &args.ids {
        if args.preview.is_wanted() {
            preview::show(&args.preview, &session, Operation::Delete, Some(id), &Changes::default(), context)?;
            continue;
        }
        match session.call(context, async |client| client.delete(id).await) {
            // The others are there all the same.
            Err(failure) if failure.code == "unknown_webhook" && args.ids.len() > 1 => {
                if let Some(earlier) = unknown.replace(failure) {
                    context.say(&format!("error: {:#}", earlier.error));
                }
                continue;
            }
            deleted => deleted?,
        }
        if context.json() {
            context.print_item("webhook_deleted", &Done { provider, id })?;
        } else {
            context.say(&format!("deleted webhook {} at {provider}", untrusted(id)));
        }
        if let Some(file) = secret_file::kept(provider, id, context) {
            context.say(&format!("note: its signing secret is still in {}", file.display()));
        }
    }
    unknown.map_or(Ok(Exit::Done), Err)
}

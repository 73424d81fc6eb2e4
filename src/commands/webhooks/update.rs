//! `hookctl webhooks update`.

use super::session::Session;
use super::{create, events, preview, show, target};
use crate::cli::UpdateWebhookArgs;
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::provider::api::Operation;
use crate::registration::Changes;

/// Runs the command.
pub(super) fn run(args: &UpdateWebhookArgs, context: &Context) -> Outcome {
    let session = Session::open_for(Operation::Update, &args.api, context)?;
    let changes = Changes {
        url: args.target.as_deref().map(|typed| target::check(typed, &session, context)).transpose()?,
        events: events::of_one(session.api()?, &args.events)?,
        secret: create::secret(Operation::Update, session.api()?, &args.secret, context)?,
        enabled: None,
        description: args.description.clone(),
    };
    if changes.is_empty() {
        return Err(Failure::usage("what is to be changed?")
            .hint("give --target, --events, --secret-env or --description; enable and disable are commands"));
    }
    if args.preview.is_wanted() {
        return preview::show(&args.preview, &session, Operation::Update, Some(&args.id), &changes, context);
    }
    let changed = session.call(context, async |client| client.update(&args.id, &changes).await)?;
    show::one(session.provider.id(), &changed, None, context)?;
    Ok(Exit::Done)
}

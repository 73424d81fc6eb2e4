//! `hookctl webhooks list`.

use super::session::Session;
use super::{preview, show, temporary};
use crate::cli::ListWebhooksArgs;
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::provider::api::Operation;
use crate::registration::{Changes, lease};

/// Runs the command.
pub(super) fn run(args: &ListWebhooksArgs, context: &Context) -> Outcome {
    let session = Session::open_for(Operation::List, &args.api, context)?;
    if args.preview.is_wanted() {
        return preview::show(&args.preview, &session, Operation::List, None, &Changes::default(), context);
    }
    let mut webhooks = session.call(context, async |client| client.list().await)?;
    let mine = leased(&session, context)?;
    if args.mine {
        webhooks.retain(|webhook| mine.contains(&webhook.id));
        if webhooks.is_empty() {
            context.say(&format!("no listener on this machine has registered anything at {}", session.provider.id()));
            return Ok(Exit::Done);
        }
    }
    let shown = show::all(session.provider.id(), &webhooks, &mine, context);
    shown.map_or_else(|failure| failure.unless_closed(Exit::Done), |()| Ok(Exit::Done))
}

/// Ids of what listeners on this machine made at this API, also those of listeners that are no more.
fn leased(session: &Session, context: &Context) -> Result<Vec<String>, Failure> {
    // Without a home there are no leases either.
    let Ok(folder) = temporary::folder() else { return Ok(Vec::new()) };
    let (found, problems) = lease::all(&folder).map_err(|error| Failure::machine("lease", error))?;
    problems.iter().for_each(|problem| context.say(&format!("warning: {problem}")));
    let (id, base) = (session.provider.id(), session.base.as_str());
    let here =
        found.into_iter().map(|lease| lease.record).filter(|record| record.provider == **id && record.base_url == base);
    Ok(here.filter_map(|record| record.id).collect())
}

//! `hookctl webhooks create`.

use super::secret_file::SecretFile;
use super::session::Session;
use super::{events, preview, show, target};
use crate::cli::{CreateWebhookArgs, SecretArgs};
use crate::commands::confirm::MAX_UNASKED;
use crate::commands::{Context, chosen};
use crate::error::{Exit, Failure, Outcome};
use crate::model::{Secret, Webhook};
use crate::output::untrusted;
use crate::provider::api::{Api, Operation};
use crate::registration::Registration;

/// Runs the command.
pub(super) fn run(args: &CreateWebhookArgs, context: &Context) -> Outcome {
    let session = Session::open_for(Operation::Create, &args.api, context)?;
    let wanted = wanted(args, &session, context)?;
    if args.preview.is_wanted() {
        for registration in &wanted {
            preview::show(&args.preview, &session, Operation::Create, None, &registration.changes(), context)?;
        }
        return Ok(Exit::Done);
    }
    if wanted.len() > 1 && args.secret_out.is_some() {
        return Err(Failure::usage("--secret-out is one file, and each event makes a webhook of its own here")
            .hint("leave it out, or give one event"));
    }
    let count = wanted.len() as u64;
    if count > MAX_UNASKED && !args.yes {
        context.confirm(&format!("make {count} webhooks at {}, one for each event?", session.provider.id()), count)?;
    }
    wanted.iter().try_for_each(|registration| make(registration, args, &session, context))?;
    Ok(Exit::Done)
}

/// What is to be made: one webhook, or one for each event where the API has it so.
fn wanted(args: &CreateWebhookArgs, session: &Session, context: &Context) -> Result<Vec<Registration>, Failure> {
    let api = session.api()?;
    let chosen = events::required(api, &args.events)?;
    let registration = Registration {
        url: target::check(&args.target, session, context)?,
        secret: secret(Operation::Create, api, &args.secret, context)?,
        enabled: args.disabled.then_some(false),
        description: args.description.clone(),
        ..Registration::default()
    };
    let apart = events::apart(api, chosen).into_iter();
    Ok(apart.map(|events| Registration { events, ..registration.clone() }).collect())
}

/// The signing secret of the user's choice. One that only stands in the environment is for new webhooks, and
/// left out where the API has no place for it: a change of another thing must not change the secret.
pub(super) fn secret(
    operation: Operation,
    api: &Api,
    args: &SecretArgs,
    context: &Context,
) -> Result<Option<Secret>, Failure> {
    let is_meant = args.is_typed() || operation == Operation::Create && api.takes(operation, "secret");
    if is_meant { chosen::named_secret(context, args) } else { Ok(None) }
}

fn make(
    registration: &Registration,
    args: &CreateWebhookArgs,
    session: &Session,
    context: &Context,
) -> Result<(), Failure> {
    let id = session.provider.id();
    // A place is needed only where the provider signs, and chooses the secret.
    let may_tell = registration.secret.is_none() && !session.provider.signatures().is_empty();
    let file = if may_tell || args.secret_out.is_some() {
        Some(SecretFile::prepare(args.secret_out.as_deref(), context)?)
    } else {
        None
    };
    let made = session.call(context, async |client| client.create(registration).await)?;
    let kept = match (&made.secret, file) {
        (Some(secret), Some(file)) => file.keep(id, &made.id, secret).map(Some),
        _ => Ok(None),
    };
    let path = kept.as_ref().ok().and_then(Option::as_ref);
    show::one(id, &made, path.map(|path| path.as_path()), context)?;
    match kept {
        Ok(Some(path)) => say_secret(id, &path, context),
        Ok(None) => say_made(id, &made, context),
        Err(failure) => {
            let error =
                failure.error.context(format!("webhook {} is made, and its secret is lost", untrusted(&made.id)));
            return Err(Failure { error, ..failure }.hint("delete it, and make it again with --secret-out FILE"));
        }
    }
    Ok(())
}

fn say_secret(provider: &str, path: &std::path::Path, context: &Context) {
    let shown = path.display();
    context.say(&format!(
        "the signing secret is in {shown} (it may not be told again)\n\
         next: hookctl listen --provider {provider} --secret-file {shown}"
    ));
}

fn say_made(provider: &str, made: &Webhook, context: &Context) {
    context.say(&format!("made webhook {} at {provider}", untrusted(&made.id)));
}

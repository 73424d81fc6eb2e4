//! `hookctl webhooks get`.

use super::secret_file::SecretFile;
use super::session::Session;
use super::{preview, show};
use crate::cli::GetWebhookArgs;
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::provider::api::Operation;
use crate::registration::Changes;

/// Runs the command.
pub(super) fn run(args: &GetWebhookArgs, context: &Context) -> Outcome {
    let session = Session::open_for(Operation::Get, &args.api, context)?;
    if args.preview.is_wanted() {
        return preview::show(&args.preview, &session, Operation::Get, Some(&args.id), &Changes::default(), context);
    }
    let id = session.provider.id();
    let wants_secret = args.secret_out.is_some();
    let tells = session.api()?.supports(Operation::Secret);
    let file = args.secret_out.as_deref().map(|path| SecretFile::prepare(Some(path), context)).transpose()?;
    let (webhook, secret) = session.call(context, async |client| {
        let webhook = client.get(&args.id).await?;
        let secret = match &webhook.secret {
            None if wants_secret && tells => client.secret(&args.id).await?,
            known => known.clone(),
        };
        Ok((webhook, secret))
    })?;
    let kept = match (file, &secret) {
        (Some(file), Some(secret)) => Some(file.keep(id, &webhook.id, secret)?),
        (Some(_), None) => {
            let error = anyhow::anyhow!("{id} does not tell the signing secret of a webhook again");
            return Err(
                Failure::new(Exit::No, "no_secret", error).hint("look in its own settings, or make a new webhook")
            );
        }
        (None, _) => None,
    };
    show::one(id, &webhook, kept.as_deref(), context)?;
    Ok(Exit::Done)
}

//! `hookctl webhooks whoami`.

use serde::Serialize;

use super::session::Session;
use crate::cli::WhoamiArgs;
use crate::commands::Context;
use crate::error::{Exit, Outcome};
use crate::output::{self, untrusted};

/// Credentials that the API accepts, as JSON.
#[derive(Serialize)]
struct Accepted<'a> {
    provider: &'a str,
    api_url: &'a str,
    login: Option<&'a str>,
    /// Where each value came from.
    credentials: Vec<String>,
}

/// Runs the command.
pub(super) fn run(args: &WhoamiArgs, context: &Context) -> Outcome {
    let session = Session::open(context, &args.api.provider, &args.api.connection)?;
    let login = session.call(context, async |client| client.whoami().await)?;
    let (provider, api_url) = (session.provider.id(), session.base.as_str());
    let credentials = session.options.credentials.origins();
    if context.json() {
        let login = login.as_deref();
        context.print_item("whoami", &Accepted { provider, api_url, login, credentials })?;
        return Ok(Exit::Done);
    }
    let origins = credentials.join(", ");
    output::print(match &login {
        Some(login) => format!("{} at {provider} ({origins})\n", untrusted(login)),
        None => format!("{provider} accepts the credentials and tells no name ({origins})\n"),
    })?;
    Ok(Exit::Done)
}

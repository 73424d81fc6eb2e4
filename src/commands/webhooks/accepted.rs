//! Whether a configured API accepts its credentials: for `hookctl doctor`.

use std::time::Duration;

use super::session::Session;
use crate::cli::{ConnectionArgs, CredentialArgs, TlsArgs};
use crate::commands::Context;
use crate::error::Failure;
use crate::registration::is_loopback;

/// `doctor` looks at many things: one API that hangs must not hold up the rest.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the API once; says as whom the credentials are accepted.
pub(in crate::commands) fn accepted(context: &Context, provider: &str) -> Result<String, Failure> {
    let connection = ConnectionArgs {
        api_url: None,
        variables: Vec::new(),
        timeout: PATIENCE,
        retries: 0,
        credentials: CredentialArgs::default(),
        tls: TlsArgs::default(),
        insecure_send_token: false,
    };
    let session = Session::open(context, provider, &connection)?;
    // Another address may stand in files that came with someone else's work, and who looks after the state of this
    // machine did not ask for credentials to be sent there.
    if !is_loopback(&session.base) && !session.is_vendors() {
        let message = format!("{} is not the address that hookctl knows", session.base);
        return Err(Failure::machine("other_address", anyhow::Error::msg(message)));
    }
    let login = session.call(context, async |client| client.whoami().await)?;
    let origins = session.options.credentials.origins().join(", ");
    let login = login.map(|login| format!(" as {login}")).unwrap_or_default();
    Ok(if origins.is_empty() { format!("accepted{login}") } else { format!("accepted{login} ({origins})") })
}

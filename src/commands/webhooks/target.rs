//! The URL that events are to be sent to, looked at before a provider is.

use url::Url;

use super::session::Session;
use crate::commands::Context;
use crate::delivery::{Target, TargetError};
use crate::error::{Exit, Failure};
use crate::registration::{is_loopback, is_private};

/// The target as it is registered: a whole URL as it was typed, a short form written out.
pub(super) fn check(typed: &str, session: &Session, context: &Context) -> Result<String, Failure> {
    let target = Target::parse(typed).map_err(|error| match error {
        TargetError::Credentials => Failure::new(
            Exit::Usage,
            "bad_target",
            anyhow::Error::msg("a target with a user and password would show in every list and log"),
        )
        .hint("leave them out, and let the signature show who sends"),
        error => error.into(),
    })?;
    // A short form is for this machine; elsewhere http or https is a choice, and a word may be a slip.
    if !typed.contains("://") && !is_loopback(target.url()) {
        let error = anyhow::anyhow!("`{typed}` is no whole URL");
        return Err(Failure::new(Exit::Usage, "bad_target", error).hint(format!("write https://{}", typed.trim())));
    }
    let provider = session.provider.id();
    if session.api()?.https_only() && target.url().scheme() != "https" && !is_loopback(&session.base) {
        let error = anyhow::anyhow!("{provider} sends to https:// targets only, not to {}", target.url());
        return Err(Failure::new(Exit::Usage, "target_not_https", error)
            .hint("give the public https URL of your app, or of a tunnel to it"));
    }
    if is_private(target.url()) && !is_private(&session.base) {
        context.say(&format!(
            "warning: {} is on this machine or its own network, where {provider} cannot reach it: give a public URL",
            host(target.url()),
        ));
    }
    let typed = typed.trim();
    Ok(if typed.contains("://") { typed.to_owned() } else { target.to_string() })
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

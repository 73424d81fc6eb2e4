//! Secrets in the keyring of the system: the Secret Service on Linux, the keychain on macOS, the Credential
//! Manager on Windows.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use keyring_core::{CredentialStore, Error};

use crate::error::{Exit, Failure};

/// A locked keyring asks its owner for a password first. Whoever is not at the machine to answer in this time
/// is told, rather than kept waiting.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads the secret of an account of a service.
pub(super) fn read(service: &str, account: &str) -> Result<Vec<u8>, Failure> {
    let (send, answer) = channel();
    let (its_service, its_account) = (service.to_owned(), account.to_owned());
    // The stores wait without a limit, so they do it in a thread of their own.
    std::thread::spawn(move || {
        let _ = send.send(look_up(&its_service, &its_account));
    });
    let place = format!("keyring:{service}/{account}");
    match answer.recv_timeout(PATIENCE) {
        Ok(Ok(secret)) => Ok(secret),
        Ok(Err(error)) => Err(explain(&place, service, account, &error)),
        Err(RecvTimeoutError::Timeout) => {
            let waited = PATIENCE.as_secs();
            Err(failed(format!("the keyring did not answer within {waited} s for {place}"))
                .hint(format!("unlock the keyring first, or {ELSEWHERE}")))
        }
        Err(RecvTimeoutError::Disconnected) => {
            Err(failed(format!("the keyring broke off while {place} was read")).hint(ELSEWHERE))
        }
    }
}

/// Where a secret can be instead.
const ELSEWHERE: &str = "keep the secret in env:NAME or file:PATH";

fn look_up(service: &str, account: &str) -> Result<Vec<u8>, Error> {
    store()?.build(service, account, None)?.get_secret()
}

#[cfg(all(unix, not(target_os = "macos")))]
fn store() -> Result<Arc<CredentialStore>, Error> {
    Ok(dbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn store() -> Result<Arc<CredentialStore>, Error> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn store() -> Result<Arc<CredentialStore>, Error> {
    Ok(windows_native_keyring_store::Store::new()?)
}

/// What stood in the way. No error of a store carries the secret but those of its form, which are not repeated.
fn explain(place: &str, service: &str, account: &str, error: &Error) -> Failure {
    match error {
        Error::NoEntry => failed(format!("the keyring has no {place}")).hint(how_to_store(service, account)),
        Error::Ambiguous(_) => failed(format!("the keyring has several entries that are {place}"))
            .hint("delete all but one, or name another account"),
        Error::NoStorageAccess(reason) => failed(format!("the keyring stays locked for {place}: {reason}"))
            .hint(format!("unlock it first, or {ELSEWHERE}")),
        Error::PlatformFailure(_) if !has_session() => {
            failed(format!("no keyring is in this session for {place}")).hint(format!("{START}, or {ELSEWHERE}"))
        }
        Error::PlatformFailure(reason) => failed(format!("no keyring answers for {place}: {}", first_line(reason)))
            .hint(format!("{START}, or {ELSEWHERE}")),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            failed(format!("{place} is not written as a keyring of this system writes it"))
                .hint(how_to_store(service, account))
        }
        other => failed(format!("the keyring refuses {place}: {other}")).hint(ELSEWHERE),
    }
}

/// Whether there is a bus to ask: without one the reason would be about how D-Bus was built.
fn has_session() -> bool {
    cfg!(not(all(unix, not(target_os = "macos")))) || std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some()
}

fn failed(message: String) -> Failure {
    Failure::new(Exit::Usage, "keyring", anyhow::Error::msg(message))
}

fn first_line(reason: &impl ToString) -> String {
    reason.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(all(unix, not(target_os = "macos")))]
const START: &str = "start a secret service in this session (gnome-keyring, KWallet, KeePassXC)";
#[cfg(not(all(unix, not(target_os = "macos"))))]
const START: &str = "log in to a session that has a keyring";

#[cfg(all(unix, not(target_os = "macos")))]
fn how_to_store(service: &str, account: &str) -> String {
    let [service, account] = [service, account].map(quoted);
    format!("store it: secret-tool store --label={service} service {service} username {account}")
}

#[cfg(target_os = "macos")]
fn how_to_store(service: &str, account: &str) -> String {
    let [service, account] = [service, account].map(quoted);
    format!("store it: security add-generic-password -s {service} -a {account} -w")
}

#[cfg(windows)]
fn how_to_store(service: &str, account: &str) -> String {
    format!("store it in the Credential Manager as a generic credential {account}.{service}")
}

#[cfg(unix)]
fn quoted(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_secret_is_not_repeated_by_the_error() {
        for error in
            [Error::BadEncoding(b"hunter2".to_vec()), Error::BadDataFormat(b"hunter2".to_vec(), "hunter2".into())]
        {
            let failure = explain("keyring:s/a", "s", "a", &error);
            let text = format!("{failure:?}");
            assert!(!text.contains("hunter2") && text.contains("keyring:s/a"), "{text}");
        }
    }
}

//! `hookctl mock`.

mod caller;
mod control;
mod drill;
mod log;
mod read;
mod serve;

use super::{Context, chosen, ending, place};
use crate::cli::{MockArgs, MockCommand, SecretArgs, TlsArgs};
use crate::error::{Exit, Failure, Outcome};
use crate::http::ClientOptions;
use crate::mock::{MockError, Refused};
use crate::provider::Provider;

/// Runs the command.
pub(super) fn run(args: &MockArgs, context: &Context) -> Outcome {
    match &args.command {
        None => serve::run(&args.serve, context),
        Some(_) if args.serve.provider.is_some() => {
            Err(Failure::usage("a provider and a command were given").hint("`hookctl mock --help` shows examples"))
        }
        Some(MockCommand::Emit(args)) => control::emit(args, context),
        Some(MockCommand::Log(args)) => log::run(args, context),
        Some(MockCommand::Redeliver(args)) => control::redeliver(args, context),
        Some(MockCommand::Scenario(args)) => control::scenario(args, context),
        Some(MockCommand::Drill(args)) => drill::run(args, context),
    }
}

/// The secret as it is kept in a webhook: text.
fn secret(provider: &Provider, args: &SecretArgs, context: &Context) -> Result<Option<String>, Failure> {
    let Some(secret) = chosen::secret(context, provider, args)? else { return Ok(None) };
    match std::str::from_utf8(secret.expose()) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(_) => Err(Failure::usage(format!("the secret from {} is not text", secret.origin()))),
    }
}

/// How targets are reached.
fn client_options(tls: &TlsArgs, context: &Context) -> ClientOptions {
    if tls.insecure {
        context.say("warning: --insecure: the certificates of targets are not checked");
    }
    ClientOptions {
        insecure: tls.insecure,
        ca_certs: tls.ca_cert.iter().map(|path| context.path(path)).collect(),
        ..ClientOptions::default()
    }
}

impl From<MockError> for Failure {
    fn from(error: MockError) -> Self {
        match error {
            MockError::State(error) => {
                let hint = error.hint();
                Self::machine("mock_state", error).hint(hint)
            }
            MockError::Client(error) => error.into(),
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let exit = if refused.status.is_server_error() { Exit::Machine } else { Exit::Usage };
        let (code, hint) = (refused.code, refused.hint.clone());
        Self { exit, code, error: refused.into(), hint }
    }
}

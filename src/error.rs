//! How a command ends: exit codes, and errors that name their cure.

use std::io;
use std::process::ExitCode;

use crate::delivery::{AgainError, CompositionError, EditError, TamperError, TargetError};
use crate::history::FilterError;
use crate::http::ClientError;
use crate::model::{EmptySecret, RequestError};
use crate::output;
use crate::provider::api::UnknownEvent;
use crate::provider::{LookupError, ManifestError, SignError};
use crate::registration::RegistrationError;
use crate::store::StoreError;

/// The published exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// The answer is no: invalid signature, delivery refused, expectation unmet, nothing matched.
    No = 1,
    /// Usage or configuration.
    Usage = 2,
    /// The machine or the network failed.
    Machine = 3,
    /// Interrupted before an expectation was met.
    Interrupted = 130,
}

impl Exit {
    /// The one that counts more: a failure of the machine before a no, and that before done.
    #[must_use]
    pub(crate) fn worse(self, other: Self) -> Self {
        if other as u8 > self as u8 { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error at the top: what went wrong, how the process ends, what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) code: &'static str,
    pub(crate) error: anyhow::Error,
    pub(crate) hint: Option<String>,
}

/// What a command returns.
pub(crate) type Outcome = Result<Exit, Failure>;

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", anyhow::Error::msg(message.into()))
    }

    pub(crate) fn machine(code: &'static str, error: impl Into<anyhow::Error>) -> Self {
        Self::new(Exit::Machine, code, error.into())
    }

    pub(crate) fn new(exit: Exit, code: &'static str, error: anyhow::Error) -> Self {
        Self { exit, code, error, hint: None }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The answer counts also when nobody reads it any more.
    pub(crate) fn unless_closed(self, exit: Exit) -> Outcome {
        if self.exit == Exit::Done { Ok(exit) } else { Err(self) }
    }

    /// Keeps the first failure of work that goes on all the same. That nobody reads the output any more counts
    /// less than any other.
    pub(crate) fn keep(kept: &mut Result<(), Self>, next: Result<(), Self>) {
        let is_real = |result: &Result<(), Self>| matches!(result, Err(failure) if failure.exit != Exit::Done);
        if kept.is_ok() || (is_real(&next) && !is_real(kept)) {
            *kept = next;
        }
    }

    /// Prints the error where a person or a script looks for it.
    pub(crate) fn report(&self, json: bool) -> Exit {
        let message = format!("{:#}", self.error);
        let text = if json {
            output::error_line(self.code, &message, self.hint.as_deref())
        } else {
            output::error_lines(&message, self.hint.as_deref())
        };
        // Nobody is left to tell when stderr is gone.
        let _ = output::talk(text);
        self.exit
    }
}

impl From<LookupError> for Failure {
    fn from(error: LookupError) -> Self {
        let hint = error.hint();
        let code = match &error {
            LookupError::UnknownProvider { .. } => "unknown_provider",
            LookupError::UnknownEvent { .. } => "unknown_event",
            LookupError::Ambiguous { .. } => "ambiguous_event",
            LookupError::Broken(_) => "broken_manifest",
            LookupError::Unreadable { .. } => "unreadable",
        };
        Self { exit: Exit::Usage, code, error: error.into(), hint }
    }
}

impl From<ManifestError> for Failure {
    fn from(error: ManifestError) -> Self {
        Self::new(Exit::Usage, "broken_manifest", error.into())
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        Self::new(Exit::Usage, "cannot_sign", error.into())
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        Self::new(Exit::Usage, "bad_header", error.into())
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        Self::new(Exit::Usage, "bad_target", error.into())
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        let code = if matches!(error, EditError::Set { .. }) { "bad_set" } else { "usage" };
        let hint = error.hint();
        Self { exit: Exit::Usage, code, error: error.into(), hint }
    }
}

impl From<TamperError> for Failure {
    fn from(error: TamperError) -> Self {
        let text = error.to_string();
        match error {
            TamperError::Sign(error) => error.into(),
            TamperError::Empty(error) => error.into(),
            TamperError::SignsNothing { .. } => Self::usage(text).hint("name a signature with --signature-header"),
            TamperError::NoSecret => Self::usage("--tamper needs a secret: without one the request has no signature")
                .hint("give it with --secret-env NAME"),
            TamperError::OtherKind { .. } => Self::usage(text),
            TamperError::NoTimestamp { .. } | TamperError::OutsideBody { .. } => {
                Self::usage(text).hint("use --tamper signature, missing or secret")
            }
        }
    }
}

impl From<CompositionError> for Failure {
    fn from(error: CompositionError) -> Self {
        match error {
            CompositionError::Sign(error) => error.into(),
            CompositionError::Edit(error) => error.into(),
            CompositionError::Tamper(error) => error.into(),
            CompositionError::Header(error) => error.into(),
            CompositionError::Empty(error) => error.into(),
        }
    }
}

impl From<AgainError> for Failure {
    fn from(error: AgainError) -> Self {
        match error {
            AgainError::Edit(error) => error.into(),
            AgainError::Sign(error) => error.into(),
            AgainError::UnknownProvider(_) => {
                Self::usage(error.to_string()).hint("name the provider with --sign-as NAME")
            }
            AgainError::NoSecret { provider, variable } => {
                let variable = variable.as_deref().unwrap_or("NAME");
                Self::usage(format!("--resign needs the secret of {provider}"))
                    .hint(format!("give it with --secret-env NAME, --secret-file PATH or {variable}"))
            }
        }
    }
}

impl From<EmptySecret> for Failure {
    fn from(error: EmptySecret) -> Self {
        Self::new(Exit::Usage, "empty_secret", error.into()).hint("leave the secret out to skip verification")
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::CaFile { .. } => Self::new(Exit::Usage, "bad_certificate_file", error.into()),
            ClientError::Roots(_) => Self::machine("no_certificates", error),
        }
    }
}

impl From<RegistrationError> for Failure {
    fn from(error: RegistrationError) -> Self {
        let exit = if error.is_usage() {
            Exit::Usage
        } else if error.is_no() {
            Exit::No
        } else {
            Exit::Machine
        };
        let (code, hint) = (error.code(), error.hint());
        Self { exit, code, error: error.into(), hint }
    }
}

impl From<UnknownEvent> for Failure {
    fn from(error: UnknownEvent) -> Self {
        Self::new(Exit::Usage, "unknown_event", error.into()).hint("--allow-unknown-events takes a name that is new")
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        // Without a history nothing can match.
        let exit = if matches!(error, StoreError::Absent(_)) { Exit::No } else { Exit::Machine };
        let (code, hint) = (error.code(), error.hint());
        Self { exit, code, error: error.into(), hint }
    }
}

impl From<FilterError> for Failure {
    fn from(error: FilterError) -> Self {
        let code = if matches!(error, FilterError::Empty(_)) { "usage" } else { "bad_filter" };
        let hint = error.hint();
        Self::new(Exit::Usage, code, error.into()).hint(hint)
    }
}

/// Output that nobody reads any more (`| head -1`) is no error.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::new(Exit::Done, "closed_output", error.into())
        } else {
            Self::machine("io", error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_is_gone_counts_less_than_a_failure() {
        let closed = || Err(Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)));
        let failed = |message: &str| Err(Failure::usage(message));
        let kept = |all: Vec<Result<(), Failure>>| {
            let mut kept = Ok(());
            all.into_iter().for_each(|next| Failure::keep(&mut kept, next));
            kept.map_err(|failure| failure.error.to_string())
        };
        assert_eq!(kept(vec![closed(), failed("first"), failed("second"), closed()]), Err("first".to_owned()));
        assert!(kept(vec![Ok(()), closed(), Ok(())]).is_err());
        assert_eq!(kept(vec![Ok(()), Ok(())]), Ok(()));
    }

    #[test]
    fn the_worse_exit_counts() {
        assert_eq!(Exit::Machine.worse(Exit::No), Exit::Machine);
        assert_eq!(Exit::Done.worse(Exit::No), Exit::No);
    }
}

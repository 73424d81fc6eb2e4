//! Flags that say where the secret is.

use std::path::PathBuf;

use clap::{ArgMatches, Args, Error, FromArgMatches};

use super::given::Given;

/// Where the secrets are.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecretArgs {
    /// The places that count most, in the order of the command line: several while a secret is replaced.
    pub(crate) secrets: Vec<Given>,
}

impl SecretArgs {
    /// Whether one stands on the command line, in whatever way.
    pub(crate) fn is_typed(&self) -> bool {
        self.secrets.iter().any(Given::is_typed)
    }
}

#[derive(Debug, Args)]
struct Flags {
    /// Take the secret from this environment variable (repeatable while a secret is replaced: any may match, the
    /// first signs)
    #[arg(long, value_name = "NAME", help_heading = "Secret and signature")]
    secret_env: Vec<String>,
    /// Take the secret, or the key in PEM, from this file (repeatable; a trailing newline is removed)
    #[arg(long, value_name = "PATH", help_heading = "Secret and signature")]
    secret_file: Vec<PathBuf>,
    /// The secret itself; other users of this machine can see it, so prefer --secret-env
    #[arg(long, value_name = "SECRET", help_heading = "Secret and signature", hide_env_values = true)]
    secret: Option<String>,
}

impl FromArgMatches for SecretArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let Flags { secret_env, secret_file, secret } = Flags::from_arg_matches(matches)?;
        Ok(Self { secrets: Given::choose_all(matches, "secret", secret_env, secret_file, secret) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for SecretArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        Flags::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Flags::augment_args_for_update(command)
    }
}

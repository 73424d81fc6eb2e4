//! Flags that say where the secret is.

use std::path::PathBuf;

use clap::{ArgMatches, Args, Error, FromArgMatches};

use super::given::Given;

/// Where the secret is.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecretArgs {
    /// The one place that counts most.
    pub(crate) secret: Given,
}

#[derive(Debug, Args)]
struct Flags {
    /// Take the secret from this environment variable
    #[arg(long, value_name = "NAME", help_heading = "Secret and signature")]
    secret_env: Option<String>,
    /// Take the secret from this file (a trailing newline is removed)
    #[arg(long, value_name = "PATH", help_heading = "Secret and signature")]
    secret_file: Option<PathBuf>,
    /// The secret itself; other users of this machine can see it, so prefer --secret-env
    #[arg(long, value_name = "SECRET", help_heading = "Secret and signature", hide_env_values = true)]
    secret: Option<String>,
}

impl FromArgMatches for SecretArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let Flags { secret_env, secret_file, secret } = Flags::from_arg_matches(matches)?;
        Ok(Self { secret: Given::choose(matches, "secret", secret_env, secret_file, secret) })
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

//! Flags that say where the secret is.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Error, FromArgMatches};

/// Where the secret is: the one place that counts most. What is typed counts before the environment,
/// and that before a file, whichever of the flags it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecretArgs {
    /// In an environment variable.
    pub(crate) secret_env: Option<String>,
    /// In a file.
    pub(crate) secret_file: Option<PathBuf>,
    /// The secret itself.
    pub(crate) secret: Option<String>,
    /// Whether the secret itself stands on the command line, where others can see it.
    pub(crate) is_visible: bool,
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
        let weights = ["secret_env", "secret_file", "secret"].map(|id| weight(matches.value_source(id)));
        let most = weights.into_iter().max().unwrap_or_default();
        let [env, file, own] = weights.map(|weight| weight == most);
        let is_visible = own && matches.value_source("secret") == Some(ValueSource::CommandLine);
        Ok(Self {
            secret_env: secret_env.filter(|_| env),
            secret_file: secret_file.filter(|_| file),
            secret: secret.filter(|_| own),
            is_visible,
        })
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

fn weight(source: Option<ValueSource>) -> u8 {
    match source {
        Some(ValueSource::CommandLine) => 3,
        Some(ValueSource::EnvVariable) => 2,
        Some(_) => 1,
        None => 0,
    }
}

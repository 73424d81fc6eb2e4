//! Flags that say as whom a registration API is called.

use std::path::PathBuf;

use clap::{ArgMatches, Args, Error, FromArgMatches};

use crate::cli::given::Given;

/// Where user name, password and token are.
#[derive(Debug, Clone, Default)]
pub(crate) struct CredentialArgs {
    /// The user name.
    pub(crate) username: Given,
    /// Its password.
    pub(crate) password: Given,
    /// A token or API key.
    pub(crate) token: Given,
}

impl CredentialArgs {
    /// Whether any of them is given, by a flag or by `HOOKCTL_…`: then they are for one API.
    pub(crate) fn are_given(&self) -> bool {
        self.username.is_given() || self.password.is_given() || self.token.is_given()
    }
}

// A group would have the name of the secret's flags, which stand beside these.
#[derive(Debug, Args)]
#[group(skip)]
struct Flags {
    /// The user name
    #[arg(long, value_name = "NAME", help_heading = "Credentials")]
    username: Option<String>,
    /// Take the user name from this environment variable
    #[arg(long, value_name = "NAME", help_heading = "Credentials")]
    username_env: Option<String>,
    /// Take the user name from this file
    #[arg(long, value_name = "PATH", help_heading = "Credentials")]
    username_file: Option<PathBuf>,
    /// Take the password from this environment variable
    #[arg(long, value_name = "NAME", help_heading = "Credentials")]
    password_env: Option<String>,
    /// Take the password from this file (a trailing newline is removed)
    #[arg(long, value_name = "PATH", help_heading = "Credentials")]
    password_file: Option<PathBuf>,
    /// The password itself; other users of this machine can see it, so prefer --password-env
    #[arg(long, value_name = "PASSWORD", help_heading = "Credentials", hide_env_values = true)]
    password: Option<String>,
    /// Take the token or API key from this environment variable
    #[arg(long, value_name = "NAME", help_heading = "Credentials")]
    token_env: Option<String>,
    /// Take the token from this file (a trailing newline is removed)
    #[arg(long, value_name = "PATH", help_heading = "Credentials")]
    token_file: Option<PathBuf>,
    /// The token itself; other users of this machine can see it, so prefer --token-env
    #[arg(long, value_name = "TOKEN", help_heading = "Credentials", hide_env_values = true)]
    token: Option<String>,
}

impl FromArgMatches for CredentialArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let flags = Flags::from_arg_matches(matches)?;
        let choose = |name, env, file, value| Given::choose(matches, name, env, file, value);
        Ok(Self {
            username: choose("username", flags.username_env, flags.username_file, flags.username),
            password: choose("password", flags.password_env, flags.password_file, flags.password),
            token: choose("token", flags.token_env, flags.token_file, flags.token),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for CredentialArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        Flags::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Flags::augment_args_for_update(command)
    }
}

//! `hookctl providers`, `fixtures` and `config`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::ArgValueCompleter;

use super::complete;
use super::{SecretArgs, SignatureArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum ProvidersCommand {
    /// List them
    List,
    /// Show what is known of one: signature, events, delivery
    Show {
        /// Its name
        #[arg(add = ArgValueCompleter::new(complete::providers))]
        name: String,
    },
    /// Start the folder of a provider of one's own
    New(Box<NewProviderArgs>),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hookctl providers new acme --from @last --secret-env ACME_SECRET       work it out from what was received\n  hookctl providers new acme --from request.http --secret-env ACME_SECRET --url https://example.test/hooks\n  hookctl providers new acme --signature-header X-Acme-Signature --signature-format 'sha256={signature}'\n  hookctl send acme/example --to 4000 --secret-env ACME_SECRET"
)]
pub(crate) struct NewProviderArgs {
    /// Its name: lower-case letters, digits and -
    pub(crate) name: String,
    /// Put it here
    #[arg(long, value_name = "DIR", default_value = ".hookctl/providers")]
    pub(crate) dir: PathBuf,
    /// Work out the signature from this request and its secret: @last, @2 or @ID of the history, or a file (- for
    /// stdin) with the request as HTTP writes it: request line, headers, an empty line, the body
    #[arg(long, value_name = "EVENT|FILE|-", help_heading = "From a request")]
    pub(crate) from: Option<String>,
    /// The URL it was sent to, as the provider knows it: some signatures cover it
    #[arg(long, value_name = "URL", help_heading = "From a request", requires = "from")]
    pub(crate) url: Option<String>,
    /// Keep names, addresses and tokens in the sample event as they are
    #[arg(long, help_heading = "From a request", requires = "from")]
    pub(crate) keep_personal_data: bool,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    #[command(flatten)]
    pub(crate) signature: SignatureArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FixturesCommand {
    /// List them
    List {
        /// Only of this provider
        #[arg(add = ArgValueCompleter::new(complete::providers))]
        provider: Option<String>,
        /// The same as a flag
        #[arg(long = "provider", value_name = "NAME", conflicts_with = "provider", add = ArgValueCompleter::new(complete::providers))]
        named: Option<String>,
    },
    /// Print the exact body of one
    Show {
        /// EVENT or PROVIDER/EVENT
        #[arg(add = ArgValueCompleter::new(complete::events))]
        name: String,
        /// Look in this provider
        #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(complete::providers))]
        provider: Option<String>,
    },
    /// Save one of one's own, to edit and send
    Save(SaveFixtureArgs),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hookctl fixtures save prokeep/message_received          a copy to edit\n  hookctl fixtures save @last --as my_event               what was received, without personal data\n  hookctl fixtures save stripe/my.event --from event.json\n  hookctl fixtures save prokeep/message_received --as prokeep/angry_message\n\nIn what was received and in files, names, addresses, numbers and tokens of people give way to stand-ins,\nin JSON and forms; what was replaced is listed, never what it was."
)]
pub(crate) struct SaveFixtureArgs {
    /// PROVIDER/EVENT; or @last, @2, @ID: a captured event
    #[arg(add = ArgValueCompleter::new(complete::events))]
    pub(crate) name: String,
    /// Take the body from this file, or - for stdin; else a copy of the fixture of that name
    #[arg(long, value_name = "FILE|-")]
    pub(crate) from: Option<String>,
    /// Save under this name; without a provider, under that of the event
    #[arg(long, value_name = "[PROVIDER/]EVENT")]
    pub(crate) r#as: Option<String>,
    /// Put it here
    #[arg(long, value_name = "DIR", default_value = ".hookctl/providers")]
    pub(crate) dir: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Save the exact bytes of an event or file, with everything personal in them
    #[arg(long)]
    pub(crate) keep_personal_data: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ConfigCommand>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show every effective value and where it came from (default)
    Show,
    /// Write a commented hookctl.toml into this folder
    Init {
        /// Replace a file that is there
        #[arg(long)]
        force: bool,
    },
}

//! The command line as it is typed. What it means is decided in `commands`.

mod complete;
mod events;
mod expect;
mod given;
mod inspect;
mod listen;
mod manage;
mod mock;
mod secret;
mod send;
mod values;
mod verify;
mod webhooks;

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgAction, Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

pub(crate) use events::{
    DeleteEventsArgs, DiffEventsArgs, DriftArgs, EventsCommand, ExportArgs, ExportFormat, FilterArgs, ImportArgs,
    ImportFormat, ListEventsArgs, PinArgs, ReplayArgs, SalvageArgs, SearchEventsArgs, ShowEventArgs, StatsArgs,
};
pub(crate) use expect::{ExpectArgs, Expected};
pub(crate) use given::Given;
pub(crate) use inspect::InspectArgs;
pub(crate) use listen::{HandshakeMode, ListenArgs, RegisterArgs, RespondMode};
pub(crate) use manage::{
    ConfigArgs, ConfigCommand, FixturesCommand, NewProviderArgs, ProvidersCommand, SaveFixtureArgs,
};
pub(crate) use mock::{
    DrillArgs, EmitArgs, LogArgs, MockArgs, MockCommand, RedeliverArgs, ScenarioArgs, ServeMockArgs,
};
pub(crate) use secret::SecretArgs;
pub(crate) use send::{RetryRule, SendArgs};
pub(crate) use values::{Rate, Speed, StatusRange, age, byte_size};
pub(crate) use verify::{SignArgs, ToleranceArg, VerifyArgs};
pub(crate) use webhooks::{
    ApiArgs, ApplyArgs, ChosenEventsArgs, ConnectionArgs, CreateWebhookArgs, CredentialArgs, DeleteWebhooksArgs,
    GetWebhookArgs, ListWebhooksArgs, PingWebhookArgs, PlanArgs, PreviewArgs, PruneArgs, SwitchWebhookArgs,
    UpdateWebhookArgs, WantedArgs, WebhooksCommand, WhoamiArgs,
};

/// Test and debug webhooks: receive, verify, explain, send
#[derive(Debug, Parser)]
#[command(name = "hookctl", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  hookctl listen --provider prospektr --secret-env HOOK_SECRET
  hookctl send prospect.added --to http://127.0.0.1:4000 --secret-env HOOK_SECRET
  hookctl verify --provider github --header 'X-Hub-Signature-256: sha256=…' --body payload.json
  hookctl webhooks create --provider stripe --target https://app.example/hooks --events 'invoice.*'

Nothing leaves this machine unless you say so. Every flag can also be set as HOOKCTL_<FLAG> in the
environment, or in hookctl.toml.
Exit codes: 0 done; 1 the answer is no; 2 usage or configuration; 3 machine or network; 130 interrupted.";

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct GlobalArgs {
    /// Read this configuration file instead of searching for hookctl.toml
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub(crate) config: Option<PathBuf>,
    /// Use this profile of the configuration
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub(crate) profile: Option<String>,
    /// Look for providers in this folder too
    #[arg(long, global = true, value_name = "DIR", help_heading = "Global options")]
    pub(crate) providers: Option<PathBuf>,
    /// Keep the history in this file instead of the user's data folder
    #[arg(long, global = true, value_name = "PATH", help_heading = "Global options")]
    pub(crate) db: Option<PathBuf>,
    /// Print one JSON object a line on stdout (same as --format json)
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,
    /// Output format
    #[arg(long, global = true, value_enum, default_value_t = Format::Human, help_heading = "Global options")]
    pub(crate) format: Format,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, help_heading = "Global options")]
    pub(crate) color: Color,
    /// Say less on stderr
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) quiet: bool,
    /// Show more: headers, answers, the signature that would have matched
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    pub(crate) verbose: u8,
}

impl GlobalArgs {
    /// Whether stdout carries JSON lines.
    pub(crate) fn wants_json(&self) -> bool {
        self.json || self.format == Format::Json
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One object a line
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Receive webhooks: verify, show, answer, forward
    Listen(Box<ListenArgs>),
    /// Send a signed sample event, a file or stdin to a URL
    #[command(visible_alias = "trigger")]
    Send(Box<SendArgs>),
    /// Check a signature offline, and explain it
    Verify(Box<VerifyArgs>),
    /// Print the headers that a provider would send with a body
    Sign(Box<SignArgs>),
    /// Show the history on a page of this machine: look at events, search, compare, edit, send again
    Inspect(Box<InspectArgs>),
    /// The history: what was received, and where it went
    #[command(subcommand)]
    Events(EventsCommand),
    /// Check that events came, or wait for them: for tests and CI
    Expect(Box<ExpectArgs>),
    /// Be a provider on this machine: its registration API, and deliveries with its retry rules
    Mock(Box<MockArgs>),
    /// Send events of the history again (same as `events replay`)
    Resend(Box<ReplayArgs>),
    /// Registrations at providers' APIs: create, list, change, delete
    #[command(subcommand)]
    Webhooks(WebhooksCommand),
    /// The providers hookctl knows
    #[command(subcommand)]
    Providers(ProvidersCommand),
    /// Sample events
    #[command(subcommand)]
    Fixtures(FixturesCommand),
    /// Show the effective configuration, and where each value came from
    Config(ConfigArgs),
    /// Check this machine and the configuration
    Doctor,
    /// Print shell completions
    #[command(
        after_help = "Examples:\n  source <(hookctl completions bash)\n  hookctl completions zsh > ~/.zfunc/_hookctl"
    )]
    Completions {
        /// For which shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the man page
    #[command(after_help = "Examples:\n  hookctl man | man -l -")]
    Man,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
}

impl Shell {
    /// The name that the completion engine knows it by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Elvish => "elvish",
            Self::Powershell => "powershell",
        }
    }
}

/// A signature other than the provider's, from flags.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SignatureArgs {
    /// Use the signature of this id (see `providers show`)
    #[arg(long, value_name = "ID", help_heading = "Secret and signature")]
    pub(crate) signature: Option<String>,
    /// The header that carries the signature, instead of the provider's
    #[arg(long, value_name = "NAME", help_heading = "Secret and signature")]
    pub(crate) signature_header: Option<String>,
    /// hmac, hash, ed25519, ecdsa, rsa, token or basic
    #[arg(long, value_name = "SCHEME", help_heading = "Secret and signature")]
    pub(crate) signature_scheme: Option<String>,
    /// sha1, sha256, sha384, sha512 or md5
    #[arg(long, value_name = "NAME", help_heading = "Secret and signature")]
    pub(crate) signature_algorithm: Option<String>,
    /// hex, base64 or base64url
    #[arg(long, value_name = "NAME", help_heading = "Secret and signature")]
    pub(crate) signature_encoding: Option<String>,
    /// How the header is written, such as 'sha256={signature}'
    #[arg(long, value_name = "TEMPLATE", help_heading = "Secret and signature")]
    pub(crate) signature_format: Option<String>,
    /// What is signed, such as '{header:X-Timestamp}.{body}'
    #[arg(long, value_name = "TEMPLATE", help_heading = "Secret and signature")]
    pub(crate) signed: Option<String>,
}

/// Values that a scheme signs though no request carries them.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct VariableArgs {
    /// A value that is signed and not sent, such as webhook_id=…, or public_url=… (repeatable; see `providers show`)
    #[arg(long = "var", value_name = "NAME=VALUE", help_heading = "Secret and signature")]
    pub(crate) variables: Vec<String>,
}

/// TLS of outgoing requests.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TlsArgs {
    /// Accept any TLS certificate
    #[arg(long, help_heading = "TLS of outgoing requests")]
    pub(crate) insecure: bool,
    /// Trust the certificates in this PEM file too
    #[arg(long, value_name = "FILE", help_heading = "TLS of outgoing requests")]
    pub(crate) ca_cert: Option<PathBuf>,
}

/// The whole command tree, with an environment variable for every flag.
pub(crate) fn command() -> clap::Command {
    with_environment(Cli::command())
}

/// Gives every flag its variable, and `--help` the short form: one screen, not three.
fn with_environment(command: clap::Command) -> clap::Command {
    let help = clap::Arg::new("help").short('h').long("help").action(clap::ArgAction::HelpShort).help("Print help");
    let command = command.disable_help_flag(true).arg(help);
    let names: Vec<String> = command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    let command = command.mut_args(|arg| match arg.get_long() {
        Some("help" | "version") | None => arg,
        Some(long) => {
            let variable = format!("HOOKCTL_{}", long.replace('-', "_").to_uppercase());
            // A variable that is empty counts as not set.
            if std::env::var_os(&variable).is_some_and(|value| value.is_empty()) {
                return arg;
            }
            let arg = arg.env(variable).hide_env(true);
            // A switch takes 1, yes and on in the environment too, and 0, no and off.
            if matches!(arg.get_action(), ArgAction::SetTrue) {
                arg.value_parser(clap::builder::FalseyValueParser::new())
            } else {
                arg
            }
        }
    });
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, with_environment))
}

/// Answers a shell that asks for completions; ends the process if it did.
pub(crate) fn complete_if_asked() {
    clap_complete::CompleteEnv::with_factory(command).complete();
}

/// Global flags that were typed, with their values.
pub(crate) fn typed_globals(matches: &clap::ArgMatches) -> Vec<(String, String)> {
    let tree = Cli::command();
    let typed = tree.get_arguments().filter(|arg| {
        arg.is_global_set() && matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
    });
    typed
        .filter_map(|arg| {
            let values = matches.get_raw(arg.get_id().as_str())?;
            let values: Vec<_> = values.map(|value| value.to_string_lossy()).collect();
            Some((arg.get_long()?.to_owned(), values.join(", ")))
        })
        .collect()
}

/// Whether a command has a flag of this long name; `_` counts as `-`.
pub(crate) fn has_flag(command: &str, name: &str) -> bool {
    flag_names(command).contains(&name.replace('_', "-"))
}

/// What to say of a flag that a command does not have.
pub(crate) fn unknown_flag(command: &str, name: &str) -> String {
    let names = flag_names(command);
    let nearest = names.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
    let nearest = nearest.map(|known| format!(" (nearest: `{known}`)")).unwrap_or_default();
    format!("unknown key `{name}` in [{command}]{nearest}")
}

fn flag_names(command: &str) -> Vec<String> {
    let tree = Cli::command();
    let Some(found) = tree.find_subcommand(command) else { return Vec::new() };
    found.get_arguments().filter_map(|arg| arg.get_long()).map(str::to_owned).collect()
}

/// A flag as `hookctl config` needs it.
pub(crate) struct FlagInfo {
    /// The long name.
    pub(crate) name: String,
    /// The environment variable.
    pub(crate) variable: String,
    /// The built-in default.
    pub(crate) default: Option<String>,
    /// Whether the value must not be shown.
    pub(crate) is_secret: bool,
}

/// The flags of a command, or the global ones for `""`.
pub(crate) fn flags(command: &str) -> Vec<FlagInfo> {
    let tree = self::command();
    let Some(found) = (if command.is_empty() { Some(&tree) } else { tree.find_subcommand(command) }) else {
        return Vec::new();
    };
    let valued = found.get_arguments().filter(|arg| arg.get_env().is_some());
    valued
        .map(|arg| {
            let defaults: Vec<String> =
                arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
            FlagInfo {
                name: arg.get_long().unwrap_or_default().to_owned(),
                variable: arg.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
                default: Some(defaults.join(", ")).filter(|text| !text.is_empty()),
                // Headers often carry credentials.
                is_secret: matches!(arg.get_long(), Some("secret" | "header" | "username" | "password" | "token")),
            }
        })
        .collect()
}

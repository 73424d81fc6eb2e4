//! `hookctl listen`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCompleter;

use super::complete;
use super::expect::Expected;
use super::values::{byte_size, duration};
use super::verify::ToleranceArg;
use super::{CredentialArgs, SecretArgs, SignatureArgs, TlsArgs};
use crate::inspector::Address;

const EXAMPLES: &str = "\
Examples:
  hookctl listen --provider prospektr --secret-env HOOK_SECRET
  hookctl listen -f 3000                    forward to localhost:3000, its answer is the answer
  hookctl listen -f :3000/a -f :4000/b      forward to both, answer 200 at once
  hookctl listen -f 3000 --respond now      answer at once; what 3000 cannot take yet waits for it
  hookctl listen -f 3000 --resume           forward first what an earlier run left waiting
  hookctl listen -e 'invoice.*' --json > events.jsonl
  hookctl listen --where 'json:/data/amount>100'
  hookctl listen --inspect                  and a page to look at, search, edit and send again
  hookctl listen --register github --var owner=me --var repo=app --public-url https://me.ngrok.app/hooks
  hookctl listen --expect 2 --timeout 30s   for CI: ends with 0 once two valid events came
  hookctl listen --expect 'prospect.added where json:/prospect/state=FL' --timeout 30s --junit report.xml

Ctrl-C ends it with a summary.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ListenArgs {
    /// Port to listen on; 0 takes a free one
    #[arg(short, long, default_value_t = 4000)]
    pub(crate) port: u16,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDR")]
    pub(crate) host: String,
    /// Expect this provider (repeatable); without it, requests are recognised
    #[arg(long, value_name = "NAME", value_delimiter = ',', add = ArgValueCompleter::new(complete::providers))]
    pub(crate) provider: Vec<String>,
    /// Forward to: 4242, /path, localhost:4242/path or a URL (repeatable)
    #[arg(short, long, value_name = "URL", help_heading = "Forwarding")]
    pub(crate) forward_to: Vec<String>,
    /// Whose answer the sender gets: the target's, or the configured one at once
    #[arg(long, value_enum, value_name = "MODE", help_heading = "Forwarding")]
    pub(crate) respond: Option<RespondMode>,
    /// Who answers what a provider asks before it sends events (challenges, validation requests)
    #[arg(long, value_enum, value_name = "MODE", default_value_t = HandshakeMode::Auto, help_heading = "Forwarding")]
    pub(crate) handshakes: HandshakeMode,
    /// Send an event again this often when a target fails on it: 408, 425, 429, 5xx, no answer in time, a
    /// connection that broke (after 1s, 5s, 30s, 2m, 10m; not where the target's answer is the answer:
    /// there the sender tries again)
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Forwarding")]
    pub(crate) forward_retries: u32,
    /// First forward what earlier runs left waiting for these targets, in its order
    #[arg(long, conflicts_with = "no_store", help_heading = "Forwarding")]
    pub(crate) resume: bool,
    /// How long a target may take; 0 waits for ever
    #[arg(long, value_parser = duration, default_value = "30s", value_name = "TIME", help_heading = "Forwarding")]
    pub(crate) forward_timeout: Duration,
    /// Show the target's answer even when it is 2xx
    #[arg(long, help_heading = "Forwarding")]
    pub(crate) show_response: bool,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
    /// Only these event types, as globs: 'invoice.*,customer.created'
    #[arg(short, long, value_name = "GLOBS", value_delimiter = ',', add = ArgValueCompleter::new(complete::event_types))]
    pub(crate) events: Vec<String>,
    /// Only where this holds: json:/data/id=42, header:X-Topic~order, json:/amount>100 (repeatable)
    #[arg(long, value_name = "CONDITION")]
    pub(crate) r#where: Vec<String>,
    /// Fetch the keys and certificates that a provider publishes, from the hosts that its manifest names (kept for
    /// an hour to a day; a key of your own, given with --secret-file, always counts first)
    #[arg(long, conflicts_with = "no_verify", help_heading = "Secret and signature")]
    pub(crate) fetch_keys: bool,
    /// Do not check signatures
    #[arg(long)]
    pub(crate) no_verify: bool,
    /// Answer requests with a wrong or missing signature like any other
    #[arg(long)]
    pub(crate) accept_invalid: bool,
    /// How old a signature may be, such as 5m, or none
    #[arg(long, value_name = "TIME")]
    pub(crate) tolerance: Option<ToleranceArg>,
    /// The URL the provider sends to, where a tunnel or proxy stands in between (some signatures cover it)
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    #[command(flatten)]
    pub(crate) signature: SignatureArgs,
    /// Status to answer with
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(200..=599), help_heading = "Answer")]
    pub(crate) status: u16,
    /// Body to answer with: text, or @FILE
    #[arg(long, value_name = "STR|@FILE", help_heading = "Answer")]
    pub(crate) body: Option<String>,
    /// Header of the answer, 'Name: value' (repeatable)
    #[arg(short = 'H', long, value_name = "HEADER", help_heading = "Answer")]
    pub(crate) header: Vec<String>,
    /// Fetch the URL that a provider sends to have a subscription confirmed (Amazon SNS); without it, it is shown
    #[arg(long, help_heading = "Answer")]
    pub(crate) confirm_subscriptions: bool,
    /// Wait this long before answering
    #[arg(long, value_parser = duration, value_name = "TIME", help_heading = "Answer")]
    pub(crate) delay: Option<Duration>,
    /// Refuse larger bodies
    #[arg(long, value_parser = byte_size, default_value = "25MiB", value_name = "SIZE")]
    pub(crate) max_body: usize,
    /// End with exit code 0 once this many matching, valid events have come, or one such as
    /// 'prospect.added where json:/prospect/state=FL' (repeatable: all must come)
    #[arg(long, value_name = "N|EXPRESSION")]
    pub(crate) expect: Vec<Expected>,
    /// Write what came of --expect to this file, as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// End after this time; with --expect unmet, exit code 1
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub(crate) timeout: Option<Duration>,
    /// Print the secret that would be used, for a .env file, and end
    #[arg(long)]
    pub(crate) print_secret: bool,
    #[command(flatten)]
    pub(crate) register: RegisterArgs,
    /// Keep no history: a 2xx then says only that the event was received
    #[arg(long)]
    pub(crate) no_store: bool,
    /// Show everything on a page of this machine [default address: 127.0.0.1:4040, or the next free port]
    #[arg(long, value_name = "ADDR:PORT", num_args = 0..=1, require_equals = true, default_missing_value = "true", conflicts_with = "no_store")]
    pub(crate) inspect: Option<Address>,
}

/// A registration for the life of the listener.
#[derive(Debug, Clone, Args)]
pub(crate) struct RegisterArgs {
    /// Register --public-url as a webhook with this provider, and remove it again on the way out
    #[arg(long, value_name = "NAME", help_heading = "Registration", add = ArgValueCompleter::new(complete::providers))]
    pub(crate) register: Option<String>,
    /// For which events, by the API's names: a,b or globs such as 'thread_*' (default: all)
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Registration")]
    pub(crate) register_events: Vec<String>,
    /// Call the provider's API here: a mock, a proxy, an installation of one's own
    #[arg(long, value_name = "URL", help_heading = "Registration")]
    pub(crate) api_url: Option<String>,
    /// A value that a provider signs and does not send (webhook_id=…), that a handshake compares, or that the
    /// API's address needs (subdomain=acme); repeatable
    #[arg(long = "var", value_name = "NAME=VALUE", help_heading = "Secret and signature")]
    pub(crate) variables: Vec<String>,
    #[command(flatten)]
    pub(crate) credentials: CredentialArgs,
}

/// Who answers handshakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HandshakeMode {
    /// hookctl; where one target's answer is the answer, that target as long as it is right
    Auto,
    /// hookctl; no target gets to see them
    Answer,
    /// The targets, as with events
    Forward,
}

/// Whose answer the sender gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RespondMode {
    /// The target's (default with one target)
    Upstream,
    /// The configured one, at once (default with none or several)
    Now,
}

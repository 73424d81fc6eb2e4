//! `hookctl verify` and `hookctl sign`.

use clap::Args;
use clap_complete::ArgValueCompleter;

use super::complete;
use super::values::duration;
use super::{SecretArgs, SignatureArgs, VariableArgs};

const VERIFY_EXAMPLES: &str = "\
Examples:
  hookctl verify --provider github --secret-env GITHUB_WEBHOOK_SECRET \\
      --header 'X-Hub-Signature-256: sha256=757107ea…' --body payload.json
  pbpaste | hookctl verify --provider stripe --header \"$STRIPE_SIGNATURE_LINE\" --tolerance none
  hookctl verify --provider twilio --url https://example.test/sms --header 'X-Twilio-Signature: …' --body -
  hookctl verify @last --secret-env GITHUB_WEBHOOK_SECRET    a captured event, as of when it was received

Valid: one line, exit code 0. Not valid: the reason and what to change, exit code 1. What was changed on the way is
found by trying: the secret's form, the body's line ends, charset, compression and JSON layout, the URL, the encoding.";

#[derive(Debug, Args)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(crate) struct VerifyArgs {
    /// A captured event: @last, @2, an id or the beginning of one
    #[arg(value_name = "EVENT", conflicts_with_all = ["body", "method"])]
    pub(crate) event: Option<String>,
    /// Whose signature it is; recognised from the headers when left out
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(complete::providers))]
    pub(crate) provider: Option<String>,
    /// Header of the request, 'Name: value' (repeatable); of a captured event it replaces what was received
    #[arg(short = 'H', long, value_name = "HEADER")]
    pub(crate) header: Vec<String>,
    /// The body: a file, or - for stdin
    #[arg(long, value_name = "FILE|-", default_value = "-")]
    pub(crate) body: String,
    /// The URL it was sent to, as the provider knows it
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The method
    #[arg(long, value_name = "METHOD", default_value = "POST")]
    pub(crate) method: String,
    /// Pretend it is this moment (RFC 3339, or seconds since 1970); for a captured event when it was received
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// How old a signature may be, such as 5m, or none
    #[arg(long, value_name = "TIME")]
    pub(crate) tolerance: Option<ToleranceArg>,
    /// Fetch the keys and certificates that the provider publishes, from the hosts that its manifest names (kept for
    /// an hour to a day; a key of your own, given with --secret-file, always counts first)
    #[arg(long, help_heading = "Secret and signature")]
    pub(crate) fetch_keys: bool,
    /// Show also what was compared: both signatures, the exact bytes that are signed, the key's fingerprint (for people; JSON has `explanation` in any case)
    #[arg(long)]
    pub(crate) explain: bool,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    #[command(flatten)]
    pub(crate) signature: SignatureArgs,
    #[command(flatten)]
    pub(crate) variables: VariableArgs,
}

const SIGN_EXAMPLES: &str = "\
Examples:
  hookctl sign --provider prospektr --secret-env HOOK_SECRET --body payload.json
  printf '{\"a\":1}' | hookctl sign --provider stripe --secret-env STRIPE_WEBHOOK_SECRET";

#[derive(Debug, Args)]
#[command(after_help = SIGN_EXAMPLES)]
pub(crate) struct SignArgs {
    /// As which provider
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(complete::providers))]
    pub(crate) provider: String,
    /// The body: a file, or - for stdin
    #[arg(long, value_name = "FILE|-", default_value = "-")]
    pub(crate) body: String,
    /// The event's name, for headers that carry it
    #[arg(long, value_name = "EVENT")]
    pub(crate) event: Option<String>,
    /// Header of the request, 'Name: value' (repeatable)
    #[arg(short = 'H', long, value_name = "HEADER")]
    pub(crate) header: Vec<String>,
    /// The URL it is sent to (some signatures cover it)
    #[arg(long, value_name = "URL", default_value = "http://localhost/")]
    pub(crate) url: String,
    /// Sign as of this moment (RFC 3339, or seconds since 1970)
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    #[command(flatten)]
    pub(crate) signature: SignatureArgs,
    #[command(flatten)]
    pub(crate) variables: VariableArgs,
}

/// A duration, or `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToleranceArg {
    /// Seconds.
    Seconds(i64),
    /// Any age.
    None,
}

impl std::str::FromStr for ToleranceArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            text => {
                let seconds = duration(text)?.as_secs();
                i64::try_from(seconds).map(Self::Seconds).map_err(|_| format!("`{text}` is too long"))
            }
        }
    }
}

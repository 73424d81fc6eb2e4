//! `hookctl inspect`.

use clap::Args;
use clap_complete::ArgValueCompleter;

use super::complete;
use super::{SecretArgs, SignatureArgs, TlsArgs, VariableArgs};
use crate::inspector::Address;

const EXAMPLES: &str = "\
Examples:
  hookctl inspect                           the history on http://127.0.0.1:4040
  hookctl inspect 8080                      on another port; 0 takes a free one
  hookctl inspect --db ci-run.db            another history
  hookctl listen --inspect                  the same beside a listener

The page needs the whole URL that is printed: what stands behind # is its key. Ctrl-C ends it.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InspectArgs {
    /// Where to serve the page [default: 127.0.0.1:4040, or the next free port]
    #[arg(value_name = "ADDR:PORT")]
    pub(crate) address: Option<Address>,
    /// The secret is for this provider (repeatable); without it, for all
    #[arg(long, value_name = "NAME", value_delimiter = ',', add = ArgValueCompleter::new(complete::providers))]
    pub(crate) provider: Vec<String>,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    #[command(flatten)]
    pub(crate) signature: SignatureArgs,
    #[command(flatten)]
    pub(crate) variables: VariableArgs,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
}

//! Flags that say which events are meant; the same for every command.

use clap::Args;
use clap_complete::ArgValueCompleter;

use crate::cli::complete;
use crate::cli::values::Since;
use crate::model::VerdictStatus;

/// Which events; the same for every command that asks for some.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct FilterArgs {
    /// Only what these words take: 'provider:github is:failed json:/data/id=42 "some text"' (repeatable)
    #[arg(long, value_name = "WORDS", help_heading = "Which events")]
    pub(crate) filter: Vec<String>,
    /// Only of this provider (repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Which events", add = ArgValueCompleter::new(complete::providers))]
    pub(crate) provider: Vec<String>,
    /// Only these event types, as globs: 'invoice.*,customer.created'
    #[arg(short, long, alias = "events", value_name = "GLOBS", value_delimiter = ',', help_heading = "Which events", add = ArgValueCompleter::new(complete::event_types))]
    pub(crate) event: Vec<String>,
    /// Only with this verdict: valid, invalid, unsigned, unchecked (repeatable)
    #[arg(long, value_name = "VERDICT", value_delimiter = ',', help_heading = "Which events")]
    pub(crate) verdict: Vec<VerdictArg>,
    /// Only received since: 2h, 3d, 2026-11-21 or 2026-11-21T15:04:05Z
    #[arg(long, value_name = "TIME", help_heading = "Which events")]
    pub(crate) since: Option<Since>,
    /// Only received before
    #[arg(long, value_name = "TIME", help_heading = "Which events")]
    pub(crate) until: Option<Since>,
    /// Only where this holds: json:/data/id=42, header:X-Topic~order, json:/amount>100 (repeatable)
    #[arg(long, value_name = "CONDITION", help_heading = "Which events")]
    pub(crate) r#where: Vec<String>,
    /// Only those that a target did not get
    #[arg(long, help_heading = "Which events")]
    pub(crate) failed: bool,
    /// Only those that are pinned
    #[arg(long, help_heading = "Which events")]
    pub(crate) pinned: bool,
}

impl From<VerdictArg> for VerdictStatus {
    fn from(verdict: VerdictArg) -> Self {
        match verdict {
            VerdictArg::Valid => Self::Valid,
            VerdictArg::Invalid => Self::Invalid,
            VerdictArg::Unsigned => Self::Unsigned,
            VerdictArg::Unchecked => Self::Unchecked,
        }
    }
}

/// A verdict as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum VerdictArg {
    Valid,
    Invalid,
    Unsigned,
    Unchecked,
}

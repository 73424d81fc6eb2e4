//! `hookctl mock`: a provider on this machine.

mod control;
mod drill;
mod serve;

use clap::{Args, Subcommand};

pub(crate) use control::{EmitArgs, LogArgs, RedeliverArgs, ScenarioArgs};
pub(crate) use drill::DrillArgs;
pub(crate) use serve::ServeMockArgs;

const EXAMPLES: &str = "\
Examples:
  hookctl mock prokeep                                its registration API on port 4001
  hookctl mock prospektr --to 4000 --secret-env S     deliveries only, to localhost:4000
  hookctl mock stripe --time-scale 1000               an hour of waits takes 3.6 s
  hookctl mock emit message_received                  an event happens: who registered is told
  hookctl mock log                                    what was delivered, and how often it was tried
  hookctl mock drill standard-webhooks --to 4000      what a provider would do with this endpoint

It asks nothing of any provider: what it knows stands in the manifest (`hookctl providers show`).
Ctrl-C ends it. The state lives in memory unless --state names a file.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct MockArgs {
    #[command(subcommand)]
    pub(crate) command: Option<MockCommand>,
    #[command(flatten)]
    pub(crate) serve: ServeMockArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MockCommand {
    /// Make an event happen at a running mock, and tell what came of the first attempts
    Emit(EmitArgs),
    /// Show what a running mock delivered
    Log(LogArgs),
    /// Let a running mock try a message once more
    Redeliver(RedeliverArgs),
    /// Play a sequence of events whose ids hang together
    Scenario(ScenarioArgs),
    /// Tell what a provider would do with an endpoint: attempts, waits, how it ends
    Drill(Box<DrillArgs>),
}

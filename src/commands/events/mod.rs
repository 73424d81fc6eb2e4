//! `hookctl events`: the history.

mod chosen;
mod delete;
mod destination;
mod diff;
mod drift;
mod export;
mod fixture_files;
mod import;
mod list;
mod pin;
mod replay;
mod salvage;
mod search;
mod show;
mod stats;
mod vacuum;

pub(super) use chosen::find;
pub(super) use replay::run as replay;

use super::Context;
use crate::cli::EventsCommand;
use crate::error::Outcome;

/// Runs one of the commands.
pub(super) fn run(command: &EventsCommand, context: &Context) -> Outcome {
    match command {
        EventsCommand::List(args) => list::run(args, context),
        EventsCommand::Show(args) => show::run(args, context),
        EventsCommand::Replay(args) => replay::run(args, context),
        EventsCommand::Drift(args) => drift::run(args, context),
        EventsCommand::Diff(args) => diff::run(args, context),
        EventsCommand::Stats(args) => stats::run(args, context),
        EventsCommand::Pin(args) => pin::run(args, context),
        EventsCommand::Delete(args) => delete::run(args, context),
        EventsCommand::Vacuum(_) => vacuum::run(context),
        EventsCommand::Export(args) => export::run(args, context),
        EventsCommand::Import(args) => import::run(args, context),
        EventsCommand::Search(args) => search::run(args, context),
        EventsCommand::Salvage(args) => salvage::run(args, context),
    }
}

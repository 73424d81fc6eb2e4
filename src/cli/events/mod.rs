//! `hookctl events`: the history.

mod drift;
mod filter;
mod list;
mod replay;
mod show;

use clap::Subcommand;

pub(crate) use drift::DriftArgs;
pub(crate) use filter::FilterArgs;
pub(crate) use list::ListEventsArgs;
pub(crate) use replay::ReplayArgs;
pub(crate) use show::ShowEventArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// List events, newest first
    List(Box<ListEventsArgs>),
    /// Show one event with its deliveries
    Show(Box<ShowEventArgs>),
    /// Send events again: one, several, or all that a filter selects, oldest first
    Replay(Box<ReplayArgs>),
    /// Compare captured events with their fixtures: fields new, missing, of another type
    Drift(Box<DriftArgs>),
}

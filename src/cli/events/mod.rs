//! `hookctl events`: the history.

mod delete;
mod diff;
mod drift;
mod export;
mod filter;
mod import;
mod list;
mod pin;
mod replay;
mod salvage;
mod search;
mod show;
mod stats;

use clap::Subcommand;

pub(crate) use delete::{DeleteEventsArgs, VacuumArgs};
pub(crate) use diff::DiffEventsArgs;
pub(crate) use drift::DriftArgs;
pub(crate) use export::{ExportArgs, ExportFormat};
pub(crate) use filter::FilterArgs;
pub(crate) use import::{ImportArgs, ImportFormat};
pub(crate) use list::ListEventsArgs;
pub(crate) use pin::PinArgs;
pub(crate) use replay::ReplayArgs;
pub(crate) use salvage::SalvageArgs;
pub(crate) use search::SearchEventsArgs;
pub(crate) use show::ShowEventArgs;
pub(crate) use stats::StatsArgs;

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
    /// Show what differs between two events
    Diff(Box<DiffEventsArgs>),
    /// Count events: by provider, type and verdict, over time
    Stats(Box<StatsArgs>),
    /// Keep events whatever the limits of the history say
    Pin(PinArgs),
    /// Delete events
    Delete(Box<DeleteEventsArgs>),
    /// Give back the space that deleted events left
    Vacuum(VacuumArgs),
    /// Write events into a file: JSONL, HAR, curl, .http, CSV or fixtures
    Export(Box<ExportArgs>),
    /// Take events in from a JSONL or HAR file
    Import(ImportArgs),
    /// Find a text in bodies and headers, newest first
    Search(Box<SearchEventsArgs>),
    /// Rescue what can be read of a damaged history
    Salvage(Box<SalvageArgs>),
}

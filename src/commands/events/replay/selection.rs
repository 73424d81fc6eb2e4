//! Which events go out: those that are named, and those that a filter selects, in the order of arrival.

use jiff::Timestamp;

use super::Replay;
use crate::cli::ReplayArgs;
use crate::commands::events::chosen;
use crate::error::{Exit, Failure};
use crate::history::Filter;
use crate::store::{Direction, Stored};

/// The events, oldest first, with what is known of the whole before anything is sent.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) steps: Vec<Step>,
    /// Requests that these events make.
    pub(super) requests: u64,
    /// Events left out because every target has them already.
    pub(super) delivered: u64,
    /// The first target, and whether there are others.
    pub(super) target: Option<String>,
    pub(super) several_targets: bool,
    /// Events that never went anywhere, with the first of them.
    homeless: u64,
    first_homeless: Option<String>,
}

/// One event. Its bytes are read when its turn comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) seq: i64,
    pub(super) received_at: Timestamp,
}

/// The filter of the flags.
pub(super) fn filter_of(args: &ReplayArgs) -> Result<Filter, Failure> {
    chosen::filter(&args.filter)
}

/// Finds the events. Fails when one of them has nowhere to go.
pub(super) fn select(replay: &Replay<'_>) -> Result<Selection, Failure> {
    let filter = filter_of(replay.args)?;
    let mut selection = Selection::default();
    if replay.args.events.is_empty() {
        chosen::select_while(&replay.reader, &filter, Direction::Forward, |stored| {
            selection.add(replay, &stored)?;
            Ok(true)
        })?;
    } else {
        for stored in named(replay)? {
            if filter.is_met_by(&replay.reader, &stored)? {
                selection.add(replay, &stored)?;
            }
        }
    }
    selection.check_homes()?;
    Ok(selection)
}

/// The events that are named, each once, oldest first.
fn named(replay: &Replay<'_>) -> Result<Vec<Stored>, Failure> {
    let found = replay.args.events.iter().map(|name| chosen::find(&replay.reader, name));
    let mut found = found.collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(|stored| stored.seq);
    found.dedup_by_key(|stored| stored.seq);
    Ok(found)
}

impl Selection {
    fn add(&mut self, replay: &Replay<'_>, stored: &Stored) -> Result<(), Failure> {
        let destinations = replay.destinations(stored)?;
        if destinations.is_empty() {
            self.homeless += 1;
            self.first_homeless.get_or_insert_with(|| stored.event.id.to_string());
            return Ok(());
        }
        let wanted = destinations.iter().filter(|destination| replay.is_wanted(destination));
        let mut requests = 0;
        for destination in wanted {
            requests += 1;
            match &self.target {
                None => self.target = Some(destination.target.clone()),
                Some(known) => self.several_targets |= *known != destination.target,
            }
        }
        if requests == 0 {
            self.delivered += 1;
            return Ok(());
        }
        self.requests += requests;
        self.steps.push(Step { seq: stored.seq, received_at: stored.event.received_at });
        Ok(())
    }

    fn check_homes(&self) -> Result<(), Failure> {
        let Some(first) = &self.first_homeless else { return Ok(()) };
        let message = match self.homeless {
            1 => format!("event {first} went to no target"),
            several => format!("{several} events went to no target, such as {first}"),
        };
        Err(Failure::new(Exit::Usage, "no_target", anyhow::Error::msg(message))
            .hint("name one: --to 3000, or a URL; nothing was sent"))
    }
}

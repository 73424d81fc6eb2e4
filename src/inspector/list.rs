//! `GET /api/events`: a list of events, newest first.
//!
//! Where provider, event type and verdict decide, all places are known, so that there is a total and any part of the
//! list can be had at once. Elsewhere each event has to be looked at, for a bounded time in each call.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use super::Inspector;
use super::answer::{Refused, Told, item};
use super::asked::Asked;
use super::cursor::{self, Cursor};
use super::parameters::Parameters;
use super::row::Row;
use super::snapshots::Snapshots;
use crate::store::{Position, Reader};

/// Rows of a call that names no number.
const LIMIT: usize = 50;
/// Rows of a call: more are more than a screen shows, and keep others waiting.
const MAX_LIMIT: usize = 200;
/// How long a call looks at events: a page that searches shows in between how far it came.
const PATIENCE: Duration = Duration::from_millis(300);
/// Newer events with one delivery id that are held against a filter; mostly the first one decides.
const MAX_REPEATS: usize = 64;

/// What is asked for.
#[derive(Debug)]
struct List {
    asked: Asked,
    limit: usize,
    fold: bool,
    /// Nothing newer.
    upto: Position,
    /// Only what is below.
    below: i64,
    /// Of this, so many are left out.
    skip: u64,
    /// Whether `skip` counts from the newest.
    is_offset: bool,
}

/// The answer.
#[derive(Debug, Serialize)]
struct Page {
    events: Vec<Row>,
    next: Option<String>,
    total: Option<u64>,
    newest: String,
    scanned_to: Option<String>,
}

/// Answers the call.
pub(super) async fn events(inspector: &Inspector, mut parameters: Parameters) -> Told {
    let snapshots = Arc::clone(&inspector.snapshots);
    let page = inspector.readers.read(move |reader| {
        let now = reader.position()?;
        let list = List::take(&mut parameters, now)?;
        parameters.end()?;
        list.page(reader, &snapshots)
    });
    item("events", &page.await?)
}

impl List {
    fn take(parameters: &mut Parameters, now: Position) -> Result<Self, Refused> {
        let asked = Asked::take(parameters, Timestamp::now())?;
        let limit = parameters.take_as("limit", "a number")?.unwrap_or(LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Refused::invalid(format!("`limit={limit}`: from 1 to {MAX_LIMIT} events are listed at once")));
        }
        let fold = parameters.take_flag("fold")?;
        let upto = cursor::take::<Position>(parameters, "upto", now, |upto| *upto)?;
        let cursor = cursor::take::<Cursor>(parameters, "cursor", now, |cursor| cursor.upto)?;
        let offset = parameters.take_as::<u64>("offset", "a number")?;
        if cursor.is_some() && (offset.is_some() || upto.is_some()) {
            return Err(Refused::invalid("`cursor` goes on with its own list: `offset` and `upto` begin another one"));
        }
        let upto = cursor.map(|cursor| cursor.upto).or(upto).unwrap_or(now);
        Ok(Self {
            asked,
            limit,
            fold,
            upto,
            below: cursor.map_or(i64::MAX, |cursor| cursor.below),
            skip: cursor.map(|cursor| cursor.skip).or(offset).unwrap_or(0),
            is_offset: offset.is_some(),
        })
    }

    fn page(&self, reader: &Reader, snapshots: &Snapshots) -> Result<Page, Refused> {
        if self.asked.filter.is_by_kind() { self.known(reader, snapshots) } else { self.searched(reader) }
    }

    /// Of all places that there are.
    fn known(&self, reader: &Reader, snapshots: &Snapshots) -> Result<Page, Refused> {
        let places = snapshots.get(reader, &self.asked, self.upto, self.fold)?;
        let wanted = self.limit + 1;
        let mut seqs: Vec<i64> = if self.is_offset {
            places.without_newest(self.skip).take(wanted).collect()
        } else {
            places.below(self.below).take(wanted).collect()
        };
        let is_more = seqs.len() == wanted;
        seqs.truncate(self.limit);
        let next = seqs.last().copied().filter(|_| is_more).map(|below| self.cursor(below, 0));
        self.show(reader, &seqs, next, Some(places.count()), None)
    }

    /// As far as was looked in time.
    fn searched(&self, reader: &Reader) -> Result<Page, Refused> {
        let deadline = Instant::now() + PATIENCE;
        let filter = &self.asked.filter;
        let (mut seqs, mut skip, mut failure) = (Vec::new(), self.skip, None);
        let from = self.upto.event.min(self.below.saturating_sub(1));
        let reached = filter.places(reader, from, Some(deadline), |seq| {
            match self.is_folded(reader, seq) {
                Ok(true) => {}
                Ok(false) if skip > 0 => skip -= 1,
                Ok(false) => seqs.push(seq),
                Err(refused) => {
                    failure = Some(refused);
                    return ControlFlow::Break(());
                }
            }
            if seqs.len() < self.limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if let Some(refused) = failure {
            return Err(refused);
        }
        if reached.is_end {
            return self.show(reader, &seqs, None, None, None);
        }
        let scanned_to = reader.time_from(reached.seq)?;
        self.show(reader, &seqs, Some(self.cursor(reached.seq, skip)), None, scanned_to)
    }

    /// Whether a newer event with the same delivery id, which the filter takes as well, stands for this one.
    fn is_folded(&self, reader: &Reader, seq: i64) -> Result<bool, Refused> {
        if !self.fold {
            return Ok(false);
        }
        for later in reader.later_repeats(seq, self.upto.event, MAX_REPEATS)? {
            if self.asked.filter.takes_place(reader, later)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn cursor(&self, below: i64, skip: u64) -> String {
        Cursor { upto: self.upto, below, skip }.to_string()
    }

    fn show(
        &self,
        reader: &Reader,
        seqs: &[i64],
        next: Option<String>,
        total: Option<u64>,
        scanned_to: Option<Timestamp>,
    ) -> Result<Page, Refused> {
        // What was deleted meanwhile has no row.
        let rows = seqs.iter().filter_map(|seq| Row::read(reader, *seq).transpose());
        Ok(Page {
            events: rows.collect::<Result<_, _>>()?,
            next,
            total,
            newest: self.upto.to_string(),
            scanned_to: scanned_to.map(|time| format!("{time:.6}")),
        })
    }
}

//! Finding the events of a filter in the history: by indexes where they decide, by the index of words where a text
//! is asked for, by looking into each event where nothing else tells.

use std::ops::ControlFlow;
use std::time::Instant;

use super::Filter;
use crate::store::{Direction, Query, Reader, Route, Step, StoreError, Stored};

/// How far a search came, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// The place down to which every event was looked at.
    pub seq: i64,
    /// Whether there is nothing below.
    pub is_end: bool,
}

impl Filter {
    /// Goes through the events that it takes until `visit` breaks off. An event whose row cannot be read ends it
    /// with an error.
    pub fn select(
        &self,
        reader: &Reader,
        direction: Direction,
        mut visit: impl FnMut(Stored) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let query = self.query(direction);
        let mut visit =
            |stored: Stored| if self.holds(&stored.event) { visit(stored) } else { ControlFlow::Continue(()) };
        match (self.texts.first(), direction) {
            (None, _) => reader.select(&query, visit),
            (Some(text), Direction::Backward) => reader.search(text, &query, Route::Index, visit),
            (Some(_), Direction::Forward) => {
                let mut seqs = Vec::new();
                self.places(reader, i64::MAX, None, |seq| {
                    seqs.push(seq);
                    ControlFlow::Continue(())
                })?;
                for seq in seqs.into_iter().rev() {
                    // It may have been deleted meanwhile.
                    if let Some(stored) = reader.by_seq(seq)?
                        && visit(stored).is_break()
                    {
                        break;
                    }
                }
                Ok(())
            }
        }
    }

    /// Whether it takes an event of the history.
    pub fn is_met_by(&self, reader: &Reader, stored: &Stored) -> Result<bool, StoreError> {
        Ok(self.holds(&stored.event) && self.is_met_in(reader, stored.seq)?)
    }

    /// Whether it takes the event at a place, read as far as it has to be.
    pub fn takes_place(&self, reader: &Reader, seq: i64) -> Result<bool, StoreError> {
        Ok(match reader.by_seq(seq)? {
            Some(stored) => self.is_met_by(reader, &stored)?,
            None => false,
        })
    }

    /// Whether what only the store knows holds of an event.
    pub fn is_met_in(&self, reader: &Reader, seq: i64) -> Result<bool, StoreError> {
        Ok((!self.failed || reader.is_failed(seq)?) && (!self.pinned || reader.is_pinned(seq)?))
    }

    /// Goes through the places of the events that it takes, newest first, from `upto` on, until `visit` breaks off
    /// or the time is up.
    pub fn places(
        &self,
        reader: &Reader,
        upto: i64,
        deadline: Option<Instant>,
        visit: impl FnMut(i64) -> ControlFlow<()>,
    ) -> Result<Reached, StoreError> {
        self.places_between(reader, 0, upto, deadline, visit)
    }

    /// The same down to the place behind `after`.
    pub fn places_between(
        &self,
        reader: &Reader,
        after: i64,
        upto: i64,
        deadline: Option<Instant>,
        mut visit: impl FnMut(i64) -> ControlFlow<()>,
    ) -> Result<Reached, StoreError> {
        let mut reached = Reached { seq: upto, is_end: true };
        let is_late = || deadline.is_some_and(|deadline| Instant::now() >= deadline);
        let query = Query { after: Some(after), upto: Some(upto), ..self.query(Direction::Backward) };
        let mut step = |step: Step| {
            let (seq, flow) = match step {
                Step::Passed(seq) => (seq, ControlFlow::Continue(())),
                Step::At(seq) if self.takes_at(reader, seq)? => (seq, visit(seq)),
                Step::At(seq) => (seq, ControlFlow::Continue(())),
            };
            reached.seq = seq;
            if flow.is_break() || is_late() {
                reached.is_end = false;
                return Ok(ControlFlow::Break(()));
            }
            Ok(ControlFlow::Continue(()))
        };
        match self.texts.first() {
            Some(text) => reader.search_steps(text, &query, Route::Index, &mut step)?,
            None => reader.select_steps(&query, &mut step)?,
        }
        Ok(reached)
    }

    /// Whether what the steps of a search leave open holds of the event at a place.
    fn takes_at(&self, reader: &Reader, seq: i64) -> Result<bool, StoreError> {
        if self.conditions.is_empty() && self.texts.len() <= 1 {
            if self.since.is_none() && self.until.is_none() {
                return Ok(true);
            }
            return Ok(reader.received_at(seq)?.is_some_and(|time| self.takes_time(time)));
        }
        Ok(reader.by_seq(seq)?.is_some_and(|stored| self.holds(&stored.event)))
    }
}

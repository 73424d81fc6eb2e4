//! What came and what changed between two positions of a history.

use std::ops::ControlFlow;

use super::answer::Refused;
use super::row::Row;
use crate::history::Filter;
use crate::store::{Position, Reader};

/// Rows of one message.
pub(super) const MAX_ROWS: usize = 200;
/// Events, or changes, that are told one by one: a page that is further behind loads its list anew.
const MAX_BEHIND: usize = 1_000;

/// What there is to tell.
#[derive(Debug)]
pub(super) enum News {
    /// More than anybody wants to be told.
    TooMuch {
        /// Events that came.
        missed: u64,
    },
    /// Rows with the places of their events, and rows with the numbers of their changes, in their order.
    Rows { events: Vec<(i64, Row)>, changed: Vec<(i64, Row)> },
}

impl News {
    /// What a filter takes of it. An event that came is not told again for having changed since; one that changed is
    /// told whether or not it still is in the state that the filter asks for: else it would stay as it was.
    pub(super) fn read(reader: &Reader, filter: &Filter, from: Position, to: Position) -> Result<Self, Refused> {
        let came = usize::try_from(to.event - from.event).unwrap_or(usize::MAX);
        let changes = reader.changed(from.change, to.change, MAX_BEHIND + 1)?;
        if came > MAX_BEHIND || changes.len() > MAX_BEHIND {
            return Ok(Self::TooMuch { missed: came as u64 });
        }
        let mut seqs = Vec::new();
        if came > 0 {
            filter.places_between(reader, from.event, to.event, None, |seq| {
                seqs.push(seq);
                ControlFlow::Continue(())
            })?;
        }
        let lasting = Filter { failed: false, pinned: false, ..filter.clone() };
        let mut changed = Vec::new();
        for (seq, change) in changes {
            if seq <= from.event && (lasting.is_empty() || lasting.takes_place(reader, seq)?) {
                changed.push((seq, change));
            }
        }
        let row = |seq: i64, number: i64| Row::read(reader, seq).map(|row| row.map(|row| (number, row))).transpose();
        Ok(Self::Rows {
            events: seqs.into_iter().rev().filter_map(|seq| row(seq, seq)).collect::<Result<_, _>>()?,
            changed: changed.into_iter().filter_map(|(seq, change)| row(seq, change)).collect::<Result<_, _>>()?,
        })
    }
}

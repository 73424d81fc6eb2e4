//! What came and what changed between two positions of a history.

use std::ops::ControlFlow;
use std::time::Instant;

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
    /// What cannot be looked at until the deadline is too much.
    pub(super) fn read(
        reader: &Reader,
        filter: &Filter,
        from: Position,
        to: Position,
        deadline: Instant,
    ) -> Result<Self, Refused> {
        if from.identity != to.identity {
            // Another history took the place of this one: nobody knows what is missing.
            return Ok(Self::TooMuch { missed: 0 });
        }
        let missed = u64::try_from(to.event - from.event).unwrap_or_default();
        let changes = reader.changed(from.change, to.change, MAX_BEHIND + 1)?;
        if missed > MAX_BEHIND as u64 || changes.len() > MAX_BEHIND {
            return Ok(Self::TooMuch { missed });
        }
        let mut seqs = Vec::new();
        if missed > 0 {
            let reached = filter.places_between(reader, from.event, to.event, Some(deadline), |seq| {
                seqs.push(seq);
                ControlFlow::Continue(())
            })?;
            if !reached.is_end {
                return Ok(Self::TooMuch { missed });
            }
        }
        let lasting = Filter { failed: false, pinned: false, ..filter.clone() };
        let mut changed = Vec::new();
        for (seq, change) in changes {
            if Instant::now() >= deadline {
                return Ok(Self::TooMuch { missed });
            }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::inspector::sample::event;
    use crate::store::{Retention, Writer};

    #[tokio::test(flavor = "current_thread")]
    async fn what_takes_too_long_or_is_of_another_history_is_not_told_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        let writer = Writer::open(&path, Retention::default()).unwrap();
        let reader = Reader::open(&path).unwrap();
        let from = reader.position().unwrap();
        for _ in 0..3 {
            writer.append(Arc::new(event()), Arc::from([])).await.unwrap();
        }
        let to = reader.position().unwrap();
        let soon = Instant::now() + Duration::from_secs(60);
        let read = |from, to, deadline| News::read(&reader, &Filter::default(), from, to, deadline).unwrap();
        assert!(matches!(read(from, to, soon), News::Rows { events, .. } if events.len() == 3));
        assert!(matches!(read(from, to, Instant::now()), News::TooMuch { missed: 3 }));
        let other = Position { identity: to.identity.wrapping_add(1), event: 900, change: 9 };
        assert!(matches!(read(other, to, soon), News::TooMuch { missed: 0 }));
    }
}

//! How far the history is, and which events changed since: got a delivery, were pinned or let go.

use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Reader, StoreError};

/// How far a history is. As text it is opaque to whoever keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Which history: another one in the same place has another number.
    pub identity: i64,
    /// The last event, in the order of arrival.
    pub event: i64,
    /// The last change of an event.
    pub change: i64,
}

impl Position {
    /// Whether everything up to another position of the same history is behind this one.
    pub const fn includes(&self, other: &Self) -> bool {
        self.identity == other.identity && self.event >= other.event && self.change >= other.change
    }
}

/// Oldest events looked at for one that need not stay.
const MAX_STAYING: i64 = 1_000;

/// A text that is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no position in a history")]
pub struct PositionError;

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { identity, event, change } = self;
        write!(f, "{identity:x}.{event}.{change}")
    }
}

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        let mut parts = text.split('.');
        let mut part = || parts.next().ok_or(PositionError);
        let identity = u64::from_str_radix(part()?, 16).map_err(|_| PositionError)?.cast_signed();
        let mut number = || part()?.parse::<i64>().ok().filter(|number| *number >= 0).ok_or(PositionError);
        let position = Self { identity, event: number()?, change: number()? };
        if parts.next().is_some() { Err(PositionError) } else { Ok(position) }
    }
}

/// The number of the next change. A delivery that an older version wrote has one of its own.
pub(super) const NEXT: &str = "(SELECT max(last_change, (SELECT ifnull(max(seq), 0) FROM delivery)) + 1 FROM counter)";

/// Notes that this change was made.
pub(super) fn note(connection: &Connection, change: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE counter SET last_change = ?1")?.execute([change])?;
    Ok(())
}

impl Reader {
    /// How far the history is.
    pub fn position(&self) -> Result<Position, StoreError> {
        let has_changes = self.has_changes()?;
        self.wrap(|connection| {
            let statement = if has_changes {
                "SELECT identity, last_seq, max(last_change, (SELECT ifnull(max(seq), 0) FROM delivery)) FROM counter"
            } else {
                "SELECT 0, last_seq, (SELECT ifnull(max(seq), 0) FROM delivery) FROM counter"
            };
            connection
                .prepare_cached(statement)?
                .query_row([], |row| Ok(Position { identity: row.get(0)?, event: row.get(1)?, change: row.get(2)? }))
        })
    }

    /// A number that changes with every commit of another connection, in whichever process.
    pub fn version(&self) -> Result<i64, StoreError> {
        self.wrap(|connection| connection.pragma_query_value(None, "data_version", |row| row.get(0)))
    }

    /// How many of the events that came are gone.
    pub fn deleted(&self) -> Result<i64, StoreError> {
        self.wrap(|connection| {
            connection.prepare_cached("SELECT deleted FROM counter")?.query_row([], |row| row.get(0))
        })
    }

    /// The place of the oldest event that a limit would delete; behind all that came where there is no event, and
    /// `None` where too many have to stay to tell.
    pub fn oldest(&self) -> Result<Option<i64>, StoreError> {
        let is_pinned =
            if self.has_changes()? { "OR EXISTS (SELECT 1 FROM pin WHERE event_seq = seq AND is_pinned)" } else { "" };
        let statement = format!(
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM event) THEN (
               SELECT seq FROM (SELECT seq FROM event ORDER BY seq LIMIT ?1)
               WHERE NOT (EXISTS (SELECT 1 FROM pending WHERE event_seq = seq) {is_pinned}) ORDER BY seq LIMIT 1)
             ELSE (SELECT last_seq + 1 FROM counter) END"
        );
        self.wrap(|connection| connection.prepare_cached(&statement)?.query_row([MAX_STAYING], |row| row.get(0)))
    }

    /// Events that changed after one change and up to another, each once, in the order of their last change, with
    /// its number; at most `limit`.
    pub fn changed(&self, after: i64, upto: i64, limit: usize) -> Result<Vec<(i64, i64)>, StoreError> {
        let statement = if self.has_changes()? {
            "SELECT event_seq, max(number) AS last FROM (
               SELECT event_seq, seq AS number FROM delivery WHERE seq > ?1 AND seq <= ?2
               UNION ALL SELECT event_seq, changed FROM pin WHERE changed > ?1 AND changed <= ?2)
             GROUP BY event_seq ORDER BY last LIMIT ?3"
        } else {
            "SELECT event_seq, max(seq) AS last FROM delivery WHERE seq > ?1 AND seq <= ?2
             GROUP BY event_seq ORDER BY last LIMIT ?3"
        };
        self.wrap(|connection| {
            connection
                .prepare_cached(statement)?
                .query_map(params![after, upto, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }

    /// How many events there are: nobody has to count them.
    pub fn count(&self) -> Result<u64, StoreError> {
        self.wrap(|connection| {
            let count = connection
                .prepare_cached("SELECT max(last_seq - deleted, 0) FROM counter")?
                .query_row([], |row| row.get(0))
                .optional()?;
            Ok(count.unwrap_or_default())
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sample::{History, delivery, event};
    use super::*;

    proptest! {
        #[test]
        fn a_position_is_read_as_it_was_written(identity: i64, event in 0_i64.., change in 0_i64..) {
            let position = Position { identity, event, change };
            prop_assert_eq!(position.to_string().parse(), Ok(position));
        }

        #[test]
        fn anything_else_is_none(text in any::<String>()) {
            if let Ok(position) = text.parse::<Position>() {
                prop_assert!(position.event >= 0 && position.change >= 0);
            }
        }
    }

    #[test]
    fn deliveries_and_pins_are_changes_whose_numbers_never_go_back() {
        let history = History::new();
        let (one, other) = (event("stripe", None), event("stripe", None));
        history.append(&one);
        history.append(&other);
        let reader = history.reader();
        let start = reader.position().unwrap();
        assert_eq!((start.event, start.change), (2, 0));
        assert_ne!(start.identity, 0);
        let changed = |after: i64| {
            let now = reader.position().unwrap();
            (reader.changed(after, now.change, 99).unwrap(), now.change)
        };
        history.record(&one, &delivery(Some(500)));
        history.record(&other, &delivery(Some(200)));
        history.record(&one, &delivery(Some(200)));
        assert_eq!(changed(0), (vec![(2, 2), (1, 3)], 3), "each once, by its last change");
        history.pin(&other, true);
        history.pin(&other, true);
        assert_eq!(changed(3), (vec![(2, 4)], 4), "what is as it was is no change");
        history.pin(&other, false);
        history.pin(&one, false);
        assert_eq!(changed(4), (vec![(2, 5)], 5));
        // The newest numbers go with their event, and are not given again.
        history.delete(&[1, 2]);
        assert_eq!(changed(5), (vec![], 5));
        let third = event("stripe", None);
        history.append(&third);
        history.record(&third, &delivery(None));
        assert_eq!(changed(5), (vec![(3, 6)], 6));
        assert_eq!(reader.position().unwrap().event, 3);
    }

    #[test]
    fn a_commit_of_another_connection_is_seen_by_its_number() {
        let history = History::new();
        let reader = history.reader();
        let before = reader.version().unwrap();
        assert_eq!(reader.version().unwrap(), before);
        history.append(&event("stripe", None));
        assert_ne!(reader.version().unwrap(), before);
    }

    #[test]
    fn what_is_cut_or_goes_on_is_none() {
        for text in ["", "1", "1.2", "1.2.3.4", "x.2.3", "1.-2.3", "1.2."] {
            assert_eq!(text.parse::<Position>(), Err(PositionError), "{text}");
        }
    }
}

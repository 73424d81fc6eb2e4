//! Events that a person wants to keep: no limit deletes them, and so stay until they are let go or deleted by name.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Reader, StoreError, changes};
use crate::model::EventId;

/// Pins an event or lets it go; false when there is none of this id.
pub(super) fn set(connection: &Connection, id: EventId, is_pinned: bool) -> rusqlite::Result<bool> {
    let seq: Option<i64> = connection
        .prepare_cached("SELECT seq FROM event WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    let Some(seq) = seq else { return Ok(false) };
    if is(connection, seq)? == is_pinned {
        return Ok(true);
    }
    let insert = format!(
        "INSERT INTO pin (event_seq, is_pinned, changed) VALUES (?1, ?2, {}) ON CONFLICT (event_seq)
         DO UPDATE SET is_pinned = excluded.is_pinned, changed = excluded.changed RETURNING changed",
        changes::NEXT
    );
    let change = connection.prepare_cached(&insert)?.query_row(params![seq, is_pinned], |row| row.get(0))?;
    changes::note(connection, change)?;
    Ok(true)
}

fn is(connection: &Connection, seq: i64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM pin WHERE event_seq = ?1 AND is_pinned)")?
        .query_row([seq], |row| row.get(0))
}

impl Reader {
    /// Whether the event at this place is pinned.
    pub fn is_pinned(&self, seq: i64) -> Result<bool, StoreError> {
        Ok(self.has_changes()? && self.wrap(|connection| is(connection, seq))?)
    }

    /// How many events are pinned.
    pub fn pinned(&self) -> Result<u64, StoreError> {
        if !self.has_changes()? {
            return Ok(0);
        }
        self.wrap(|connection| {
            let mut count = connection.prepare_cached("SELECT count(*) FROM pin WHERE is_pinned")?;
            count.query_row([], |row| row.get(0))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::sample::{History, event};
    use crate::store::{Direction, Query, Retention, Step};

    #[test]
    fn an_event_is_pinned_and_let_go() {
        let history = History::new();
        let (one, other) = (event("stripe", None), event("github", None));
        history.append(&one);
        history.append(&other);
        let reader = history.reader();
        assert!(history.pin(&one, true) && history.pin(&one, true), "twice is once");
        assert_eq!(
            (reader.is_pinned(1).unwrap(), reader.is_pinned(2).unwrap(), reader.pinned().unwrap()),
            (true, false, 1)
        );
        assert!(!history.pin(&event("none", None), true), "there is no such event");
        history.pin(&one, false);
        assert_eq!((reader.is_pinned(1).unwrap(), reader.pinned().unwrap()), (false, 0));
    }

    #[test]
    fn pinned_events_are_selected() {
        let history = History::new();
        let events: Vec<_> = ["stripe", "github", "stripe"].into_iter().map(|name| event(name, None)).collect();
        for event in &events {
            history.append(event);
        }
        history.pin(&events[0], true);
        history.pin(&events[1], true);
        let select = |query: &Query| {
            let mut found = Vec::new();
            let mut visit = |step| {
                if let Step::At(seq) = step {
                    found.push(seq);
                }
                Ok(std::ops::ControlFlow::Continue(()))
            };
            history.reader().select_steps(query, &mut visit).unwrap();
            found
        };
        assert_eq!(select(&Query { pinned: true, ..Query::default() }), [2, 1]);
        assert_eq!(
            select(&Query { pinned: true, direction: Direction::Forward, after: Some(1), ..Query::default() }),
            [2]
        );
        let stripe =
            Query { pinned: true, kinds: Some(Box::new(|kind| &*kind.provider == "stripe")), ..Query::default() };
        assert_eq!(select(&stripe), [1]);
        assert!(select(&Query { pinned: true, failed: true, ..Query::default() }).is_empty());
    }

    #[test]
    fn no_limit_deletes_a_pinned_event_and_a_person_does() {
        let history = History::keeping(Retention { max_events: Some(2), max_bytes: None, max_age: None });
        let first = event("stripe", None);
        history.append(&first);
        history.pin(&first, true);
        for _ in 0..5 {
            history.append(&event("stripe", None));
        }
        let reader = history.reader();
        let end = Instant::now() + Duration::from_secs(10);
        while reader.count().unwrap() > 2 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(reader.count().unwrap(), 2);
        assert!(reader.by_id(first.id).unwrap().is_some(), "the oldest is there still");
        history.delete(&[1]);
        assert_eq!((reader.count().unwrap(), reader.pinned().unwrap()), (1, 0));
    }
}

//! What a list shows of an event: its head, without its body, and what became of it.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, Row};

use super::codec::{self, EventColumns, Unreadable};
use super::query::Kind;
use super::{Reader, StoreError};
use crate::model::{DeliveryError, Event, EventId, Repeat};

/// Events with one delivery id that are counted: who sends more of them is not read by a person.
const MAX_REPEATS: u64 = 10_000;

/// An event in short.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Its place in the order of arrival.
    pub seq: i64,
    /// The event; its body is left out.
    pub event: Event,
    /// Bytes of its body.
    pub body_bytes: u64,
    /// The place of the first event with its delivery id, its own where it is the first or the only one.
    pub root: i64,
    /// Events with its delivery id, 1 when it is alone.
    pub repeats: u64,
    /// Attempts to deliver it.
    pub attempts: u64,
    /// The last of them.
    pub last: Option<LastAttempt>,
    /// Targets that were tried.
    pub targets: u64,
    /// Those of them whose last attempt failed.
    pub failed: u64,
    /// Targets that have still to get it.
    pub waiting: u64,
    /// Whether it is kept whatever the limits say.
    pub is_pinned: bool,
}

/// An attempt to deliver, without what came back.
#[derive(Debug, Clone)]
pub struct LastAttempt {
    /// The URL that was tried.
    pub target: String,
    /// The status of the answer.
    pub status: Option<u16>,
    /// From the first connect to the last byte of the answer.
    pub duration: Duration,
    /// Why nothing, or not all, came back.
    pub error: Option<DeliveryError>,
}

impl Reader {
    /// The event at this place in short.
    pub fn overview(&self, seq: i64) -> Result<Option<Overview>, StoreError> {
        let Some(mut overview) = self.head(seq)? else { return Ok(None) };
        overview.repeats = self.repeats_of(overview.root)?;
        let (attempts, last) = self.last_attempt(seq)?;
        overview.attempts = attempts;
        overview.last = last;
        if attempts > 0 {
            (overview.targets, overview.failed) = self.targets_of(seq)?;
        }
        overview.waiting = self.wrap(|connection| {
            let mut count = connection.prepare_cached("SELECT count(*) FROM pending WHERE event_seq = ?1")?;
            count.query_row([seq], |row| row.get(0))
        })?;
        overview.is_pinned = self.is_pinned(seq)?;
        Ok(Some(overview))
    }

    fn head(&self, seq: i64) -> Result<Option<Overview>, StoreError> {
        let found = self.wrap(|connection| {
            connection
                .prepare_cached(
                    "SELECT e.seq, e.id, e.kind, e.received_at, e.repeat, first.id, e.head_format, e.head,
                     e.body_bytes, ifnull(e.first_seq, e.seq)
                     FROM event e LEFT JOIN event first ON first.seq = e.first_seq WHERE e.seq = ?1",
                )?
                .query_row([seq], |row| self.read_head(row).map(Box::new))
                .optional()
        })?;
        match found.map(|found| *found) {
            Some(Ok(overview)) => Ok(Some(overview)),
            Some(Err(unreadable)) => Err(self.unreadable(seq, &unreadable)),
            None => Ok(None),
        }
    }

    fn read_head(&self, row: &Row<'_>) -> rusqlite::Result<Result<Overview, Unreadable>> {
        let (id, kind, received_at) = (row.get(1)?, row.get(2)?, super::reader::timestamp(row.get(3)?));
        let repeat = Option::zip(row.get::<_, Option<u32>>(4)?, row.get::<_, Option<[u8; 16]>>(5)?)
            .map(|(retry, first)| Repeat { retry, first: EventId::from_bytes(first) });
        let columns = match self.kind(kind) {
            Ok(Some(Kind { provider, event_type, verdict })) => EventColumns { provider, event_type, verdict },
            Ok(None) => return Ok(Err(Unreadable::Head(format!("kind {kind} is missing")))),
            Err(error) => return Ok(Err(Unreadable::Head(error.to_string()))),
        };
        let head = (row.get(6)?, row.get_ref(7)?.as_blob()?);
        let (seq, body_bytes, root) = (row.get(0)?, row.get(8)?, row.get(9)?);
        let event = codec::unpack_event_head(EventId::from_bytes(id), received_at, columns, head);
        Ok(event.map(|event| Overview {
            seq,
            event: Event { repeat, ..event },
            body_bytes,
            root,
            repeats: 1,
            attempts: 0,
            last: None,
            targets: 0,
            failed: 0,
            waiting: 0,
            is_pinned: false,
        }))
    }

    /// How many events came with the delivery id of the one at this place, which was the first.
    fn repeats_of(&self, root: i64) -> Result<u64, StoreError> {
        self.wrap(|connection| {
            let count = connection
                .prepare_cached(
                    "SELECT (SELECT count(*) FROM event WHERE seq = ?1)
                     + (SELECT count(*) FROM (SELECT 1 FROM event WHERE first_seq = ?1 LIMIT ?2))",
                )?
                .query_row([root, i64::try_from(MAX_REPEATS).unwrap_or(i64::MAX)], |row| row.get::<_, u64>(0))?;
            Ok(count.max(1))
        })
    }

    fn last_attempt(&self, seq: i64) -> Result<(u64, Option<LastAttempt>), StoreError> {
        let read = self.wrap(|connection| {
            let attempts = connection
                .prepare_cached("SELECT count(*) FROM delivery WHERE event_seq = ?1")?
                .query_row([seq], |row| row.get::<_, u64>(0))?;
            if attempts == 0 {
                return Ok((0, None));
            }
            let last = connection
                .prepare_cached(
                    "SELECT target, head_format, head FROM delivery WHERE event_seq = ?1 ORDER BY seq DESC LIMIT 1",
                )?
                .query_row([seq], |row| {
                    let head = (row.get(1)?, row.get_ref(2)?.as_blob()?);
                    Ok(codec::unpack_outcome(row.get(0)?, head))
                })
                .optional()?;
            Ok((attempts, last))
        })?;
        match read {
            (attempts, None) => Ok((attempts, None)),
            (attempts, Some(Ok(last))) => Ok((attempts, Some(last))),
            (_, Some(Err(unreadable))) => Err(self.unreadable(seq, &unreadable)),
        }
    }

    /// How many targets were tried, and with how many of them the last attempt failed.
    fn targets_of(&self, seq: i64) -> Result<(u64, u64), StoreError> {
        self.wrap(|connection| {
            connection
                .prepare_cached(
                    "SELECT count(*), count(*) FILTER (WHERE NOT is_success) FROM (
                       SELECT is_success, max(seq) FROM delivery WHERE event_seq = ?1 GROUP BY target)",
                )?
                .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{History, delivery, event};

    #[test]
    fn an_overview_is_the_event_without_its_body() {
        let history = History::new();
        let event = event("stripe", None);
        let seq = history.append(&event).seq;
        let overview = history.reader().overview(seq).unwrap().unwrap();
        assert_eq!((overview.event.id, overview.event.received_at), (event.id, event.received_at));
        assert_eq!((overview.event.request.body.len(), overview.body_bytes), (0, 7));
        assert_eq!((overview.root, overview.repeats, overview.attempts, overview.waiting), (seq, 1, 0, 0));
        assert!(overview.last.is_none() && !overview.is_pinned);
        assert!(history.reader().overview(seq + 1).unwrap().is_none());
    }

    #[test]
    fn it_tells_the_last_attempt_and_the_number_of_repeats() {
        let history = History::new();
        let events = [event("stripe", Some("a")), event("stripe", Some("b")), event("stripe", Some("a"))];
        for event in &events {
            history.append(event);
        }
        history.record(&events[2], &delivery(Some(503)));
        history.record(&events[2], &delivery(None));
        history.pin(&events[2], true);
        let reader = history.reader();
        let first = reader.overview(1).unwrap().unwrap();
        assert_eq!((first.repeats, first.attempts), (2, 0));
        assert_eq!(reader.overview(2).unwrap().unwrap().repeats, 1);
        let third = reader.overview(3).unwrap().unwrap();
        assert_eq!((third.root, third.repeats, third.attempts, third.is_pinned), (1, 2, 2, true));
        assert_eq!(third.event.repeat.unwrap().first, events[0].id);
        let last = third.last.unwrap();
        assert_eq!((last.status, last.duration.as_millis()), (None, 7));
        assert_eq!((third.targets, third.failed), (1, 1));
        assert_eq!(last.error.unwrap().message, "connection refused");
        // The first one is deleted: the others are still each other's.
        history.delete(&[1]);
        assert_eq!(reader.overview(3).unwrap().unwrap().repeats, 1);
    }
}

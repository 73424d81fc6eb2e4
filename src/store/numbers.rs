//! Reading what the columns say of many events, without unpacking any.

use std::ops::ControlFlow;

use jiff::Timestamp;
use rusqlite::params;

use super::query::{Kind, Query};
use super::{Reader, StoreError};
use crate::model::VerdictStatus;

/// Rows read in one go: a reader must not hold the log back for long.
const SLICE: usize = 65_536;

/// What the columns say of an event.
#[derive(Debug, Clone, Copy)]
pub struct Outline<'k> {
    /// Its place in the order of arrival.
    pub seq: i64,
    /// What it is told apart by.
    pub kind: &'k Kind,
    /// When it was received.
    pub received_at: Timestamp,
    /// Bytes of its body, as received.
    pub body_bytes: u64,
}

/// Attempts to deliver, by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// With a 2xx.
    pub succeeded: u64,
    /// Without.
    pub failed: u64,
}

impl Outcomes {
    /// Adds others.
    pub fn add(&mut self, other: Self) {
        self.succeeded += other.succeeded;
        self.failed += other.failed;
    }
}

impl Reader {
    /// Goes through the events of a query in the order of arrival, whatever its direction, until `visit`
    /// breaks off. `failed` is not looked at: it takes more than columns.
    pub fn outlines(
        &self,
        query: &Query,
        mut visit: impl FnMut(Outline<'_>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let (low, high) = self.bounds(query)?;
        let mut from = low;
        loop {
            let rows = self.slice(from, high)?;
            let Some(last) = rows.last().map(|row| row.0) else { return Ok(()) };
            for (seq, kind, received_at, body_bytes) in rows {
                // A kind that is not there belongs to a damaged row; unpacking would say so.
                let Some(kind) = self.kind(kind)? else { continue };
                let is_meant = query.kinds.as_ref().is_none_or(|takes| takes(&kind)) && query.holds_time(received_at);
                if is_meant && visit(Outline { seq, kind: &kind, received_at, body_bytes }).is_break() {
                    return Ok(());
                }
            }
            from = last + 1;
        }
    }

    /// When the event at a place was received, and with which verdict.
    pub fn outline(&self, seq: i64) -> Result<Option<(Timestamp, VerdictStatus)>, StoreError> {
        let found = self.slice(seq, seq)?;
        let Some((_, kind, received_at, _)) = found.first() else { return Ok(None) };
        Ok(self.kind(*kind)?.map(|kind| (*received_at, kind.verdict)))
    }

    fn slice(&self, from: i64, high: i64) -> Result<Vec<(i64, i64, Timestamp, u64)>, StoreError> {
        self.wrap(|connection| {
            connection
                .prepare_cached(
                    "SELECT seq, kind, received_at, body_bytes FROM event
                     WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq LIMIT ?3",
                )?
                .query_map(params![from, high, SLICE], |row| {
                    Ok((row.get(0)?, row.get(1)?, super::reader::timestamp(row.get(2)?), row.get(3)?))
                })?
                .collect()
        })
    }

    /// All attempts to deliver.
    pub fn outcomes(&self) -> Result<Outcomes, StoreError> {
        self.outcomes_by(
            "SELECT count(*) FROM delivery WHERE ?1 = 0",
            "SELECT count(*) FROM delivery WHERE NOT is_success AND ?1 = 0",
            0,
        )
    }

    /// The attempts to deliver one event.
    pub fn outcomes_of(&self, seq: i64) -> Result<Outcomes, StoreError> {
        self.outcomes_by(
            "SELECT count(*) FROM delivery WHERE event_seq = ?1",
            "SELECT count(*) FROM delivery WHERE event_seq = ?1 AND NOT is_success",
            seq,
        )
    }

    fn outcomes_by(&self, all: &'static str, failed: &'static str, seq: i64) -> Result<Outcomes, StoreError> {
        self.wrap(|connection| {
            let count = |statement| connection.prepare_cached(statement)?.query_row([seq], |row| row.get::<_, u64>(0));
            let failed = count(failed)?;
            Ok(Outcomes { succeeded: count(all)?.saturating_sub(failed), failed })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Delivery, Event, Request, Response, Verdict};
    use crate::store::{Retention, Writer};

    fn event(provider: &str, second: i64) -> Event {
        Event {
            id: uuid::Uuid::now_v7(),
            received_at: Timestamp::from_second(second).unwrap(),
            provider: provider.into(),
            event_type: None,
            delivery_id: None,
            verdict: Verdict::valid("sha256".into()),
            request: Request { body: provider.to_owned().into(), ..Request::default() },
            remote: ([127, 0, 0, 1], 1).into(),
            handshake: None,
            repeat: None,
        }
    }

    fn delivery(status: u16) -> Delivery {
        Delivery {
            method: http::Method::POST,
            target: "http://127.0.0.1:3000/".into(),
            attempt: 1,
            duration: std::time::Duration::ZERO,
            response: Some(Response {
                status: http::StatusCode::from_u16(status).unwrap(),
                headers: http::HeaderMap::new(),
                body: bytes::Bytes::new(),
            }),
            truncated: false,
            error: None,
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn events_and_deliveries_are_counted_without_unpacking() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("history.db");
        let writer = Writer::open(&path, Retention { max_events: None, max_bytes: None, max_age: None }).unwrap();
        let events = [event("stripe", 10), event("github", 20), event("stripe", 30)];
        for event in &events {
            writer.append(event.clone().into(), [].into()).await.unwrap();
        }
        for (event, status) in [(&events[0], 500), (&events[0], 200), (&events[1], 404)] {
            writer.record(event.id, &delivery(status), None).await.unwrap();
        }
        let reader = Reader::open(&path).unwrap();
        assert_eq!(reader.outcomes().unwrap(), Outcomes { succeeded: 1, failed: 2 });
        assert_eq!(reader.outcomes_of(1).unwrap(), Outcomes { succeeded: 1, failed: 1 });
        assert_eq!(reader.outcomes_of(3).unwrap(), Outcomes::default());
        let outlined = |query: &Query| {
            let mut found = Vec::new();
            let visit = |outline: Outline<'_>| {
                found.push((outline.seq, outline.body_bytes));
                ControlFlow::Continue(())
            };
            reader.outlines(query, visit).unwrap();
            found
        };
        assert_eq!(outlined(&Query::default()), [(1, 6), (2, 6), (3, 6)]);
        let stripe = Query { kinds: Some(Box::new(|kind: &Kind| &*kind.provider == "stripe")), ..Query::default() };
        assert_eq!(outlined(&stripe), [(1, 6), (3, 6)]);
    }
}

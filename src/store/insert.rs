//! Writing rows: statements of one transaction.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::changes;
use super::codec::{self, Packed};
use super::recent::{self, Recent};
use crate::model::{Delivery, Event, EventId, Repeat, VerdictStatus};

/// Kinds kept in memory. A sender who makes up event types must not fill it.
const MAX_KINDS: usize = 4096;

/// An event ready to be written: everything that takes time is done before it meets the writer.
#[derive(Debug)]
pub(super) struct EventRow {
    pub(super) event: Arc<Event>,
    key: Option<i64>,
    head: Packed,
    body: Packed,
}

impl EventRow {
    pub(super) fn new(event: Arc<Event>) -> Self {
        let (head, body) = codec::pack_event(&event);
        let key = event.delivery_id.as_deref().map(|id| recent::key(&event.provider, id));
        Self { event, key, head, body }
    }
}

/// A delivery ready to be written.
#[derive(Debug)]
pub(super) struct DeliveryRow {
    event: EventId,
    made_at: i64,
    target: String,
    is_success: bool,
    status: u16,
    head: Packed,
    body: Packed,
}

impl DeliveryRow {
    pub(super) fn new(event: EventId, made_at: jiff::Timestamp, delivery: &Delivery) -> Self {
        let (head, body) = codec::pack_delivery(delivery);
        Self {
            event,
            made_at: made_at.as_microsecond(),
            target: delivery.target.clone(),
            is_success: delivery.is_success(),
            status: codec::status_of(delivery),
            head,
            body,
        }
    }
}

/// What the writer remembers from batch to batch.
#[derive(Debug, Default)]
pub(super) struct Memory {
    kinds: HashMap<(Arc<str>, Option<String>, VerdictStatus), i64>,
    recent: Recent,
    last_seq: i64,
}

impl Memory {
    /// Forgets everything: a batch was rolled back, or rows were deleted.
    pub(super) fn clear(&mut self) {
        self.kinds.clear();
        self.recent.clear();
    }

    /// Begins a batch.
    pub(super) fn begin(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let last = connection.prepare_cached("SELECT last_seq FROM counter")?.query_row([], |row| row.get(0))?;
        self.last_seq = last;
        self.recent.catch_up(connection, last)
    }

    /// Ends a batch, before it is committed.
    pub(super) fn end(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        connection.prepare_cached("UPDATE counter SET last_seq = ?1 WHERE last_seq <> ?1")?.execute([self.last_seq])?;
        self.recent.advance(self.last_seq);
        Ok(())
    }

    /// Writes an event, which `targets` have still to get from `owner`, and says where it stands.
    pub(super) fn insert_event(
        &mut self,
        connection: &Connection,
        row: &EventRow,
        targets: &[Arc<str>],
        owner: i64,
    ) -> rusqlite::Result<(i64, Option<Repeat>)> {
        let earlier = match row.key {
            Some(key) => self.earlier(connection, key)?,
            None => None,
        };
        let seq = self.insert_row(connection, row, earlier)?;
        for target in targets {
            connection
                .prepare_cached("INSERT INTO pending (target, event_seq, attempts, owner) VALUES (?1, ?2, 0, ?3)")?
                .execute(params![target, seq, owner])?;
        }
        Ok((seq, earlier.map(|(_, repeat)| repeat)))
    }

    /// Writes an event that comes from elsewhere with its deliveries; false when it is there already. It
    /// is a repeat of what its record says, as far as that is here.
    pub(super) fn import_event(
        &mut self,
        connection: &Connection,
        row: &EventRow,
        deliveries: &[DeliveryRow],
    ) -> rusqlite::Result<bool> {
        let seq_of = |id: EventId| -> rusqlite::Result<Option<i64>> {
            use rusqlite::OptionalExtension as _;
            let mut find = connection.prepare_cached("SELECT seq FROM event WHERE id = ?1")?;
            find.query_row([id.as_bytes()], |row| row.get(0)).optional()
        };
        if seq_of(row.event.id)?.is_some() {
            return Ok(false);
        }
        let earlier = match row.event.repeat {
            Some(repeat) => seq_of(repeat.first)?.map(|first_seq| (first_seq, repeat)),
            None => None,
        };
        self.insert_row(connection, row, earlier)?;
        deliveries.iter().try_for_each(|delivery| insert_delivery(connection, delivery))?;
        Ok(true)
    }

    fn insert_row(
        &mut self,
        connection: &Connection,
        row: &EventRow,
        earlier: Option<(i64, Repeat)>,
    ) -> rusqlite::Result<i64> {
        let event = &*row.event;
        let kind = self.kind(connection, event)?;
        let seq = self.last_seq + 1;
        connection
            .prepare_cached(
                "INSERT INTO event (seq, id, kind, received_at, delivery_key, first_seq, repeat, body_bytes,
                 head_format, body_format, head, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(params![
                seq,
                event.id.as_bytes(),
                kind,
                event.received_at.as_microsecond(),
                row.key,
                earlier.map(|(first_seq, _)| first_seq),
                earlier.map(|(_, repeat)| repeat.retry),
                event.request.body.len(),
                row.head.format,
                row.body.format,
                &*row.head.bytes,
                &*row.body.bytes,
            ])?;
        if let Some(key) = row.key {
            if earlier.is_none() {
                self.recent.forget(key);
            }
            self.recent.add(key, earlier.map_or(seq, |(first_seq, _)| first_seq));
        }
        self.last_seq = seq;
        Ok(seq)
    }

    /// What came before with this key. The first event may be deleted by now: then the next one counts
    /// as the first again.
    fn earlier(&self, connection: &Connection, key: i64) -> rusqlite::Result<Option<(i64, Repeat)>> {
        use rusqlite::OptionalExtension as _;
        let Some(seen) = self.recent.find(key) else { return Ok(None) };
        let first: Option<[u8; 16]> = connection
            .prepare_cached("SELECT id FROM event WHERE seq = ?1")?
            .query_row([seen.first_seq], |row| row.get(0))
            .optional()?;
        Ok(first.map(|id| (seen.first_seq, Repeat { retry: seen.count, first: EventId::from_bytes(id) })))
    }

    fn kind(&mut self, connection: &Connection, event: &Event) -> rusqlite::Result<i64> {
        use rusqlite::OptionalExtension as _;
        let name = (Arc::clone(&event.provider), event.event_type.clone(), event.verdict.status);
        if let Some(id) = self.kinds.get(&name) {
            return Ok(*id);
        }
        let values = params![&*event.provider, event.event_type, event.verdict.status.as_str()];
        let known: Option<i64> = connection
            .prepare_cached("SELECT id FROM kind WHERE provider = ?1 AND event_type IS ?2 AND verdict = ?3")?
            .query_row(values, |row| row.get(0))
            .optional()?;
        let id = match known {
            Some(id) => id,
            None => {
                connection
                    .prepare_cached("INSERT INTO kind (provider, event_type, verdict) VALUES (?1, ?2, ?3)")?
                    .execute(values)?;
                connection.last_insert_rowid()
            }
        };
        if self.kinds.len() >= MAX_KINDS {
            self.kinds.clear();
        }
        self.kinds.insert(name, id);
        Ok(id)
    }
}

/// Writes a delivery. One whose event is deleted by now has nowhere to go.
pub(super) fn insert_delivery(connection: &Connection, row: &DeliveryRow) -> rusqlite::Result<()> {
    let insert = format!(
        "INSERT INTO delivery (seq, event_seq, made_at, target, is_success, head_format, body_format, head, body, status)
         SELECT {}, seq, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM event WHERE id = ?1",
        changes::NEXT
    );
    let inserted = connection.prepare_cached(&insert)?.execute(params![
        row.event.as_bytes(),
        row.made_at,
        row.target,
        row.is_success,
        row.head.format,
        row.body.format,
        &*row.head.bytes,
        &*row.body.bytes,
        row.status,
    ])?;
    if inserted > 0 {
        changes::note(connection, connection.last_insert_rowid())?;
    }
    Ok(())
}

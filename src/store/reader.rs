//! Reading: a connection of its own, which never stands in the writer's way.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::codec::{self, EventColumns, Unreadable};
use super::query::{Direction, Kind, Query, Step};
use super::{Pending, Soundness, StoreError, Stored, migrate, open, owner, pending, retention};
use crate::model::{Attempt, Event, EventId, Repeat, VerdictStatus};

/// Rows looked for at once: a reader must not hold the log back, and the first ones should show soon.
const CHUNK: usize = 256;
/// Kinds whose indexes are merged; with more, walking the table is no slower.
pub(super) const MAX_MERGED: usize = 32;
/// Ids carry the time of their making, which is not quite that of the event.
const ID_SLACK_MS: i64 = 2_000;

/// Reads the history.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    pub(super) connection: Connection,
    kinds: RefCell<HashMap<i64, Kind>>,
    /// Whether the file is known to have the tables of the newest schema: a writer may make it current at any time.
    is_current: Cell<bool>,
    /// Where a copy is read, its folder; it goes after the connection.
    _copy: Option<tempfile::TempDir>,
}

/// The whole history in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Events.
    pub events: u64,
    /// Deliveries.
    pub deliveries: u64,
    /// Bytes of the file, with its log.
    pub file_bytes: u64,
    /// Of these, in use.
    pub used_bytes: u64,
}

impl Reader {
    /// Opens the file; one that cannot be written is read all the same.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let open::Readable { connection, copy } = open::readable(path)?;
        Ok(Self {
            path: path.to_owned(),
            connection,
            kinds: RefCell::default(),
            is_current: Cell::default(),
            _copy: copy,
        })
    }

    /// Looks through the file for damage, for a bounded time.
    pub fn check(&mut self, limit: std::time::Duration) -> Result<Soundness, StoreError> {
        open::check(&mut self.connection, &self.path, limit)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file has pins, lives and changes: an older one that nobody writes to has not.
    pub(super) fn has_changes(&self) -> Result<bool, StoreError> {
        if !self.is_current.get() {
            self.is_current.set(migrate::version(&self.connection, &self.path)? >= migrate::WITH_CHANGES);
        }
        Ok(self.is_current.get())
    }

    /// The event of this id.
    pub fn by_id(&self, id: EventId) -> Result<Option<Stored>, StoreError> {
        self.seq_of(id)?.map_or(Ok(None), |seq| self.by_seq(seq))
    }

    /// The place of the event of this id in the order of arrival.
    pub fn seq_of(&self, id: EventId) -> Result<Option<i64>, StoreError> {
        self.wrap(|connection| {
            connection
                .prepare_cached("SELECT seq FROM event WHERE id = ?1")?
                .query_row([id.as_bytes()], |row| row.get(0))
                .optional()
        })
    }

    /// When the event at this place was received.
    pub fn received_at(&self, seq: i64) -> Result<Option<Timestamp>, StoreError> {
        self.wrap(|connection| {
            connection
                .prepare_cached("SELECT received_at FROM event WHERE seq = ?1")?
                .query_row([seq], |row| row.get(0).map(timestamp))
                .optional()
        })
    }

    /// The event at this place in the order of arrival.
    pub fn by_seq(&self, seq: i64) -> Result<Option<Stored>, StoreError> {
        let found = self.wrap(|connection| {
            connection
                .prepare_cached(
                    "SELECT e.seq, e.id, e.kind, e.received_at, e.repeat, first.id,
                     e.head_format, e.head, e.body_format, e.body
                     FROM event e LEFT JOIN event first ON first.seq = e.first_seq WHERE e.seq = ?1",
                )?
                .query_row([seq], |row| self.stored(row).map(Box::new))
                .optional()
        })?;
        match found.map(|found| *found) {
            Some(Ok(stored)) => Ok(Some(stored)),
            Some(Err(unreadable)) => Err(self.unreadable(seq, &unreadable)),
            None => Ok(None),
        }
    }

    /// When the event at this place, or the next one that is still there, was received.
    pub fn time_from(&self, seq: i64) -> Result<Option<Timestamp>, StoreError> {
        self.wrap(|connection| {
            connection
                .prepare_cached("SELECT received_at FROM event WHERE seq >= ?1 ORDER BY seq LIMIT 1")?
                .query_row([seq], |row| row.get(0).map(timestamp))
                .optional()
        })
    }

    /// The newest event (1), the second newest (2) and so on.
    pub fn newest(&self, number: u64) -> Result<Option<Stored>, StoreError> {
        let seq = self.wrap(|connection| {
            connection
                .prepare_cached("SELECT seq FROM event ORDER BY seq DESC LIMIT 1 OFFSET ?1")?
                .query_row([number.saturating_sub(1)], |row| row.get(0))
                .optional()
        })?;
        seq.map_or(Ok(None), |seq| self.by_seq(seq))
    }

    /// Ids that begin with these hexadecimal digits (dashes count as nothing), at most `limit`.
    pub fn by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<EventId>, StoreError> {
        let digits: String = prefix.chars().filter(|character| *character != '-').collect();
        let bounds =
            if digits.is_empty() || digits.len() > 32 { None } else { Option::zip(low(&digits), high(&digits)) };
        let Some((low, high)) = bounds else { return Ok(Vec::new()) };
        self.wrap(|connection| {
            connection
                .prepare_cached("SELECT id FROM event WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3")?
                .query_map(params![low.as_bytes(), high.as_bytes(), limit], |row| row.get(0).map(EventId::from_bytes))?
                .collect()
        })
    }

    /// The two ids on either side of this one, by which its shortest unique prefix is found.
    pub fn neighbours(&self, id: EventId) -> Result<[Option<EventId>; 2], StoreError> {
        let next = |statement: &'static str| {
            self.wrap(|connection| {
                connection
                    .prepare_cached(statement)?
                    .query_row([id.as_bytes()], |row| row.get(0).map(EventId::from_bytes))
                    .optional()
            })
        };
        Ok([
            next("SELECT id FROM event WHERE id < ?1 ORDER BY id DESC LIMIT 1")?,
            next("SELECT id FROM event WHERE id > ?1 ORDER BY id LIMIT 1")?,
        ])
    }

    /// Goes through the events that a query selects until `visit` breaks off. An event whose row cannot
    /// be read ends it with an error.
    pub fn select(&self, query: &Query, mut visit: impl FnMut(Stored) -> ControlFlow<()>) -> Result<(), StoreError> {
        self.select_steps(query, |step| {
            let Step::At(seq) = step else { return Ok(ControlFlow::Continue(())) };
            match self.by_seq(seq)? {
                // It may have been deleted meanwhile.
                Some(stored) if query.holds_time(stored.event.received_at) => Ok(visit(stored)),
                _ => Ok(ControlFlow::Continue(())),
            }
        })
    }

    /// The same, without unpacking.
    pub fn select_steps(
        &self,
        query: &Query,
        mut visit: impl FnMut(Step) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let Some(kinds) = self.matching_kinds(query)? else { return Ok(()) };
        let (low, high) = self.bounds(query)?;
        let mut cursor = match query.direction {
            Direction::Backward => high,
            Direction::Forward => low,
        };
        loop {
            let (from, to) = match query.direction {
                Direction::Backward => (low, cursor),
                Direction::Forward => (cursor, high),
            };
            if from > to {
                return Ok(());
            }
            let (seqs, last) = self.chunk(query, &kinds, from, to)?;
            for step in seqs.into_iter().map(Step::At).chain(last.map(Step::Passed)) {
                if visit(step)?.is_break() {
                    return Ok(());
                }
            }
            cursor = match (last, query.direction) {
                (None, _) => return Ok(()),
                (Some(last), Direction::Backward) => last - 1,
                (Some(last), Direction::Forward) => last + 1,
            };
        }
    }

    /// Deliveries of an event, in the order in which they ended.
    pub fn deliveries(&self, seq: i64) -> Result<Vec<Attempt>, StoreError> {
        self.attempts(seq, 0, u64::MAX)
    }

    /// The delivery of an event in this place, from 0.
    pub fn delivery(&self, seq: i64, place: u64) -> Result<Option<Attempt>, StoreError> {
        Ok(self.attempts(seq, place, 1)?.pop())
    }

    fn attempts(&self, seq: i64, from: u64, count: u64) -> Result<Vec<Attempt>, StoreError> {
        let (from, count) = (i64::try_from(from).unwrap_or(i64::MAX), i64::try_from(count).unwrap_or(i64::MAX));
        let rows: Vec<Result<Attempt, Unreadable>> = self.wrap(|connection| {
            connection
                .prepare_cached(
                    "SELECT made_at, target, head_format, head, body_format, body FROM delivery
                     WHERE event_seq = ?1 ORDER BY seq LIMIT ?3 OFFSET ?2",
                )?
                .query_map([seq, from, count], |row| {
                    let head = (row.get(2)?, row.get_ref(3)?.as_blob()?);
                    let body = (row.get(4)?, row.get_ref(5)?.as_blob()?);
                    let made_at = timestamp(row.get(0)?);
                    Ok(codec::unpack_delivery(row.get(1)?, head, body).map(|delivery| Attempt { made_at, delivery }))
                })?
                .collect()
        })?;
        rows.into_iter().collect::<Result<_, _>>().map_err(|unreadable| self.unreadable(seq, &unreadable))
    }

    /// All events with the delivery id of this one, the first one first.
    pub fn repeats(&self, seq: i64) -> Result<Vec<EventId>, StoreError> {
        self.wrap(|connection| {
            connection
                .prepare_cached(
                    "SELECT id FROM event, (SELECT ifnull(first_seq, seq) AS root FROM event WHERE seq = ?1)
                     WHERE seq = root OR first_seq = root ORDER BY seq",
                )?
                .query_map([seq], |row| row.get(0).map(EventId::from_bytes))?
                .collect()
        })
    }

    /// Events that a target has still to get and that `owner` forwards (see [`super::Writer::owner`]), in the
    /// order of arrival.
    pub fn pending(&self, owner: i64, target: &str, after: i64, limit: usize) -> Result<Vec<Pending>, StoreError> {
        self.wrap(|connection| {
            connection
                .prepare_cached(
                    "SELECT p.event_seq, e.id, p.attempts FROM pending p JOIN event e ON e.seq = p.event_seq
                     WHERE p.target = ?1 AND p.event_seq > ?2 AND p.owner = ?3 ORDER BY p.event_seq LIMIT ?4",
                )?
                .query_map(params![target, after, owner, limit], |row| {
                    Ok(Pending { seq: row.get(0)?, event: EventId::from_bytes(row.get(1)?), attempts: row.get(2)? })
                })?
                .collect()
        })
    }

    /// How many events `owner` has still to bring to a target.
    pub fn waiting_of(&self, owner: i64, target: &str) -> Result<u64, StoreError> {
        let owners = self.wrap(|connection| pending::owners(connection, target))?;
        Ok(owners.into_iter().filter(|(number, _)| *number == owner).map(|(_, count)| count).sum())
    }

    /// How many events for a target were left behind by processes that are no more.
    pub fn left_behind(&self, target: &str) -> Result<u64, StoreError> {
        let owners = self.wrap(|connection| pending::owners(connection, target))?;
        let left = owners.into_iter().filter(|(number, _)| !owner::is_alive(&self.path, *number));
        Ok(left.map(|(_, count)| count).sum())
    }

    /// Targets that events wait for, with their number.
    pub fn waiting(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.wrap(|connection| {
            connection
                .prepare_cached("SELECT target, count(*) FROM pending GROUP BY target")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }

    /// Targets that have still to get this event.
    pub fn waiting_for(&self, seq: i64) -> Result<Vec<String>, StoreError> {
        self.wrap(|connection| {
            connection
                .prepare_cached("SELECT target FROM pending WHERE event_seq = ?1 ORDER BY target")?
                .query_map([seq], |row| row.get(0))?
                .collect()
        })
    }

    /// How many events there are of each kind.
    pub fn counts(&self) -> Result<Vec<(Kind, u64)>, StoreError> {
        let counts: Vec<(i64, u64)> = self.wrap(|connection| {
            connection
                .prepare_cached("SELECT kind, count(*) FROM event GROUP BY kind")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })?;
        counts
            .into_iter()
            .filter_map(|(id, count)| Some(self.kind(id).transpose()?.map(|kind| (kind, count))))
            .collect()
    }

    /// The whole in numbers.
    pub fn extent(&self) -> Result<Extent, StoreError> {
        let (events, deliveries, used_bytes) = self.wrap(|connection| {
            let count = |statement: &str| connection.query_row(statement, [], |row| row.get::<_, u64>(0));
            Ok((
                count("SELECT count(*) FROM event")?,
                count("SELECT count(*) FROM delivery")?,
                retention::used_bytes(connection)?,
            ))
        })?;
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let file_bytes = length(&self.path) + length(&open::log_of(&self.path));
        Ok(Extent { events, deliveries, file_bytes, used_bytes })
    }

    /// The place of the newest event; 0 without any.
    pub fn last_seq(&self) -> Result<i64, StoreError> {
        self.wrap(|connection| {
            connection.prepare_cached("SELECT ifnull(max(seq), 0) FROM event")?.query_row([], |row| row.get(0))
        })
    }

    /// Kinds that the query takes: `None` when there is none, an empty list for all.
    pub(super) fn matching_kinds(&self, query: &Query) -> Result<Option<Vec<i64>>, StoreError> {
        let Some(takes) = &query.kinds else { return Ok(Some(Vec::new())) };
        self.load_kinds()?;
        let kinds = self.kinds.borrow();
        let matching: Vec<i64> = kinds.iter().filter(|(_, kind)| takes(kind)).map(|(id, _)| *id).collect();
        Ok(if matching.is_empty() {
            None
        } else if matching.len() == kinds.len() {
            Some(Vec::new())
        } else {
            Some(matching)
        })
    }

    /// The first and the last place a query can mean.
    pub(super) fn bounds(&self, query: &Query) -> Result<(i64, i64), StoreError> {
        let mut low = query.after.map_or(0, |after| after + 1);
        let mut high = self.last_seq()?.min(query.upto.unwrap_or(i64::MAX));
        let edge = |statement: &'static str, time: Timestamp, slack: i64| {
            let milliseconds = time.as_millisecond().saturating_add(slack);
            let id = first_id_of(milliseconds);
            self.wrap(|connection| {
                connection.prepare_cached(statement)?.query_row([id], |row| row.get::<_, Option<i64>>(0))
            })
        };
        if let Some(since) = query.since {
            match edge("SELECT min(seq) FROM event WHERE id >= ?1", since, -ID_SLACK_MS)? {
                Some(first) => low = low.max(first),
                None => high = 0,
            }
        }
        if let Some(until) = query.until {
            match edge("SELECT max(seq) FROM event WHERE id < ?1", until, ID_SLACK_MS)? {
                Some(last) => high = high.min(last),
                None => high = 0,
            }
        }
        Ok((low, high))
    }

    /// The next places between two, and the last one looked at; `None` when nothing is left.
    pub(super) fn chunk(
        &self,
        query: &Query,
        kinds: &[i64],
        from: i64,
        to: i64,
    ) -> Result<(Vec<i64>, Option<i64>), StoreError> {
        if query.pinned && !self.has_changes()? {
            return Ok((Vec::new(), None));
        }
        let order = match query.direction {
            Direction::Backward => "DESC",
            Direction::Forward => "ASC",
        };
        let mut found: Vec<i64> = self.wrap(|connection| {
            let list = |statement: String, kind: i64| -> rusqlite::Result<Vec<i64>> {
                connection
                    .prepare_cached(&statement)?
                    .query_map(params![from, to, CHUNK, kind], |row| row.get(0))?
                    .collect()
            };
            if query.pinned {
                list(
                    format!(
                        "SELECT event_seq FROM pin WHERE is_pinned AND event_seq BETWEEN ?1 AND ?2 AND ?4 = 0
                         ORDER BY event_seq {order} LIMIT ?3"
                    ),
                    0,
                )
            } else if query.failed {
                let mut seqs = list(
                    format!(
                        "SELECT DISTINCT event_seq FROM delivery WHERE NOT is_success
                         AND event_seq BETWEEN ?1 AND ?2 AND ?4 = 0 ORDER BY event_seq {order} LIMIT ?3"
                    ),
                    0,
                )?;
                seqs.extend(list(
                    format!(
                        "SELECT DISTINCT event_seq FROM pending WHERE event_seq BETWEEN ?1 AND ?2 AND ?4 = 0
                         ORDER BY event_seq {order} LIMIT ?3"
                    ),
                    0,
                )?);
                Ok(seqs)
            } else if kinds.is_empty() || kinds.len() > MAX_MERGED {
                list(
                    format!(
                        "SELECT seq FROM event WHERE seq BETWEEN ?1 AND ?2 AND ?4 = 0 ORDER BY seq {order} LIMIT ?3"
                    ),
                    0,
                )
            } else {
                let mut seqs = Vec::new();
                for kind in kinds {
                    seqs.extend(list(
                        format!(
                            "SELECT seq FROM event WHERE kind = ?4 AND seq BETWEEN ?1 AND ?2 ORDER BY seq {order} LIMIT ?3"
                        ),
                        *kind,
                    )?);
                }
                Ok(seqs)
            }
        })?;
        match query.direction {
            Direction::Backward => found.sort_unstable_by(|one, other| other.cmp(one)),
            Direction::Forward => found.sort_unstable(),
        }
        found.dedup();
        found.truncate(CHUNK);
        let last = found.last().copied();
        if query.is_of_few() || kinds.len() > MAX_MERGED {
            let mut kept = Vec::with_capacity(found.len());
            for seq in found {
                if self.is_in_state(query, seq)? && self.is_of(seq, kinds)? {
                    kept.push(seq);
                }
            }
            found = kept;
        }
        Ok((found, last))
    }

    fn is_of(&self, seq: i64, kinds: &[i64]) -> Result<bool, StoreError> {
        if kinds.is_empty() {
            return Ok(true);
        }
        let kind: Option<i64> = self.wrap(|connection| {
            connection
                .prepare_cached("SELECT kind FROM event WHERE seq = ?1")?
                .query_row([seq], |row| row.get(0))
                .optional()
        })?;
        Ok(kind.is_some_and(|kind| kinds.contains(&kind)))
    }

    /// Whether what tables of their own say of an event is as the query asks.
    pub(super) fn is_in_state(&self, query: &Query, seq: i64) -> Result<bool, StoreError> {
        Ok((!query.failed || self.is_failed(seq)?) && (!query.pinned || self.is_pinned(seq)?))
    }

    /// Whether the last delivery to some target failed, or a target has still to get it.
    pub fn is_failed(&self, seq: i64) -> Result<bool, StoreError> {
        self.wrap(|connection| {
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM pending WHERE event_seq = ?1) OR EXISTS (
                       SELECT 1 FROM delivery d WHERE d.event_seq = ?1 AND NOT d.is_success AND NOT EXISTS (
                         SELECT 1 FROM delivery later WHERE later.event_seq = ?1 AND later.target = d.target
                         AND later.seq > d.seq AND later.is_success))",
                )?
                .query_row([seq], |row| row.get(0))
        })
    }

    fn stored(&self, row: &Row<'_>) -> rusqlite::Result<Result<Stored, Unreadable>> {
        let (seq, id, kind, received_at) = (row.get(0)?, row.get(1)?, row.get(2)?, timestamp(row.get(3)?));
        let repeat = Option::zip(row.get::<_, Option<u32>>(4)?, row.get::<_, Option<[u8; 16]>>(5)?)
            .map(|(retry, first)| Repeat { retry, first: EventId::from_bytes(first) });
        let head = (row.get(6)?, row.get_ref(7)?.as_blob()?);
        let body = (row.get(8)?, row.get_ref(9)?.as_blob()?);
        let columns = match self.kind(kind) {
            Ok(Some(Kind { provider, event_type, verdict })) => EventColumns { provider, event_type, verdict },
            Ok(None) => return Ok(Err(Unreadable::Head(format!("kind {kind} is missing")))),
            Err(error) => return Ok(Err(Unreadable::Head(error.to_string()))),
        };
        let event = codec::unpack_event(EventId::from_bytes(id), received_at, columns, head, body);
        Ok(event.map(|event| Stored { seq, event: Event { repeat, ..event } }))
    }

    pub(super) fn kind(&self, id: i64) -> Result<Option<Kind>, StoreError> {
        if let Some(kind) = self.kinds.borrow().get(&id) {
            return Ok(Some(kind.clone()));
        }
        self.load_kinds()?;
        Ok(self.kinds.borrow().get(&id).cloned())
    }

    fn load_kinds(&self) -> Result<(), StoreError> {
        let kinds = self.wrap(|connection| {
            connection
                .prepare_cached("SELECT id, provider, event_type, verdict FROM kind")?
                .query_map([], |row| {
                    let verdict = VerdictStatus::parse(&row.get::<_, String>(3)?).unwrap_or(VerdictStatus::Unchecked);
                    let provider: Arc<str> = row.get::<_, String>(1)?.into();
                    Ok((row.get(0)?, Kind { provider, event_type: row.get(2)?, verdict }))
                })?
                .collect::<rusqlite::Result<HashMap<i64, Kind>>>()
        })?;
        self.kinds.replace(kinds);
        Ok(())
    }

    pub(super) fn unreadable(&self, seq: i64, problem: &Unreadable) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), problem: format!("event {seq}: {problem}") }
    }

    pub(super) fn wrap<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        read(&self.connection).map_err(|error| StoreError::from_sqlite(&self.path, &error))
    }
}

impl Query {
    pub(super) fn holds_time(&self, received_at: Timestamp) -> bool {
        self.since.is_none_or(|since| received_at >= since) && self.until.is_none_or(|until| received_at < until)
    }
}

fn low(digits: &str) -> Option<EventId> {
    EventId::try_parse(&format!("{digits:0<32}")).ok()
}

fn high(digits: &str) -> Option<EventId> {
    EventId::try_parse(&format!("{digits:f<32}")).ok()
}

/// The smallest UUIDv7 of a millisecond (RFC 9562 section 5.7).
pub(super) fn first_id_of(milliseconds: i64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&milliseconds.max(0).to_be_bytes()[2..]);
    id
}

pub(super) fn timestamp(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

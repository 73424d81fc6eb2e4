//! How much is kept. What is too much goes in small slices, oldest first, so that nobody waits for it.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row};

use super::delete;

/// Events deleted at once: a few milliseconds of work, and more than come between two looks.
const SLICE: usize = 512;
/// Bytes of bodies deleted at once: they are overwritten, which takes as long as writing them.
const SLICE_BYTES: u64 = 4 << 20;
/// Events looked at for a slice; some may have to stay.
const LOOKED_AT: usize = 1024;

/// How much is kept; `None` is without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Events.
    pub max_events: Option<u64>,
    /// Bytes of the file that are in use.
    pub max_bytes: Option<u64>,
    /// Age.
    pub max_age: Option<SignedDuration>,
}

impl Default for Retention {
    /// Generous: a million events, 4 GiB, a quarter of a year.
    fn default() -> Self {
        Self {
            max_events: Some(1_000_000),
            max_bytes: Some(4 << 30),
            max_age: Some(SignedDuration::from_hours(24 * 90)),
        }
    }
}

/// The work of keeping to the limits, in slices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sweep {
    retention: Retention,
    /// Up to here nothing can go, because targets wait for it or it is pinned: so many need not be looked at again for
    /// every slice.
    passed: i64,
}

/// What is over the limits.
struct Excess {
    events: u64,
    bytes: u64,
}

/// An event that may have to go.
struct Candidate {
    seq: i64,
    received_at: i64,
    bytes: u64,
    /// Whether a target has still to get it, or a person wants to keep it.
    must_stay: bool,
}

impl Sweep {
    pub(super) const fn new(retention: Retention) -> Self {
        Self { retention, passed: 0 }
    }

    /// Deletes a slice of what is too much, oldest first; whether there may be more. What a target has still
    /// to get stays, and so do pinned events and the newest one.
    pub(super) fn slice(&mut self, connection: &Connection) -> rusqlite::Result<bool> {
        let excess = self.excess(connection)?;
        let before = self
            .retention
            .max_age
            .map_or(i64::MIN, |age| Timestamp::now().saturating_sub(age).map_or(i64::MIN, Timestamp::as_microsecond));
        let (mut due, mut bytes, mut looked_at, mut is_full) = (Vec::new(), 0, 0, false);
        let mut passed = self.passed;
        let mut oldest = connection.prepare_cached(OLDEST)?;
        let mut oldest = oldest.query([self.passed])?;
        // Row by row: mostly the first one is young enough, and there is nothing to do.
        while let Some(row) = oldest.next()? {
            let candidate = Candidate::read(row)?;
            let is_excess = (due.len() as u64) < excess.events || bytes < excess.bytes;
            if !is_excess && candidate.received_at >= before {
                break;
            }
            if due.len() >= SLICE || bytes >= SLICE_BYTES || looked_at >= LOOKED_AT {
                is_full = true;
                break;
            }
            looked_at += 1;
            if !candidate.must_stay {
                due.push(candidate.seq);
                bytes += candidate.bytes;
            }
            passed = candidate.seq;
        }
        drop(oldest);
        delete::events(connection, &due)?;
        // Once through, it begins at the oldest again: targets may have got theirs.
        self.passed = if is_full { passed } else { 0 };
        Ok(is_full)
    }

    fn excess(&self, connection: &Connection) -> rusqlite::Result<Excess> {
        let bytes = match self.retention.max_bytes {
            Some(max) => used_bytes(connection)?.saturating_sub(max),
            None => 0,
        };
        let Some(max) = self.retention.max_events else { return Ok(Excess { events: 0, bytes }) };
        let count: u64 = connection
            .prepare_cached("SELECT max(last_seq - deleted, 0) FROM counter")?
            .query_row([], |row| row.get(0))?;
        Ok(Excess { events: count.saturating_sub(max), bytes })
    }
}

/// The oldest events behind a place, but never the newest.
const OLDEST: &str = "SELECT seq, received_at, length(head) + length(body),
    EXISTS (SELECT 1 FROM pending WHERE event_seq = seq) OR EXISTS (SELECT 1 FROM pin WHERE event_seq = seq AND is_pinned)
  FROM event WHERE seq > ?1 AND seq < (SELECT last_seq FROM counter) ORDER BY seq";

impl Candidate {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { seq: row.get(0)?, received_at: row.get(1)?, bytes: row.get(2)?, must_stay: row.get(3)? })
    }
}

/// Bytes of the file that hold something.
pub(super) fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    Ok((pragma("page_count")?.saturating_sub(pragma("freelist_count")?)).saturating_mul(pragma("page_size")?))
}

//! Which deliveries came before: the newest events by the provider's delivery id.
//!
//! An index over all ids would touch a page of its own for every event, since ids are random. Retries
//! come soon, so the newest events are enough, kept in memory and read once from the file.

use std::collections::{HashMap, VecDeque};

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

/// Retries come within days, and this is days of busy testing; each costs some 60 bytes.
const MAX_RECENT: usize = 16_384;

/// A delivery id of a provider, shortened to what fits a column.
pub(super) fn key(provider: &str, delivery_id: &str) -> i64 {
    let mut digest = Sha256::new();
    digest.update(provider.as_bytes());
    digest.update([0]);
    digest.update(delivery_id.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest.finalize()[..8]);
    i64::from_be_bytes(first)
}

/// What came with one delivery id so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// The first event.
    pub(super) first_seq: i64,
    /// How many came.
    pub(super) count: u32,
}

/// The newest events by delivery key.
#[derive(Debug, Default)]
pub(super) struct Recent {
    seen: HashMap<i64, Seen>,
    order: VecDeque<i64>,
    /// The last event that is in here.
    upto: i64,
}

impl Recent {
    /// Reads what is in the file and not in here yet: all at first, later what other processes wrote.
    pub(super) fn catch_up(&mut self, connection: &Connection, last_seq: i64) -> rusqlite::Result<()> {
        if self.upto == last_seq {
            return Ok(());
        }
        let from = self.upto.max(last_seq.saturating_sub(MAX_RECENT as i64));
        let mut rows = connection.prepare_cached(
            "SELECT seq, delivery_key, first_seq FROM event
             WHERE seq > ?1 AND seq <= ?2 AND delivery_key IS NOT NULL ORDER BY seq",
        )?;
        let mut rows = rows.query([from, last_seq])?;
        while let Some(row) = rows.next()? {
            let (seq, key, first) = (row.get(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?);
            self.add(key, first.unwrap_or(seq));
        }
        self.upto = last_seq;
        Ok(())
    }

    /// What came before with this key.
    pub(super) fn find(&self, key: i64) -> Option<Seen> {
        self.seen.get(&key).copied()
    }

    /// Forgets what came with this key: the first of it is deleted.
    pub(super) fn forget(&mut self, key: i64) {
        self.seen.remove(&key);
    }

    /// Adds an event.
    pub(super) fn add(&mut self, key: i64, first_seq: i64) {
        let seen = self.seen.entry(key).or_insert(Seen { first_seq, count: 0 });
        seen.count += 1;
        if seen.count == 1 {
            self.order.push_back(key);
        }
        if self.order.len() > MAX_RECENT
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
    }

    /// Says that everything up to this event is in here.
    pub(super) fn advance(&mut self, last_seq: i64) {
        self.upto = last_seq;
    }

    /// Forgets everything: what was added may have been rolled back, or deleted.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

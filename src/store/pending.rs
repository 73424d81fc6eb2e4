//! What targets have still to get: rows that are written with the event and taken away when it got through.

use std::path::Path;

use rusqlite::{Connection, params};

use super::owner;
use crate::model::EventId;

/// An event that waits for a target.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its place in the order of arrival.
    pub seq: i64,
    /// The event.
    pub event: EventId,
    /// Attempts that were made and recorded.
    pub attempts: u32,
}

/// What becomes of a waiting event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settle {
    /// It waits no longer: it got through, or is given up.
    Done,
    /// It was tried, and waits on.
    Tried,
}

/// Notes the outcome of an attempt.
pub(super) fn settle(connection: &Connection, target: &str, event_seq: i64, settle: Settle) -> rusqlite::Result<()> {
    let statement = match settle {
        Settle::Done => "DELETE FROM pending WHERE target = ?1 AND event_seq = ?2",
        Settle::Tried => "UPDATE pending SET attempts = attempts + 1 WHERE target = ?1 AND event_seq = ?2",
    };
    connection.prepare_cached(statement)?.execute(params![target, event_seq])?;
    Ok(())
}

/// Takes over what processes that are no more left behind for a target; says how many events those are.
/// Events go out one after the other, so only the first of each process can have been under way.
pub(super) fn take_over(connection: &Connection, history: &Path, target: &str, own: i64) -> rusqlite::Result<u64> {
    let mut taken = 0;
    for (owner, count) in owners(connection, target)? {
        if owner == own || owner::is_alive(history, owner) {
            continue;
        }
        connection
            .prepare_cached(
                "UPDATE pending SET attempts = attempts + 1 WHERE target = ?1 AND event_seq =
                   (SELECT min(event_seq) FROM pending WHERE target = ?1 AND owner = ?2)",
            )?
            .execute(params![target, owner])?;
        connection
            .prepare_cached("UPDATE pending SET owner = ?3 WHERE target = ?1 AND owner = ?2")?
            .execute(params![target, owner, own])?;
        taken += count;
    }
    Ok(taken)
}

/// Who forwards to this target, and how many events wait for that.
pub(super) fn owners(connection: &Connection, target: &str) -> rusqlite::Result<Vec<(i64, u64)>> {
    connection
        .prepare_cached("SELECT owner, count(*) FROM pending WHERE target = ?1 GROUP BY owner")?
        .query_map([target], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

//! What targets have still to get: rows that are written with the event and taken away when it got through.

use rusqlite::{Connection, params};

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
pub(super) fn take_over(connection: &Connection, target: &str) -> rusqlite::Result<u64> {
    let own = std::process::id();
    let mut owners = connection.prepare_cached("SELECT DISTINCT owner FROM pending WHERE target = ?1")?;
    let owners: Vec<u32> = owners.query_map([target], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut taken = 0;
    for owner in owners.into_iter().filter(|owner| *owner == own || !is_alive(*owner)) {
        let mut update = connection.prepare_cached("UPDATE pending SET owner = ?3 WHERE target = ?1 AND owner = ?2")?;
        taken += update.execute(params![target, owner, own])?;
    }
    Ok(u64::try_from(taken).unwrap_or(u64::MAX))
}

/// Whether a process of this number runs. Where that cannot be told it counts as gone.
#[cfg(unix)]
fn is_alive(process: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH)))
}

#[cfg(not(unix))]
fn is_alive(_process: u32) -> bool {
    false
}

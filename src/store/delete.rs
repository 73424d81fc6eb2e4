//! Taking events away, with everything that belongs to them.

use rusqlite::Connection;

use super::words;

/// What goes with an event.
const BELONGINGS: [&str; 4] = [
    "DELETE FROM delivery WHERE event_seq = ?1",
    "DELETE FROM pending WHERE event_seq = ?1",
    "DELETE FROM pin WHERE event_seq = ?1",
    "DELETE FROM life WHERE event_seq = ?1",
];

/// Deletes these events; says how many there were.
pub(super) fn events(connection: &Connection, seqs: &[i64]) -> rusqlite::Result<usize> {
    let mut deleted = 0;
    for seq in seqs {
        for statement in BELONGINGS {
            connection.prepare_cached(statement)?.execute([seq])?;
        }
        deleted += connection.prepare_cached("DELETE FROM event WHERE seq = ?1")?.execute([seq])?;
    }
    words::forget(connection, seqs)?;
    connection.prepare_cached("UPDATE counter SET deleted = deleted + ?1 WHERE ?1 > 0")?.execute([deleted])?;
    Ok(deleted)
}

//! Taking events away, with everything that belongs to them.

use rusqlite::Connection;

use super::words;

/// Deletes these events; says how many there were.
pub(super) fn events(connection: &Connection, seqs: &[i64]) -> rusqlite::Result<usize> {
    let mut deleted = 0;
    for seq in seqs {
        for table in ["DELETE FROM delivery WHERE event_seq = ?1", "DELETE FROM pending WHERE event_seq = ?1"] {
            connection.prepare_cached(table)?.execute([seq])?;
        }
        deleted += connection.prepare_cached("DELETE FROM event WHERE seq = ?1")?.execute([seq])?;
    }
    words::forget(connection, seqs)?;
    connection.prepare_cached("UPDATE counter SET deleted = deleted + ?1 WHERE ?1 > 0")?.execute([deleted])?;
    Ok(deleted)
}

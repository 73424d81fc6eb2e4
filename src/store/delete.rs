//! Taking events away, with everything that belongs to them.

use rusqlite::{Connection, params};

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
    Ok(deleted)
}

/// The oldest events that no target waits for, at most `limit`, and, with `before`, received before it.
pub(super) fn oldest(connection: &Connection, before: Option<i64>, limit: usize) -> rusqlite::Result<Vec<i64>> {
    let mut select = connection.prepare_cached(
        "SELECT seq FROM (SELECT seq, received_at FROM event
           WHERE NOT EXISTS (SELECT 1 FROM pending WHERE event_seq = seq) ORDER BY seq LIMIT ?2)
         WHERE ?1 IS NULL OR received_at < ?1",
    )?;
    select.query_map(params![before, limit], |row| row.get(0))?.collect()
}

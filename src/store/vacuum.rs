//! Giving back the space that deleted events left.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::{StoreError, open};

/// Others write for milliseconds at a time, a large deletion or another vacuum for seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a vacuum did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vacuumed {
    /// Bytes of the file and its log before.
    pub before: u64,
    /// And after.
    pub after: u64,
    /// Whether the log could be emptied. Not while another process is in the middle of reading; then what
    /// was deleted may still stand there.
    pub is_log_empty: bool,
}

/// Writes the file anew without its gaps and empties its log. Who writes meanwhile waits.
pub fn vacuum(path: &Path) -> Result<Vacuumed, StoreError> {
    vacuum_within(path, PATIENCE)
}

fn vacuum_within(path: &Path, patience: Duration) -> Result<Vacuumed, StoreError> {
    if !path.exists() {
        return Err(StoreError::Absent(path.to_owned()));
    }
    let connection = open::writable(path)?;
    let before = file_bytes(path);
    let is_log_empty = rewrite(&connection, patience).map_err(|error| StoreError::from_sqlite(path, &error))?;
    Ok(Vacuumed { before, after: file_bytes(path), is_log_empty })
}

/// Says whether the log is empty.
fn rewrite(connection: &Connection, patience: Duration) -> rusqlite::Result<bool> {
    connection.busy_timeout(patience)?;
    // Words of deleted events stay in the index until its parts are merged.
    connection.execute("INSERT INTO word (word) VALUES ('optimize')", [])?;
    connection.execute_batch("VACUUM")?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| Ok(row.get::<_, i64>(0)? == 0))
}

/// Bytes of the file and its log.
pub(super) fn file_bytes(path: &Path) -> u64 {
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    length(path) + length(&open::log_of(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_that_another_process_writes_is_left_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("history.db");
        let other = open::writable(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let held = vacuum_within(&path, Duration::from_millis(1));
        assert!(matches!(held, Err(StoreError::Busy(_))), "{held:?}");
        other.execute_batch("COMMIT").unwrap();
        assert!(vacuum_within(&path, Duration::from_millis(1)).is_ok());
    }

    #[test]
    fn a_reader_in_the_middle_keeps_the_log() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("history.db");
        let other = open::writable(&path).unwrap();
        other.execute_batch("BEGIN; SELECT count(*) FROM event").unwrap();
        assert!(!vacuum_within(&path, Duration::from_millis(1)).unwrap().is_log_empty);
        other.execute_batch("COMMIT").unwrap();
        assert!(vacuum_within(&path, Duration::from_millis(1)).unwrap().is_log_empty);
    }

    #[test]
    fn nothing_is_made_where_there_was_no_history() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("history.db");
        assert!(matches!(vacuum(&path), Err(StoreError::Absent(_))));
        assert!(!path.exists());
    }

    #[test]
    fn words_of_deleted_events_are_gone_too() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("history.db");
        let writer = open::writable(&path).unwrap();
        for (rowid, text) in [(1, "gonesecretword"), (2, "stays")] {
            writer.execute("INSERT INTO word (rowid, text) VALUES (?1, ?2)", rusqlite::params![rowid, text]).unwrap();
        }
        writer.execute("DELETE FROM word WHERE rowid = 1", []).unwrap();
        vacuum(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        // The index keeps the first word of a page whole, later ones without what they share with it.
        assert!(!holds(b"gonesecretword") && holds(b"stays"));
    }
}

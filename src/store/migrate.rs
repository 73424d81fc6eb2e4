//! The schema, in numbered steps that are never edited.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// The steps, from the first.
const MIGRATIONS: [&str; 2] =
    [include_str!("migrations/0001_history.sql"), include_str!("migrations/0002_inspector.sql")];

/// Marks a file as a history: "hook" in ASCII (<https://www.sqlite.org/fileformat2.html#application_id>).
const APPLICATION_ID: i32 = 0x686f_6f6b;

/// The newest schema this version knows.
pub(super) const NEWEST: i64 = MIGRATIONS.len() as i64;

/// The oldest schema that is read as it is.
pub(super) const OLDEST: i64 = 1;

/// The first schema with pins, lives, changes and the status of deliveries.
pub(super) const WITH_CHANGES: i64 = 2;

/// The schema of the file; 0 for an empty one.
pub(super) fn version(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let read = |pragma: &str| {
        connection
            .pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
            .map_err(|error| StoreError::from_sqlite(path, &error))
    };
    let (version, application) = (read("user_version")?, read("application_id")?);
    let is_empty = || {
        connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
            .map(|tables| tables == 0)
            .map_err(|error| StoreError::from_sqlite(path, &error))
    };
    if application != i64::from(APPLICATION_ID) && !is_empty()? {
        return Err(StoreError::Foreign(path.to_owned()));
    }
    if version > NEWEST {
        return Err(StoreError::Newer { path: path.to_owned(), found: version, known: NEWEST });
    }
    Ok(version)
}

/// Brings the file to the newest schema, in one transaction: a process that dies in it leaves the old one.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| StoreError::from_sqlite(path, &error);
    if version(connection, path)? == NEWEST {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Another process may have come first.
    let from = version(&transaction, path)?;
    for step in MIGRATIONS.iter().skip(usize::try_from(from).unwrap_or_default()) {
        transaction.execute_batch(step).map_err(failed)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    transaction.pragma_update(None, "user_version", NEWEST).map_err(failed)?;
    transaction.commit().map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::super::sample::{delivery, event};
    use super::*;
    use crate::store::insert::{EventRow, Memory};
    use crate::store::{Query, Reader, Retention, Step, Writer, codec};

    /// A history of the first schema with an event that was delivered.
    fn old() -> (TempDir, PathBuf) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("history.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        let mut memory = Memory::default();
        memory.begin(&connection).unwrap();
        memory.insert_event(&connection, &EventRow::new(event("stripe", None).into()), &[], 0).unwrap();
        memory.end(&connection).unwrap();
        let (head, body) = codec::pack_delivery(&delivery(Some(503)));
        connection
            .execute(
                "INSERT INTO delivery (event_seq, made_at, target, is_success, head_format, body_format, head, body)
                 VALUES (1, 5, 'http://a/', 0, ?1, ?2, ?3, ?4)",
                rusqlite::params![head.format, body.format, &*head.bytes, &*body.bytes],
            )
            .unwrap();
        (folder, path)
    }

    fn open(path: &std::path::Path) -> Writer {
        Writer::open(path, Retention { max_events: None, max_bytes: None, max_age: None }).unwrap()
    }

    #[test]
    fn an_older_history_is_read_as_it_is() {
        let (_folder, path) = old();
        let reader = Reader::open(&path).unwrap();
        let overview = reader.overview(1).unwrap().unwrap();
        assert_eq!((overview.attempts, overview.last.unwrap().status, overview.is_pinned), (1, Some(503), false));
        assert_eq!(reader.deliveries(1).unwrap()[0].delivery.status(), Some(503));
        let position = reader.position().unwrap();
        assert_eq!((position.identity, position.event, position.change), (0, 1, 1));
        assert_eq!(reader.changed(0, 1, 9).unwrap(), [(1, 1)]);
        assert_eq!((reader.life(1).unwrap(), reader.pinned().unwrap()), (None, 0));
        let mut steps = Vec::new();
        let pinned = Query { pinned: true, ..Query::default() };
        reader
            .select_steps(&pinned, |step| {
                steps.push(step);
                Ok(std::ops::ControlFlow::Continue(()))
            })
            .unwrap();
        assert_eq!(steps, Vec::<Step>::new());
        assert_eq!(version(&reader.connection, &path).unwrap(), 1, "reading changes nothing");
    }

    #[test]
    fn a_writer_makes_an_older_history_current_and_open_readers_see_it() {
        let (_folder, path) = old();
        let reader = Reader::open(&path).unwrap();
        assert!(!reader.is_pinned(1).unwrap());
        let writer = open(&path);
        let id = reader.by_seq(1).unwrap().unwrap().event.id;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert!(runtime.block_on(writer.pin(id, true)).unwrap());
        assert!(reader.is_pinned(1).unwrap());
        let position = reader.position().unwrap();
        assert!(position.identity != 0 && position.change == 2, "changes go on behind the deliveries: {position:?}");
    }

    #[test]
    fn a_read_only_history_of_an_older_schema_is_read_too() {
        let (_folder, path) = old();
        let mut permissions = std::fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&path, permissions).unwrap();
        let reader = Reader::open(&path).unwrap();
        assert_eq!(reader.overview(1).unwrap().unwrap().attempts, 1);
        assert!(!reader.is_pinned(1).unwrap());
    }

    #[test]
    fn what_is_salvaged_of_an_older_history_is_current() {
        let (folder, path) = old();
        let new = folder.path().join("new.db");
        let salvaged = crate::store::salvage(&path, &new).unwrap();
        assert_eq!((salvaged.events, salvaged.deliveries), (1, 1));
        let status = "SELECT status FROM delivery";
        let connection = Connection::open(&new).unwrap();
        assert_eq!(connection.query_row(status, [], |row| row.get::<_, i64>(0)).unwrap(), 503);
        assert_eq!(version(&connection, &new).unwrap(), NEWEST);
    }
}

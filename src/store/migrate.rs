//! The schema, in numbered steps that are never edited.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// The steps, from the first.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_history.sql")];

/// Marks a file as a history: "hook" in ASCII (<https://www.sqlite.org/fileformat2.html#application_id>).
const APPLICATION_ID: i32 = 0x686f_6f6b;

/// The newest schema this version knows.
pub(super) const NEWEST: i64 = MIGRATIONS.len() as i64;

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

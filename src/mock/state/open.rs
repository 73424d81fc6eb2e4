//! Opening the state: in memory, or in a file that nobody else may read.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::StateError;

/// The steps of the schema, from the first; never edited.
const MIGRATIONS: [&str; 2] = [include_str!("migrations/0001_mock.sql"), include_str!("migrations/0002_kept.sql")];
/// Marks a file as the state of a mock: "hkmk" in ASCII (<https://www.sqlite.org/fileformat2.html#application_id>).
const APPLICATION_ID: i64 = 0x686b_6d6b;
/// A mock that is just ending gives its file back within this time.
const BUSY: Duration = Duration::from_millis(500);

/// Opens the file, and makes it where there is none; without one the state lives in memory.
pub(super) fn open(path: Option<&Path>) -> Result<Connection, StateError> {
    let failed = |error: rusqlite::Error| StateError::of(path, &error);
    let mut connection = match path {
        None => Connection::open_in_memory().map_err(failed)?,
        Some(path) => {
            prepare(path)?;
            Connection::open(path).map_err(failed)?
        }
    };
    connection.busy_timeout(BUSY).map_err(failed)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
    if path.is_some() {
        // One mock has the file for itself as long as it runs.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(failed)?;
        check(&connection, path)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        // What a power cut may take is a message of a mock.
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
    }
    migrate(&mut connection, path)?;
    Ok(connection)
}

fn number(connection: &Connection, pragma: &str, path: Option<&Path>) -> Result<i64, StateError> {
    connection.pragma_query_value(None, pragma, |row| row.get(0)).map_err(|error| StateError::of(path, &error))
}

/// Looks before anything is written: the file may be another program's.
fn check(connection: &Connection, path: Option<&Path>) -> Result<(), StateError> {
    let version = number(connection, "user_version", path)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|error| StateError::of(path, &error))?;
    let is_ours = number(connection, "application_id", path)? == APPLICATION_ID;
    match path {
        Some(path) if tables > 0 && !is_ours => Err(StateError::Foreign { path: path.to_owned() }),
        Some(path) if version > MIGRATIONS.len() as i64 => {
            Err(StateError::Newer { path: path.to_owned(), found: version, known: MIGRATIONS.len() as i64 })
        }
        _ => Ok(()),
    }
}

fn migrate(connection: &mut Connection, path: Option<&Path>) -> Result<(), StateError> {
    let failed = |error: rusqlite::Error| StateError::of(path, &error);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive).map_err(failed)?;
    let version = number(&transaction, "user_version", path)?;
    for step in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or_default()) {
        transaction.execute_batch(step).map_err(failed)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64).map_err(failed)?;
    transaction.commit().map_err(failed)
}

/// Makes the file, 0600: it holds credentials and secrets. SQLite gives the files beside it the same mode.
fn prepare(path: &Path) -> Result<(), StateError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StateError::Failed { path: Some(path.to_owned()), problem: error.to_string() }),
    }
}

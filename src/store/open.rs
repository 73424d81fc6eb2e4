//! Opening the file: its modes, its pragmas, and what is checked before anything is written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{StoreError, migrate};

/// Longer than any other process holds the write lock: a batch, a slice of deletion, a migration.
const BUSY: Duration = Duration::from_secs(10);
/// Two processes on one file can damage it before this version (<https://www.sqlite.org/wal.html#walresetbug>).
const OLDEST_SQLITE: i32 = 3_051_003;
/// Pages in the write-ahead log before they move into the file. More make the pause of a move long.
const CHECKPOINT_PAGES: i64 = 1000;
/// The log is cut back to this after a burst.
const MAX_LOG_BYTES: i64 = 16 * 1024 * 1024;
/// Pages a connection keeps in memory, in KiB (negative in SQLite's own notation).
const CACHE_KIB: i64 = -8 * 1024;
/// Statements kept ready; there are fewer.
const STATEMENTS: usize = 64;

/// Opens the file for writing, and makes it where there is none.
pub(super) fn writable(path: &Path) -> Result<Connection, StoreError> {
    check_sqlite()?;
    prepare_file(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = connect(path, flags)?;
    let set = |connection: &Connection| -> rusqlite::Result<()> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // With NORMAL a power cut takes acknowledged events with it.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.pragma_update(None, "journal_size_limit", MAX_LOG_BYTES)?;
        // What is deleted is gone, also from the free pages.
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "cache_size", CACHE_KIB)
    };
    set(&connection).map_err(|error| failed_to_write(path, &error))?;
    migrate::migrate(&mut connection, path)?;
    Ok(connection)
}

/// Opens the file for reading. One that cannot be written, not even beside, is read as it is.
pub(super) fn readable(path: &Path) -> Result<Connection, StoreError> {
    check_sqlite()?;
    match fs::metadata(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StoreError::Absent(path.to_owned())),
        Err(error) => return Err(failed(path, &error)),
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = connect(path, flags).and_then(|connection| {
        check_schema(&connection, path)?;
        Ok(connection)
    });
    match opened {
        // A log beside it cannot be read without writing: on a read-only medium there is no writer either.
        Err(StoreError::ReadOnly(_) | StoreError::Io { .. }) => {
            let connection = connect(&immutable(path), flags | OpenFlags::SQLITE_OPEN_URI)?;
            check_schema(&connection, path)?;
            Ok(connection)
        }
        opened => opened,
    }
}

/// A file of no schema, or of an older one, is made current by the first writer; until then it is empty.
fn check_schema(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    match migrate::version(connection, path)? {
        migrate::NEWEST => Ok(()),
        _ => Err(StoreError::Absent(path.to_owned())),
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    };
    open().map_err(|error| StoreError::from_sqlite(path, &error))
}

fn immutable(path: &Path) -> PathBuf {
    let text = path.to_string_lossy();
    let escaped = percent_encoding::utf8_percent_encode(&text, URI_UNSAFE);
    format!("file:{escaped}?immutable=1").into()
}

/// Characters with a meaning in a URI filename (<https://www.sqlite.org/uri.html>).
const URI_UNSAFE: &percent_encoding::AsciiSet =
    &percent_encoding::CONTROLS.add(b'%').add(b'?').add(b'#').add(b' ').add(b'"');

fn check_sqlite() -> Result<(), StoreError> {
    if rusqlite::version_number() < OLDEST_SQLITE { Err(StoreError::OldSqlite(rusqlite::version())) } else { Ok(()) }
}

/// Makes the folder (0700) and the file (0600): events hold personal data. SQLite gives the files
/// beside it the same mode.
fn prepare_file(path: &Path) -> Result<(), StoreError> {
    if path.exists() {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let make = || -> io::Result<()> {
        if let Some(folder) = folder {
            private_folder(folder)?;
        }
        match private_file().create_new(true).open(path) {
            // Another process was first.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made.map(drop),
        }
    };
    make().map_err(|error| failed(path, &error))
}

#[cfg(unix)]
pub(super) fn private_file() -> fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

#[cfg(not(unix))]
pub(super) fn private_file() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true);
    options
}

#[cfg(unix)]
fn private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// The write-ahead log beside the file.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Failing to open for writing means, in the case of a person, that they may not.
fn failed_to_write(path: &Path, error: &rusqlite::Error) -> StoreError {
    match StoreError::from_sqlite(path, error) {
        StoreError::Io { .. } if error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen) => {
            StoreError::ReadOnly(path.to_owned())
        }
        other => other,
    }
}

pub(super) fn failed(path: &Path, error: &io::Error) -> StoreError {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly(path),
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded => {
            StoreError::Full(path)
        }
        _ => StoreError::Io { path, problem: error.to_string() },
    }
}

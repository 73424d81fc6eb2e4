//! Opening the file: its modes, its pragmas, and what is checked before anything is written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use super::{StoreError, migrate};
use crate::private;

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
    check_beginning(path)?;
    let mut connection = connect(path, READ_WRITE)?;
    // Before anything is written: it may be another program's.
    connection
        .pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0))
        .map_err(|error| failed_to_write(path, &error))?;
    migrate::version(&connection, path)?;
    let set = |connection: &Connection| -> rusqlite::Result<()> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // With NORMAL a power cut takes acknowledged events with it.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.pragma_update(None, "journal_size_limit", MAX_LOG_BYTES)?;
        // What is deleted is gone, also from the free pages.
        connection.pragma_update(None, "secure_delete", true)?;
        // A temporary file would need a descriptor when there is none left.
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "cache_size", CACHE_KIB)
    };
    set(&connection).map_err(|error| failed_to_write(path, &error))?;
    migrate::migrate(&mut connection, path)?;
    Ok(connection)
}

/// Opens the file for writing as the first thing of a process: what is damaged is not written to.
pub(super) fn writable_and_sound(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = writable(path)?;
    match check(&mut connection, path, QUICK_LOOK)? {
        Soundness::Damaged(problem) => Err(StoreError::Damaged { path: path.to_owned(), problem }),
        Soundness::Sound | Soundness::SoundSoFar => Ok(connection),
    }
}

/// Table by table: the check of a whole file also looks through the index of words, and that cannot be
/// broken off.
fn check_tables(connection: &Connection, end: Instant) -> rusqlite::Result<Soundness> {
    let mut names = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for name in names {
        if Instant::now() >= end {
            return Ok(Soundness::SoundSoFar);
        }
        let mut said = String::new();
        connection.pragma(None, "quick_check", name, |row| row.get(0).map(|line| said = line))?;
        if said != "ok" {
            return Ok(Soundness::Damaged(said.lines().last().unwrap_or_default().trim().to_owned()));
        }
    }
    Ok(Soundness::Sound)
}

/// The first bytes of every database (<https://www.sqlite.org/fileformat2.html#magic_header_string>).
pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";
/// The smallest page there is.
const SMALLEST: usize = 512;

/// SQLite takes a file of a few bytes for an empty one, and would write over it.
fn check_beginning(path: &Path) -> Result<(), StoreError> {
    use io::Read as _;
    let mut beginning = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(SMALLEST as u64).read_to_end(&mut beginning));
    match read {
        Ok(0) => Ok(()),
        Ok(length) if !beginning.starts_with(&MAGIC[..length.min(MAGIC.len())]) => {
            Err(StoreError::Foreign(path.to_owned()))
        }
        Ok(length) if length < SMALLEST => {
            Err(StoreError::Damaged { path: path.to_owned(), problem: format!("only {length} bytes are left of it") })
        }
        Ok(_) => Ok(()),
        Err(error) => Err(failed(path, &error)),
    }
}

/// Whether the file can be written: takes the write lock, and gives it back.
pub fn check_writable(path: &Path) -> Result<(), StoreError> {
    let connection = connect(path, READ_WRITE)?;
    let lock = "BEGIN IMMEDIATE; UPDATE counter SET deleted = deleted; ROLLBACK";
    connection.execute_batch(lock).map_err(|error| failed_to_write(path, &error))
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Soundness {
    /// Nothing wrong.
    Sound,
    /// Nothing wrong until the time was up.
    SoundSoFar,
    /// What is wrong, in SQLite's words.
    Damaged(String),
}

/// How long a listener looks before it begins: nobody notices, and some ten megabytes are looked through.
const QUICK_LOOK: Duration = Duration::from_millis(40);
/// Steps of SQLite between looks at the clock.
const STEPS: i32 = 1000;

/// Looks through the file for damage, for a bounded time.
pub(super) fn check(connection: &mut Connection, path: &Path, limit: Duration) -> Result<Soundness, StoreError> {
    let end = Instant::now() + limit;
    let wrap = |error: rusqlite::Error| StoreError::from_sqlite(path, &error);
    connection.progress_handler(STEPS, Some(move || Instant::now() >= end)).map_err(wrap)?;
    let found = check_tables(connection, end);
    connection.progress_handler(0, None::<fn() -> bool>).map_err(wrap)?;
    match found {
        Ok(soundness) => Ok(soundness),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => {
            Ok(Soundness::SoundSoFar)
        }
        Err(error) => match StoreError::from_sqlite(path, &error) {
            StoreError::Damaged { problem, .. } => Ok(Soundness::Damaged(problem)),
            other => Err(other),
        },
    }
}

/// A file that is open for reading.
#[derive(Debug)]
pub(super) struct Readable {
    /// To it, or to a copy.
    pub(super) connection: Connection,
    /// The copy's folder; it goes with this value.
    pub(super) copy: Option<TempDir>,
}

/// Opens the file for reading. One that cannot be written, not even beside, is read as it is; where events
/// are still in its log, a private copy of both is read, so that none is missed.
pub(super) fn readable(path: &Path) -> Result<Readable, StoreError> {
    check_sqlite()?;
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StoreError::Absent(path.to_owned())),
        Err(error) => return Err(failed(path, &error)),
    };
    if !metadata.is_file() {
        return Err(StoreError::Foreign(path.to_owned()));
    }
    check_beginning(path)?;
    let opened = connect(path, READ).and_then(|connection| checked(connection, path));
    let problem = match opened {
        Ok(connection) => return Ok(Readable { connection, copy: None }),
        Err(problem @ (StoreError::ReadOnly(_) | StoreError::Io { .. })) => problem,
        Err(other) => return Err(other),
    };
    if fs::File::open(path).is_err() {
        return Err(problem);
    }
    if fs::metadata(log_of(path)).is_ok_and(|log| log.len() > 0) {
        let copy = copy_with_log(path)?;
        let connection = checked(connect(&copy.path().join(COPY), READ_WRITE)?, path)?;
        return Ok(Readable { connection, copy: Some(copy) });
    }
    let connection = checked(connect(&immutable(path), READ | OpenFlags::SQLITE_OPEN_URI)?, path)?;
    Ok(Readable { connection, copy: None })
}

const READ: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);
const READ_WRITE: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// The name of a copy in its folder.
pub(super) const COPY: &str = "history.db";
/// Copies made before giving up on one that nobody wrote to meanwhile.
const MAX_COPIES: usize = 5;

/// Copies the file and its log into a private folder, as they were at one moment.
fn copy_with_log(path: &Path) -> Result<TempDir, StoreError> {
    let folder = tempfile::Builder::new().prefix("hookctl-").tempdir().map_err(|error| failed(path, &error))?;
    copy_files(path, &folder.path().join(COPY)).map_err(|error| failed(path, &error))?;
    Ok(folder)
}

/// Copies a file and its log; again where one of them changed meanwhile.
pub(super) fn copy_files(path: &Path, to: &Path) -> io::Result<()> {
    let (log, to_log) = (log_of(path), log_of(to));
    let state = || {
        let of = |path: &Path| fs::metadata(path).and_then(|metadata| Ok((metadata.len(), metadata.modified()?))).ok();
        (of(path), of(&log))
    };
    for _ in 0..MAX_COPIES {
        let before = state();
        fs::copy(path, to)?;
        if log.exists() {
            fs::copy(&log, &to_log)?;
            writable_by_owner(&to_log)?;
        }
        writable_by_owner(to)?;
        if state() == before {
            return Ok(());
        }
    }
    Err(io::Error::other("it keeps changing while it is copied"))
}

/// A copy takes over that its original may not be written.
#[cfg(unix)]
fn writable_by_owner(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn writable_by_owner(path: &Path) -> io::Result<()> {
    let mut permissions = fs::metadata(path)?.permissions();
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions)
}

fn checked(connection: Connection, path: &Path) -> Result<Connection, StoreError> {
    check_schema(&connection, path)?;
    Ok(connection)
}

/// A file of an older schema is made current by the first writer, and read as it is until then. One of no schema
/// is empty.
fn check_schema(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    match migrate::version(connection, path)? {
        migrate::OLDEST..=migrate::NEWEST => Ok(()),
        _ => Err(StoreError::Absent(path.to_owned())),
    }
}

pub(super) fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Otherwise a statement is planned anew for each value that is bound to it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
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
            private::folder(folder)?;
        }
        match private::file().create_new(true).open(path) {
            // Another process was first.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made.map(drop),
        }
    };
    make().map_err(|error| failed(path, &error))
}

/// The write-ahead log beside the file.
pub(super) fn log_of(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

/// A file that SQLite keeps beside the file.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
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

//! What can go wrong with the history, by what a caller or a person can do about it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the history could not be read or written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No space, or a limit on the size of files.
    #[error("the history {0} cannot grow: the disk is full or a limit is reached")]
    Full(PathBuf),
    /// The file or its folder cannot be written.
    #[error("the history {0} cannot be written: it is read-only")]
    ReadOnly(PathBuf),
    /// The content is damaged, or is no history at all.
    #[error("the history {path} is damaged: {problem}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Another program's database.
    #[error("{0} is not a history of hookctl")]
    Foreign(PathBuf),
    /// Written by a later version.
    #[error("the history {path} has schema {found}, and this version knows up to {known}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema this version knows.
        known: i64,
    },
    /// There is none yet.
    #[error("there is no history at {0} yet")]
    Absent(PathBuf),
    /// Another process held it for too long.
    #[error("the history {0} is held by another process")]
    Busy(PathBuf),
    /// Nothing in it can be rescued.
    #[error("{path} cannot be salvaged: {problem}")]
    Lost {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// The linked SQLite has a known fault.
    #[error("SQLite {0} can damage a history that two processes use (fixed in 3.51.3)")]
    OldSqlite(&'static str),
    /// The operating system or the disk failed.
    #[error("the history {path}: {problem}")]
    Io {
        /// The file.
        path: PathBuf,
        /// In SQLite's words.
        problem: String,
    },
    /// The writer has ended.
    #[error("the history is closed")]
    Closed,
}

/// Room for which SQLite asks at once besides a page: a block of the index beside the log, and a batch.
const STEP: u64 = 64 * 1024;

/// Whether a failed write or extension was for want of room. SQLite says so of a full disk only; a limit on
/// the size of files comes as a failed write (<https://www.sqlite.org/rescode.html#ioerr_write>).
fn lacks_room(error: &rusqlite::Error, path: &Path) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE};
    match error.sqlite_error().map(|error| error.extended_code) {
        Some(SQLITE_IOERR_SHMSIZE) => true,
        Some(SQLITE_IOERR_WRITE | SQLITE_IOERR_TRUNCATE) => is_at_limit(path),
        _ => false,
    }
}

/// Whether the file, or one beside it, is as large as this process may make one.
#[cfg(unix)]
fn is_at_limit(path: &Path) -> bool {
    use rustix::process::{Resource, getrlimit};
    let Some(limit) = getrlimit(Resource::Fsize).current else { return false };
    [path.to_owned(), super::open::beside(path, "-wal"), super::open::beside(path, "-shm")]
        .iter()
        .any(|file| std::fs::metadata(file).is_ok_and(|metadata| metadata.len().saturating_add(STEP) >= limit))
}

#[cfg(not(unix))]
const fn is_at_limit(_path: &Path) -> bool {
    false
}

impl StoreError {
    /// Sorts an error of SQLite by what can be done about it.
    pub(super) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        let problem = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(path),
            Some(ErrorCode::SystemIoFailure) if lacks_room(error, &path) => Self::Full(path),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly(path),
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, problem },
            Some(ErrorCode::NotADatabase) => Self::Foreign(path),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(path),
            _ => Self::Io { path, problem },
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Full(_) => {
                "free some space, or keep less: `hookctl events delete`, then `hookctl events vacuum`".into()
            }
            Self::ReadOnly(_) => "give another file with --db, or keep no history with --no-store".into(),
            Self::Damaged { path, .. } => format!(
                "`hookctl events salvage` copies what can be read from {}; --db starts a new history",
                path.display()
            ),
            Self::Foreign(_) => {
                "give another file with --db; if it was a history once, `hookctl events salvage` rescues what is left"
                    .into()
            }
            Self::Newer { .. } => "update hookctl, or give another file with --db".into(),
            Self::Absent(_) => "`hookctl listen` begins one with the first event; --db names another file".into(),
            Self::Busy(_) => "wait until the other command has ended".into(),
            Self::OldSqlite(_) => "build hookctl with its own SQLite".into(),
            Self::Io { .. } => "look at the disk (`dmesg`, `df`); --db puts the history on another one".into(),
            Self::Lost { .. } => "--db starts a new history; a backup of the file can be read with --db too".into(),
            Self::Closed => return None,
        })
    }

    /// The word for it in JSON errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Full(_) => "history_full",
            Self::ReadOnly(_) => "history_read_only",
            Self::Damaged { .. } => "history_damaged",
            Self::Foreign(_) => "history_foreign",
            Self::Newer { .. } => "history_newer",
            Self::Absent(_) => "no_history",
            Self::Busy(_) => "history_busy",
            Self::Lost { .. } => "history_lost",
            Self::OldSqlite(_) => "old_sqlite",
            Self::Io { .. } => "history_io",
            Self::Closed => "history_closed",
        }
    }

    /// Whether the connection can no longer be trusted: what was promised to be on the disk may not
    /// be (after a failed sync the pages that were not written count as clean).
    pub(super) const fn spoils_connection(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::Damaged { .. })
    }
}

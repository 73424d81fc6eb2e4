//! Why the state cannot be used.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why the state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It belongs to a running mock.
    #[error("{} is in use by another mock", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// It is something else.
    #[error("{} is not the state of a mock", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer hookctl wrote it.
    #[error("{} was written by a newer hookctl (form {found}, this one knows {known})", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// It is about another provider.
    #[error("{} is the state of a mock of {found}, not of {wanted}", path.display())]
    OtherProvider {
        /// The file.
        path: PathBuf,
        /// Its provider.
        found: String,
        /// The one that was asked for.
        wanted: String,
    },
    /// It cannot be read or written.
    #[error("the state of the mock{}: {problem}", path.as_ref().map(|path| format!(" in {}", path.display())).unwrap_or_default())]
    Failed {
        /// The file, where there is one.
        path: Option<PathBuf>,
        /// What SQLite or the system says.
        problem: String,
    },
}

impl StateError {
    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "end that one first, or give this one a --state of its own",
            Self::Foreign { .. } | Self::OtherProvider { .. } => "name another file with --state",
            Self::Newer { .. } => "update hookctl, or name another file with --state",
            Self::Failed { .. } => "is the folder there and writable, and the disk not full?",
        }
    }

    pub(super) fn of(path: Option<&std::path::Path>, error: &rusqlite::Error) -> Self {
        match (error.sqlite_error_code(), path) {
            (Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked), Some(path)) => {
                Self::Busy { path: path.to_owned() }
            }
            (Some(ErrorCode::NotADatabase), Some(path)) => Self::Foreign { path: path.to_owned() },
            _ => Self::Failed { path: path.map(ToOwned::to_owned), problem: error.to_string() },
        }
    }
}

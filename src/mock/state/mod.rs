//! What the mock knows, in SQLite: in memory, or in a file that outlives it.
//!
//! Every call but the look at the log is a few indexed rows of a connection behind one lock, without a sync
//! to the disk: short enough to be made where it is needed. What is kept is bounded in numbers and in bytes.

mod attempts;
mod error;
mod messages;
mod open;
mod webhooks;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _};

pub use error::StateError;
pub(super) use messages::{Emission, Finish, Job, Logged, Recipient};

/// The state of a mock.
#[derive(Debug)]
pub(super) struct State {
    path: Option<PathBuf>,
    connection: Mutex<Connection>,
}

impl State {
    /// Opens the file of this provider, or begins in memory.
    pub(super) fn open(path: Option<&Path>, provider: &str) -> Result<Self, StateError> {
        let connection = open::open(path)?;
        let state = Self { path: path.map(ToOwned::to_owned), connection: Mutex::new(connection) };
        let found = state.setting("provider", || provider.to_owned())?;
        match path {
            Some(path) if found != provider => {
                Err(StateError::OtherProvider { path: path.to_owned(), found, wanted: provider.to_owned() })
            }
            _ => Ok(state),
        }
    }

    /// A value that is made up once.
    pub(super) fn setting(&self, name: &str, make: impl FnOnce() -> String) -> Result<String, StateError> {
        self.with(|connection| {
            let found: Option<String> = connection
                .query_row("SELECT value FROM setting WHERE name = ?1", [name], |row| row.get(0))
                .optional()?;
            match found {
                Some(value) => Ok(value),
                None => {
                    let value = make();
                    connection.execute("INSERT INTO setting (name, value) VALUES (?1, ?2)", [name, &value])?;
                    Ok(value)
                }
            }
        })
    }

    /// Replaces a value.
    pub(super) fn set(&self, name: &str, value: &str) -> Result<(), StateError> {
        let set = "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2";
        self.with(|connection| connection.execute(set, [name, value]).map(drop))
    }

    /// Runs statements; several that belong together begin a transaction of their own.
    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, StateError> {
        work(&mut self.lock()).map_err(|error| StateError::of(self.path.as_deref(), &error))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A count as SQLite keeps it.
fn signed(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// A duration in whole microseconds, as SQLite keeps it.
fn micros(duration: std::time::Duration) -> i64 {
    signed(duration.as_micros())
}

/// The duration of so many microseconds.
fn of_micros(micros: i64) -> std::time::Duration {
    std::time::Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

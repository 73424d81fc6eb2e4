//! Who forwards a waiting event: a number that is held as long as its process lives.
//!
//! The number of a process would not do: in a container every run has the same, and elsewhere another
//! program may get it. So each process that forwards locks a small file beside the history, named by a
//! random number; the system gives the lock back however the process ends.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{StoreError, open};

/// Another process looks at a new file in the moment before it is locked; not so often in a row.
const MAX_TRIES: usize = 8;

/// This process as one that forwards; its file goes with it.
#[derive(Debug)]
pub(super) struct Owner {
    number: i64,
    path: PathBuf,
    /// Held, never read.
    _lock: File,
}

impl Owner {
    /// Takes a number that no other process has.
    pub(super) fn claim(history: &Path) -> Result<Self, StoreError> {
        for _ in 0..MAX_TRIES {
            let number = rand::random::<i64>() & i64::MAX;
            let path = place(history, number);
            let file = match crate::private::file().create_new(true).open(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                opened => opened.map_err(|error| open::failed(history, &error))?,
            };
            if file.try_lock().is_ok() && path.exists() {
                return Ok(Self { number, path, _lock: file });
            }
            let _ = fs::remove_file(&path);
        }
        Err(StoreError::Busy(history.to_owned()))
    }

    pub(super) fn number(&self) -> i64 {
        self.number
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // One that stays is taken for that of a process that is no more.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the process of this number lives. The file of one that does not is removed.
pub(super) fn is_alive(history: &Path, number: i64) -> bool {
    let path = place(history, number);
    match File::open(&path) {
        // Shared: two that look at once must not take each other for the owner.
        Ok(file) if file.try_lock_shared().is_ok() => {
            let _ = fs::remove_file(&path);
            false
        }
        Ok(_) => true,
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

fn place(history: &Path, number: i64) -> PathBuf {
    let mut name = history.as_os_str().to_owned();
    name.push(format!("-forwards-{number:016x}"));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_lives_as_long_as_it_is_held_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let history = folder.path().join("history.db");
        let owner = Owner::claim(&history).unwrap();
        let other = Owner::claim(&history).unwrap();
        assert_ne!(owner.number(), other.number());
        assert!(is_alive(&history, owner.number()) && is_alive(&history, other.number()));
        let number = owner.number();
        drop(owner);
        assert!(!is_alive(&history, number), "it ended");
        fs::write(place(&history, 7), "").unwrap();
        assert!(!is_alive(&history, 7), "a file that nobody holds is one that was left behind");
        drop(other);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

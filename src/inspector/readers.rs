//! Connections to the history: few, kept, and used beside the runtime's threads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::answer::Refused;
use crate::store::Reader;

/// Calls that read at once; a page asks for a handful of things, and more would only wait for the same disk.
const MAX_READERS: usize = 4;

/// A pool of readers.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Reader>>>,
    room: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path: Arc::new(path), idle: Arc::default(), room: Arc::new(Semaphore::new(MAX_READERS)) }
    }

    /// Runs `work` with a reader, where it may take its time. One that could not read is not used again; that a call is
    /// refused is no fault of it.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, Refused>
    where
        T: Send + 'static,
        F: FnOnce(&Reader) -> Result<T, Refused> + Send + 'static,
    {
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(|error| Refused::broken(error.to_string()))?;
        let readers = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let _room = room;
            let kept = readers.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let reader = kept.map_or_else(|| Reader::open(&readers.path), Ok)?;
            let outcome = work(&reader);
            if outcome.as_ref().err().is_none_or(|refused| !refused.status.is_server_error()) {
                readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            }
            outcome
        });
        done.await.unwrap_or_else(|error| Err(Refused::broken(error.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Retention, Writer};

    #[tokio::test]
    async fn only_a_reader_that_cannot_read_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        drop(Writer::open(&path, Retention::default()).unwrap());
        let readers = Readers::new(path);
        let idle = || readers.idle.lock().unwrap().len();
        readers.read(|_| Ok(())).await.unwrap();
        assert_eq!(idle(), 1);
        readers.read(|_| Err::<(), _>(Refused::absent("unknown_event", "none"))).await.unwrap_err();
        assert_eq!(idle(), 1, "it is opened anew for no wrong id");
        readers.read(|_| Err::<(), _>(Refused::broken("disk"))).await.unwrap_err();
        assert_eq!(idle(), 0);
    }
}

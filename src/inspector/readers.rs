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

    /// Runs `work` with a reader, where it may take its time. A reader that failed is not used again.
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
            let value = work(&reader)?;
            readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            Ok(value)
        });
        done.await.unwrap_or_else(|error| Err(Refused::broken(error.to_string())))
    }
}

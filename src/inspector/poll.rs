//! Looking whether the history has changed: whoever wrote to it, this process or another one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::store::{Position, Reader, StoreError};

/// How often is looked: a page shows an event before a person sees what sent it, and a look costs microseconds.
const INTERVAL: Duration = Duration::from_millis(25);
/// How long until a history that cannot be read is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How far the history is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) position: Position,
    /// Grows when events were deleted that no limit deletes: a list that holds them is wrong.
    pub(super) gaps: u64,
}

/// One thread that looks, while somebody wants to know.
#[derive(Debug)]
pub(super) struct Poll {
    path: PathBuf,
    /// `None` while nobody looks.
    seen: Mutex<Option<watch::Sender<Seen>>>,
}

impl Poll {
    pub(super) fn new(path: PathBuf) -> Arc<Self> {
        Arc::new(Self { path, seen: Mutex::default() })
    }

    /// What is told of every change from now on; the first value is that of now. Takes a moment.
    pub(super) fn subscribe(self: &Arc<Self>) -> Result<watch::Receiver<Seen>, StoreError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = &*seen {
            return Ok(sender.subscribe());
        }
        let mut look = Look::open(&self.path)?;
        let (sender, receiver) = watch::channel(look.seen);
        let poll = Arc::clone(self);
        let thread = std::thread::Builder::new().name("inspector".into()).spawn(move || poll.run(&mut look));
        thread.map_err(|error| StoreError::Io { path: self.path.clone(), problem: error.to_string() })?;
        *seen = Some(sender);
        Ok(receiver)
    }

    fn run(&self, look: &mut Look) {
        loop {
            std::thread::sleep(INTERVAL);
            let outcome = look.again();
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(sender) = &*seen else { return };
            if sender.receiver_count() == 0 {
                *seen = None;
                return;
            }
            sender.send_if_modified(|known| std::mem::replace(known, look.seen) != look.seen);
            drop(seen);
            if outcome.is_err() {
                std::thread::sleep(RETRY);
                // Until it can be read again there is nothing to tell.
                look.renew(&self.path);
            }
        }
    }
}

/// A reader, and what it saw last.
struct Look {
    reader: Reader,
    /// `None` until this connection was asked.
    version: Option<i64>,
    seen: Seen,
    deleted: i64,
    /// `None` where too many events have to stay to tell.
    oldest: Option<i64>,
}

impl Look {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let reader = Reader::open(path)?;
        // Before the rest: what comes in between is seen with the next look.
        let version = Some(reader.version()?);
        let seen = Seen { position: reader.position()?, gaps: 0 };
        let (deleted, oldest) = (reader.deleted()?, reader.oldest()?);
        Ok(Self { reader, version, seen, deleted, oldest })
    }

    /// Goes on with a connection of its own; the numbers of another one tell nothing of it.
    fn renew(&mut self, path: &Path) {
        if let Ok(reader) = Reader::open(path) {
            (self.reader, self.version) = (reader, None);
        }
    }

    fn again(&mut self) -> Result<(), StoreError> {
        let version = Some(self.reader.version()?);
        if version == self.version {
            return Ok(());
        }
        self.version = version;
        let deleted = self.reader.deleted()?;
        if deleted != self.deleted {
            let oldest = self.reader.oldest()?;
            self.seen.gaps += u64::from(self.is_gap(deleted, oldest));
            (self.deleted, self.oldest) = (deleted, oldest);
        }
        self.seen.position = self.reader.position()?;
        Ok(())
    }

    /// Limits take the oldest; who deletes others, or all, leaves fewer than that tells.
    fn is_gap(&self, deleted: i64, oldest: Option<i64>) -> bool {
        let (Some(before), Some(oldest)) = (self.oldest, oldest) else { return false };
        deleted - self.deleted > oldest - before || oldest > self.seen.position.event
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspector::sample::event;
    use crate::store::{Retention, Writer};

    #[tokio::test(flavor = "current_thread")]
    async fn only_what_no_limit_deletes_leaves_a_gap() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        let unlimited = Retention { max_events: None, max_bytes: None, max_age: None };
        let writer = Writer::open(&path, unlimited).unwrap();
        let first = event();
        writer.append(Arc::new(first.clone()), Arc::from([])).await.unwrap();
        for _ in 0..7 {
            writer.append(Arc::new(event()), Arc::from([])).await.unwrap();
        }
        writer.pin(first.id, true).await.unwrap();
        let mut look = Look::open(&path).unwrap();
        for (seqs, gaps) in [(&[2, 3][..], 0), (&[5], 1), (&[4], 1), (&[6, 8], 2), (&[1], 3), (&[7], 4)] {
            writer.delete(seqs.to_vec()).await.unwrap();
            look.again().unwrap();
            assert_eq!(look.seen.gaps, gaps, "{seqs:?}");
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_came_while_the_history_could_not_be_read_is_seen_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        let writer = Writer::open(&path, Retention::default()).unwrap();
        let mut look = Look::open(&path).unwrap();
        writer.append(Arc::new(event()), Arc::from([])).await.unwrap();
        look.renew(&path);
        look.again().unwrap();
        assert_eq!(look.seen.position.event, 1);
    }

    #[test]
    fn who_looks_alone_is_told_and_the_thread_ends_when_nobody_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        drop(Writer::open(&path, Retention::default()).unwrap());
        let poll = Poll::new(path);
        let one = poll.subscribe().unwrap();
        let other = poll.subscribe().unwrap();
        drop((one, other));
        let end = std::time::Instant::now() + Duration::from_secs(10);
        while poll.seen.lock().unwrap().is_some() && std::time::Instant::now() < end {
            std::thread::sleep(INTERVAL);
        }
        assert!(poll.seen.lock().unwrap().is_none());
        assert!(poll.subscribe().is_ok(), "and begins again");
    }
}

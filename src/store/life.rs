//! When an event was on the disk and when its sender was answered.
//!
//! Both are known only behind the commit, so they wait in memory, and the writer's thread writes them when it has
//! nothing else to do, or among other rows when many wait or some wait for long. What a flood leaves no room for, and
//! what a crash takes, is lost: it is nothing that was promised.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Reader, StoreError};

/// Rows that wait in memory: seconds of a flood, and less than a megabyte.
const MAX_WAITING: usize = 16_384;
/// So many are written among other rows, also while more keep coming.
const MANY: usize = 4096;
/// Rows written in one transaction with others: half a millisecond.
const SLICE: usize = 512;
/// How long rows wait while there is no quiet.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long it took from the arrival of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Until it was on the disk.
    pub stored: Duration,
    /// Until its sender was answered.
    pub answered: Option<Duration>,
    /// With which status.
    pub status: Option<u16>,
}

/// What waits to be written.
#[derive(Debug, Default)]
pub(super) struct Lives {
    waiting: Mutex<Vec<(i64, Life)>>,
    /// Whether the thread sleeps until it is told of something.
    is_idle: AtomicBool,
}

impl Lives {
    /// Adds one, where there is room; whether the thread has to be woken for it.
    pub(super) fn add(&self, seq: i64, life: Life) -> bool {
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() < MAX_WAITING {
                waiting.push((seq, life));
            }
        }
        self.is_idle.swap(false, SeqCst)
    }

    /// Says that the thread sleeps from now on; false when something waits.
    pub(super) fn fall_idle(&self) -> bool {
        self.is_idle.store(true, SeqCst);
        let is_idle = self.len() == 0;
        if !is_idle {
            self.is_idle.store(false, SeqCst);
        }
        is_idle
    }

    /// Says that the thread is awake.
    pub(super) fn wake(&self) {
        self.is_idle.store(false, SeqCst);
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The oldest ones, a slice of them.
    fn take(&self) -> Vec<(i64, Life)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(SLICE);
        waiting.drain(..count).collect()
    }

    /// Whether some should be written although other rows keep coming; `written_at` is when some last were.
    pub(super) fn are_due(&self, written_at: Instant) -> bool {
        let count = self.len();
        count >= MANY || count > 0 && written_at.elapsed() >= PATIENCE
    }

    /// Writes a slice.
    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let mut insert = connection.prepare_cached(
            "INSERT OR IGNORE INTO life (event_seq, stored_us, answered_us, answer_status)
             SELECT seq, ?2, ?3, ?4 FROM event WHERE seq = ?1",
        )?;
        for (seq, Life { stored, answered, status }) in self.take() {
            insert.execute(params![seq, micros(stored), answered.map(micros), status])?;
        }
        Ok(())
    }
}

impl Reader {
    /// How long it took to keep and to answer the event at this place, as far as a listener said so.
    pub fn life(&self, seq: i64) -> Result<Option<Life>, StoreError> {
        if !self.has_changes()? {
            return Ok(None);
        }
        self.wrap(|connection| {
            connection
                .prepare_cached("SELECT stored_us, answered_us, answer_status FROM life WHERE event_seq = ?1")?
                .query_row([seq], |row| {
                    Ok(Life {
                        stored: Duration::from_micros(row.get(0)?),
                        answered: row.get::<_, Option<u64>>(1)?.map(Duration::from_micros),
                        status: row.get(2)?,
                    })
                })
                .optional()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{History, event};
    use super::*;

    const LIFE: Life =
        Life { stored: Duration::from_micros(1234), answered: Some(Duration::from_micros(56_789)), status: Some(202) };

    fn until_written(reader: &Reader, seq: i64) -> Option<Life> {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let life = reader.life(seq).unwrap();
            if life.is_some() || Instant::now() > end {
                return life;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn a_life_is_written_in_quiet_time_also_when_nothing_else_comes() {
        let history = History::new();
        let seq = history.append(&event("stripe", None)).seq;
        let reader = history.reader();
        assert_eq!(reader.life(seq).unwrap(), None, "nothing waits for it");
        history.writer.answered(seq, LIFE);
        assert_eq!(until_written(&reader, seq), Some(LIFE));
        // By now the thread sleeps.
        std::thread::sleep(Duration::from_millis(400));
        let seq = history.append(&event("stripe", None)).seq;
        std::thread::sleep(Duration::from_millis(400));
        history.writer.answered(seq, LIFE);
        assert_eq!(until_written(&reader, seq), Some(LIFE));
    }

    #[test]
    fn a_life_is_written_at_the_end_and_while_others_keep_coming() {
        let history = History::new();
        let seq = history.append(&event("stripe", None)).seq;
        history.writer.answered(seq, LIFE);
        let reader = history.reader();
        let end = Instant::now() + Duration::from_secs(10);
        while reader.life(seq).unwrap().is_none() && Instant::now() < end {
            history.append(&event("stripe", None));
        }
        assert_eq!(reader.life(seq).unwrap(), Some(LIFE));
        history.writer.answered(seq + 1, LIFE);
        history.writer.answered(9999, LIFE);
        history.writer.close();
        assert_eq!(reader.life(seq + 1).unwrap(), Some(LIFE));
        assert_eq!(reader.life(9999).unwrap(), None, "there is no such event");
    }

    #[test]
    fn more_than_there_is_room_for_is_left_out() {
        let lives = Lives::default();
        for seq in 0..2 * MAX_WAITING {
            assert!(!lives.add(i64::try_from(seq).unwrap(), LIFE), "nobody sleeps");
        }
        assert_eq!(lives.len(), MAX_WAITING);
        assert!(lives.are_due(Instant::now()) && !lives.fall_idle());
        while !lives.take().is_empty() {}
        assert!(lives.fall_idle() && lives.add(1, LIFE) && !lives.add(2, LIFE), "it is woken once");
    }

    #[test]
    fn a_life_goes_with_its_event() {
        let history = History::new();
        let seq = history.append(&event("stripe", None)).seq;
        history.writer.answered(seq, LIFE);
        let reader = history.reader();
        assert!(until_written(&reader, seq).is_some());
        history.delete(&[seq]);
        assert_eq!(reader.life(seq).unwrap(), None);
    }
}

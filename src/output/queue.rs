//! The bounded queue between the services and the writing thread.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::{Delivery, Notice};

/// Notices held at most, queued or being written: a burst, not a backlog.
pub const MAX_NOTICES: usize = 4_096;

/// Memory that held notices may keep: room for the largest body the listener takes.
pub const MAX_NOTICE_BYTES: usize = 40 << 20;

/// What a notice keeps besides its body: a small request shares the buffer it was read into.
const NOTICE_OVERHEAD: usize = 8 << 10;

/// How long a producer that may not lose a notice waits for an output that takes nothing. The first to
/// wait in vain marks the output as stalled, and until it moves again nobody waits.
const STALL: Duration = Duration::from_millis(50);

/// What producers and the writing thread share.
///
/// A mutex around a plain vector, not a channel: a producer holds it for one push, the writer takes
/// everything with one swap, both bounds and the count of what was left out live under the same
/// lock, and a wake-up is paid for only when the writer sleeps.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Wakes the writer, or whoever waits for its end.
    changed: Condvar,
}

/// One place in the queue.
pub(super) enum Entry {
    /// To be shown.
    Notice(Notice),
    /// So many notices found no room here.
    Missed(u64),
}

/// What held notices cost.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Load {
    notices: usize,
    bytes: usize,
}

#[derive(Default)]
struct State {
    entries: Vec<Entry>,
    /// Queued or being written.
    held: Load,
    /// The writer waits for a notice.
    asleep: bool,
    /// No more notices will come.
    finishing: bool,
    /// The writer has ended.
    ended: bool,
    /// The data stream is gone.
    closed: bool,
    /// Counts writes, so that a stall can be told from slowness.
    progress: u64,
    /// A producer waited in vain.
    stalled: bool,
    /// Producers wait for room.
    crowded: bool,
}

impl Queue {
    /// Adds a notice; when there is no room, counts it as missed. With `patient` it waits for room as
    /// long as the output moves.
    pub fn push(&self, notice: Notice, patient: bool) {
        let mut state = self.lock();
        if patient {
            state = self.wait_for_room(state, &notice);
        }
        if state.closed && !is_talk(&notice) {
            return;
        }
        state.push(notice);
        let wake = std::mem::take(&mut state.asleep);
        drop(state);
        if wake {
            self.changed.notify_all();
        }
    }

    fn wait_for_room<'q>(&self, mut state: MutexGuard<'q, State>, notice: &Notice) -> MutexGuard<'q, State> {
        while state.is_full(notice) && !state.stalled && !state.closed {
            let seen = state.progress;
            state.crowded = true;
            let waited = self.changed.wait_timeout(state, STALL);
            let (next, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = next;
            state.stalled = timeout.timed_out() && state.progress == seen;
        }
        state
    }

    /// Waits for entries and moves them all to `batch`, which is empty. `false` when the last has been
    /// taken and no more come.
    pub fn take(&self, batch: &mut Vec<Entry>) -> bool {
        let mut state = self.lock();
        while state.entries.is_empty() {
            if state.finishing {
                return false;
            }
            state.asleep = true;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.asleep = false;
        std::mem::swap(&mut state.entries, batch);
        true
    }

    /// Gives room back after notices were written.
    pub fn release(&self, load: Load) {
        let mut state = self.lock();
        state.held.notices -= load.notices;
        state.held.bytes -= load.bytes;
        if std::mem::take(&mut state.crowded) {
            self.changed.notify_all();
        }
    }

    /// Notes that the output took something.
    pub fn progress(&self) {
        let mut state = self.lock();
        state.progress += 1;
        state.stalled = false;
    }

    /// Notes that the data stream is gone.
    pub fn close(&self) {
        self.lock().closed = true;
    }

    /// Whether the data stream is gone.
    pub fn closed(&self) -> bool {
        self.lock().closed
    }

    /// Notes that the writer has ended.
    pub fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Says that no more notices come and waits for the writer's end; `false` when nothing was written
    /// for `stall`.
    pub fn finish(&self, stall: Duration) -> bool {
        let mut state = self.lock();
        state.finishing = true;
        self.changed.notify_all();
        while !state.ended {
            let seen = state.progress;
            let waited = self.changed.wait_timeout(state, stall);
            let (next, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = next;
            if timeout.timed_out() && state.progress == seen && !state.ended {
                return false;
            }
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, notice: Notice) {
        let load = Load::of(&notice);
        if self.is_full(&notice) {
            match self.entries.last_mut() {
                Some(Entry::Missed(count)) => *count += 1,
                _ => self.entries.push(Entry::Missed(1)),
            }
            return;
        }
        self.held.add(load);
        self.entries.push(Entry::Notice(notice));
    }
}

impl State {
    /// When nothing is held a body of any size has room; the few lines that frame a run always do.
    fn is_full(&self, notice: &Notice) -> bool {
        let bytes = self.held.bytes.saturating_add(Load::of(notice).bytes);
        let full = self.held.notices >= MAX_NOTICES || bytes > MAX_NOTICE_BYTES;
        full && self.held.notices > 0 && !is_talk(notice)
    }
}

impl Load {
    /// What one notice costs.
    pub fn of(notice: &Notice) -> Self {
        let answer = |delivery: &Delivery| delivery.response.as_ref().map_or(0, |response| response.body.len());
        let bytes = match notice {
            Notice::Received(event) => event.request.body.len(),
            Notice::Forwarded { delivery, .. } | Notice::Sent { delivery, .. } => answer(delivery),
            Notice::MockAttempt(attempt) => answer(&attempt.delivery),
            Notice::Confirmation(confirmation) => confirmation.delivery.as_deref().map_or(0, answer),
            Notice::Ready { .. }
            | Notice::Refused { .. }
            | Notice::Target { .. }
            | Notice::Answered(_)
            | Notice::MockReady(_)
            | Notice::MockCall(_)
            | Notice::Stopped(_) => 0,
        };
        Self { notices: 1, bytes: bytes + NOTICE_OVERHEAD }
    }

    /// Adds another load to this one.
    pub fn add(&mut self, other: Self) {
        self.notices += other.notices;
        self.bytes += other.bytes;
    }
}

/// Whether a notice frames the run instead of telling about traffic; there is one of each.
fn is_talk(notice: &Notice) -> bool {
    matches!(notice, Notice::Ready { .. } | Notice::MockReady(_) | Notice::Stopped(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Summary;

    fn refused() -> Notice {
        Notice::Refused { status: 413, reason: String::new() }
    }

    fn shape(batch: &[Entry]) -> Vec<u64> {
        batch.iter().map(|entry| if let Entry::Missed(count) = entry { *count } else { 0 }).collect()
    }

    #[test]
    fn what_finds_no_room_is_counted_where_it_is_missing() {
        let queue = Queue::default();
        (0..MAX_NOTICES + 2).for_each(|_| queue.push(refused(), false));
        let mut first = Vec::new();
        assert!(queue.take(&mut first));
        assert_eq!((first.len(), shape(&first[MAX_NOTICES..])), (MAX_NOTICES + 1, vec![2]));
        queue.push(refused(), false);
        queue.push(Notice::Stopped(Summary::default()), false);
        queue.release(Load { notices: MAX_NOTICES, bytes: MAX_NOTICES * NOTICE_OVERHEAD });
        queue.push(refused(), false);
        let mut second = Vec::new();
        assert!(queue.take(&mut second));
        assert_eq!(shape(&second), [1, 0, 0]);
    }

    #[test]
    fn a_closed_queue_takes_only_talk() {
        let queue = Queue::default();
        queue.close();
        queue.push(refused(), false);
        queue.push(Notice::Stopped(Summary::default()), false);
        let mut batch = Vec::new();
        assert!(queue.take(&mut batch));
        assert_eq!(batch.len(), 1);
    }

    #[test]
    fn finishing_does_not_wait_for_an_output_that_takes_nothing() {
        let queue = Queue::default();
        assert!(!queue.finish(Duration::from_millis(1)));
        queue.end();
        assert!(queue.finish(Duration::from_secs(60)));
        assert!(!queue.take(&mut Vec::new()));
    }

    #[test]
    fn the_patient_wait_for_an_output_that_moves_and_not_for_one_that_stands_still() {
        let queue = std::sync::Arc::new(Queue::default());
        (0..MAX_NOTICES).for_each(|_| queue.push(refused(), false));
        let writer = std::thread::spawn({
            let queue = std::sync::Arc::clone(&queue);
            move || {
                let mut batch = Vec::new();
                queue.take(&mut batch);
                queue.progress();
                queue.release(Load { notices: 1, bytes: NOTICE_OVERHEAD });
                batch.len()
            }
        });
        queue.push(refused(), true);
        assert!(writer.join().unwrap() >= MAX_NOTICES);
        queue.push(refused(), true);
        assert!(queue.lock().stalled, "the second waited in vain, and the next will not");
    }
}

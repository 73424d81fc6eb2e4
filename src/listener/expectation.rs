//! `--expect`: which good events must come.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use super::tally::Tally;
use crate::history::Expectation;
use crate::model::{Event, Summary};

#[derive(Debug)]
pub(super) struct Expectations {
    is_asked_for: bool,
    began: Instant,
    expected: Mutex<Vec<Expectation>>,
    reached: Notify,
}

/// What came instead of what was expected.
#[derive(Debug, Clone)]
pub struct Shortfall {
    /// How far each expectation was when the time was up.
    pub expected: Vec<Expectation>,
    /// Everything that came.
    pub came: Summary,
    /// Besides these, what the event filter does not ask for.
    pub filtered: u64,
}

impl Expectations {
    pub(super) fn new(expected: Vec<Expectation>) -> Self {
        let is_asked_for = !expected.is_empty();
        Self { is_asked_for, began: Instant::now(), expected: Mutex::new(expected), reached: Notify::new() }
    }

    /// Remembers an event that does not count, where it is the nearest yet.
    pub(super) fn compare(&self, event: &Event) {
        if self.is_asked_for {
            self.lock().iter_mut().for_each(|expectation| expectation.compare(event));
        }
    }

    pub(super) fn count(&self, event: &Event) {
        if self.is_asked_for {
            let mut expected = self.lock();
            for expectation in expected.iter_mut() {
                expectation.offer(event, self.began.elapsed());
            }
            if expected.iter().all(Expectation::is_met) {
                self.reached.notify_one();
            }
        }
    }

    /// Completes once everything has come; never without an expectation.
    pub(super) async fn met(&self) {
        self.reached.notified().await;
    }

    /// What came, when something is still missing.
    pub(super) fn shortfall(&self, tally: &Tally) -> Option<Shortfall> {
        let expected = self.state();
        let is_met = expected.iter().all(Expectation::is_met);
        (!is_met).then(|| Shortfall { expected, came: tally.summary(), filtered: tally.count_filtered() })
    }

    /// How far each of them is.
    pub(super) fn state(&self) -> Vec<Expectation> {
        self.lock().clone()
    }

    /// Nothing in here breaks off half-way.
    fn lock(&self) -> MutexGuard<'_, Vec<Expectation>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

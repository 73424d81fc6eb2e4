//! `--expect`: how many good events must come.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::sync::Notify;

use super::tally::Tally;
use crate::model::{Summary, Verdict};

#[derive(Debug)]
pub(super) struct Expectation {
    wanted: Option<u64>,
    seen: AtomicU64,
    reached: Notify,
}

/// What was expected and what came instead.
#[derive(Debug, Clone, Copy)]
pub struct Shortfall {
    /// How many were expected.
    pub wanted: u64,
    /// How many of them came.
    pub seen: u64,
    /// Everything that came.
    pub came: Summary,
    /// Besides these, what the event filter does not ask for.
    pub filtered: u64,
}

impl Expectation {
    pub(super) fn new(wanted: Option<u64>) -> Self {
        Self { wanted, seen: AtomicU64::new(0), reached: Notify::new() }
    }

    pub(super) fn count(&self, verdict: &Verdict) {
        if verdict.is_acceptable() {
            let seen = self.seen.fetch_add(1, Relaxed) + 1;
            if self.wanted.is_some_and(|wanted| seen >= wanted) {
                self.reached.notify_one();
            }
        }
    }

    /// Completes once enough have come; never without an expectation.
    pub(super) async fn met(&self) {
        self.reached.notified().await;
    }

    /// What is still missing.
    pub(super) fn shortfall(&self, tally: &Tally) -> Option<Shortfall> {
        let (wanted, seen) = (self.wanted?, self.seen.load(Relaxed));
        (seen < wanted).then(|| Shortfall { wanted, seen, came: tally.summary(), filtered: tally.count_filtered() })
    }
}

//! Counts over the life of a listener.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::model::{Delivery, Summary, VerdictStatus};

#[derive(Debug, Default)]
pub(super) struct Tally {
    valid: AtomicU64,
    invalid: AtomicU64,
    unsigned: AtomicU64,
    unchecked: AtomicU64,
    forwarded: AtomicU64,
    failed: AtomicU64,
    filtered: AtomicU64,
}

impl Tally {
    pub(super) fn received(&self, status: VerdictStatus) {
        match status {
            VerdictStatus::Valid => &self.valid,
            VerdictStatus::Invalid => &self.invalid,
            VerdictStatus::Unsigned => &self.unsigned,
            VerdictStatus::Unchecked => &self.unchecked,
        }
        .fetch_add(1, Relaxed);
    }

    /// One that `--events` does not ask for.
    pub(super) fn filtered(&self) {
        self.filtered.fetch_add(1, Relaxed);
    }

    pub(super) fn count_filtered(&self) -> u64 {
        self.filtered.load(Relaxed)
    }

    pub(super) fn delivered(&self, delivery: &Delivery) {
        if delivery.is_success() { &self.forwarded } else { &self.failed }.fetch_add(1, Relaxed);
    }

    pub(super) fn summary(&self) -> Summary {
        let [valid, invalid, unsigned, unchecked, forwarded, failed] =
            [&self.valid, &self.invalid, &self.unsigned, &self.unchecked, &self.forwarded, &self.failed]
                .map(|count| count.load(Relaxed));
        let received = valid + invalid + unsigned + unchecked;
        Summary { received, valid, invalid, unsigned, unchecked, forwarded, failed, waiting: 0 }
    }
}

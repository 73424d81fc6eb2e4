//! What is under way: for as long as one of these lives, it counts.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A request that is not answered yet, or a delivery whose sender does not wait for it.
pub(super) struct InFlight<'c>(&'c AtomicUsize);

impl<'c> InFlight<'c> {
    pub(super) fn begin(count: &'c AtomicUsize) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

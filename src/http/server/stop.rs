//! The stop signal, as connections see it.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// A flag that also wakes everyone who waits for it.
#[derive(Debug, Default)]
pub(super) struct Stop {
    raised: AtomicBool,
    bell: Notify,
}

impl Stop {
    /// Raises the flag for good.
    pub fn raise(&self) {
        self.raised.store(true, Ordering::Release);
        self.bell.notify_waiters();
    }

    /// Whether the flag is up.
    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Acquire)
    }

    /// Completes when the flag goes up after this call; check [`Stop::is_raised`] after making it.
    pub fn bell(&self) -> Notified<'_> {
        self.bell.notified()
    }
}

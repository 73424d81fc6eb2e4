//! The memory that large bodies share, so that many of them at once end in 503 and not in a kill.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes still free for large bodies.
#[derive(Debug)]
pub(super) struct Memory {
    free: AtomicUsize,
}

/// Bytes taken from [`Memory`], given back when dropped.
#[derive(Debug)]
pub(super) struct Hold<'a> {
    memory: &'a Memory,
    bytes: usize,
}

impl Memory {
    /// A store of `bytes`.
    pub fn new(bytes: usize) -> Self {
        Self { free: AtomicUsize::new(bytes) }
    }
}

impl<'a> Hold<'a> {
    /// Holds nothing yet.
    pub fn none(memory: &'a Memory) -> Self {
        Self { memory, bytes: 0 }
    }

    /// Raises the hold to `bytes`; false when so much is not free.
    pub fn grow_to(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let taken =
            self.memory.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(more)).is_ok();
        if taken {
            self.bytes += more;
        }
        taken
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.memory.free.fetch_add(self.bytes, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_hold_gives_its_bytes_back() {
        let memory = Memory::new(100);
        let mut first = Hold::none(&memory);
        assert!(first.grow_to(80) && !Hold::none(&memory).grow_to(30));
        drop(first);
        assert!(Hold::none(&memory).grow_to(100));
    }
}

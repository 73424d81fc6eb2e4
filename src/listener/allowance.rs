//! How much explaining a listener does: a flood of forgeries must not keep it from receiving.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use jiff::Timestamp;

use crate::provider::Effort;

/// Requests that are explained in one second: at a few milliseconds each a fraction of one core.
const A_SECOND: u64 = 40;

/// Bytes of a body of which the explanation costs as much as one of a small body.
const LARGE: usize = 64 * 1024;

/// Counts what was granted in the second at hand.
#[derive(Default)]
pub(super) struct Allowance {
    /// The second since 1970, and behind it in 16 bits the count.
    granted: AtomicU64,
}

impl Allowance {
    /// What a request that comes now may cost if it must be explained. Most are valid and cost nothing, so only
    /// [`Allowance::spend`] counts.
    pub(super) fn effort(&self, now: Timestamp) -> Effort {
        let (second, count) = unpack(self.granted.load(Relaxed));
        if second == seconds(now) && count >= A_SECOND { Effort::NONE } else { Effort::BRIEF }
    }

    /// Counts an explanation that was given for a body of this size.
    pub(super) fn spend(&self, now: Timestamp, body: usize) {
        let (second, cost) = (seconds(now), 1 + (body / LARGE) as u64);
        let next = |granted: u64| {
            let (known, count) = unpack(granted);
            Some(pack(second, if known == second { count + cost } else { cost }))
        };
        // The closure always has a next value.
        let _ = self.granted.fetch_update(Relaxed, Relaxed, next);
    }
}

fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.as_second()).unwrap_or_default()
}

fn pack(second: u64, count: u64) -> u64 {
    second << 16 | count.min(u64::from(u16::MAX))
}

fn unpack(granted: u64) -> (u64, u64) {
    (granted >> 16, granted & u64::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_explained_up_to_a_number_each_second() {
        let allowance = Allowance::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        for _ in 0..A_SECOND {
            assert_eq!(allowance.effort(at(7)), Effort::BRIEF);
            allowance.spend(at(7), 100);
        }
        assert_eq!(allowance.effort(at(7)), Effort::NONE);
        assert_eq!(allowance.effort(at(8)), Effort::BRIEF);
        allowance.spend(at(8), 100);
        assert_eq!(allowance.effort(at(8)), Effort::BRIEF);
        allowance.spend(at(8), 5 * 1024 * 1024);
        assert_eq!(allowance.effort(at(8)), Effort::NONE, "one large body costs as much as many small ones");
    }
}

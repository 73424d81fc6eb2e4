//! When the next request is due.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::cli::{Rate, Speed};

/// Waits of a replay: the spacing of the arrivals, and a rate that is not exceeded.
#[derive(Debug)]
pub(super) struct Pace {
    start: Instant,
    first: Timestamp,
    speed: Speed,
    gap: Option<Duration>,
    next: Instant,
}

impl Pace {
    /// Starts now, with the event that was received at `first`.
    pub(super) fn new(speed: Speed, rate: Option<Rate>, first: Timestamp) -> Self {
        let start = Instant::now();
        let gap = rate.and_then(|rate| Duration::try_from_secs_f64(1.0 / rate.per_second).ok());
        Self { start, first, speed, gap, next: start }
    }

    /// When the event that was received then may go out. A clock that was set back makes no wait.
    pub(super) fn event(&self, received_at: Timestamp) -> Instant {
        let after = received_at.duration_since(self.first).as_secs_f64();
        let after = self.speed.factor.map_or(0.0, |factor| after / factor);
        let due = Duration::try_from_secs_f64(after.max(0.0)).ok();
        due.and_then(|due| self.start.checked_add(due)).unwrap_or(self.start)
    }

    /// When the next request may go out.
    pub(super) fn request(&mut self) -> Instant {
        let Some(gap) = self.gap else { return self.start };
        let due = self.next.max(Instant::now());
        self.next = due.checked_add(gap).unwrap_or(due);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spacing_is_that_of_the_arrivals_divided_by_the_speed() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let wait = |speed: &str, second| {
            let pace = Pace::new(speed.parse().unwrap(), None, at(100));
            pace.event(at(second)).duration_since(pace.start)
        };
        assert_eq!(wait("1x", 160), Duration::from_secs(60));
        assert_eq!(wait("10x", 160), Duration::from_secs(6));
        assert_eq!(wait("max", 160), Duration::ZERO);
        assert_eq!(wait("1x", 40), Duration::ZERO, "a clock that was set back");
    }

    #[test]
    fn a_rate_spaces_requests() {
        let mut pace = Pace::new("max".parse().unwrap(), "10/s".parse().ok(), Timestamp::UNIX_EPOCH);
        let (one, two) = (pace.request(), pace.request());
        assert_eq!(two.duration_since(one), Duration::from_millis(100));
    }
}

//! Two clocks: this machine's, and the provider's, which runs faster.

use std::fmt;
use std::time::Duration;

use jiff::{Timestamp, Unit};

/// The slowest and the fastest that the provider's clock runs, against this machine's.
pub const TIME_SCALES: std::ops::RangeInclusive<f64> = 0.001..=1e9;

/// How fast the provider's clock runs, and since when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Clock {
    scale: f64,
    epoch: Timestamp,
    /// What it showed then, in milliseconds since 1970.
    shown: i64,
}

/// As it is kept: the scale, the epoch in milliseconds since 1970, and what the clock showed then.
impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.scale, self.epoch.as_millisecond(), self.shown)
    }
}

impl Clock {
    /// A clock that showed the same as this machine's at `epoch`.
    pub(super) fn new(scale: f64, epoch: Timestamp) -> Self {
        let scale = scale.clamp(*TIME_SCALES.start(), *TIME_SCALES.end());
        let epoch = epoch.round(Unit::Millisecond).unwrap_or(epoch);
        Self { scale, epoch, shown: epoch.as_millisecond() }
    }

    /// Reads what was kept.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let scale = words.next()?.parse().ok().filter(|scale| TIME_SCALES.contains(scale))?;
        let epoch = Timestamp::from_millisecond(words.next()?.parse().ok()?).ok()?;
        Some(Self { scale, epoch, shown: words.next()?.parse().ok()? })
    }

    /// The same clock with this scale from now on: it shows what it showed, and does not jump.
    pub(super) fn going_on(self, scale: f64, now: Timestamp) -> Self {
        let begun = Self::new(scale, now);
        if begun.scale == self.scale { self } else { Self { shown: self.provider_millis(begun.epoch), ..begun } }
    }

    pub(super) fn scale(&self) -> f64 {
        self.scale
    }

    /// How long a wait of the provider's takes here.
    pub(super) fn real(&self, wait: Duration) -> Duration {
        Duration::try_from_secs_f64(wait.as_secs_f64() / self.scale).unwrap_or(Duration::MAX)
    }

    /// What the provider's clock shows, in milliseconds since 1970.
    pub(super) fn provider_millis(&self, now: Timestamp) -> i64 {
        let since = now.duration_since(self.epoch).as_secs_f64();
        // Saturates: a clock that ran for millennia shows the end of time.
        self.shown.saturating_add((since * self.scale * 1000.0) as i64)
    }
}

/// When a wait that begins now is over, in milliseconds since 1970.
pub(super) fn due(now: Timestamp, wait: Duration) -> i64 {
    now.as_millisecond().saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

/// How long it is until then.
pub(super) fn until(due: i64, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(due.saturating_sub(now.as_millisecond())).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_shorter_by_the_scale_and_the_provider_grows_older_by_it() {
        let epoch = Timestamp::from_second(1_000_000).unwrap();
        let clock = Clock::new(1000.0, epoch);
        assert_eq!(clock.real(Duration::from_secs(300)), Duration::from_millis(300));
        let later = Timestamp::from_second(1_000_002).unwrap();
        assert_eq!(clock.provider_millis(later) - clock.provider_millis(epoch), 2_000_000);
    }

    #[test]
    fn another_scale_makes_no_jump_and_the_clock_outlives_the_mock() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let slow = Clock::new(2.0, at(1_000_000));
        assert_eq!(Clock::parse(&slow.to_string()), Some(slow));
        assert_eq!(slow.going_on(2.0, at(1_000_050)), slow);
        let fast = slow.going_on(1000.0, at(1_000_100));
        assert_eq!(fast.provider_millis(at(1_000_100)), slow.provider_millis(at(1_000_100)));
        assert_eq!(fast.provider_millis(at(1_000_101)) - fast.provider_millis(at(1_000_100)), 1_000_000);
        assert_eq!(Clock::parse(&fast.to_string()), Some(fast));
        for text in ["", "1", "x 1 1", "0 1 1", "NaN 1 1", "1 1"] {
            assert_eq!(Clock::parse(text), None, "{text}");
        }
    }

    #[test]
    fn no_scale_and_no_wait_overflow() {
        let clock = Clock::new(0.0, Timestamp::UNIX_EPOCH);
        assert!(clock.real(Duration::MAX) > Duration::from_secs(1_000_000));
        assert_eq!(due(Timestamp::UNIX_EPOCH, Duration::MAX), i64::MAX);
        assert_eq!(until(-5, Timestamp::UNIX_EPOCH), Duration::ZERO);
    }
}

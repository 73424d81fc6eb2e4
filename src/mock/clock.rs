//! Two clocks: this machine's, and the provider's, which runs faster.

use std::time::Duration;

use jiff::Timestamp;

/// The slowest and the fastest that the provider's clock runs, against this machine's.
pub const TIME_SCALES: std::ops::RangeInclusive<f64> = 0.001..=1e9;

/// How fast the provider's clock runs, and since when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    scale: f64,
    epoch: Timestamp,
}

impl Clock {
    /// A clock that showed the same as this machine's at `epoch`.
    pub(super) fn new(scale: f64, epoch: Timestamp) -> Self {
        Self { scale: scale.clamp(*TIME_SCALES.start(), *TIME_SCALES.end()), epoch }
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
        self.epoch.as_millisecond().saturating_add((since * self.scale * 1000.0) as i64)
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
    fn no_scale_and_no_wait_overflow() {
        let clock = Clock::new(0.0, Timestamp::UNIX_EPOCH);
        assert!(clock.real(Duration::MAX) > Duration::from_secs(1_000_000));
        assert_eq!(due(Timestamp::UNIX_EPOCH, Duration::MAX), i64::MAX);
        assert_eq!(until(-5, Timestamp::UNIX_EPOCH), Duration::ZERO);
    }
}

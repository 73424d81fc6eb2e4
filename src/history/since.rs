//! Points in time as people write them.

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// `90d`, `2w`, `36h`, `1m30s`; a bare number is seconds. A day is 24 hours.
pub fn age(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("`{text}` is not an age (write 90d, 2w, 36h)");
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(SignedDuration::from_secs(seconds));
    }
    let span: Span = text.parse().map_err(|_| wrong())?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())
}

/// A point in time, given as such or as how long ago: `2h`, `2026-11-21T15:04:05Z`, `2026-11-21`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// So long ago.
    Ago(SignedDuration),
    /// At this time.
    At(Timestamp),
}

impl Since {
    /// The time that is meant, seen from `now`.
    pub fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(age) => now.saturating_sub(age).unwrap_or(Timestamp::MIN),
            Self::At(time) => time,
        }
    }
}

impl std::str::FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(Self::At(time));
        }
        // Without a zone it is the time on this machine's clock, as lists show it.
        let zone = jiff::tz::TimeZone::system();
        let local = text.parse::<jiff::civil::DateTime>().ok().and_then(|time| time.to_zoned(zone).ok());
        match local {
            Some(time) => Ok(Self::At(time.timestamp())),
            None => age(text).map(Self::Ago).map_err(|_| {
                format!("`{text}` is neither a time nor an age (write 2h, 2026-11-21 or 2026-11-21T15:04:05Z)")
            }),
        }
    }
}

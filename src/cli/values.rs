//! Values of flags in the forms people type.

use std::time::Duration;

pub(crate) use crate::history::{Since, age};

/// `2s`, `500ms`, `1m30s`; a bare number is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration (write 500ms, 2s, 1m30s)");
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| wrong());
    }
    let span: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(span).map_err(|_| wrong())
}

/// `25MiB`, `500KB`, `1000`.
pub(crate) fn byte_size(text: &str) -> Result<usize, String> {
    let size: bytesize::ByteSize = text.parse().map_err(|_| format!("`{text}` is not a size (write 25MiB, 500KB)"))?;
    usize::try_from(size.as_u64()).map_err(|_| format!("`{text}` is too large"))
}

/// A slower rate is a slip: nobody waits hours for the second request.
const MIN_PER_SECOND: f64 = 1.0 / 3600.0;

/// Requests in a time, such as `50/s` or `600/m`; at least one an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate {
    /// Requests a second.
    pub(crate) per_second: f64,
}

impl std::str::FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is not a rate (write 50/s, 600/m)");
        let (count, unit) = text.split_once('/').unwrap_or((text, "s"));
        let seconds = match unit.trim() {
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(wrong()),
        };
        let count: f64 = count.trim().parse().map_err(|_| wrong())?;
        let per_second = count / seconds;
        if !per_second.is_finite() || per_second <= 0.0 {
            return Err(wrong());
        }
        if per_second < MIN_PER_SECOND { Err(format!("`{text}` is less than 1/h")) } else { Ok(Self { per_second }) }
    }
}

/// How fast the past runs again: `1x`, `10x`, `0.5x`, or `max` without any waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Speed {
    /// How many times as fast; `None` for no waits at all.
    pub(crate) factor: Option<f64>,
}

impl std::str::FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "max" {
            return Ok(Self { factor: None });
        }
        let factor: Option<f64> = text.strip_suffix('x').and_then(|number| number.parse().ok());
        match factor.filter(|factor| factor.is_finite() && *factor > 0.0) {
            Some(factor) => Ok(Self { factor: Some(factor) }),
            None => Err(format!("`{text}` is not a speed (write 1x, 10x or max)")),
        }
    }
}

/// How many times as fast a clock runs, such as `1000` or `1000x`.
pub(crate) fn time_scale(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.strip_suffix('x').unwrap_or(text).parse().ok();
    number
        .filter(|scale| crate::mock::TIME_SCALES.contains(scale))
        .ok_or_else(|| format!("`{text}` is not a time scale (write 1, 60 or 1000)"))
}

/// Status codes: `204`, `2xx`, `200-299`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatusRange {
    ranges: Vec<(u16, u16)>,
    text: String,
}

impl StatusRange {
    /// All of a class: 2 is `2xx`.
    pub(crate) fn class(class: u16) -> Self {
        Self { ranges: vec![(class * 100, class * 100 + 99)], text: format!("{class}xx") }
    }

    /// Whether a status is one of them.
    pub(crate) fn contains(&self, status: u16) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&status))
    }
}

impl std::fmt::Display for StatusRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Reads `2xx`, `204`, `200-204`, and lists of these with commas.
pub(crate) fn status_range(text: &str) -> Result<StatusRange, String> {
    let wrong = || format!("`{text}` is not a status (write 2xx, 204 or 200-204)");
    let mut ranges = Vec::new();
    for part in text.split(',').map(str::trim) {
        let range = if let Some(class) = part.strip_suffix("xx") {
            let class: u16 = class.parse().map_err(|_| wrong())?;
            (class.saturating_mul(100), class.saturating_mul(100).saturating_add(99))
        } else if let Some((low, high)) = part.split_once('-') {
            (low.parse().map_err(|_| wrong())?, high.parse().map_err(|_| wrong())?)
        } else {
            let status = part.parse().map_err(|_| wrong())?;
            (status, status)
        };
        if range.0 < 100 || range.1 > 599 || range.0 > range.1 {
            return Err(wrong());
        }
        ranges.push(range);
    }
    Ok(StatusRange { ranges, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_people_write_them() {
        assert_eq!(duration("2s").unwrap(), Duration::from_secs(2));
        assert_eq!(duration("500ms").unwrap(), Duration::from_millis(500));
        assert_eq!(duration("1m30s").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("3").unwrap(), Duration::from_secs(3));
        for text in ["", "x", "-1s", "-1", "NaN"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_and_rates_and_statuses_too() {
        assert_eq!(byte_size("25MiB").unwrap(), 25 << 20);
        assert!(
            (Rate { per_second: 50.0 } == "50/s".parse().unwrap())
                && ("600/m".parse() == Ok(Rate { per_second: 10.0 }))
        );
        for text in ["0/s", "-1/s", "NaN/s", "inf", "1e-300/s", "0.9/h", "0.016/m", "1/d"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
        assert!("1/h".parse::<Rate>().is_ok());
        assert_eq!(("10x".parse(), "max".parse()), (Ok(Speed { factor: Some(10.0) }), Ok(Speed { factor: None })));
        for text in ["", "x", "0x", "-1x", "infx", "NaNx", "10", "fast"] {
            assert!(text.parse::<Speed>().is_err(), "{text}");
        }
        let range = status_range("2xx,404").unwrap();
        assert!(range.contains(204) && range.contains(404) && !range.contains(301));
        assert!(status_range("9xx").is_err() && status_range("99").is_err());
    }
}

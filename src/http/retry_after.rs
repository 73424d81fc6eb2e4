//! `Retry-After`: how long an answer asks to be left alone.

use std::time::{Duration, SystemTime};

/// Reads it in either form, seconds or a date (RFC 9110 section 10.2.3). A date that is over asks for
/// no wait, a number beyond all measure for the longest; a sensible bound is the caller's.
pub fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    Some(httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_nothing_else() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let of = |text| retry_after(text, now);
        assert_eq!((of("7"), of(" 0 ")), (Some(Duration::from_secs(7)), Some(Duration::ZERO)));
        assert_eq!(of("Sun, 06 Nov 1994 08:49:47 GMT"), Some(Duration::from_secs(10)));
        assert_eq!(of("Sun, 06 Nov 1994 08:49:07 GMT"), Some(Duration::ZERO), "it is over");
        assert_eq!(of("99999999999999999999999"), Some(Duration::MAX));
        for text in ["", " ", "soon", "-1", "+1", "1.5"] {
            assert_eq!(of(text), None, "{text:?}");
        }
    }
}

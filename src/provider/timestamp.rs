//! The time of a signature: reading it, and holding it against the clock.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::circumstances::{Circumstances, Tolerance};
use super::format::shorten;
use super::signature::{TimeUnit, TimestampRule};
use super::template::Scope;
use crate::model::Reason;

/// Checks the time of a signature that is otherwise right. One that may be left out, and is, is no objection: what
/// is signed cannot be taken away.
pub(super) fn check(rule: &TimestampRule, scope: &Scope<'_>, circumstances: &Circumstances<'_>) -> Result<(), Reason> {
    if rule.value.is_left_out(scope) {
        return Ok(());
    }
    let text = rule.value.render_text(scope).map_err(|error| Reason::MissingPart { place: error.to_string() })?;
    let made = parse(rule.unit, &text).ok_or_else(|| Reason::MalformedTimestamp {
        value: shorten(&text).into_owned(),
        expected: describe(rule.unit).into(),
    })?;
    let tolerance = match circumstances.tolerance {
        Tolerance::Provider => rule.tolerance,
        Tolerance::Seconds(seconds) => Some(seconds),
        Tolerance::Unlimited => None,
    };
    let Some(tolerance) = tolerance else { return Ok(()) };
    let age = circumstances.now.as_second().saturating_sub(made.as_second());
    if age > tolerance {
        return Err(Reason::TooOld { by: age - tolerance, age, tolerance });
    }
    let ahead = age.saturating_neg();
    if ahead > tolerance {
        return Err(Reason::TooNew { by: ahead - tolerance, ahead, tolerance });
    }
    Ok(())
}

/// Strict: digits only, no sign, no fraction, no white space.
fn parse(unit: TimeUnit, text: &str) -> Option<Timestamp> {
    let integer = || text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i64>().ok()).flatten();
    match unit {
        TimeUnit::Seconds => Timestamp::from_second(integer()?).ok(),
        TimeUnit::Millis => Timestamp::from_millisecond(integer()?).ok(),
        TimeUnit::Rfc3339 => text.parse().ok(),
        TimeUnit::IsoUtc => {
            text.parse::<DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        }
        TimeUnit::HttpDate => Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok(),
    }
}

/// Writes a time as a sender would.
pub(super) fn write(unit: TimeUnit, now: Timestamp) -> String {
    match unit {
        TimeUnit::Seconds => now.as_second().to_string(),
        TimeUnit::Millis => now.as_millisecond().to_string(),
        TimeUnit::Rfc3339 => format!("{now:.3}"),
        TimeUnit::IsoUtc => format!("{now:.6}").trim_end_matches('Z').to_owned(),
        TimeUnit::HttpDate => now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
    }
}

fn describe(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Seconds => "whole seconds since 1970, such as 1767225600",
        TimeUnit::Millis => "milliseconds since 1970, such as 1767225600000",
        TimeUnit::Rfc3339 => "RFC 3339, such as 2026-01-01T00:00:00Z",
        TimeUnit::IsoUtc => "ISO 8601 in UTC without a zone, such as 2026-01-01T00:00:00",
        TimeUnit::HttpDate => "a date as in HTTP, such as Thu, 01 Jan 2026 00:00:00 GMT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_are_seconds() {
        assert!(parse(TimeUnit::Seconds, "1767225600").is_some());
        for text in ["", " 1", "+1", "-1", "1.0", "1e9", "0x1", "123abc", "9223372036854775808", "١"] {
            assert!(parse(TimeUnit::Seconds, text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let now: Timestamp = "2026-11-21T10:00:00.123Z".parse().unwrap();
        for name in TimeUnit::NAMES {
            let unit = TimeUnit::parse(name).unwrap();
            assert_eq!(parse(unit, &write(unit, now)).unwrap().as_second(), now.as_second());
        }
    }
}

//! The time in another unit than the one that was signed.

use http::HeaderValue;
use jiff::Timestamp;

use super::Facts;
use super::guess::Guess;
use super::mutation::{Mutation, Part, Undo, Undone};

/// Seconds, milliseconds, ISO 8601.
pub(super) const UNITS: [Mutation; 1] = [Mutation {
    id: "time.unit",
    part: Part::Time,
    what: "the sender signed the time in another unit than it sent",
    cure: "",
    undo: Undo::Other(units),
}];

fn units<'a>(_: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let Some(written) = written(guess) else { return Vec::new() };
    let undone = |(text, unit): (String, &str)| {
        Some(Undone {
            guess: with_time(guess, &written, &text)?,
            what: format!("the sender signed the time in {unit}, and sent it in another unit").into(),
            cure: "sign the text that is sent".into(),
        })
    };
    others(&written).into_iter().filter_map(undone).collect()
}

/// The signed time as it stands in the request.
fn written(guess: &Guess<'_>) -> Option<String> {
    let rule = guess.signature.timestamp.as_ref()?;
    guess.with_variables(|scope| rule.value.render_text(scope).ok()).filter(|text| !text.is_empty())
}

/// The same moment in other units, as far as its text is exact.
fn others(text: &str) -> Vec<(String, &'static str)> {
    let mut others = Vec::new();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        if let Ok(time) = text.parse::<Timestamp>() {
            others.push((time.as_second().to_string(), "seconds"));
            others.push((time.as_millisecond().to_string(), "milliseconds"));
        }
        return others;
    }
    let Ok(number) = text.parse::<i64>() else { return others };
    let time = if text.len() > 11 { Timestamp::from_millisecond(number) } else { Timestamp::from_second(number) };
    if text.len() > 11 {
        others.push(((number / 1000).to_string(), "seconds"));
    } else {
        others.push((format!("{number}000"), "milliseconds"));
    }
    if let Ok(time) = time {
        others.push((format!("{time:.0}"), "ISO 8601"));
        others.push((format!("{time:.3}"), "ISO 8601"));
    }
    others
}

/// The guess with another text for the time, wherever it stands.
fn with_time<'a>(guess: &Guess<'a>, from: &str, to: &str) -> Option<Guess<'a>> {
    if guess.text().contains(from) {
        return Some(guess.with_text(&guess.text().replacen(from, to, 1)));
    }
    let value = HeaderValue::from_str(to).ok()?;
    let mut request = (*guess.request).clone();
    let mut is_there = false;
    for header in request.headers.values_mut().filter(|header| header.as_bytes().trim_ascii() == from.as_bytes()) {
        *header = value.clone();
        is_there = true;
    }
    is_there.then(|| guess.with_request(request))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_the_other_units() {
        let texts = |text| others(text).into_iter().map(|(text, _)| text).collect::<Vec<_>>();
        assert_eq!(texts("1767225600"), ["1767225600000", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z"]);
        assert_eq!(texts("1767225600123"), ["1767225600", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123Z"]);
        assert_eq!(texts("2026-01-01T00:00:00Z"), ["1767225600", "1767225600000"]);
        assert!(texts("soon").is_empty() && texts("99999999999999999999").is_empty());
    }
}

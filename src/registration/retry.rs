//! Whether a call is made again, and when: from what came back, without a clock or dice of its own.

use std::time::{Duration, SystemTime};

use http::StatusCode;

use crate::http::retry_after;

/// The first wait is up to this long; the limit doubles from there.
const SHORTEST: Duration = Duration::from_millis(500);
/// A person waits at the terminal.
const LONGEST: Duration = Duration::from_secs(8);
/// Whoever is asked to come back later than this is better told than kept waiting.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// When a call may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Twice does no more than once.
    Freely,
    /// Only where the first surely did nothing.
    IfNothingHappened,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy)]
pub(super) enum Came<'a> {
    /// An answer, with its `Retry-After`.
    Answer(StatusCode, Option<&'a str>),
    /// None; the request may have arrived, and another attempt may get through.
    Nothing { may_have_arrived: bool, is_lasting: bool },
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// This was the last attempt.
    End,
    /// Another one after this wait.
    Again(Duration),
    /// The API asks to be left alone for longer than anyone waits here.
    TooLong(Duration),
}

/// What follows on the attempt of this number, from 1. `chance` is between 0 and 1.
pub(super) fn next(came: Came<'_>, repeat: Repeat, attempt: u32, chance: f64, now: SystemTime) -> Next {
    if !deserves_another(came, repeat) {
        return Next::End;
    }
    let asked = match came {
        Came::Answer(_, text) => text.and_then(|text| retry_after(text, now)),
        Came::Nothing { .. } => None,
    };
    match asked {
        Some(wait) if wait > MAX_RETRY_AFTER => Next::TooLong(wait),
        Some(wait) => Next::Again(wait),
        None => Next::Again(backoff(attempt, chance)),
    }
}

fn deserves_another(came: Came<'_>, repeat: Repeat) -> bool {
    match came {
        Came::Answer(StatusCode::TOO_MANY_REQUESTS, _) => true,
        // GitHub limits rates so: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
        Came::Answer(StatusCode::FORBIDDEN, asked) => asked.is_some(),
        Came::Answer(StatusCode::NOT_IMPLEMENTED, _) => false,
        Came::Answer(StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY, _) => repeat == Repeat::Freely,
        Came::Answer(status, _) => status.is_server_error() && repeat == Repeat::Freely,
        Came::Nothing { is_lasting: true, .. } => false,
        Came::Nothing { may_have_arrived, .. } => !may_have_arrived || repeat == Repeat::Freely,
    }
}

/// Full jitter: anything up to the limit, so that those who failed together do not come back together
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
fn backoff(attempt: u32, chance: f64) -> Duration {
    let limit = SHORTEST.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1))).min(LONGEST);
    limit.mul_f64(chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> SystemTime {
        httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap()
    }

    fn on(came: Came<'_>, repeat: Repeat) -> Next {
        next(came, repeat, 1, 1.0, now())
    }

    fn status(code: u16) -> Came<'static> {
        Came::Answer(StatusCode::from_u16(code).unwrap(), None)
    }

    #[test]
    fn a_server_in_trouble_is_asked_again_only_where_twice_does_no_more_than_once() {
        for code in [500, 502, 503, 504, 408, 425] {
            assert_eq!(on(status(code), Repeat::Freely), Next::Again(SHORTEST), "{code}");
            assert_eq!(on(status(code), Repeat::IfNothingHappened), Next::End, "{code}");
        }
        for code in [200, 201, 204, 301, 307, 400, 401, 403, 404, 409, 422, 501] {
            assert_eq!(on(status(code), Repeat::Freely), Next::End, "{code}");
        }
    }

    #[test]
    fn what_surely_did_nothing_is_repeated_whatever_it_was() {
        let lost = |may_have_arrived| Came::Nothing { may_have_arrived, is_lasting: false };
        for repeat in [Repeat::Freely, Repeat::IfNothingHappened] {
            assert_eq!(on(status(429), repeat), Next::Again(SHORTEST));
            assert_eq!(on(lost(false), repeat), Next::Again(SHORTEST));
        }
        assert_eq!(on(lost(true), Repeat::Freely), Next::Again(SHORTEST));
        assert_eq!(on(lost(true), Repeat::IfNothingHappened), Next::End);
    }

    #[test]
    fn what_would_end_the_same_is_not_repeated() {
        let untrusted = Came::Nothing { may_have_arrived: false, is_lasting: true };
        assert_eq!(on(untrusted, Repeat::Freely), Next::End);
    }

    #[test]
    fn the_api_may_say_when_to_come_back_within_reason() {
        let asked = |code, text| on(Came::Answer(StatusCode::from_u16(code).unwrap(), Some(text)), Repeat::Freely);
        assert_eq!(asked(429, "7"), Next::Again(Duration::from_secs(7)));
        assert_eq!(asked(403, " 0 "), Next::Again(Duration::ZERO));
        assert_eq!(asked(503, "Sun, 06 Nov 1994 08:49:47 GMT"), Next::Again(Duration::from_secs(10)));
        assert_eq!(asked(429, "61"), Next::TooLong(Duration::from_secs(61)));
        assert_eq!(asked(429, "99999999999999999999999"), Next::TooLong(Duration::MAX));
        for text in ["", "soon", "-1", "1.5"] {
            assert_eq!(asked(429, text), Next::Again(SHORTEST), "{text:?}");
        }
    }

    #[test]
    fn waits_grow_to_a_limit_and_are_anything_below_it() {
        let waits: Vec<u128> = (1..=6).map(|attempt| backoff(attempt, 1.0).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 8000]);
        assert_eq!(backoff(3, 0.25), Duration::from_millis(500));
        assert_eq!((backoff(u32::MAX, 1.0), backoff(1, 0.0)), (LONGEST, Duration::ZERO));
    }
}

//! What the outcome of an attempt says about the next one, and when that is due.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use http::header::RETRY_AFTER;

use crate::http::retry_after;
use crate::model::{Delivery, FailureKind};

/// The wait after the first failure to reach a target; it doubles from there.
const SHORTEST: Duration = Duration::from_millis(250);
/// A person who has just started the app should not wait longer for what waits for it.
const LONGEST: Duration = Duration::from_secs(5);
/// Waits between the attempts of `--forward-retries`; the last one repeats.
const SCHEDULE: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
];
/// A target asks for hours by mistake more often than on purpose.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(600);
/// Waits are longer by up to this part, so that several listeners do not come at once.
const JITTER: f64 = 0.2;

/// What an attempt says about the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outlook {
    /// There is none: it got through, or another would end the same.
    Final,
    /// The target takes nothing now: this event waits, and those behind it.
    Down {
        /// How long the target asks to be left alone.
        asked: Option<Duration>,
    },
    /// Another attempt may get through.
    Failed {
        /// How long the target asks to be left alone.
        asked: Option<Duration>,
    },
}

/// Reads the outcome. `may_have_arrived` is false where no connection came about.
pub(super) fn outlook(delivery: &Delivery, may_have_arrived: bool, now: SystemTime) -> Outlook {
    use FailureKind::{Backlog, Loop, Protocol, Reset, Timeout, TooLarge};
    let asked = asked(delivery, now);
    match (&delivery.error, delivery.response.as_ref().map(|response| response.status)) {
        (Some(error), _) => match error.kind {
            Loop | Backlog | TooLarge | Protocol => Outlook::Final,
            _ if !may_have_arrived => Outlook::Down { asked: None },
            Timeout | Reset => Outlook::Failed { asked: None },
            _ => Outlook::Final,
        },
        (None, Some(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)) if asked.is_some() => {
            Outlook::Down { asked }
        }
        (None, Some(StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS)) => {
            Outlook::Failed { asked }
        }
        (None, Some(status)) if status.is_server_error() => Outlook::Failed { asked },
        _ => Outlook::Final,
    }
}

/// How long the target asks to be left alone, up to a limit.
fn asked(delivery: &Delivery, now: SystemTime) -> Option<Duration> {
    let text = delivery.response.as_ref()?.headers.get(RETRY_AFTER)?.to_str().ok()?;
    Some(retry_after(text, now)?.min(MAX_RETRY_AFTER))
}

/// The wait after so many failures in a row to reach the target. `chance` is between 0 and 1.
pub(super) fn until_reachable(failures: u32, chance: f64) -> Duration {
    let doubled = SHORTEST.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    spread(doubled.min(LONGEST), chance)
}

/// The wait before the retry of this number, from 1.
pub(super) fn before_retry(number: u32, chance: f64) -> Duration {
    let position = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    spread(SCHEDULE[position.min(SCHEDULE.len() - 1)], chance)
}

fn spread(wait: Duration, chance: f64) -> Duration {
    wait.mul_f64(1.0 + JITTER * chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Method};

    use super::*;
    use crate::model::{DeliveryError, Response};

    fn answered(status: u16, retry_after: Option<&'static str>) -> Delivery {
        let mut headers = HeaderMap::new();
        headers.extend(retry_after.map(|text| (RETRY_AFTER, HeaderValue::from_static(text))));
        let status = StatusCode::from_u16(status).unwrap();
        Delivery {
            method: Method::POST,
            target: String::new(),
            attempt: 1,
            duration: Duration::ZERO,
            response: Some(Response { status, headers, body: "".into() }),
            truncated: false,
            error: None,
        }
    }

    fn failed(kind: FailureKind) -> Delivery {
        let error = DeliveryError { kind, message: String::new(), hint: None };
        Delivery { response: None, error: Some(error), ..answered(200, None) }
    }

    fn of(delivery: &Delivery, may_have_arrived: bool) -> Outlook {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        outlook(delivery, may_have_arrived, now)
    }

    #[test]
    fn a_target_that_cannot_be_reached_is_down() {
        use FailureKind::{Dns, Proxy, Refused, Reset, Timeout, Tls, Unreachable};
        for kind in [Refused, Dns, Unreachable, Tls, Proxy, Timeout, Reset] {
            assert_eq!(of(&failed(kind), false), Outlook::Down { asked: None }, "{kind:?}");
        }
        for kind in [FailureKind::Loop, FailureKind::Protocol] {
            assert_eq!(of(&failed(kind), false), Outlook::Final, "it would end the same: {kind:?}");
        }
    }

    #[test]
    fn what_may_have_arrived_is_not_sent_again_unasked() {
        for kind in [FailureKind::Timeout, FailureKind::Reset] {
            assert_eq!(of(&failed(kind), true), Outlook::Failed { asked: None });
        }
        for status in [408, 425, 429, 500, 502, 503, 504] {
            assert_eq!(of(&answered(status, None), true), Outlook::Failed { asked: None }, "{status}");
        }
        for status in [200, 204, 301, 400, 401, 404, 410, 422] {
            assert_eq!(of(&answered(status, Some("1")), true), Outlook::Final, "{status}");
        }
    }

    #[test]
    fn a_target_may_say_when_to_come_back() {
        for (text, seconds) in [
            ("7", 7),
            (" 0 ", 0),
            ("86400", 600),
            ("99999999999999999999999", 600),
            ("Sun, 06 Nov 1994 08:49:47 GMT", 10),
            ("Sunday, 06-Nov-94 08:49:47 GMT", 10),
            ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
        ] {
            let asked = Some(Duration::from_secs(seconds));
            assert_eq!(of(&answered(503, Some(text)), true), Outlook::Down { asked }, "{text}");
            assert_eq!(of(&answered(429, Some(text)), true), Outlook::Down { asked }, "{text}");
            assert_eq!(of(&answered(500, Some(text)), true), Outlook::Failed { asked }, "{text}");
        }
        for text in ["", "soon", "-1", "1.5"] {
            assert_eq!(of(&answered(503, Some(text)), true), Outlook::Failed { asked: None }, "{text:?}");
        }
    }

    #[test]
    fn waits_grow_to_a_limit_and_are_spread() {
        let waits: Vec<u128> = (1..=7).map(|failures| until_reachable(failures, 0.0).as_millis()).collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 5000, 5000]);
        assert_eq!(until_reachable(u32::MAX, 1.0), Duration::from_secs(6));
        let waits: Vec<u64> = (1..=6).map(|number| before_retry(number, 0.0).as_secs()).collect();
        assert_eq!(waits, [1, 5, 30, 120, 600, 600]);
        assert_eq!(before_retry(1, 1.0), Duration::from_millis(1200));
    }
}

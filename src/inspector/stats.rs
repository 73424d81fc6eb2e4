//! `GET /api/stats`: arrivals and deliveries by time.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Inspector;
use super::answer::{Refused, Told, item};
use super::asked::Asked;
use super::parameters::Parameters;
use super::snapshots::Snapshots;
use crate::model::VerdictStatus;
use crate::store::{Buckets, Endings, Places, Reader};

/// Parts of a call that names no number.
const BUCKETS: usize = 60;
/// More are narrower than what a screen shows.
const MAX_BUCKETS: usize = 240;
/// How long a call looks at events, where only reading each of them tells.
const PATIENCE: Duration = Duration::from_millis(300);
/// The length of a part of all the time is a multiple of this, in milliseconds, so that it does not change all the time.
const STEP: i64 = 1000;
/// The verdicts with which a listener refuses a request.
const REFUSED: [VerdictStatus; 2] = [VerdictStatus::Invalid, VerdictStatus::Unsigned];

/// How far back.
#[derive(Debug, Clone, Copy)]
enum Window {
    Last(SignedDuration),
    All,
}

impl std::str::FromStr for Window {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "15m" => Ok(Self::Last(SignedDuration::from_mins(15))),
            "1h" => Ok(Self::Last(SignedDuration::from_hours(1))),
            "24h" => Ok(Self::Last(SignedDuration::from_hours(24))),
            "all" => Ok(Self::All),
            _ => Err(()),
        }
    }
}

/// The answer.
#[derive(Debug, Serialize)]
struct Stats {
    from: String,
    to: String,
    bucket_ms: i64,
    arrivals: Vec<u64>,
    refused: Vec<u64>,
    deliveries: Deliveries,
    /// Where time was up before all was looked at: nothing older is counted.
    scanned_to: Option<String>,
}

#[derive(Debug, Serialize)]
struct Deliveries {
    #[serde(rename = "2xx")]
    succeeded: Vec<u64>,
    #[serde(rename = "3xx")]
    redirected: Vec<u64>,
    #[serde(rename = "4xx")]
    refused: Vec<u64>,
    #[serde(rename = "5xx")]
    broken: Vec<u64>,
    failed: Vec<u64>,
}

/// What was counted.
struct Counts {
    arrivals: Vec<u64>,
    refused: Vec<u64>,
    endings: Endings,
    scanned_to: Option<Timestamp>,
}

/// Answers the call.
pub(super) async fn stats(inspector: &Inspector, mut parameters: Parameters) -> Told {
    let now = Timestamp::now();
    let asked = Asked::take(&mut parameters, now)?;
    let window = parameters.take_as("window", "15m, 1h, 24h or all")?;
    let window = window.unwrap_or(Window::Last(SignedDuration::from_mins(15)));
    let count = parameters.take_as("buckets", "a number")?.unwrap_or(BUCKETS);
    parameters.end()?;
    if !(1..=MAX_BUCKETS).contains(&count) {
        return Err(Refused::invalid(format!("`buckets={count}`: time is cut into 1 to {MAX_BUCKETS} parts")));
    }
    let snapshots = Arc::clone(&inspector.snapshots);
    let read = inspector.readers.read(move |reader| {
        let buckets = buckets(reader, window, count, now)?;
        let counts = match asked.filter.is_by_columns() {
            true => counted(reader, &snapshots, &asked, &buckets)?,
            false => looked_at(reader, &asked, &buckets)?,
        };
        Ok((buckets, counts))
    });
    let (buckets, Counts { arrivals, refused, endings, scanned_to }) = read.await?;
    let [succeeded, redirected, client, broken] = endings.statuses;
    let deliveries = Deliveries { succeeded, redirected, refused: client, broken, failed: endings.failed };
    let time = |milliseconds: i64| format!("{:.6}", Timestamp::from_millisecond(milliseconds).unwrap_or_default());
    item(
        "stats",
        &Stats {
            from: time(buckets.from),
            to: time(buckets.to()),
            bucket_ms: buckets.width,
            arrivals,
            refused,
            deliveries,
            scanned_to: scanned_to.map(|time| format!("{time:.6}")),
        },
    )
}

/// The span up to now. Its parts begin at multiples of their length, so that a picture of them does not tremble.
fn buckets(reader: &Reader, window: Window, count: usize, now: Timestamp) -> Result<Buckets, Refused> {
    let parts = i64::try_from(count).unwrap_or(i64::MAX);
    let now = now.as_millisecond();
    match window {
        Window::Last(window) => {
            let width = (i64::try_from(window.as_millis()).unwrap_or(i64::MAX) / parts).max(1);
            let to = (now.div_euclid(width) + 1) * width;
            Ok(Buckets { from: to - width.saturating_mul(parts), width, count })
        }
        Window::All => {
            let first = reader.first_time()?.map_or(now, Timestamp::as_millisecond).min(now);
            // Of several parts one is to spare, since the first one need not begin with the first event.
            let width = ((now - first) / (parts - 1).max(1) / STEP + 1) * STEP;
            let from = if parts > 1 { first.div_euclid(width) * width } else { first };
            Ok(Buckets { from, width, count })
        }
    }
}

/// By indexes alone.
fn counted(reader: &Reader, snapshots: &Snapshots, asked: &Asked, buckets: &Buckets) -> Result<Counts, Refused> {
    let now = reader.position()?;
    let span = (
        asked.filter.since.map_or(i64::MIN, Timestamp::as_millisecond),
        asked.filter.until.map_or(i64::MAX, Timestamp::as_millisecond),
    );
    let of = |asked: &Asked| snapshots.get(reader, asked, now, false);
    let is_narrow = !asked.filter.is_empty();
    let places = if is_narrow { Some(of(asked)?) } else { None };
    let refused = of(&asked.refused())?;
    Ok(Counts {
        arrivals: reader.arrivals(buckets, span, places.as_deref())?,
        refused: reader.arrivals(buckets, span, Some(&refused))?,
        endings: reader.endings(buckets, places.as_deref())?,
        scanned_to: None,
    })
}

/// By reading events, the newest first, as far as there is time.
fn looked_at(reader: &Reader, asked: &Asked, buckets: &Buckets) -> Result<Counts, Refused> {
    let deadline = Instant::now() + PATIENCE;
    let from = Timestamp::from_millisecond(buckets.from).unwrap_or(Timestamp::MIN);
    let mut filter = asked.filter.clone();
    filter.since = filter.since.max(Some(from));
    let (mut arrivals, mut refused) = (vec![0; buckets.count], vec![0; buckets.count]);
    let (mut places, mut failure) = (Places::default(), None);
    let reached = filter.places(reader, i64::MAX, Some(deadline), |seq| {
        match reader.outline(seq) {
            Ok(Some((time, verdict))) => {
                places.insert(seq);
                buckets.add(&mut arrivals, time);
                if REFUSED.contains(&verdict) {
                    buckets.add(&mut refused, time);
                }
            }
            Ok(None) => {}
            Err(error) => {
                failure = Some(error);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    if let Some(error) = failure {
        return Err(error.into());
    }
    let scanned_to = if reached.is_end { None } else { reader.time_from(reached.seq)? };
    Ok(Counts { arrivals, refused, endings: reader.endings(buckets, Some(&places))?, scanned_to })
}

impl Asked {
    /// Of these, the ones that a listener refuses.
    fn refused(&self) -> Self {
        let refused = crate::history::Filter { verdicts: REFUSED.to_vec(), ..Default::default() };
        Self { filter: self.filter.clone().and(refused), key: format!("refused {}", self.key) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_begin_at_multiples_of_their_length_and_end_behind_now() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        let retention = crate::store::Retention::default();
        drop(crate::store::Writer::open(&path, retention).unwrap());
        let reader = Reader::open(&path).unwrap();
        let now = Timestamp::from_millisecond(1_000_007).unwrap();
        for (window, width, to) in [("15m", 15_000, 1_005_000), ("1h", 60_000, 1_020_000), ("all", 1000, 1_060_000)] {
            let buckets = buckets(&reader, window.parse().unwrap(), 60, now).unwrap();
            assert_eq!((buckets.width, buckets.to(), buckets.count), (width, to, 60), "{window}");
        }
        assert_eq!(buckets(&reader, Window::All, 1, now).unwrap().to(), 1_001_007);
    }
}

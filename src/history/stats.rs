//! Many events in numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::VerdictStatus;
use crate::store::Kind;

/// Parts of the time between the first and the last event. With more, a picture of them fits no screen.
const BUCKETS: usize = 48;
/// Lengths of such a part in seconds that people count in; each divides the next. Beyond, they double.
const WIDTHS: [i64; 11] = [1, 5, 15, 60, 300, 900, 3_600, 10_800, 43_200, 86_400, 604_800];
/// Event types that are told apart. A sender who makes them up must not fill the memory.
const MAX_TYPES: usize = 10_000;

/// Events counted in several ways.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// Events.
    pub events: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// Bytes of the largest body.
    pub largest: u64,
    /// When the earliest was received, and the latest.
    pub span: Option<(Timestamp, Timestamp)>,
    /// By provider.
    pub providers: BTreeMap<Arc<str>, u64>,
    /// By provider and event type.
    pub types: BTreeMap<(Arc<str>, Option<String>), u64>,
    /// Events whose type was one too many to be told apart.
    pub other_types: u64,
    /// By verdict, in the order of [`VerdictStatus::ALL`].
    pub verdicts: [u64; 4],
    timeline: Timeline,
}

/// A part of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Its beginning.
    pub from: Timestamp,
    /// Events in it.
    pub events: u64,
}

impl Stats {
    /// Counts an event.
    pub fn add(&mut self, kind: &Kind, received_at: Timestamp, body_bytes: u64) {
        self.events += 1;
        self.bytes = self.bytes.saturating_add(body_bytes);
        self.largest = self.largest.max(body_bytes);
        let (first, last) = self.span.unwrap_or((received_at, received_at));
        self.span = Some((first.min(received_at), last.max(received_at)));
        match self.providers.get_mut(&*kind.provider) {
            Some(count) => *count += 1,
            None => drop(self.providers.insert(Arc::clone(&kind.provider), 1)),
        }
        let name = (Arc::clone(&kind.provider), kind.event_type.clone());
        let is_known = self.types.len() < MAX_TYPES || self.types.contains_key(&name);
        *(if is_known { self.types.entry(name).or_default() } else { &mut self.other_types }) += 1;
        if let Some(at) = VerdictStatus::ALL.iter().position(|status| *status == kind.verdict) {
            self.verdicts[at] += 1;
        }
        self.timeline.add(received_at);
    }

    /// Events in each `unit` on average, from the first to the last; a shorter time counts as one unit.
    pub fn rate(&self, unit: SignedDuration) -> f64 {
        let seconds = self.span.map_or(0.0, |(first, last)| last.duration_since(first).as_secs_f64());
        self.events as f64 / (seconds / unit.as_secs_f64()).max(1.0)
    }

    /// The mean size of a body in bytes.
    pub fn mean_bytes(&self) -> f64 {
        if self.events == 0 { 0.0 } else { self.bytes as f64 / self.events as f64 }
    }

    /// Parts of the time from the first event to the last, all of one length, and that length.
    pub fn timeline(&self) -> (Vec<Bucket>, SignedDuration) {
        let Some((first, last)) = self.span else { return (Vec::new(), SignedDuration::ZERO) };
        let Timeline { width, counts, .. } = &self.timeline;
        let (from, to) = (first.as_second().div_euclid(*width), last.as_second().div_euclid(*width));
        let bucket = |slot: i64| Bucket {
            from: Timestamp::from_second(slot.saturating_mul(*width)).unwrap_or(first),
            events: counts.get(&slot).copied().unwrap_or_default(),
        };
        ((from..=to).map(bucket).collect(), SignedDuration::from_secs(*width))
    }
}

/// Counts by parts of the time whose length grows with what they span, so that nothing needs to be known
/// in advance.
#[derive(Debug, Clone)]
struct Timeline {
    /// Seconds.
    width: i64,
    /// By the number of widths since 1970.
    counts: BTreeMap<i64, u64>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { width: 1, counts: BTreeMap::new() }
    }
}

impl Timeline {
    fn add(&mut self, time: Timestamp) {
        *self.counts.entry(time.as_second().div_euclid(self.width)).or_default() += 1;
        while self.slots() > BUCKETS as i64 {
            self.widen();
        }
    }

    fn slots(&self) -> i64 {
        let ends = Option::zip(self.counts.first_key_value(), self.counts.last_key_value());
        ends.map_or(0, |((first, _), (last, _))| last - first + 1)
    }

    fn widen(&mut self) {
        let narrow = self.width;
        self.width = WIDTHS.into_iter().find(|width| *width > narrow).unwrap_or(narrow.saturating_mul(2));
        let mut wider = BTreeMap::new();
        for (slot, count) in &self.counts {
            *wider.entry(slot.saturating_mul(narrow).div_euclid(self.width)).or_default() += count;
        }
        self.counts = wider;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(event_type: &str) -> Kind {
        Kind { provider: "stripe".into(), event_type: Some(event_type.into()), verdict: VerdictStatus::Invalid }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn events_are_counted_in_every_way() {
        let mut stats = Stats::default();
        for (name, second, bytes) in [("a", 0, 10), ("a", 7200, 20), ("b", 3600, 60)] {
            stats.add(&kind(name), at(second), bytes);
        }
        assert_eq!((stats.events, stats.bytes, stats.largest, stats.mean_bytes()), (3, 90, 60, 30.0));
        assert_eq!(stats.span, Some((at(0), at(7200))));
        assert_eq!(stats.types.values().copied().collect::<Vec<_>>(), [2, 1]);
        assert_eq!(stats.verdicts, [0, 3, 0, 0]);
        assert_eq!(stats.rate(SignedDuration::from_hours(1)), 1.5);
    }

    #[test]
    fn a_single_moment_counts_as_one_unit() {
        let mut stats = Stats::default();
        stats.add(&kind("a"), at(5), 1);
        stats.add(&kind("a"), at(5), 1);
        assert_eq!(stats.rate(SignedDuration::from_mins(1)), 2.0);
        assert_eq!(stats.timeline().0, [Bucket { from: at(5), events: 2 }]);
        assert_eq!(Stats::default().rate(SignedDuration::from_mins(1)), 0.0);
    }

    #[test]
    fn the_timeline_widens_and_loses_nothing() {
        let mut stats = Stats::default();
        for second in (0..5_000).map(|step| 100_000 - step * 17).chain([-5_000_000, 9_000_000]) {
            stats.add(&kind("a"), at(second), 0);
        }
        let (buckets, width) = stats.timeline();
        assert!((BUCKETS / 7..=BUCKETS).contains(&buckets.len()), "{}", buckets.len());
        assert!(WIDTHS.contains(&width.as_secs()));
        assert_eq!(buckets.iter().map(|bucket| bucket.events).sum::<u64>(), stats.events);
    }

    #[test]
    fn made_up_types_do_not_fill_the_memory() {
        let mut stats = Stats::default();
        for number in 0..MAX_TYPES + 7 {
            stats.add(&kind(&number.to_string()), at(0), 0);
        }
        assert_eq!((stats.types.len(), stats.other_types), (MAX_TYPES, 7));
    }
}

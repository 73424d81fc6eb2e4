//! Counting by time: how many events arrived, and how deliveries ended, in parts of one length.
//!
//! The time of an event is the one in its id: an index of ids is there, one of times would cost every event. A listener
//! makes ids of the very time of arrival.

use jiff::Timestamp;
use rusqlite::params;

use super::codec;
use super::places::Places;
use super::reader::{first_id_of, timestamp};
use super::{Reader, StoreError};

/// Failed deliveries of older histories that are unpacked for the status they ended with; the rest counts as failed.
const MAX_UNPACKED: usize = 2_000;
/// Looking up the time of one event takes as long as reading so many from the index.
const LOOKUP_COST: u64 = 4;

/// A span of time in parts of one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// Where it begins, in milliseconds since 1970.
    pub from: i64,
    /// The length of each part, in milliseconds.
    pub width: i64,
    /// How many parts.
    pub count: usize,
}

/// How deliveries ended, in each part of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endings {
    /// By the first digit of the status, from 2 to 5.
    pub statuses: [Vec<u64>; 4],
    /// Without an answer, or with one that broke off.
    pub failed: Vec<u64>,
}

/// The status that says that there was none.
const NO_STATUS: i64 = 0;

impl Buckets {
    /// Where it ends, in milliseconds since 1970.
    pub fn to(&self) -> i64 {
        self.from.saturating_add(self.width.saturating_mul(i64::try_from(self.count).unwrap_or(i64::MAX)))
    }

    /// The part in which a time lies.
    fn of(&self, milliseconds: i64) -> Option<usize> {
        let within = milliseconds.checked_sub(self.from).filter(|within| *within >= 0)?;
        usize::try_from(within / self.width.max(1)).ok().filter(|bucket| *bucket < self.count)
    }

    /// Counts a time, where it lies in the span.
    pub fn add(&self, counts: &mut [u64], time: Timestamp) {
        if let Some(count) = self.of(time.as_millisecond()).and_then(|bucket| counts.get_mut(bucket)) {
            *count += 1;
        }
    }
}

impl Reader {
    /// When the first event arrived that is still there.
    pub fn first_time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.wrap(|connection| {
            let mut first = connection.prepare_cached("SELECT min(id) FROM event")?;
            first.query_row([], |row| row.get::<_, Option<[u8; 16]>>(0))
        })
        .map(|id| id.and_then(|id| Timestamp::from_millisecond(time_of(id)).ok()))
    }

    /// How many events arrived in each part of a span, but for what lies outside of a narrower one: of all, or of
    /// those at some places.
    pub fn arrivals(
        &self,
        buckets: &Buckets,
        (low, high): (i64, i64),
        places: Option<&Places>,
    ) -> Result<Vec<u64>, StoreError> {
        let (low, high) = (low.max(buckets.from), high.min(buckets.to()));
        let mut counts = vec![0; buckets.count];
        let Some(places) = places else {
            for (bucket, count) in counts.iter_mut().enumerate() {
                let from = buckets.from + buckets.width * i64::try_from(bucket).unwrap_or_default();
                *count = self.count_between(from.max(low), (from + buckets.width).min(high))?;
            }
            return Ok(counts);
        };
        if places.count() == 0 {
            return Ok(counts);
        }
        if places.count().saturating_mul(LOOKUP_COST) < self.count_between(low, high)? {
            for seq in places.ascending() {
                let id = self.id_of(seq)?;
                if let Some(time) = id.map(time_of).filter(|time| (low..high).contains(time))
                    && let Some(bucket) = buckets.of(time)
                {
                    counts[bucket] += 1;
                }
            }
            return Ok(counts);
        }
        self.wrap(|connection| {
            let mut ids = connection.prepare_cached("SELECT id, seq FROM event WHERE id >= ?1 AND id < ?2")?;
            let mut rows = ids.query(params![first_id_of(low), first_id_of(high)])?;
            while let Some(row) = rows.next()? {
                if places.contains(row.get(1)?)
                    && let Some(bucket) = buckets.of(time_of(row.get(0)?))
                {
                    counts[bucket] += 1;
                }
            }
            Ok(())
        })?;
        Ok(counts)
    }

    fn count_between(&self, low: i64, high: i64) -> Result<u64, StoreError> {
        if low >= high {
            return Ok(0);
        }
        self.wrap(|connection| {
            connection
                .prepare_cached("SELECT count(*) FROM event WHERE id >= ?1 AND id < ?2")?
                .query_row(params![first_id_of(low), first_id_of(high)], |row| row.get(0))
        })
    }

    fn id_of(&self, seq: i64) -> Result<Option<[u8; 16]>, StoreError> {
        use rusqlite::OptionalExtension as _;
        self.wrap(|connection| {
            let mut id = connection.prepare_cached("SELECT id FROM event WHERE seq = ?1")?;
            id.query_row([seq], |row| row.get(0)).optional()
        })
    }

    /// How deliveries ended in each part of a span: all, or those of events at some places.
    pub fn endings(&self, buckets: &Buckets, places: Option<&Places>) -> Result<Endings, StoreError> {
        let mut endings =
            Endings { statuses: [(); 4].map(|()| vec![0; buckets.count]), failed: vec![0; buckets.count] };
        // In an older history there is no index by time, and no status.
        let statement = if self.has_changes()? {
            "SELECT made_at, status, event_seq, seq FROM delivery WHERE made_at >= ?1 AND made_at < ?2 ORDER BY made_at"
        } else {
            "SELECT made_at, NULL, event_seq, seq FROM delivery WHERE made_at >= ?1 AND made_at < ?2 ORDER BY made_at"
        };
        let mut unknown = Vec::new();
        self.wrap(|connection| {
            let mut select = connection.prepare_cached(statement)?;
            let mut rows =
                select.query(params![buckets.from.saturating_mul(1000), buckets.to().saturating_mul(1000)])?;
            while let Some(row) = rows.next()? {
                let Some(bucket) = buckets.of(timestamp(row.get(0)?).as_millisecond()) else { continue };
                if places.is_some() && !places.is_some_and(|places| row.get(2).is_ok_and(|seq| places.contains(seq))) {
                    continue;
                }
                match row.get::<_, Option<i64>>(1)? {
                    Some(status) => endings.add(bucket, status),
                    None => unknown.push((bucket, row.get(3)?)),
                }
            }
            Ok(())
        })?;
        // The newest ones first: of these a person wants to know.
        let mut unpacked = 0;
        for (bucket, seq) in unknown.into_iter().rev() {
            endings.add(bucket, self.old_status(seq, &mut unpacked)?);
        }
        Ok(endings)
    }

    /// The status of a delivery whose row does not say it. What succeeded had some 2xx.
    fn old_status(&self, seq: i64, unpacked: &mut usize) -> Result<i64, StoreError> {
        use rusqlite::OptionalExtension as _;
        let status = self.wrap(|connection| {
            let is_success: Option<bool> = connection
                .prepare_cached("SELECT is_success FROM delivery WHERE seq = ?1")?
                .query_row([seq], |row| row.get(0))
                .optional()?;
            if is_success == Some(true) {
                return Ok(200);
            }
            *unpacked += 1;
            if is_success.is_none() || *unpacked > MAX_UNPACKED {
                return Ok(NO_STATUS);
            }
            let mut head = connection.prepare_cached("SELECT head_format, head FROM delivery WHERE seq = ?1")?;
            head.query_row([seq], |row| {
                let outcome = codec::unpack_outcome(String::new(), (row.get(0)?, row.get_ref(1)?.as_blob()?));
                let status = outcome.ok().filter(|outcome| outcome.error.is_none()).and_then(|outcome| outcome.status);
                Ok(status.map_or(NO_STATUS, i64::from))
            })
        })?;
        Ok(status)
    }
}

impl Endings {
    fn add(&mut self, bucket: usize, status: i64) {
        let class = usize::try_from(status / 100 - 2).ok().and_then(|class| self.statuses.get_mut(class));
        if let Some(count) = class.unwrap_or(&mut self.failed).get_mut(bucket) {
            *count += 1;
        }
    }
}

/// The milliseconds since 1970 in a UUIDv7 (RFC 9562 section 5.7).
fn time_of(id: [u8; 16]) -> i64 {
    id[..6].iter().fold(0, |time, byte| (time << 8) | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{History, delivery, event};
    use super::*;
    use crate::model::Event;

    /// An event of this time in milliseconds since 1970.
    fn at(provider: &str, milliseconds: i64) -> Event {
        let time = u64::try_from(milliseconds).unwrap();
        let id = uuid::Builder::from_unix_timestamp_millis(time, &rand::random()).into_uuid();
        Event { id, received_at: Timestamp::from_millisecond(milliseconds).unwrap(), ..event(provider, None) }
    }

    const BUCKETS: Buckets = Buckets { from: 1_000_000, width: 100, count: 3 };

    #[test]
    fn arrivals_are_counted_in_parts_of_one_length() {
        let history = History::new();
        for (provider, time) in [("a", 999_999), ("a", 1_000_000), ("b", 1_000_099), ("a", 1_000_100), ("b", 1_000_300)]
        {
            history.append(&at(provider, time));
        }
        let reader = history.reader();
        assert_eq!(reader.first_time().unwrap(), Some(Timestamp::from_millisecond(999_999).unwrap()));
        let whole = (0, i64::MAX);
        assert_eq!(reader.arrivals(&BUCKETS, whole, None).unwrap(), [2, 1, 0]);
        assert_eq!(reader.arrivals(&BUCKETS, (1_000_050, 1_000_100), None).unwrap(), [1, 0, 0]);
        let mut places = Places::default();
        assert_eq!(reader.arrivals(&BUCKETS, whole, Some(&places)).unwrap(), [0, 0, 0]);
        [1, 2, 4].into_iter().for_each(|seq| places.insert(seq));
        assert_eq!(reader.arrivals(&BUCKETS, whole, Some(&places)).unwrap(), [1, 1, 0]);
        assert_eq!(reader.arrivals(&BUCKETS, (0, 1_000_100), Some(&places)).unwrap(), [1, 0, 0]);
    }

    #[test]
    fn a_few_of_many_are_counted_one_by_one_to_the_same_end() {
        let history = History::new();
        for number in 0..30 {
            history.append(&at("a", 1_000_000 + number * 10));
        }
        let mut places = Places::default();
        [1, 12, 30].into_iter().for_each(|seq| places.insert(seq));
        assert_eq!(history.reader().arrivals(&BUCKETS, (0, i64::MAX), Some(&places)).unwrap(), [1, 1, 1]);
    }

    #[test]
    fn deliveries_are_counted_by_how_they_ended() {
        let history = History::new();
        let (one, other) = (event("a", None), event("b", None));
        history.append(&one);
        history.append(&other);
        let broken = crate::model::Delivery { error: delivery(None).error, ..delivery(Some(200)) };
        for delivery in [delivery(Some(204)), delivery(Some(503)), delivery(None), broken] {
            history.record(&one, &delivery);
        }
        history.record(&other, &delivery(Some(404)));
        let reader = history.reader();
        let buckets = Buckets { from: Timestamp::now().as_millisecond() - 50_000, width: 100_000, count: 1 };
        let endings = |places: Option<&Places>| {
            let Endings { statuses, failed } = reader.endings(&buckets, places).unwrap();
            (statuses.map(|counts| counts[0]), failed[0])
        };
        assert_eq!(endings(None), ([1, 0, 1, 1], 2));
        // As an older version wrote them.
        let connection = rusqlite::Connection::open(&history.path).unwrap();
        connection.execute("UPDATE delivery SET status = NULL", []).unwrap();
        assert_eq!(endings(None), ([1, 0, 1, 1], 2));
        let mut places = Places::default();
        places.insert(2);
        assert_eq!(endings(Some(&places)), ([0, 0, 1, 0], 0));
    }
}

//! How much is kept. What is too much goes in small slices, oldest first, so that nobody waits for it.

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use super::delete;

/// Events deleted at once: a few milliseconds of work.
const SLICE: usize = 256;

/// How much is kept; `None` is without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Events.
    pub max_events: Option<u64>,
    /// Bytes of the file that are in use.
    pub max_bytes: Option<u64>,
    /// Age.
    pub max_age: Option<SignedDuration>,
}

impl Default for Retention {
    /// Generous: a million events, 4 GiB, a quarter of a year.
    fn default() -> Self {
        Self {
            max_events: Some(1_000_000),
            max_bytes: Some(4 << 30),
            max_age: Some(SignedDuration::from_hours(24 * 90)),
        }
    }
}

impl Retention {
    /// Deletes a slice of what is too much; false when nothing is.
    pub(super) fn enforce(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let excess = self.excess(connection)?;
        let mut due = if excess > 0 { delete::oldest(connection, None, excess)? } else { Vec::new() };
        if due.is_empty()
            && let Some(age) = self.max_age
        {
            let before = Timestamp::now().saturating_sub(age).map_or(i64::MIN, Timestamp::as_microsecond);
            due = delete::oldest(connection, Some(before), SLICE)?;
        }
        Ok(delete::events(connection, &due)? > 0)
    }

    /// How many of the oldest must go for their number or their bytes, up to a slice.
    fn excess(&self, connection: &Connection) -> rusqlite::Result<usize> {
        if let Some(max) = self.max_bytes
            && used_bytes(connection)? > max
        {
            return Ok(SLICE);
        }
        let Some(max) = self.max_events else { return Ok(0) };
        // Numbers have no gaps but those that were deleted: where the span fits, so does the count.
        let span: i64 = connection
            .prepare_cached("SELECT ifnull((SELECT max(seq) FROM event) - (SELECT min(seq) FROM event) + 1, 0)")?
            .query_row([], |row| row.get(0))?;
        if u64::try_from(span).unwrap_or_default() <= max {
            return Ok(0);
        }
        let count: i64 = connection.prepare_cached("SELECT count(*) FROM event")?.query_row([], |row| row.get(0))?;
        let excess = u64::try_from(count).unwrap_or_default().saturating_sub(max);
        Ok(usize::try_from(excess).unwrap_or(SLICE).min(SLICE))
    }
}

/// Bytes of the file that hold something.
pub(super) fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    Ok((pragma("page_count")?.saturating_sub(pragma("freelist_count")?)).saturating_mul(pragma("page_size")?))
}

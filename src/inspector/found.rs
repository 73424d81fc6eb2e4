//! An event that a call names by its whole id.

use super::answer::Refused;
use crate::history::Record;
use crate::model::EventId;
use crate::store::{Reader, Stored};

/// The event of this id, written out.
pub(super) fn stored(reader: &Reader, id: &str) -> Result<Stored, Refused> {
    let absent = || {
        Refused::absent("unknown_event", format!("no event `{id}` is in the history"))
            .hint("it may have been deleted; a whole id is needed here")
    };
    let id: EventId = id.parse().map_err(|_| absent())?;
    reader.by_id(id)?.ok_or_else(absent)
}

/// The event with everything that belongs to it, and its place in the order of arrival.
pub(super) fn record(reader: &Reader, id: &str) -> Result<(i64, Record), Refused> {
    let Stored { seq, event } = stored(reader, id)?;
    let (deliveries, waiting) = (reader.deliveries(seq)?, reader.waiting_for(seq)?);
    Ok((seq, Record { event, deliveries, waiting }))
}

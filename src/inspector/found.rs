//! An event that a call names by its whole id.

use super::answer::Refused;
use crate::history::Record;
use crate::model::EventId;
use crate::store::{Reader, Stored};

/// The id that is written so.
pub(super) fn id(text: &str) -> Result<EventId, Refused> {
    text.parse().map_err(|_| absent(text))
}

/// There is no such event.
pub(super) fn absent(id: &str) -> Refused {
    Refused::absent("unknown_event", format!("no event `{id}` is in the history"))
        .hint("it may have been deleted; a whole id is needed here")
}

/// The event of this id, written out.
pub(super) fn stored(reader: &Reader, text: &str) -> Result<Stored, Refused> {
    reader.by_id(id(text)?)?.ok_or_else(|| absent(text))
}

/// The event with everything that belongs to it, and its place in the order of arrival.
pub(super) fn record(reader: &Reader, text: &str) -> Result<(i64, Record), Refused> {
    let Stored { seq, event } = stored(reader, text)?;
    let (deliveries, waiting) = (reader.deliveries(seq)?, reader.waiting_for(seq)?);
    Ok((seq, Record { event, deliveries, waiting }))
}

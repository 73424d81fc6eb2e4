//! Which events a filter takes, as it was at some time: kept for as long as pages scroll through them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::answer::Refused;
use super::asked::Asked;
use crate::store::{Direction, Places, Position, Reader};

/// Snapshots kept: each page looks at one, and another one comes with each reload. One costs 130 KB for a million
/// events.
const MAX_KEPT: usize = 16;

/// What was asked for, as far as it makes a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    filter: String,
    fold: bool,
    identity: i64,
    /// Events deleted until then: with others gone, it is no longer the same.
    deleted: i64,
}

/// The latest snapshots, the last used first.
#[derive(Debug, Default)]
pub(super) struct Snapshots(Mutex<VecDeque<(Key, i64, Arc<Places>)>>);

impl Snapshots {
    /// The events up to a position that a filter takes, of which provider, event type and verdict are all that counts.
    pub(super) fn get(
        &self,
        reader: &Reader,
        asked: &Asked,
        upto: Position,
        fold: bool,
    ) -> Result<Arc<Places>, Refused> {
        let key = Key { filter: asked.key.clone(), fold, identity: upto.identity, deleted: reader.deleted()? };
        if let Some(places) = self.find(&key, upto.event) {
            return Ok(places);
        }
        let query = asked.filter.query(Direction::Forward);
        let grown = match self.latest(&key, upto.event) {
            Some((from, places)) => reader.more_places((*places).clone(), &query, from, upto.event, fold)?,
            None => None,
        };
        let places = Arc::new(match grown {
            Some(places) => places,
            None => reader.places(&query, upto.event, fold)?,
        });
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front((key, upto.event, Arc::clone(&places)));
        kept.truncate(MAX_KEPT);
        Ok(places)
    }

    fn find(&self, key: &Key, upto: i64) -> Option<Arc<Places>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(known, known_upto, _)| known == key && *known_upto == upto)?;
        let found = kept.remove(at)?;
        let places = Arc::clone(&found.2);
        kept.push_front(found);
        Some(places)
    }

    /// The latest of an earlier time.
    fn latest(&self, key: &Key, upto: i64) -> Option<(i64, Arc<Places>)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = kept.iter().filter(|(known, known_upto, _)| known == key && *known_upto < upto);
        earlier.max_by_key(|(_, upto, _)| *upto).map(|(_, upto, places)| (*upto, Arc::clone(places)))
    }
}

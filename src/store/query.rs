//! What to select. Provider, event type and verdict are decided on the few kinds there are; then events
//! are found through one index, or by walking the table where too many kinds match.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::VerdictStatus;

/// What events are told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Id of the provider, or `unknown`.
    pub provider: Arc<str>,
    /// The provider's own name of what happened.
    pub event_type: Option<String>,
    /// What verification said.
    pub verdict: VerdictStatus,
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// Newest first.
    #[default]
    Backward,
    /// In the order of arrival.
    Forward,
}

/// Decides on a kind.
pub type KindTest = Box<dyn Fn(&Kind) -> bool + Send>;

/// A step of going through the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// At this place is an event that the query selects. Its time is not yet held against the query.
    At(i64),
    /// Everything up to this place, in the direction of the query, was looked at.
    Passed(i64),
}

/// Which events, by what the file can tell without unpacking them.
#[derive(Default)]
pub struct Query {
    /// Decides on a kind; all without it.
    pub kinds: Option<KindTest>,
    /// Received at this time or later.
    pub since: Option<Timestamp>,
    /// Received before this time.
    pub until: Option<Timestamp>,
    /// Only those whose last delivery to some target failed, or that a target has still to get.
    pub failed: bool,
    /// Only those that are pinned.
    pub pinned: bool,
    /// Only behind this one in the order of arrival.
    pub after: Option<i64>,
    /// Only up to this one in the order of arrival.
    pub upto: Option<i64>,
    /// In which order.
    pub direction: Direction,
}

impl Query {
    /// Whether a few events are named by tables of their own.
    pub(super) const fn is_of_few(&self) -> bool {
        self.failed || self.pinned
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("by_kind", &self.kinds.is_some())
            .field("since", &self.since)
            .field("until", &self.until)
            .field("failed", &self.failed)
            .field("pinned", &self.pinned)
            .field("after", &self.after)
            .field("upto", &self.upto)
            .field("direction", &self.direction)
            .finish()
    }
}

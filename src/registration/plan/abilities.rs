//! What an API can change, as far as a plan needs it.

use super::Difference;
use crate::provider::api::{Api, Operation};

/// What can be done to webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// Make one.
    pub create: bool,
    /// Remove one.
    pub delete: bool,
    /// Give one other events.
    pub events: bool,
    /// Switch one on.
    pub enable: bool,
    /// Switch one off.
    pub disable: bool,
    /// Give one a note.
    pub description: bool,
    /// Make one that is switched off.
    pub create_disabled: bool,
    /// Make one with a note.
    pub create_description: bool,
    /// A webhook is for one event.
    pub one_each: bool,
}

impl Abilities {
    /// Those of this API.
    pub fn of(api: &Api) -> Self {
        Self {
            create: api.supports(Operation::Create),
            delete: api.supports(Operation::Delete),
            events: api.takes(Operation::Update, "events"),
            enable: api.supports(Operation::Enable),
            disable: api.supports(Operation::Disable),
            description: api.takes(Operation::Update, "description"),
            create_disabled: api.takes(Operation::Create, "enabled"),
            create_description: api.takes(Operation::Create, "description"),
            one_each: api.events().one_each(),
        }
    }

    /// What can be done to one that is made, in its own call or in the next.
    pub(super) fn can_begin_with(&self, difference: &Difference) -> bool {
        match difference {
            Difference::Enabled { wanted: false } if self.create_disabled => true,
            Difference::Description { .. } if self.create_description => true,
            difference => self.can_make(difference),
        }
    }

    /// What can be done to one that is there.
    pub(super) fn can_make(&self, difference: &Difference) -> bool {
        match difference {
            Difference::Missing => self.create,
            Difference::Events { .. } => self.events,
            Difference::Enabled { wanted: true } => self.enable,
            Difference::Enabled { wanted: false } => self.disable,
            Difference::Description { .. } => self.description,
        }
    }
}

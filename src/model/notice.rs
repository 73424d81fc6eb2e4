//! Notices: what services report while they run. Renderers in `output` subscribe to them.

use std::sync::Arc;

use super::{Delivery, Event, EventId, MockAttempt, MockCall, MockReady};

/// Something that happened and may be shown.
#[derive(Debug, Clone)]
pub enum Notice {
    /// The listener answers requests from now on.
    Ready {
        /// Where, with the real port.
        url: String,
        /// The whole URL of the inspector beside it.
        inspector: Option<String>,
    },
    /// A request was received.
    Received(Arc<Event>),
    /// A handshake was answered.
    Answered(Arc<Answered>),
    /// A handshake is finished by fetching a URL.
    Confirmation(Arc<Confirmation>),
    /// An event was delivered to a target, or an attempt failed.
    Forwarded {
        /// Which event.
        event_id: EventId,
        /// Its type, for the human line.
        event_type: Option<String>,
        /// The attempt.
        delivery: Arc<Delivery>,
    },
    /// `send` made an attempt.
    Sent {
        /// Which event.
        event_id: EventId,
        /// Its type, for the human line.
        event_type: Option<String>,
        /// The attempt.
        delivery: Arc<Delivery>,
    },
    /// A request was turned away before it became an event (too large, too slow, malformed).
    Refused {
        /// The status that was answered.
        status: u16,
        /// Why, in one line.
        reason: String,
    },
    /// How a target is doing for which events wait in the history.
    Target {
        /// Which.
        target: Arc<str>,
        /// What became of it.
        state: TargetState,
        /// Events that wait for it.
        waiting: u64,
        /// Why, in one line.
        reason: Option<String>,
    },
    /// A mock provider answers requests from now on.
    MockReady(Arc<MockReady>),
    /// A mock provider answered a request.
    MockCall(MockCall),
    /// A mock provider tried to deliver a message.
    MockAttempt(Arc<MockAttempt>),
    /// The service ended.
    Stopped(Summary),
}

/// How a handshake was answered.
#[derive(Debug, Clone)]
pub struct Answered {
    /// Which event.
    pub event_id: EventId,
    /// Which handshake.
    pub handshake: Arc<str>,
    /// Whose answer the sender got: hookctl's own, or the target's.
    pub is_own: bool,
    /// Its status.
    pub status: u16,
    /// What a person should know of it, in one line.
    pub remark: Option<String>,
}

/// The last step of a handshake: a URL is fetched, by hookctl where it was told to.
#[derive(Debug, Clone)]
pub struct Confirmation {
    /// Which event.
    pub event_id: EventId,
    /// The URL, as far as it is one.
    pub url: String,
    /// The attempt to fetch it.
    pub delivery: Option<Arc<Delivery>>,
    /// Why it was not fetched.
    pub reason: Option<String>,
}

/// What became of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetState {
    /// It takes nothing now: events wait until it does.
    Down,
    /// It takes events again.
    Up,
    /// The history cannot be read or written for it; the reason says what that means.
    Held,
}

impl TargetState {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Up => "up",
            Self::Held => "held",
        }
    }
}

/// Totals over the life of a listener.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Requests that became events.
    pub received: u64,
    /// Of these, with a valid signature.
    pub valid: u64,
    /// With an invalid one.
    pub invalid: u64,
    /// Without the expected one.
    pub unsigned: u64,
    /// Not checked.
    pub unchecked: u64,
    /// Deliveries that got a 2xx.
    pub forwarded: u64,
    /// Deliveries that did not.
    pub failed: u64,
    /// Deliveries that are still to be made; they wait in the history.
    pub waiting: u64,
}

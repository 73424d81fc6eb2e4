//! An event: a request that was received, with what was found out about it.

use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Request, Verdict};

/// Identifies an event: a UUIDv7, so ids sort by arrival.
pub type EventId = Uuid;

/// A further delivery of something that was delivered before, as the provider's delivery id tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeat {
    /// 1 for the first retry, which is the second delivery.
    pub retry: u32,
    /// The event of the first delivery.
    pub first: EventId,
}

/// A received request, when it came, whose it is and whether its signature holds.
#[derive(Debug, Clone)]
pub struct Event {
    /// UUIDv7.
    pub id: EventId,
    /// When the last body byte had arrived.
    pub received_at: Timestamp,
    /// Id of the provider, or `unknown`.
    pub provider: Arc<str>,
    /// The provider's own name of what happened, where the request says it.
    pub event_type: Option<String>,
    /// The provider's id of this delivery or event, where the request says it.
    pub delivery_id: Option<String>,
    /// What verification said.
    pub verdict: Verdict,
    /// The request, exactly as received.
    pub request: Request,
    /// The peer that sent it.
    pub remote: SocketAddr,
    /// The name of the handshake that it is, where it is no event but a question that comes before events.
    pub handshake: Option<Arc<str>>,
    /// Which repeat of an earlier delivery it is; known once it is in the history.
    pub repeat: Option<Repeat>,
}

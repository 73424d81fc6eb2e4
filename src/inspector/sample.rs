//! An event for tests.

use crate::model::{Event, Request, Verdict};

/// A valid event without a body.
pub(super) fn event() -> Event {
    Event {
        id: uuid::Uuid::now_v7(),
        received_at: jiff::Timestamp::now(),
        provider: "stripe".into(),
        event_type: None,
        delivery_id: None,
        verdict: Verdict::valid("v1".into()),
        request: Request::default(),
        remote: ([127, 0, 0, 1], 1).into(),
        handshake: None,
        repeat: None,
    }
}

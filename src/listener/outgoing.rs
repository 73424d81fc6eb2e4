//! Sending events to one target, one after the other.

use std::sync::Arc;
use std::time::Duration;

use crate::delivery::{Target, forwardable, mark};
use crate::http::Session;
use crate::model::{Delivery, DeliveryError, Event, FailureKind};

/// A target with the connection to it.
pub(super) struct Outgoing {
    target: Target,
    session: Session,
}

/// What came of an attempt.
pub(super) struct Attempted {
    pub(super) delivery: Arc<Delivery>,
    /// Whether the target may have seen the request.
    pub(super) may_have_arrived: bool,
}

impl Outgoing {
    pub(super) fn new(target: Target, session: Session) -> Self {
        Self { target, session }
    }

    /// Makes the attempt of this number, from 1.
    pub(super) async fn deliver(&mut self, event: &Event, attempt: u32) -> Attempted {
        let uri = match self.target.join(&event.request.uri) {
            Ok(uri) => uri,
            Err(error) => {
                let error = DeliveryError { kind: FailureKind::Protocol, message: error.to_string(), hint: None };
                let delivery = Arc::new(not_sent(event, &self.target, attempt, error));
                return Attempted { delivery, may_have_arrived: false };
            }
        };
        let url = uri.to_string();
        let mut request = forwardable(&event.request, uri);
        mark(&mut request, event.id, attempt);
        let outcome = self.session.send(request).await;
        let (is_cut, may_have_arrived) = (outcome.truncated, outcome.may_have_arrived);
        let mut delivery = outcome.into_delivery(event.request.method.clone(), url, attempt);
        seal_echo(event, &mut delivery);
        if is_cut && delivery.error.is_none() {
            delivery.error = Some(too_large());
        }
        Attempted { delivery: Arc::new(delivery), may_have_arrived }
    }
}

/// A credential that the target sends back is none the less one: nothing prints it.
fn seal_echo(event: &Event, delivery: &mut Delivery) {
    let Some(response) = &mut delivery.response else { return };
    for credential in event.request.headers.values().filter(|value| value.is_sensitive() && !value.is_empty()) {
        let echoes = response.headers.values_mut().filter(|value| *value == credential);
        echoes.for_each(|value| value.set_sensitive(true));
    }
}

/// An attempt that ended before anything was sent.
pub(super) fn not_sent(event: &Event, target: &Target, attempt: u32, error: DeliveryError) -> Delivery {
    Delivery {
        method: event.request.method.clone(),
        target: target.to_string(),
        attempt,
        duration: Duration::ZERO,
        response: None,
        truncated: false,
        error: Some(error),
    }
}

fn too_large() -> DeliveryError {
    DeliveryError {
        kind: FailureKind::TooLarge,
        message: "the target's answer is larger than hookctl passes on".into(),
        hint: Some("answer a webhook with a short body, or use --respond now".into()),
    }
}

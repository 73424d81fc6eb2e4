//! With what the inspector looks into requests, makes and sends them.

use std::fmt;
use std::sync::Arc;

use crate::delivery::Target;
use crate::http::Client;
use crate::provider::{Catalogue, Tolerance, Verifier};
use crate::store::Writer;

/// With what requests are looked into, made and sent.
pub struct Desk {
    /// The providers of now, each with its secrets.
    pub verifiers: Verifiers,
    /// Fixtures.
    pub catalogue: Catalogue,
    /// Sends, but never to the inspector itself.
    pub client: Client,
    /// Keeps what came of a replay; `None` where the history cannot be written.
    pub writer: Option<Arc<Writer>>,
    /// The listener, as people would call it, where there is one.
    pub listener: Option<Target>,
    /// Its targets, in their order.
    pub forward: Vec<Target>,
    /// How old a signature may be.
    pub tolerance: Tolerance,
    /// Scheme and host as the provider knows them.
    pub public_url: Option<url::Url>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("listener", &self.listener).field("forward", &self.forward).finish_non_exhaustive()
    }
}

/// Gives the providers of now, those named first: a handshake may hand over a secret at any time.
#[derive(Clone)]
pub struct Verifiers(Arc<dyn Fn() -> Vec<Arc<Verifier>> + Send + Sync>);

impl Verifiers {
    /// Asks `give` for every request.
    pub fn new(give: impl Fn() -> Vec<Arc<Verifier>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(give))
    }

    /// Those of now.
    pub(super) fn now(&self) -> Vec<Arc<Verifier>> {
        (self.0)()
    }
}

impl Desk {
    /// The listener, then its targets.
    pub(super) fn known_targets(&self) -> Vec<Target> {
        self.listener.iter().chain(&self.forward).cloned().collect()
    }

    /// Where a request goes that nobody named a target for: to the app, else to the listener.
    pub(super) fn default_targets(&self) -> Vec<Target> {
        if self.forward.is_empty() { self.listener.iter().cloned().collect() } else { self.forward.clone() }
    }
}

impl fmt::Debug for Verifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifiers(…)")
    }
}

//! Secrets that handshakes hand over: with them later signatures are checked.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};

use crate::model::{EventId, Secret};
use crate::provider::Verifier;

/// How the origin of a secret begins that was handed over and not configured.
pub const HANDED_OVER: &str = "handshake:";
/// Secrets of one provider in use at a time, the newest first: each webhook hands over its own, and whoever
/// reaches the listener can hand over more.
pub const MAX_HANDED_OVER: usize = 8;

/// Keeps a secret for later listeners, and says where, or why not.
pub type Keep = dyn Fn(&str, EventId, &Secret) -> Result<String, String> + Send + Sync;

/// What keeps secrets that are handed over; without it they are used until the listener ends.
#[derive(Clone, Default)]
pub struct Keeper(pub Option<Arc<Keep>>);

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keeper({})", self.0.is_some())
    }
}

/// Verifiers that know more than the configuration.
#[derive(Default)]
pub(super) struct Learned {
    /// Spares every request a look at what is almost always empty.
    is_any: AtomicBool,
    verifiers: RwLock<BTreeMap<Arc<str>, Arc<Verifier>>>,
}

/// What became of a secret that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lesson {
    /// It is used from now on.
    Learned,
    /// It was known.
    Known,
    /// One is configured: nobody who reaches the listener may replace it.
    Pinned,
}

impl Learned {
    /// The verifier for requests of the same provider, with the secrets of now.
    pub(super) fn instead_of(&self, verifier: &Arc<Verifier>) -> Arc<Verifier> {
        let learned = || {
            let verifiers = self.verifiers.read().unwrap_or_else(PoisonError::into_inner);
            verifiers.get(verifier.provider().id()).cloned()
        };
        let found = if self.is_any.load(Relaxed) { learned() } else { None };
        found.unwrap_or_else(|| Arc::clone(verifier))
    }

    /// Uses a secret from now on, unless one is configured.
    pub(super) fn learn(&self, verifier: &Arc<Verifier>, secret: Secret) -> Lesson {
        let mut verifiers = self.verifiers.write().unwrap_or_else(PoisonError::into_inner);
        let current = verifiers.get(verifier.provider().id()).unwrap_or(verifier);
        if current.secrets().any(|known| !known.origin().starts_with(HANDED_OVER)) {
            return Lesson::Pinned;
        }
        if current.secrets().any(|known| known.expose() == secret.expose()) {
            return Lesson::Known;
        }
        let secrets = std::iter::once(secret).chain(current.secrets().cloned()).take(MAX_HANDED_OVER);
        let provider = Arc::clone(current.provider());
        let verifier = Arc::new(Verifier::new(Arc::clone(&provider), secrets.collect::<Vec<_>>()));
        verifiers.insert(Arc::clone(provider.id()), verifier);
        self.is_any.store(true, Relaxed);
        Lesson::Learned
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Catalogue;

    fn secret(bytes: impl Into<Vec<u8>>, origin: &str) -> Secret {
        Secret::new(bytes, origin).unwrap()
    }

    fn verifier(secrets: Vec<Secret>) -> Arc<Verifier> {
        Arc::new(Verifier::new(Catalogue::default().provider("generic").unwrap(), secrets))
    }

    #[test]
    fn the_newest_secrets_count_and_their_number_is_bounded() {
        let (learned, bare) = (Learned::default(), verifier(Vec::new()));
        for number in 0..MAX_HANDED_OVER + 3 {
            let handed = secret(format!("secret {number}"), HANDED_OVER);
            assert_eq!(learned.learn(&bare, handed.clone()), Lesson::Learned);
            assert_eq!(learned.learn(&bare, handed), Lesson::Known);
        }
        let known = learned.instead_of(&bare);
        assert_eq!(known.secrets().count(), MAX_HANDED_OVER);
        assert_eq!(known.secret().unwrap().expose(), b"secret 10");
    }

    #[test]
    fn a_configured_secret_is_never_replaced() {
        let (learned, configured) = (Learned::default(), verifier(vec![secret("mine", "env:S")]));
        assert_eq!(learned.learn(&configured, secret("theirs", HANDED_OVER)), Lesson::Pinned);
        assert_eq!(learned.instead_of(&configured).secrets().count(), 1);
    }
}

//! Whose request it is, and with which key it is checked.

use std::sync::Arc;

use super::learned::{Learned, Lesson};
use crate::keys::PublishedKeys;
use crate::model::{Event, Reason, Request, Secret, Verdict, VerdictStatus};
use crate::provider::{Circumstances, Identity, Provider, Supplied, Verifier, identify};

/// What to do about a request without any signature that is known here.
const UNSIGNED: &str = "set a secret at the provider so that it signs, or check that no proxy drops its headers";

/// The providers a listener knows, each with its key.
#[derive(Default)]
pub struct Providers {
    named: Vec<Arc<Verifier>>,
    /// All that can be recognised, besides the named ones.
    others: Vec<Arc<Provider>>,
    other_verifiers: Vec<Arc<Verifier>>,
    /// Every secret of any of them, for explanations.
    known: Vec<Secret>,
    verify: bool,
    learned: Learned,
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Providers({} named, {} others)", self.named.len(), self.others.len())
    }
}

impl Providers {
    /// `named` are those asked for; `others` are recognised where they are unmistakable. With
    /// `verify` off every verdict is `unchecked`.
    pub fn new(named: Vec<Verifier>, others: Vec<Verifier>, verify: bool) -> Self {
        let recognisable = others.iter().map(|verifier| Arc::clone(verifier.provider())).collect();
        let mut known: Vec<Secret> = Vec::new();
        for secret in named.iter().chain(&others).flat_map(Verifier::secrets) {
            if !known.iter().any(|other| other.expose() == secret.expose()) {
                known.push(secret.clone());
            }
        }
        let shared = |verifiers: Vec<Verifier>| verifiers.into_iter().map(Arc::new).collect();
        Self {
            named: shared(named),
            others: recognisable,
            other_verifiers: shared(others),
            known,
            verify,
            learned: Learned::default(),
        }
    }

    /// Every secret that some provider's requests are checked with.
    pub(super) fn known(&self) -> &[Secret] {
        &self.known
    }

    /// All that can be recognised, besides the named ones.
    pub(super) fn recognisable(&self) -> &[Arc<Provider>] {
        &self.others
    }

    /// The secret with which a named provider's requests are checked.
    pub fn secret_of(&self, provider: &str) -> Option<&Secret> {
        self.named.iter().find(|verifier| *provider == **verifier.provider().id())?.secret()
    }

    /// Checks what a named provider sends with this secret from now on.
    pub fn set_secret(&mut self, provider: &str, secret: &Secret) {
        for verifier in self.named.iter_mut().filter(|verifier| *provider == **verifier.provider().id()) {
            *verifier = Arc::new(Verifier::new(Arc::clone(verifier.provider()), [secret.clone()]));
        }
    }

    /// Puts the credential back that the history does not keep, where it is known.
    pub(super) fn restore_credential(&self, event: &mut Event) {
        let Some(scheme) = event.verdict.scheme.as_deref() else { return };
        let Some(verifier) = self.all().find(|verifier| *verifier.provider().id() == event.provider) else { return };
        let kept = verifier.provider().credential_header(scheme).and_then(|name| event.request.headers.get_mut(name));
        if let Some(value) = kept.filter(|value| value.is_sensitive() && value.is_empty())
            && let Some(credential) = verifier.credential(scheme, event.verdict.secret.as_deref())
        {
            *value = credential;
        }
    }

    /// Checks what a provider sends with a secret that it handed over, from now on.
    pub(super) fn learn(&self, verifier: &Arc<Verifier>, secret: Secret) -> Lesson {
        self.learned.learn(verifier, secret)
    }

    /// The ids of the named ones.
    pub fn named(&self) -> impl Iterator<Item = &Arc<str>> {
        self.named.iter().map(|verifier| verifier.provider().id())
    }

    /// The named ones, then all that can be recognised, each with the secrets of now.
    pub fn verifiers(&self) -> Vec<Arc<Verifier>> {
        self.all().map(|verifier| self.learned.instead_of(verifier)).collect()
    }

    /// The named ones, then all that can be recognised.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Verifier>> {
        self.named.iter().chain(&self.other_verifiers)
    }

    /// Those whose handshake an unrecognised request may be.
    pub(super) fn asking(&self) -> impl Iterator<Item = &Arc<Verifier>> {
        if self.named.is_empty() { self.other_verifiers.iter() } else { self.named.iter() }
    }

    /// Finds the sender. A named provider is taken at its word: only a request that carries none of
    /// its signatures and is unmistakably another's is given to that other.
    pub(super) fn recognise(&self, request: &Request) -> Found {
        let found = |verifier: Option<&Arc<Verifier>>, is_expected| Found {
            verifier: verifier.map(|verifier| self.learned.instead_of(verifier)),
            is_expected,
            candidates: Vec::new(),
            verify: self.verify,
        };
        // A malformed signature is the named provider's to refuse, whatever the body says.
        if let [only] = self.named.as_slice()
            && only.provider().claims_signature(request)
        {
            return found(Some(only), true);
        }
        let mut signed = self.named.iter().filter(|verifier| verifier.provider().has_signature(request));
        if let (Some(only), None) = (signed.next(), signed.next()) {
            return found(Some(only), true);
        }
        let named: Vec<Arc<Provider>> = self.named.iter().map(|verifier| Arc::clone(verifier.provider())).collect();
        if let Identity::Known(provider) = identify(&named, request) {
            return found(self.named.iter().find(|verifier| verifier.provider().id() == provider.id()), true);
        }
        match identify(&self.others, request) {
            Identity::Known(provider) => {
                let verifier = self.other_verifiers.iter().find(|verifier| verifier.provider().id() == provider.id());
                found(verifier, self.named.is_empty())
            }
            Identity::Candidates(candidates) if self.named.is_empty() => {
                let candidates = candidates.iter().map(|provider| provider.id().to_string()).collect();
                Found { candidates, ..found(None, true) }
            }
            _ => match self.named.as_slice() {
                [] => found(None, true),
                [only] => found(Some(only), true),
                several => {
                    let candidates = several.iter().map(|verifier| verifier.provider().id().to_string()).collect();
                    Found { candidates, ..found(None, false) }
                }
            },
        }
    }
}

/// The sender, as far as it is known.
pub(super) struct Found {
    verifier: Option<Arc<Verifier>>,
    is_expected: bool,
    candidates: Vec<String>,
    verify: bool,
}

impl Found {
    pub(super) fn verifier(&self) -> Option<&Arc<Verifier>> {
        self.verifier.as_ref()
    }

    /// What else tells whose request it is.
    pub(super) fn take(&mut self, verifier: &Arc<Verifier>) {
        self.verifier = Some(Arc::clone(verifier));
        self.is_expected = true;
        self.candidates.clear();
    }

    pub(super) fn id(&self) -> Arc<str> {
        self.verifier.as_ref().map_or_else(|| "unknown".into(), |verifier| Arc::clone(verifier.provider().id()))
    }

    pub(super) fn provider(&self) -> Option<&Provider> {
        self.verifier.as_ref().map(|verifier| &**verifier.provider())
    }

    /// Whether the provider was asked for, or none was.
    pub(super) fn is_expected(&self) -> bool {
        self.is_expected
    }

    /// Marks the header that was a right credential in itself, so that nothing prints it.
    pub(super) fn seal_credential(&self, verdict: &Verdict, request: &mut Request) {
        let header = match (verdict.status, &self.verifier, &verdict.scheme) {
            (VerdictStatus::Valid, Some(verifier), Some(id)) => verifier.provider().credential_header(id),
            _ => None,
        };
        if let Some(value) = header.and_then(|name| request.headers.get_mut(name)) {
            value.set_sensitive(true);
        }
    }

    /// What the provider publishes, where it may be fetched. Waits only where it was not fetched yet.
    pub(super) async fn supplied(
        &self,
        keys: Option<&PublishedKeys>,
        request: &Request,
        circumstances: &Circumstances<'_>,
    ) -> Option<Vec<Supplied>> {
        let verifier = self.verifier.as_ref().filter(|_| self.verify)?;
        Some(keys?.supply(verifier, request, circumstances).await)
    }

    pub(super) fn verdict(&self, request: &Request, circumstances: &Circumstances<'_>) -> Verdict {
        if !self.verify {
            return Verdict::unchecked(Reason::SwitchedOff);
        }
        match &self.verifier {
            Some(verifier) => self.advise(verifier.verify(request, circumstances)),
            None if self.is_expected => {
                let verdict = Verdict::unchecked(Reason::UnknownProvider);
                match self.candidates.as_slice() {
                    [] => verdict,
                    several => {
                        verdict.with_hint(format!("it could be {}: name one with --provider", several.join(" or ")))
                    }
                }
            }
            None => {
                let place = format!("signature of {}", self.candidates.join(" or "));
                Verdict::new(VerdictStatus::Unsigned, None, Some(Reason::MissingSignature { place }))
                    .with_hint(UNSIGNED)
            }
        }
    }

    fn advise(&self, verdict: Verdict) -> Verdict {
        match (&verdict.reason, &self.verifier) {
            _ if !self.is_expected => {
                verdict.with_hint(format!("recognised as {}, which --provider does not name: not forwarded", self.id()))
            }
            (Some(Reason::NoSecret { .. }), Some(verifier)) => {
                let hint = match verifier.provider().about().secret_env.first() {
                    Some(variable) => format!("give it with --secret-env NAME, or export {variable}"),
                    None => "give it with --secret-env NAME".to_owned(),
                };
                verdict.with_hint(hint)
            }
            _ => verdict,
        }
    }
}

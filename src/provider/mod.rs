//! Provider knowledge as data: how to recognise, verify, sign and deliver, read from manifests.
//!
//! Pure: bytes in, verdict out. No clock, socket, environment or thread; only [`Catalogue`] reads disk.

mod answers;
pub mod api;
mod catalogue;
mod circumstances;
mod companion;
mod compile;
mod condition;
mod digest;
mod disable;
mod event;
mod explain;
mod format;
mod fresh;
mod generator;
mod handshake;
mod host;
mod identify;
mod infer;
mod item;
mod jwt;
mod key;
#[allow(
    missing_docs,
    dead_code,
    reason = "fields are the manifest's keys, described in CONTRIBUTING.md; some are only validated"
)]
mod manifest;
mod place;
mod problem;
mod prove;
mod scenario;
mod schedule;
mod selector;
mod sign;
mod signature;
mod template;
mod timestamp;
mod validate;
mod variable;
mod verify;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use answers::{Answers, Reply};
pub use catalogue::{Catalogue, Fixture, LookupError, Origin};
pub use circumstances::{Circumstances, Tolerance};
pub use compile::{compile, signature_override};
pub use disable::{Counted, DisableAction, DisableRule};
pub use event::DeliveryRules;
pub use explain::{Effort, KeyTrace, Trace, explained};
pub use fresh::set_field;
pub use generator::Generator;
pub use handshake::{Asked, Handshake, HandshakeError, Probe, RightAnswer, Spoil, WrongAnswer};
pub use identify::{Identity, identify};
pub use infer::{Inferred, MAX_BODY as MAX_INFERRED_BODY, Unexplained, infer};
pub use key::{PublishedKind, Supplied, Unsupplied, Wanted};
pub use manifest::{Retries, SignatureTable};
pub use problem::ManifestError;
pub use scenario::{Scenario, SharedValues, Step};
pub use schedule::{Basis, Schedule};
pub use selector::{Selector, SelectorError};
pub use sign::{Draft, SignError, choose_signature, compose, compose_attempt, countersign, renew, resign, sign};
pub use signature::{SecretHint, Signature};
pub use variable::{PUBLIC_URL, Variable};
pub use verify::Verifier;

use condition::Condition;
use event::EventRules;
use fresh::FreshRule;
use template::Scope;
use variable::Given;

use crate::model::Request;

/// A compiled manifest.
#[derive(Debug, Clone)]
pub struct Provider {
    about: About,
    signatures: Vec<Signature>,
    identify: Vec<Condition>,
    never_identified: bool,
    event: EventRules,
    delivery: DeliveryRules,
    fresh: Vec<FreshRule>,
    fixtures: BTreeMap<String, FixtureNote>,
    api: Option<Arc<api::Api>>,
    handshakes: Vec<Arc<Handshake>>,
    probes: Vec<Probe>,
    scenarios: Vec<Scenario>,
    variables: Vec<Variable>,
    given: Given,
}

/// Who the provider is.
#[derive(Debug, Clone)]
pub struct About {
    /// Folder name and flag value.
    pub id: Arc<str>,
    /// As the provider writes itself.
    pub name: String,
    /// Pages of its documentation.
    pub docs: Vec<String>,
    /// Environment variables in which its users keep the secret.
    pub secret_env: Vec<String>,
    /// What a user should know, such as what is not documented.
    pub notes: Vec<String>,
    /// What shows that its signatures are made as the provider makes them.
    pub proof: Proof,
}

/// What shows that a provider's signatures are made as the provider makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Its own SDK accepts what is sent and signs what is accepted, in `tests/interop`.
    Sdk,
    /// Requests that it, its SDK's tests or a specification publish are valid, in `tests/vectors`.
    Vectors,
    /// Its documentation alone.
    Documented,
}

impl Proof {
    pub(crate) const NAMES: [&str; 3] = ["sdk", "vectors", "documented"];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Sdk, Self::Vectors, Self::Documented].into_iter().find(|proof| proof.as_str() == name)
    }

    /// The word in the manifest and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sdk => "sdk",
            Self::Vectors => "vectors",
            Self::Documented => "documented",
        }
    }
}

/// What the manifest says of one fixture.
#[derive(Debug, Clone)]
pub struct FixtureNote {
    /// Whether the payload is the provider's own; otherwise it is an illustration.
    pub documented: bool,
    /// The page it comes from.
    pub source: Option<String>,
    /// One line.
    pub description: Option<String>,
    /// Headers that go with this fixture only.
    pub headers: Vec<(String, String)>,
}

impl Provider {
    /// Its id, such as `prospektr`.
    pub fn id(&self) -> &Arc<str> {
        &self.about.id
    }

    /// Who it is.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// How it delivers.
    pub fn delivery(&self) -> &DeliveryRules {
        &self.delivery
    }

    /// Its signatures, in the manifest's order.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Notes on its fixtures, by event name.
    pub fn fixtures(&self) -> &BTreeMap<String, FixtureNote> {
        &self.fixtures
    }

    /// The header that is a credential in itself under this signature: a token, or Basic.
    pub fn credential_header(&self, id: &str) -> Option<&http::HeaderName> {
        let signature = self.signatures.iter().find(|signature| signature.id() == id)?;
        if signature.is_credential() { signature.header() } else { None }
    }

    /// Its registration API, where one is documented.
    pub fn api(&self) -> Option<&Arc<api::Api>> {
        self.api.as_ref()
    }

    /// What it asks before it sends events.
    pub fn handshakes(&self) -> &[Arc<Handshake>] {
        &self.handshakes
    }

    /// The spoiled requests that it sends to see them refused.
    pub fn probes(&self) -> &[Probe] {
        &self.probes
    }

    /// The handshake that this request is.
    pub fn handshake(&self, request: &Request) -> Option<&Arc<Handshake>> {
        self.handshakes.iter().find(|handshake| handshake.matches(self, request))
    }

    /// Its documented sequences of events.
    pub fn scenarios(&self) -> &[Scenario] {
        &self.scenarios
    }

    /// The same provider with another signature, as a user configured it.
    #[must_use]
    pub fn with_signature(&self, signature: Signature) -> Self {
        Self { signatures: vec![signature], ..self.clone() }
    }

    /// The values that its schemes sign though no request carries them.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// What one of these values is, where it is given or has a default.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.given.get(name)
    }

    /// The same provider with these values; every provider has [`PUBLIC_URL`].
    #[must_use]
    pub fn with_variables<'v>(&self, values: impl IntoIterator<Item = (&'v str, &'v str)>) -> Self {
        let mut provider = self.clone();
        values.into_iter().for_each(|(name, value)| provider.given.set(name, value));
        provider
    }

    /// What templates can refer to in this request.
    fn scope<'a>(&'a self, request: &'a Request) -> Scope<'a> {
        Scope { given: &self.given, ..Scope::of(request) }
    }

    /// Lets templates read the JWT of the request, where this provider signs with one.
    fn with_token<T>(&self, scope: Scope<'_>, read: impl FnOnce(&Scope<'_>) -> T) -> T {
        let token = self.signatures.iter().find_map(|signature| signature.token(&scope));
        read(&Scope { token: token.as_deref(), ..scope })
    }

    /// The event type, where the request says it.
    pub fn event_type(&self, request: &Request) -> Option<String> {
        self.with_token(self.scope(request), |scope| self.event.event_type(scope))
    }

    /// The delivery id, where the request says it.
    pub fn delivery_id(&self, request: &Request) -> Option<String> {
        self.with_token(self.scope(request), |scope| self.event.delivery_id(scope))
    }

    /// Whether anything stands where this provider's signature belongs, in whatever form.
    pub fn claims_signature(&self, request: &Request) -> bool {
        let scope = Scope::of(request);
        self.signatures.iter().any(|signature| signature.find(&scope).next().is_some())
    }

    /// Whether the request carries a signature in this provider's form.
    pub fn has_signature(&self, request: &Request) -> bool {
        identify::signature_score(self, &Scope::of(request)) > 0
    }

    /// Whether the places named in `[fresh]` for this event are in the body: each must be in some fixture.
    pub fn fresh_places(&self) -> impl Iterator<Item = (String, Option<&str>, impl Fn(&[u8]) -> bool + '_)> {
        self.fresh
            .iter()
            .map(|rule| (format!("{:?}", rule.place), rule.event.as_deref(), |body: &[u8]| rule.is_in(body)))
    }

    /// Whether this alternative is the one for this secret: a key of another kind is never used for it.
    pub(crate) fn takes(&self, signature: &Signature, secret: &[u8]) -> bool {
        if signature.secret_prefixes.is_empty() {
            !self.signatures.iter().any(|other| !other.secret_prefixes.is_empty() && other.takes(secret))
        } else {
            signature.takes(secret)
        }
    }
}

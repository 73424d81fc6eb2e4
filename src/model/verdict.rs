//! The verdict: what verification says about a request, and why.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The four answers verification can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VerdictStatus {
    /// The signature matches.
    Valid,
    /// There is a signature and it does not hold.
    Invalid,
    /// A signature was expected and none is there.
    Unsigned,
    /// No secret is known, or the provider signs nothing.
    Unchecked,
}

impl VerdictStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Valid, Self::Invalid, Self::Unsigned, Self::Unchecked];

    /// Reads the word used in JSON and on screen.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// The sign that stands for it on screen.
    pub const fn glyph(self) -> &'static str {
        match self {
            Self::Valid => "✓",
            Self::Invalid => "✗",
            Self::Unsigned => "!",
            Self::Unchecked => "·",
        }
    }

    /// The word used in JSON and on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Unsigned => "unsigned",
            Self::Unchecked => "unchecked",
        }
    }
}

/// Why a verdict is not `valid`. The text never holds a secret or a signature that would be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The header (or other place) of the signature is absent.
    #[error("missing signature: the request has no {place}")]
    MissingSignature {
        /// Where it should stand, as a person says it: ``header `X-Sig` ``.
        place: String,
    },
    /// The signature is there but not in the provider's form.
    #[error("malformed signature in {place}: {problem}")]
    MalformedSignature {
        /// Where it stands.
        place: String,
        /// What is wrong, with the position.
        problem: String,
    },
    /// Something else that is signed is absent (a timestamp or id header).
    #[error("cannot check the signature: the request has no {place}")]
    MissingPart {
        /// What is absent.
        place: String,
    },
    /// The timestamp cannot be read.
    #[error("malformed timestamp `{value}`: expected {expected}")]
    MalformedTimestamp {
        /// As received, shortened.
        value: String,
        /// The form it should have.
        expected: Cow<'static, str>,
    },
    /// The signature is right, but older than the tolerance.
    #[error("timestamp too old by {by} s (age {age} s, tolerance {tolerance} s); the signature itself matches")]
    TooOld {
        /// Seconds past the tolerance.
        by: i64,
        /// Age in seconds.
        age: i64,
        /// Tolerance in seconds.
        tolerance: i64,
    },
    /// The signature is right, but its time lies further ahead than the tolerance.
    #[error(
        "timestamp too far in the future by {by} s (ahead {ahead} s, tolerance {tolerance} s); the signature itself matches"
    )]
    TooNew {
        /// Seconds past the tolerance.
        by: i64,
        /// How far ahead, in seconds.
        ahead: i64,
        /// Tolerance in seconds.
        tolerance: i64,
    },
    /// One signature, and it is another than the one computed.
    #[error("digest mismatch: the {algorithm} signature in {place} is not the one computed from this body and secret")]
    Mismatch {
        /// Where the signature stands.
        place: String,
        /// The algorithm used.
        algorithm: String,
    },
    /// Several signatures, and none is the one computed.
    #[error(
        "none of the {count} signatures in {place} match the {algorithm} signature computed from this body and secret"
    )]
    NoneMatch {
        /// Where the signatures stand.
        place: String,
        /// The algorithm used.
        algorithm: String,
        /// How many were tried.
        count: usize,
    },
    /// The signature is right, but a value it should bind is not.
    #[error("{name} does not match the request; the signature itself matches")]
    CheckFailed {
        /// The manifest's name of the check.
        name: String,
    },
    /// A fixed token or password differs.
    #[error("the credential in {place} is not the expected one")]
    WrongCredential {
        /// Where it stands.
        place: String,
    },
    /// The key cannot be made from this secret.
    #[error("the secret cannot be used: {problem}")]
    UnusableSecret {
        /// What is wrong with its form; never its text.
        problem: String,
    },
    /// No secret is known for this provider.
    #[error("no secret is configured for {provider}")]
    NoSecret {
        /// The provider's id.
        provider: String,
    },
    /// The provider's documentation describes no signature.
    #[error("{provider} does not sign its requests")]
    NotSigned {
        /// The provider's id.
        provider: String,
    },
    /// The provider could not be recognised.
    #[error("no known provider matches this request")]
    UnknownProvider,
    /// A value that the scheme signs is neither in the request nor given by the user.
    #[error("cannot check the signature: no value is known for `{name}`")]
    MissingVariable {
        /// The manifest's name of the value.
        name: String,
    },
    /// The sender names a key that is none of the known ones.
    #[error("the signature was made with the key `{id}`, which is none of the known ones ({known})")]
    UnknownKey {
        /// Its id, shortened.
        id: String,
        /// The ids of the known ones.
        known: String,
    },
    /// The keys are published, and nobody asked for them to be fetched.
    #[error("the keys of this signature are published at {host}, and were not fetched")]
    KeysNotFetched {
        /// Where they are.
        host: String,
    },
    /// The keys could not be had.
    #[error("the keys at {host} cannot be used: {problem}")]
    KeysUnavailable {
        /// Where they are.
        host: String,
        /// What is in the way.
        problem: String,
    },
    /// The request names keys that are not the provider's.
    #[error("the request says that its keys are at `{host}`, and those of this provider are at {expected} only")]
    ForeignKeys {
        /// Where it says they are, shortened.
        host: String,
        /// Where they may be.
        expected: String,
    },
    /// The certificate that a request names is none that could have signed it.
    #[error("the certificate {problem}")]
    BadCertificate {
        /// What is wrong with it.
        problem: String,
    },
    /// Verification was switched off.
    #[error("verification is switched off")]
    SwitchedOff,
    /// What the provider asks before it sends events is not signed, or cannot be answered.
    #[error("{}", problem.as_deref().unwrap_or("this handshake is not signed"))]
    Handshake {
        /// Why it cannot be answered.
        problem: Option<String>,
    },
    /// What another history, or the file that the event came from, says.
    #[error("{text}")]
    Recorded {
        /// As it was recorded.
        text: String,
    },
}

/// The signature that would have been right. Shown in the local terminal only: over HTTP it would
/// make the listener a signing oracle, so no serializer knows this type.
#[derive(Clone, PartialEq, Eq)]
pub struct Expected {
    /// Where it belongs, as a person says it.
    pub place: String,
    /// The whole value, as the provider would have written it.
    pub value: String,
}

impl std::fmt::Debug for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expected({})", self.place)
    }
}

/// The four ways in which a signature does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RefusalKind {
    /// Nothing stands where it belongs.
    Missing,
    /// What stands there has not its form.
    Malformed,
    /// It is another than the one computed.
    #[default]
    Wrong,
    /// It is right, and its time or what it binds is not.
    Rejected,
}

impl RefusalKind {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Wrong => "wrong",
            Self::Rejected => "rejected",
        }
    }
}

/// What would make a signature match, as far as it was found out. It holds no secret and no right signature.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation {
    /// What is wrong with the signature as it is.
    pub kind: RefusalKind,
    /// Each of them alone makes it match; the smallest and likeliest first.
    pub changes: Vec<Change>,
    /// What can be seen without the secret.
    pub seen: Vec<String>,
    /// What was tried in vain, where nothing was found.
    pub ruled_out: Vec<String>,
    /// How many guesses were judged.
    pub tries: u32,
    /// Whether all was tried; a large body ends the search before.
    pub is_complete: bool,
}

impl Explanation {
    /// The change to name first.
    pub fn best(&self) -> Option<&Change> {
        self.changes.first()
    }
}

/// Something that was changed since the request was signed, or two such things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Stable, such as `body.newline_added`; two are joined by `+`.
    pub id: String,
    /// What happened.
    pub what: String,
    /// What to do about it; may be empty.
    pub cure: String,
    /// What would still be wrong.
    pub then: Option<String>,
}

impl Reason {
    /// Which of the four ways this is.
    pub fn kind(&self) -> RefusalKind {
        match self {
            Self::MissingSignature { .. } | Self::MissingPart { .. } => RefusalKind::Missing,
            Self::MalformedSignature { .. } => RefusalKind::Malformed,
            Self::TooOld { .. } | Self::TooNew { .. } | Self::CheckFailed { .. } | Self::MalformedTimestamp { .. } => {
                RefusalKind::Rejected
            }
            _ => RefusalKind::Wrong,
        }
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)?;
        if !self.cure.is_empty() {
            write!(f, ": {}", self.cure)?;
        }
        match &self.then {
            Some(then) => write!(f, " (then: {then})"),
            None => Ok(()),
        }
    }
}

/// The result of verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The answer.
    pub status: VerdictStatus,
    /// Which signature of the manifest decided, such as `sha256` or `v1`.
    pub scheme: Option<Arc<str>>,
    /// Why it is not valid.
    pub reason: Option<Reason>,
    /// What to change.
    pub hint: Option<String>,
    /// The label of the secret that matched, where several were tried.
    pub secret: Option<Arc<str>>,
    /// What would make it match, where that was looked for.
    pub explanation: Option<Box<Explanation>>,
    /// What would have matched; local terminal only.
    pub expected: Option<Expected>,
}

impl Verdict {
    /// A verdict without a hint.
    pub fn new(status: VerdictStatus, scheme: Option<Arc<str>>, reason: Option<Reason>) -> Self {
        Self { status, scheme, reason, hint: None, secret: None, explanation: None, expected: None }
    }

    /// The signature matches.
    pub fn valid(scheme: Arc<str>) -> Self {
        Self::new(VerdictStatus::Valid, Some(scheme), None)
    }

    /// Nothing was checked, and why.
    pub fn unchecked(reason: Reason) -> Self {
        Self::new(VerdictStatus::Unchecked, None, Some(reason))
    }

    /// Adds what to change.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether it counts as a good event: valid, or nothing that could have been checked.
    pub const fn is_acceptable(&self) -> bool {
        match self.status {
            VerdictStatus::Valid => true,
            VerdictStatus::Unchecked => matches!(self.reason, Some(Reason::NotSigned { .. } | Reason::SwitchedOff)),
            VerdictStatus::Invalid | VerdictStatus::Unsigned => false,
        }
    }

    /// Whether a listener that insists on signatures refuses the request.
    pub const fn is_refused(&self) -> bool {
        // Who has keys fetched wants none let through without them: a stranger can name keys that are not there.
        matches!(self.status, VerdictStatus::Invalid | VerdictStatus::Unsigned)
            || matches!(self.reason, Some(Reason::KeysUnavailable { .. }))
    }
}

//! What exactly was compared: for the local terminal only, since the content may be anyone's.

use crate::model::{Request, Secret};
use crate::provider::Verifier;
use crate::provider::circumstances::Circumstances;
use crate::provider::digest::Digest;
use crate::provider::template::{Source, Template};

/// Hex digits of a key's digest that are shown: enough to compare two machines, too few to search for the key.
const FINGERPRINT: usize = 8;

/// What went into a signature and what stood in the request.
#[derive(Clone)]
pub struct Trace {
    /// Where the signature stands, as people say it, and what stands there.
    pub received: Option<(String, String)>,
    /// The exact bytes that are signed; none where the secret is one part of them.
    pub content: Option<Vec<u8>>,
    /// Whether the secret is one part of what is signed.
    pub holds_secret: bool,
    /// The key.
    pub key: Option<KeyTrace>,
}

/// What may be said of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTrace {
    /// Its length in bytes.
    pub length: usize,
    /// The first digits of its SHA-256.
    pub fingerprint: String,
    /// What the secret is called that it was made from.
    pub secret: String,
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Trace({:?})", self.key)
    }
}

impl Verifier {
    /// What is compared for this request: under the signature of this id, else under the first that it carries.
    /// `None` where the secret itself is sent, which is never shown.
    pub fn trace(&self, request: &Request, circumstances: &Circumstances<'_>, id: Option<&str>) -> Option<Trace> {
        let secret = self.secret()?;
        self.with_guesses(request, circumstances, |guesses| {
            let fits = |guess: &&super::Guess<'_>| id.is_none_or(|id| guess.signature.id() == id);
            let guess = guesses.iter().find(fits).or(guesses.first())?;
            (!guess.signature.is_credential()).then(|| guess.trace(secret))
        })
    }
}

impl super::Guess<'_> {
    fn trace(&self, secret: &Secret) -> Trace {
        let place = self.source.place();
        let signed = self.signature.signed.first();
        let holds_secret = signed.is_some_and(|template| template.uses(|source| *source == Source::Secret));
        let shown: Option<&Template> = signed.filter(|_| !holds_secret);
        self.with_variables(|scope| Trace {
            holds_secret,
            received: Some((place, self.text().to_owned())).filter(|(_, text)| !text.is_empty()),
            content: shown.and_then(|template| template.render(scope).ok()),
            key: self.signature.key.render(scope).ok().map(|key| KeyTrace {
                length: key.len(),
                fingerprint: hex::encode(Digest::Sha256.hash(&key)).chars().take(FINGERPRINT).collect(),
                secret: secret.label().to_owned(),
            }),
        })
    }
}

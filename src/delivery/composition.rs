//! A body as its provider would send it: fresh or to the letter, edited, signed, spoiled.

use std::cell::RefCell;

use http::HeaderMap;
use jiff::Timestamp;

use super::{Content, EditError, Note, Tamper, TamperError, Target, edit, tamper};
use crate::model::{EmptySecret, Request, RequestError, Secret};
use crate::provider::{Draft, Generator, SignError, Signature, choose_signature, compose_attempt, countersign};

/// What is sent, and how.
#[derive(Debug, Clone)]
pub struct Composition {
    /// The body.
    pub content: Content,
    /// Keep the ids and times of a fixture as they are.
    pub is_exact: bool,
    /// Edits of the body, in their order, as `path=text` or `path:=JSON`.
    pub edits: Vec<String>,
    /// Let edits make what is not there.
    pub adds: bool,
    /// Headers that replace or join the provider's.
    pub headers: HeaderMap,
    /// Where it goes.
    pub target: Target,
    /// What it is signed with.
    pub secret: Option<Secret>,
    /// The secret that is being replaced: it signs too.
    pub previous: Option<Secret>,
    /// What is spoiled.
    pub tamper: Option<Tamper>,
    /// What fresh ids come from.
    pub seed: u64,
    /// The moment that fresh times in the body tell, where it is not the one of the first attempt.
    pub dated: Option<Timestamp>,
}

/// Which request is made, and when.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// The number of the request: each has ids of its own.
    pub number: u64,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// The moment of the first attempt: later ones carry the same body.
    pub first: Timestamp,
    /// The moment of this one.
    pub now: Timestamp,
}

/// Why a request cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CompositionError {
    /// It cannot be signed, or does not fit the manifest.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The body cannot be edited so.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// It cannot be spoiled so.
    #[error(transparent)]
    Tamper(#[from] TamperError),
    /// A header is none.
    #[error(transparent)]
    Header(#[from] RequestError),
    /// The other secret came out empty.
    #[error(transparent)]
    Empty(#[from] EmptySecret),
}

impl Composition {
    /// Looks whether this can be done at all; says what is to be known of it.
    pub fn check(&self) -> Result<Vec<Note>, CompositionError> {
        let (provider, secret) = (&self.content.provider, self.secret.as_ref());
        let mut notes = Vec::new();
        if let Some(kind) = self.tamper {
            tamper::check(kind, provider, secret)?;
        }
        if secret.is_none() && provider.signatures().iter().any(|signature| !signature.is_optional()) {
            notes.push(Note::Unsigned { variable: provider.about().secret_env.first().cloned() });
        }
        let signature = secret.map(|secret| choose_signature(provider, None, secret)).transpose()?;
        if signature.flatten().is_some_and(Signature::has_published_keys) {
            notes.push(Note::OwnKey { name: provider.about().name.clone() });
        }
        notes.extend(self.content.note.clone());
        Ok(notes)
    }

    /// The request of this turn.
    pub fn request(&self, turn: Turn) -> Result<Request, CompositionError> {
        let Turn { number, attempt, first, now } = turn;
        let seed = self.seed.wrapping_add(number);
        let Content { provider, event, content_type, .. } = &self.content;
        let rules = provider.delivery();
        let signed_at = if attempt > 1 && rules.resign_on_retry { now } else { first };
        let for_body = Generator::new(seed, tamper::moment(self.tamper, self.dated.unwrap_or(first)));
        let body = self.body(&RefCell::new(for_body))?;
        let anew = if rules.same_id_on_retry { 0 } else { u64::from(attempt.saturating_sub(1)) << 32 };
        let seed = seed.wrapping_add(1).wrapping_add(anew);
        let generator = tamper::generator(self.tamper, seed, signed_at, first);
        let draft = Draft {
            event,
            body: &body,
            content_type: content_type.as_deref(),
            headers: &self.headers,
            url: self.target.url().as_str(),
            signature: None,
        };
        let secret = tamper::secret(self.tamper, self.secret.clone())?;
        let mut request = compose_attempt(provider, &draft, attempt, secret.as_ref(), &generator)?;
        if let Some(previous) = &self.previous {
            countersign(provider, None, previous, &mut request, &generator)?;
        }
        if let Some(kind) = self.tamper {
            tamper::spoil(kind, provider, &mut request);
        }
        Ok(request)
    }

    /// The body: fresh ids and times, then the edits.
    pub fn body(&self, generator: &RefCell<Generator>) -> Result<Vec<u8>, CompositionError> {
        let body = if self.is_exact { self.content.body.clone() } else { self.content.renewed(generator)? };
        Ok(edit(body, self.content.content_type.as_deref(), &self.edits, self.adds)?)
    }
}

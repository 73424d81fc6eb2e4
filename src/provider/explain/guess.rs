//! A request as it may have been when it was signed, and whether the signature says so.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::Facts;
use crate::model::{Reason, Request, Secret, Verdict};
use crate::provider::Provider;
use crate::provider::digest::Mac;
use crate::provider::jwt::JwtRules;
use crate::provider::key::{Key, Keys};
use crate::provider::signature::{Scheme, Signature};
use crate::provider::template::{Scope, Source};
use crate::provider::verify::Attempt;

/// What verifying with a public key costs, in bytes of a body that is hashed meanwhile.
const PUBLIC_KEY_COST: usize = 64 * 1024;

/// What is as it was, or was changed for this guess.
#[derive(Clone)]
pub(super) enum Lent<'a, T> {
    Given(&'a T),
    Changed(Arc<T>),
}

impl<T> Deref for Lent<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Given(value) => value,
            Self::Changed(value) => value,
        }
    }
}

/// A request as it may have been when it was signed, with the secret and the scheme it may have been signed with.
#[derive(Clone)]
pub(in crate::provider) struct Guess<'a> {
    pub(super) provider: &'a Provider,
    pub(super) signature: Lent<'a, Signature>,
    /// Which of the signature's sources it is.
    index: usize,
    pub(super) source: Arc<Source>,
    pub(super) request: Lent<'a, Request>,
    pub(super) body: Bytes,
    pub(super) url: Option<Arc<str>>,
    pub(super) secret: Arc<Zeroizing<Vec<u8>>>,
    /// The secret's bytes are the key, whatever the manifest makes of them.
    is_key: bool,
    /// What stands where the signature belongs.
    pub(super) text: Bytes,
    /// The key of the verifier, while secret and scheme are the given ones.
    keys: Option<&'a Keys>,
    /// Whether the conditions of the manifest count.
    is_conditional: bool,
}

/// What comes of a guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Wrong,
    /// The signature is right, but its time or what it binds is not.
    Rejected(Reason),
    Right,
}

impl Outcome {
    fn of(result: Result<(), Box<Verdict>>) -> Self {
        match result.map_err(|verdict| verdict.reason) {
            Ok(()) => Self::Right,
            Err(Some(
                reason @ (Reason::TooOld { .. }
                | Reason::TooNew { .. }
                | Reason::CheckFailed { .. }
                | Reason::MalformedTimestamp { .. }),
            )) => Self::Rejected(reason),
            Err(_) => Self::Wrong,
        }
    }

    /// Whether the signature is right, and something else is not.
    pub(super) fn is_rejected(&self) -> bool {
        matches!(self, Self::Rejected(_))
    }

    /// Whether this is nearer to valid than `other`.
    pub(super) fn is_better_than(&self, other: &Self) -> bool {
        self.rank() > other.rank()
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Wrong => 0,
            Self::Rejected(Reason::CheckFailed { .. }) => 1,
            Self::Rejected(_) => 2,
            Self::Right => 3,
        }
    }
}

impl<'a> Guess<'a> {
    /// The same by this secret.
    pub(in crate::provider) fn by(self, secret: &Secret, keys: Option<&'a Keys>) -> Self {
        Self { secret: Arc::new(Zeroizing::new(secret.expose().to_vec())), keys, ..self }
    }

    pub(in crate::provider) fn signature(&self) -> &Signature {
        &self.signature
    }

    pub(in crate::provider) fn secret(&self) -> &[u8] {
        self.secret.trim_ascii()
    }

    /// Whether the manifest's conditions for this signature hold.
    pub(in crate::provider) fn applies(&self) -> bool {
        !self.is_conditional || self.signature.applies(&self.scope())
    }

    pub(super) fn with_body(&self, body: Vec<u8>) -> Self {
        Self { body: body.into(), ..self.clone() }
    }

    pub(super) fn with_secret(&self, secret: Vec<u8>) -> Self {
        Self { secret: Arc::new(Zeroizing::new(secret)), is_key: false, keys: None, ..self.clone() }
    }

    /// With these bytes as the key. A hash has no key: there they take the secret's place.
    pub(super) fn with_key(&self, key: Vec<u8>) -> Self {
        let is_key = !matches!(self.signature.scheme, Scheme::Hash(_));
        Self { is_key, ..self.with_secret(key) }
    }

    pub(super) fn with_url(&self, url: String) -> Self {
        Self { url: Some(url.into()), ..self.clone() }
    }

    /// With this text as the one signature of the request.
    pub(super) fn with_text(&self, text: &str) -> Self {
        let mut guess = Self { text: Bytes::copy_from_slice(text.as_bytes()), ..self.clone() };
        if let Source::Header(name) = &*self.source
            && self.request.headers.get_all(name).iter().count() > 1
            && let Ok(value) = http::HeaderValue::from_str(text)
        {
            let mut request = (*self.request).clone();
            request.headers.insert(name.clone(), value);
            guess.request = Lent::Changed(Arc::new(request));
        }
        guess
    }

    pub(super) fn with_request(&self, request: Request) -> Self {
        Self { request: Lent::Changed(Arc::new(request)), ..self.clone() }
    }

    pub(super) fn with_signature(&self, signature: Signature) -> Self {
        Self { signature: Lent::Changed(Arc::new(signature)), keys: None, ..self.clone() }
    }

    /// With the same key over other content.
    pub(super) fn with_content(&self, signature: Signature) -> Self {
        Self { keys: self.keys, is_key: self.is_key, ..self.with_signature(signature) }
    }

    pub(super) fn with_scheme(&self, scheme: Scheme) -> Self {
        self.with_signature(Signature { scheme, ..(*self.signature).clone() })
    }

    /// With the same body, URL and secret as another's request.
    pub(super) fn with_rival(&self, rival: &Self, is_conditional: bool) -> Self {
        Self {
            request: self.request.clone(),
            body: self.body.clone(),
            url: self.url.clone(),
            secret: Arc::clone(&self.secret),
            is_conditional,
            ..rival.clone()
        }
    }

    /// What templates see.
    pub(super) fn scope(&self) -> Scope<'_> {
        Scope {
            body: &self.body,
            url: self.url.as_deref(),
            secret: Some(&self.secret),
            ..self.provider.scope(&self.request)
        }
    }

    /// What templates see, with the values that the signature's place and the manifest's `vars` hold.
    pub(super) fn with_variables<T>(&self, read: impl FnOnce(&Scope<'_>) -> T) -> T {
        let scope = self.scope();
        let mut variables: Vec<(&str, Cow<'_, [u8]>)> = Vec::new();
        self.signature.bind(self.index, &scope, &mut variables);
        let groups = self.signature.formats.iter().find_map(|format| format.extract(self.text()).ok());
        let groups = groups.unwrap_or_default();
        let captures = groups.first().map(|group| group.captures.as_slice()).unwrap_or_default();
        variables.extend(captures.iter().map(|(name, value)| (name.as_str(), value.as_bytes().into())));
        read(&Scope { variables: &variables, ..scope })
    }

    /// Judges it as any request is judged.
    pub(super) fn judge(&self, facts: &Facts<'_>) -> Outcome {
        if !self.applies() {
            return Outcome::Wrong;
        }
        let made = if self.is_key { self.made_keys() } else { None };
        let attempt = Attempt {
            signature: &self.signature,
            index: self.index,
            source: &self.source,
            scope: self.scope(),
            keys: made.as_ref().or(self.keys),
            circumstances: &facts.circumstances,
        };
        Outcome::of(attempt.judge(&self.text))
    }

    fn made_keys(&self) -> Option<Keys> {
        match self.signature.scheme {
            Scheme::Hmac(digest) => Some(Keys::one(Key::Mac(Mac::new(digest, &self.secret)))),
            Scheme::Jwt => Some(Keys::one(Key::Secret((*self.secret).clone()))),
            _ => None,
        }
    }

    /// Whether the signature goes with this body and no other.
    pub(super) fn is_bound(&self) -> bool {
        let is_unbound = |rules: &JwtRules| self.body.is_empty() && rules.leaves_empty_body_unbound();
        self.signature.covers_body() && !self.signature.jwt.as_ref().is_some_and(is_unbound)
    }

    /// What judging costs, in bytes.
    pub(super) fn cost(&self) -> usize {
        let is_public = matches!(self.signature.scheme, Scheme::Ed25519(_) | Scheme::Ecdsa(_) | Scheme::Rsa(_))
            || self.signature.jwt.as_ref().is_some_and(|rules| !rules.takes_secret());
        self.body.len() + self.text.len() + if is_public { PUBLIC_KEY_COST } else { 0 }
    }

    /// Whether nothing stands at the signature's place.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether the text has the form that the signature has.
    pub(super) fn is_readable(&self) -> bool {
        self.signature.formats.iter().any(|format| format.extract(self.text()).is_ok())
    }

    /// The text at the signature's place.
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// The signatures in that text, as they are written.
    pub(super) fn written(&self) -> Vec<String> {
        let groups = self.signature.formats.iter().find_map(|format| format.extract(self.text()).ok());
        let of = |group: crate::provider::format::Group<'_>| group.signatures.into_iter().map(str::to_owned).collect();
        groups.into_iter().flatten().flat_map(|group| -> Vec<String> { of(group) }).collect()
    }
}

/// The request under a signature, once for each place where something stands for it; with nothing at its first place
/// where nothing does.
pub(in crate::provider) fn standing<'a>(
    provider: &'a Provider,
    signature: &'a Signature,
    scope: &Scope<'a>,
) -> Vec<Guess<'a>> {
    let guess = |index, source: Source, text: &[u8]| Guess {
        provider,
        signature: Lent::Given(signature),
        index,
        source: Arc::new(source),
        request: Lent::Given(scope.request),
        body: scope.request.body.clone(),
        url: scope.url.map(Arc::from),
        secret: Arc::default(),
        is_key: false,
        text: Bytes::copy_from_slice(text),
        keys: None,
        is_conditional: true,
    };
    let found: Vec<Guess<'a>> =
        signature.find(scope).map(|found| guess(found.index, found.source.into_owned(), &found.text)).collect();
    if !found.is_empty() {
        return found;
    }
    signature.sources.first().map(|source| guess(0, source.source().clone(), b"")).into_iter().collect()
}

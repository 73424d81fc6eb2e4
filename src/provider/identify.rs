//! Whose request is this? Recognised from what only one provider sends; ties are named, never guessed.

use std::sync::Arc;

use super::Provider;
use super::template::{Scope, Source};
use crate::model::Request;

/// What recognition found.
#[derive(Debug, Clone)]
pub enum Identity {
    /// One provider fits best.
    Known(Arc<Provider>),
    /// Several fit equally well.
    Candidates(Vec<Arc<Provider>>),
    /// None fits.
    Unknown,
}

/// Recognises the sender among `providers`: by `[identify]` and its signature, else by a signature alone.
pub fn identify(providers: &[Arc<Provider>], request: &Request) -> Identity {
    let scope = Scope::of(request);
    match best(providers, |provider| score(provider, &scope)) {
        Identity::Unknown => best(providers, |provider| by_signature(provider, &scope)),
        identity => identity,
    }
}

fn best(providers: &[Arc<Provider>], score: impl Fn(&Provider) -> usize) -> Identity {
    let mut best = 0;
    let mut found: Vec<&Arc<Provider>> = Vec::new();
    for provider in providers {
        let score = score(provider);
        if score == 0 || score < best {
            continue;
        }
        if score > best {
            found.clear();
            best = score;
        }
        found.push(provider);
    }
    match found.as_slice() {
        [] => Identity::Unknown,
        [one] => Identity::Known(Arc::clone(one)),
        several => Identity::Candidates(several.iter().map(|provider| Arc::clone(provider)).collect()),
    }
}

fn by_signature(provider: &Provider, scope: &Scope<'_>) -> usize {
    if provider.never_identified { 0 } else { signature_score(provider, scope) }
}

/// A condition of `[identify]` weighs more than any header's form.
const CONDITION_WEIGHT: usize = 1000;

/// How specific the evidence is; 0 is none. The conditions of `[identify]` must all hold; without any,
/// a signature must stand at its source in the right form, and the longer its fixed text the better.
pub(crate) fn score(provider: &Provider, scope: &Scope<'_>) -> usize {
    let holds = |scope: &Scope<'_>| provider.identify.iter().all(|condition| condition.holds(scope));
    let is_ruled_out = || provider.identify.iter().any(|condition| condition.is_ruled_out(scope.request));
    if provider.never_identified || is_ruled_out() || !provider.with_token(*scope, holds) {
        return 0;
    }
    let conditions = provider.identify.len() * CONDITION_WEIGHT;
    conditions + signature_score(provider, scope)
}

/// Three parts of base64url, of which the first begins as every JSON object does.
fn is_jwt(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let text = text.trim();
    text.starts_with("eyJ") && text.bytes().all(is_part) && text.split('.').count() == 3
}

/// How well the signature headers speak for this provider.
pub(crate) fn signature_score(provider: &Provider, scope: &Scope<'_>) -> usize {
    provider
        .signatures
        .iter()
        .filter_map(|signature| {
            // Most requests end here: looking for a header is cheap, a condition may read query or body.
            if signature.places().all(|place| place.is_ruled_out(scope.request)) {
                return None;
            }
            let found = signature.find(scope).next()?;
            if !signature.applies(scope) {
                return None;
            }
            let text = std::str::from_utf8(&found.text).ok()?;
            let format = signature.formats.iter().find(|format| format.extract(text).is_ok())?;
            // Any body could be a signature that is the body; a JWT is told by its own form.
            if *found.source == Source::Body && !is_jwt(text) {
                return None;
            }
            let name = if let Source::Header(name) = &*found.source { name.as_str().len() } else { 1 };
            Some(name + format.literal_length())
        })
        .max()
        .unwrap_or(0)
}

//! Requests that must be refused: one thing is spoiled, everything else is right.

use std::cell::RefCell;
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use crate::json;
use crate::model::{EmptySecret, Request, Secret};
use crate::provider::{Generator, Provider, SignError, choose_signature};

/// Past every provider's tolerance, which is minutes.
const LONG_AGO: SignedDuration = SignedDuration::from_hours(24);

/// Ways to spoil a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tamper {
    /// The body is another than the one that was signed.
    Body,
    /// The signature is another.
    Signature,
    /// It was signed long ago.
    Timestamp,
    /// There is no signature.
    Missing,
    /// It was signed with another secret.
    Secret,
}

/// Why a request cannot be spoiled.
#[derive(Debug, thiserror::Error)]
pub enum TamperError {
    /// Without a signature every request is as right as any.
    #[error("{provider} signs nothing, so nothing can be spoiled")]
    SignsNothing {
        /// Whose request.
        provider: String,
    },
    /// There is nothing to sign with.
    #[error("without a secret the request has no signature to spoil")]
    NoSecret,
    /// The secret fits none of the signatures.
    #[error("no signature of {provider} is made with a secret of this kind")]
    OtherKind {
        /// Whose request.
        provider: String,
    },
    /// No time is signed.
    #[error("{provider} signs no timestamp")]
    NoTimestamp {
        /// Whose request.
        provider: String,
    },
    /// Any body is as right as any.
    #[error("{provider}'s {algorithm} does not cover the body, so a changed one is as right as any")]
    OutsideBody {
        /// Whose request.
        provider: String,
        /// What signs it.
        algorithm: String,
    },
    /// The secret cannot be used.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The other secret came out empty.
    #[error(transparent)]
    Empty(#[from] EmptySecret),
}

impl Tamper {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Body, Self::Signature, Self::Timestamp, Self::Missing, Self::Secret];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Signature => "signature",
            Self::Timestamp => "timestamp",
            Self::Missing => "missing",
            Self::Secret => "secret",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Says why a request of this provider cannot be spoiled in this way.
pub fn check(kind: Tamper, provider: &Provider, secret: Option<&Secret>) -> Result<(), TamperError> {
    let id = || provider.id().to_string();
    if provider.signatures().is_empty() {
        return Err(TamperError::SignsNothing { provider: id() });
    }
    let secret = secret.ok_or(TamperError::NoSecret)?;
    let signature = choose_signature(provider, None, secret)?;
    let signature = signature.ok_or_else(|| TamperError::OtherKind { provider: id() })?;
    match kind {
        Tamper::Timestamp if !signature.has_timestamp() => Err(TamperError::NoTimestamp { provider: id() }),
        Tamper::Body if !signature.covers_body() => {
            Err(TamperError::OutsideBody { provider: id(), algorithm: signature.algorithm() })
        }
        _ => Ok(()),
    }
}

/// The moment to sign at.
pub fn moment(kind: Option<Tamper>, now: Timestamp) -> Timestamp {
    if kind == Some(Tamper::Timestamp) { now.saturating_sub(LONG_AGO).unwrap_or(now) } else { now }
}

/// The secret to sign with.
pub fn secret(kind: Option<Tamper>, secret: Option<Secret>) -> Result<Option<Secret>, EmptySecret> {
    match (kind, secret) {
        (Some(Tamper::Secret), Some(secret)) => {
            let mut bytes = secret.expose().to_vec();
            flip(&mut bytes);
            Secret::new(bytes, "another secret").map(Some)
        }
        (_, secret) => Ok(secret),
    }
}

/// Spoils a signed request.
pub fn spoil(kind: Tamper, provider: &Provider, request: &mut Request) {
    match kind {
        Tamper::Body if provider.spoil_signed_value(request, flip) => {}
        Tamper::Body => {
            let mut body = request.body.to_vec();
            let place = last_string(&body).unwrap_or(0..body.len());
            if !flip(&mut body[place]) {
                body.push(b' ');
            }
            request.body = body.into();
        }
        Tamper::Signature => provider.spoil_signature(request, flip),
        Tamper::Missing => provider.take_signature(request),
        Tamper::Timestamp | Tamper::Secret => {}
    }
}

/// The last string value of a JSON body, so that what is spoiled is still JSON.
fn last_string(body: &[u8]) -> Option<Range<usize>> {
    let strings = json::tokens(body).map_while(Result::ok).filter(|token| token.kind == json::Kind::String);
    let last = strings.filter(|token| token.text.iter().any(u8::is_ascii_alphanumeric)).last()?;
    Some(last.start..last.start + last.text.len())
}

/// A generator for the moment to sign at, and ids of the moment when the event was first sent.
pub fn generator(kind: Option<Tamper>, seed: u64, now: Timestamp, first: Timestamp) -> RefCell<Generator> {
    RefCell::new(Generator::new(seed, moment(kind, now)).with_ids_of(moment(kind, first)))
}

/// How many characters at the end are left alone: base64 ends in padding, and in bits that decode to nothing.
const TAIL: usize = 4;

/// Changes one letter or digit near the end to another that is hex and base64 too. False when there is none.
fn flip(bytes: &mut [u8]) -> bool {
    let end = bytes.len();
    let inner = end.saturating_sub(TAIL);
    let place = bytes[..inner]
        .iter()
        .rposition(u8::is_ascii_alphanumeric)
        .or_else(|| bytes.iter().rposition(u8::is_ascii_alphanumeric));
    let Some(place) = place else { return false };
    bytes[place] = if bytes[place] == b'0' { b'1' } else { b'0' };
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_character_changes_and_the_form_stays() {
        for text in ["sha256=00ff00ff", "v1,AAAAAAAAAA==", "{\"a\":1}", "x"] {
            let mut bytes = text.as_bytes().to_vec();
            assert!(flip(&mut bytes));
            let changed = bytes.iter().zip(text.bytes()).filter(|(new, old)| **new != *old).count();
            assert_eq!((bytes.len(), changed), (text.len(), 1), "{text}");
        }
        assert!(!flip(&mut b"{}".to_vec()));
    }
}

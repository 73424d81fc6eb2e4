//! Requests that must be refused: one thing is spoiled, everything else is right.

use std::cell::RefCell;
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use crate::cli::Tamper;
use crate::error::Failure;
use crate::json;
use crate::model::{Request, Secret};
use crate::provider::{Generator, Provider, choose_signature};

/// Past every provider's tolerance, which is minutes.
const LONG_AGO: SignedDuration = SignedDuration::from_hours(24);

/// Says why a request of this provider cannot be spoiled in this way.
pub(super) fn check(kind: Tamper, provider: &Provider, secret: Option<&Secret>) -> Result<(), Failure> {
    if provider.signatures().is_empty() {
        return Err(Failure::usage(format!("{} signs nothing, so nothing can be spoiled", provider.id()))
            .hint("name a signature with --signature-header"));
    }
    let Some(secret) = secret else {
        return Err(Failure::usage("--tamper needs a secret: without one the request has no signature")
            .hint("give it with --secret-env NAME"));
    };
    let Some(signature) = choose_signature(provider, None, secret)? else {
        return Err(Failure::usage(format!("no signature of {} is made with a secret of this kind", provider.id())));
    };
    let hint = "use --tamper signature, missing or secret";
    match kind {
        Tamper::Timestamp if !signature.has_timestamp() => {
            Err(Failure::usage(format!("{} signs no timestamp", provider.id())).hint(hint))
        }
        Tamper::Body if !signature.covers_body() => {
            let problem = format!("{}'s {} does not cover the body", provider.id(), signature.algorithm());
            Err(Failure::usage(format!("{problem}, so a changed one is as right as any")).hint(hint))
        }
        _ => Ok(()),
    }
}

/// The moment to sign at.
pub(super) fn moment(kind: Option<Tamper>, now: Timestamp) -> Timestamp {
    if kind == Some(Tamper::Timestamp) { now.saturating_sub(LONG_AGO).unwrap_or(now) } else { now }
}

/// The secret to sign with.
pub(super) fn secret(kind: Option<Tamper>, secret: Option<Secret>) -> Result<Option<Secret>, Failure> {
    match (kind, secret) {
        (Some(Tamper::Secret), Some(secret)) => {
            let mut bytes = secret.expose().to_vec();
            flip(&mut bytes);
            Ok(Some(Secret::new(bytes, "another secret")?))
        }
        (_, secret) => Ok(secret),
    }
}

/// Spoils a signed request.
pub(super) fn spoil(kind: Tamper, provider: &Provider, request: &mut Request) {
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
pub(super) fn generator(kind: Option<Tamper>, seed: u64, now: Timestamp, first: Timestamp) -> RefCell<Generator> {
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

//! Another digest than the provider's, or another way to use it.

use super::Facts;
use super::guess::Guess;
use super::mutation::{Mutation, Part, Undo, Undone};
use crate::provider::digest::Digest;
use crate::provider::signature::{Scheme, Signature};
use crate::provider::template::Template;

const fn scheme(
    id: &'static str,
    what: &'static str,
    undo: for<'a> fn(&Facts<'a>, &Guess<'a>) -> Vec<Undone<'a>>,
) -> Mutation {
    Mutation { id, part: Part::Scheme, what, cure: "", undo: Undo::Other(undo) }
}

/// What the content is hashed with.
pub(super) const OTHER: [Mutation; 6] = [
    scheme("scheme.digest", "the signature is made with another digest", digest),
    scheme("scheme.hash_after", "the signature is a plain hash of the content and then the secret", |_, guess| {
        hashed(guess, true)
    }),
    scheme("scheme.hash_before", "the signature is a plain hash of the secret and then the content", |_, guess| {
        hashed(guess, false)
    }),
    scheme("scheme.hash_alone", "the signature is a plain hash of the content, without any secret", |_, guess| {
        unkeyed(guess)
    }),
    scheme("scheme.hmac", "the signature is an HMAC of the content, not a plain hash", |_, guess| keyed(guess)),
    scheme("scheme.swapped", "the signature is an HMAC with key and content swapped", |_, guess| swapped(guess)),
];

/// The digest whose length the signature has.
fn written_digest(guess: &Guess<'_>) -> Option<Digest> {
    let written = guess.written();
    let length = written.iter().find_map(|text| guess.signature.encoding.decode_any(text).ok())?.len();
    Digest::ALL.into_iter().find(|digest| digest.len() == length)
}

fn digest<'a>(_: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let Some(digest) = written_digest(guess) else { return Vec::new() };
    let other = match guess.signature.scheme {
        Scheme::Hmac(own) if own != digest => Scheme::Hmac(digest),
        Scheme::Hash(own) if own != digest => Scheme::Hash(digest),
        _ => return Vec::new(),
    };
    vec![Undone {
        guess: guess.with_scheme(other),
        what: format!("it is made with {}, and {} is expected", other.describe(), guess.signature.scheme.describe())
            .into(),
        cure: format!("use {}", guess.signature.scheme.describe()).into(),
    }]
}

/// With other templates of what is signed. `text` makes each out of the manifest's.
fn signed<'a>(guess: &Guess<'a>, scheme: Scheme, text: impl Fn(&str) -> String) -> Option<Guess<'a>> {
    let names = guess.signature.names();
    let templates = guess.signature.signed.iter().map(|template| Template::parse(&text(template.text()), &names).ok());
    let signature = Signature { scheme, signed: templates.collect::<Option<_>>()?, ..(*guess.signature).clone() };
    Some(guess.with_signature(signature))
}

fn hashed<'a>(guess: &Guess<'a>, is_after: bool) -> Vec<Undone<'a>> {
    let Scheme::Hmac(own) = guess.signature.scheme else { return Vec::new() };
    let digest = written_digest(guess).unwrap_or(own);
    let key = guess.signature.key.text();
    let text = |content: &str| if is_after { format!("{content}{key}") } else { format!("{key}{content}") };
    let order = if is_after { "content and then the secret" } else { "secret and then the content" };
    let undone = |guess: Guess<'a>, own: Scheme| Undone {
        guess,
        what: format!("it is a plain {} of the {order}", digest.name()).into(),
        cure: format!("use {}", own.describe()).into(),
    };
    let own = Scheme::Hmac(own);
    signed(guess, Scheme::Hash(digest), text).map(|changed| undone(changed, own)).into_iter().collect()
}

fn unkeyed<'a>(guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let (Scheme::Hmac(own) | Scheme::Hash(own)) = guess.signature.scheme else { return Vec::new() };
    let digest = written_digest(guess).unwrap_or(own);
    let undone = |guess| Undone {
        guess,
        what: format!("it is a plain {} of the content, without any secret", digest.name()).into(),
        cure: "anyone can make this: sign with the secret".into(),
    };
    signed(guess, Scheme::Hash(digest), |content| content.replace("{secret}", "")).map(undone).into_iter().collect()
}

fn keyed<'a>(guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let Scheme::Hash(own) = guess.signature.scheme else { return Vec::new() };
    let undone = |guess| Undone {
        guess,
        what: format!("it is an {} of the content", Scheme::Hmac(own).describe()).into(),
        cure: format!("this scheme is a plain {} with the secret in the content", own.name()).into(),
    };
    signed(guess, Scheme::Hmac(own), |content| content.replace("{secret}", "")).map(undone).into_iter().collect()
}

fn swapped<'a>(guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let (Scheme::Hmac(_), [content]) = (guess.signature.scheme, &*guess.signature.signed) else { return Vec::new() };
    let signature =
        Signature { key: content.clone(), signed: vec![guess.signature.key.clone()], ..(*guess.signature).clone() };
    vec![Undone {
        guess: guess.with_signature(signature),
        what: "it is an HMAC with key and content swapped".into(),
        cure: "the secret is the key, the content the message".into(),
    }]
}

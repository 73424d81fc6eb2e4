//! The catalogue of what goes wrong between a sender and whoever verifies.

use std::borrow::Cow;

use super::guess::Guess;
use super::{Facts, algorithm, body, content, form, header, json, rival, secret, time, url};

/// Something that goes wrong, and how to undo it.
pub(super) struct Mutation {
    /// Stable: scripts read it.
    pub(super) id: &'static str,
    pub(super) part: Part,
    /// What happened, as a sentence without its cure.
    pub(super) what: &'static str,
    pub(super) cure: &'static str,
    pub(super) undo: Undo,
}

/// What of a request, or of the way it is verified, is not as it was when it was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Secret,
    Body,
    Url,
    Time,
    Header,
    Scheme,
}

impl Part {
    pub(super) const ALL: [Self; 6] = [Self::Secret, Self::Body, Self::Url, Self::Time, Self::Header, Self::Scheme];

    /// What was tried in vain, as a person says it.
    pub(super) fn ruled_out(self) -> &'static str {
        match self {
            Self::Secret => "the secret trimmed, unquoted, with or without its prefix, decoded or not",
            Self::Body => "the body with other line ends, charset, compression, JSON or form layout",
            Self::Url => "the URL with another scheme, host, port, slash, query or escapes",
            Self::Time => "the time in another unit",
            Self::Header => "the signature under another name, prefix or encoding",
            Self::Scheme => "other providers, digests and common signed contents",
        }
    }
}

/// How a mutation is undone.
#[derive(Clone, Copy)]
pub(super) enum Undo {
    Body(fn(&[u8]) -> Option<Vec<u8>>),
    /// As `Body`; the cure is in the words of the framework in whose hand the body is.
    Json(fn(&[u8]) -> Option<Vec<u8>>),
    Secret(fn(&[u8]) -> Option<Vec<u8>>),
    /// The bytes are the key itself.
    Key(fn(&[u8]) -> Option<Vec<u8>>),
    Url(fn(&str) -> Option<String>),
    /// Texts that may stand at the signature's place.
    Text(fn(&Guess<'_>) -> Vec<String>),
    /// Anything else, with its own words.
    Other(for<'a> fn(&Facts<'a>, &Guess<'a>) -> Vec<Undone<'a>>),
}

/// A guess with what was undone in it.
#[derive(Clone)]
pub(super) struct Undone<'a> {
    pub(super) guess: Guess<'a>,
    pub(super) what: Cow<'static, str>,
    pub(super) cure: Cow<'static, str>,
}

/// Every mutation that is known, the most likely first: mishandled secrets and line ends before JSON that was
/// written again, which changes line ends too; what the provider changes before what nobody does.
pub(super) const CATALOGUE: [&[Mutation]; 14] = [
    &secret::COPIED,
    &secret::OTHER,
    &body::ENDS,
    &secret::FORMS,
    &header::WRITTEN,
    &url::SEEN,
    &body::CONVERTED,
    &json::WRITTEN_AGAIN,
    &form::ENCODED_AGAIN,
    &url::REWRITTEN,
    &time::UNITS,
    &rival::SIGNED_BY,
    &algorithm::OTHER,
    &content::OTHER,
];

impl Mutation {
    /// The guesses in which this is undone; none where there is nothing of the kind to undo.
    pub(super) fn apply<'a>(&self, facts: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
        let undone = |guess| Undone { guess, what: self.what.into(), cure: self.cure.into() };
        if guess.text.is_empty() && !matches!(self.part, Part::Header | Part::Scheme) {
            return Vec::new();
        }
        match self.undo {
            Undo::Body(_) | Undo::Json(_) if !guess.signature.covers_body() => Vec::new(),
            Undo::Url(_) if !url::is_signed(&guess.signature) => Vec::new(),
            Undo::Body(undo) | Undo::Json(undo) => {
                changed(undo, &guess.body).map(|body| undone(guess.with_body(body))).into_iter().collect()
            }
            Undo::Secret(undo) => {
                changed(undo, &guess.secret).map(|secret| undone(guess.with_secret(secret))).into_iter().collect()
            }
            Undo::Key(undo) => undo(&guess.secret)
                .filter(|key| !key.is_empty() && secret::is_shared(&guess.signature))
                .map(|key| undone(guess.with_key(key)))
                .into_iter()
                .collect(),
            Undo::Url(undo) => {
                let url = guess.scope().full_url();
                undo(&url)
                    .filter(|changed| *changed != url)
                    .map(|url| undone(guess.with_url(url)))
                    .into_iter()
                    .collect()
            }
            Undo::Text(undo) => {
                // Of a header that is repeated the first value may be the right one.
                let is_new = |text: &String| text != guess.text() || header::is_repeated(guess);
                let texts = undo(guess).into_iter().filter(|text| !text.is_empty() && is_new(text));
                texts.map(|text| undone(guess.with_text(&text))).collect()
            }
            Undo::Other(undo) => undo(facts, guess),
        }
    }
}

fn changed(undo: fn(&[u8]) -> Option<Vec<u8>>, bytes: &[u8]) -> Option<Vec<u8>> {
    undo(bytes).filter(|changed| *changed != bytes && !changed.is_empty())
}

//! Why a signature does not match: what may have been changed on the way is undone, one change at a time and
//! then two, and the smallest that makes it match is named with its cure.
//!
//! - A [`Guess`] is a request as it may have been when it was signed; it is judged as any request is.
//! - [`mutation::CATALOGUE`] lists what is known to go wrong, the most likely first.
//! - [`search`] tries them within an [`Effort`]; [`clues`] says what can be seen without the secret.
//!
//! A match found here explains a refusal. It never makes a verdict valid.

mod algorithm;
mod body;
mod charset;
mod clues;
mod content;
mod cure;
mod form;
mod guess;
mod header;
mod json;
mod mutation;
mod rejected;
mod rival;
mod search;
mod secret;
mod time;
mod trace;
mod url;

pub use search::Effort;
pub use trace::{KeyTrace, Trace};

pub(super) use guess::{Guess, standing};
pub(super) use rejected::{missing, rejected};

use super::Provider;
use super::circumstances::Circumstances;
use crate::model::{Explanation, Reason, Request, Verdict, VerdictStatus};

/// What is the same for every guess.
pub(super) struct Facts<'a> {
    pub(super) provider: &'a Provider,
    pub(super) request: &'a Request,
    pub(super) circumstances: Circumstances<'a>,
    /// Signatures of other providers that stand in the request.
    rivals: Vec<Guess<'a>>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(provider: &'a Provider, request: &'a Request, circumstances: &Circumstances<'a>) -> Self {
        let rivals = rival::rivals(provider, request, circumstances.providers);
        Self { provider, request, circumstances: Circumstances { reveal: false, ..*circumstances }, rivals }
    }
}

/// Adds the explanation to a verdict that is not valid; the best change becomes its hint.
pub(super) fn explain(verdict: &mut Verdict, facts: &Facts<'_>, guesses: &[Guess<'_>]) {
    if !matches!(verdict.status, VerdictStatus::Invalid | VerdictStatus::Unsigned) {
        return;
    }
    let mut explanation = Explanation::default();
    // Only the time is wrong: there is nothing to search for, and the reason says it all.
    let is_only_time = matches!(
        verdict.reason,
        Some(Reason::TooOld { .. } | Reason::TooNew { .. } | Reason::MalformedTimestamp { .. })
    );
    if !is_only_time {
        explanation = search::search(facts, guesses);
        // Without a key nothing was compared.
        if matches!(verdict.reason, Some(Reason::UnusableSecret { .. })) {
            explanation.ruled_out.clear();
        }
        // What happened to the body matters once something was signed.
        if !matches!(verdict.reason, Some(Reason::MissingSignature { .. })) {
            explanation.seen = clues::clues(facts, matches!(verdict.reason, Some(Reason::CheckFailed { .. })));
        }
    }
    explanation.kind = verdict.reason.as_ref().map(Reason::kind).unwrap_or_default();
    let hint = explanation.best().map(ToString::to_string).or_else(|| explanation.seen.first().cloned());
    verdict.hint = hint.or_else(|| verdict.hint.take());
    verdict.explanation = Some(Box::new(explanation));
}

/// Ids of everything that can be found, in the order in which it is tried.
pub fn explained() -> impl Iterator<Item = &'static str> {
    mutation::CATALOGUE.iter().flat_map(|mutations| mutations.iter()).map(|mutation| mutation.id)
}

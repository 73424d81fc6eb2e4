//! Another provider's signature, or another version of this one's.

use std::cmp::Reverse;
use std::sync::Arc;

use super::Facts;
use super::guess::{Guess, standing};
use super::mutation::{Mutation, Part, Undo, Undone};
use crate::model::Request;
use crate::provider::template::Scope;
use crate::provider::{Provider, identify};

/// Signatures of others that are tried: many providers share a header.
const MAX_RIVALS: usize = 32;

/// Another provider's signature.
pub(super) const BY_ANOTHER: &str = "scheme.provider";

/// Who else may have signed.
pub(super) const SIGNED_BY: [Mutation; 2] = [
    Mutation {
        id: "scheme.version",
        part: Part::Scheme,
        what: "it matches another of this provider's signatures",
        cure: "choose it with --signature",
        undo: Undo::Other(versions),
    },
    Mutation {
        id: BY_ANOTHER,
        part: Part::Scheme,
        what: "it is a right signature of another provider",
        cure: "name that one with --provider",
        undo: Undo::Other(providers),
    },
];

/// The request under the signatures of all providers but this one that it carries.
pub(super) fn rivals<'a>(own: &Provider, request: &'a Request, providers: &'a [Arc<Provider>]) -> Vec<Guess<'a>> {
    let scope = Scope::of(request);
    let mut others: Vec<&Arc<Provider>> = providers.iter().filter(|provider| provider.id() != own.id()).collect();
    // Many share a header: whoever the request is recognised as comes first.
    others.sort_by_cached_key(|provider| Reverse(identify::score(provider, &scope)));
    others.into_iter().flat_map(|provider| carried(provider, request)).take(MAX_RIVALS).collect()
}

/// The request under each signature of this provider that stands in it, in its form.
fn carried<'a>(provider: &'a Provider, request: &'a Request) -> Vec<Guess<'a>> {
    let scope = provider.scope(request);
    let computed = provider.signatures.iter().filter(|signature| !signature.is_credential());
    let standing = computed.flat_map(|signature| standing(provider, signature, &scope));
    standing.filter(|guess| !guess.text.is_empty() && guess.is_readable()).collect()
}

fn versions<'a>(facts: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    if guess.provider.id() != facts.provider.id() {
        return Vec::new();
    }
    let others = carried(facts.provider, facts.request);
    let others = others.iter().filter(|other| other.signature.id != guess.signature.id);
    let undone = |other: &Guess<'a>| {
        let age = if other.signature.deprecated { ", which the provider has deprecated" } else { "" };
        let name = &other.provider.about().name;
        let is_of_its_secrets = facts.provider.takes(&other.signature, &guess.secret);
        let cure = match other.signature.secret_prefixes.first() {
            Some(prefix) if !is_of_its_secrets => format!("its secrets begin with `{prefix}`: give the whole secret"),
            _ => format!("let the sender use `{}`", guess.signature.id),
        };
        Undone {
            guess: guess.with_rival(other, false),
            what: format!("it matches the signature `{}` of {name}{age}", other.signature.id).into(),
            cure: cure.into(),
        }
    };
    others.map(undone).collect()
}

fn providers<'a>(facts: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let undone = |rival: &Guess<'a>| {
        let (name, id) = (&rival.provider.about().name, rival.provider.id());
        Undone {
            guess: guess.with_rival(rival, true),
            what: format!("it is a right signature of {name} (`{}`)", rival.signature.id).into(),
            cure: format!("verify it with --provider {id}").into(),
        }
    };
    facts.rivals.iter().map(undone).collect()
}

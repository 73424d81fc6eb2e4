//! Names that a shell can complete: providers and events of the catalogue, a user's own included.

use std::ffi::OsStr;

use clap_complete::CompletionCandidate;

use crate::folders;

fn matching(typed: &OsStr, names: impl Iterator<Item = String>) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    names.filter(|name| name.starts_with(&*typed)).map(CompletionCandidate::new).collect()
}

pub(super) fn providers(typed: &OsStr) -> Vec<CompletionCandidate> {
    matching(typed, folders::default_catalogue().ids().into_iter())
}

/// `provider/event` for all, and the bare name once a provider is not being typed.
pub(super) fn events(typed: &OsStr) -> Vec<CompletionCandidate> {
    let catalogue = folders::default_catalogue();
    let names = catalogue.ids().into_iter().flat_map(|id| {
        let events = catalogue.events(&id);
        events.into_iter().flat_map(move |event| [format!("{id}/{event}"), event])
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.dedup();
    matching(typed, names.into_iter())
}

/// Bare event names, for `--events`.
pub(super) fn event_types(typed: &OsStr) -> Vec<CompletionCandidate> {
    let catalogue = folders::default_catalogue();
    matching(typed, catalogue.ids().into_iter().flat_map(|id| catalogue.events(&id)))
}

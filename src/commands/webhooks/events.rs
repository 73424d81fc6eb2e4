//! Which events are meant: names, globs over the API's names, or all.

use crate::cli::ChosenEventsArgs;
use crate::error::{Exit, Failure};
use crate::model::Webhook;
use crate::provider::api::{Api, EventNames};

/// Names that are shown when none was given.
const SHOWN_NAMES: usize = 8;

/// The chosen names; `None` when nothing was said.
pub(super) fn choose(api: &Api, args: &ChosenEventsArgs) -> Result<Option<Vec<String>>, Failure> {
    if args.all_events {
        return Ok(Some(vec![Webhook::ALL.to_owned()]));
    }
    let patterns: Vec<String> = args.events.iter().map(|name| name.trim().to_owned()).collect();
    let patterns: Vec<String> = patterns.into_iter().filter(|name| !name.is_empty()).collect();
    if patterns.is_empty() {
        return Ok(None);
    }
    match api.events().choose(&patterns, args.allow_unknown_events) {
        Ok(chosen) => Ok(Some(chosen)),
        Err(unknown) if unknown.name.contains(['*', '?']) => {
            let error = anyhow::anyhow!("no event matches `{}`", unknown.name);
            Err(Failure::new(Exit::Usage, "unknown_event", error).hint(known(api.events())))
        }
        Err(unknown) => Err(unknown.into()),
    }
}

/// A new webhook without events would be silent.
pub(super) fn required(api: &Api, args: &ChosenEventsArgs) -> Result<Vec<String>, Failure> {
    choose(api, args)?.ok_or_else(|| {
        let hint = format!("--events a,b or --all-events; {}", known(api.events()));
        Failure::usage("which events are to be sent?").hint(hint)
    })
}

/// The events of one webhook that is there already.
pub(super) fn of_one(api: &Api, args: &ChosenEventsArgs) -> Result<Option<Vec<String>>, Failure> {
    let chosen = choose(api, args)?;
    let several =
        chosen.as_deref().is_some_and(|names| names.len() > 1 || names.iter().any(|name| name == Webhook::ALL));
    if several && api.events().one_each() {
        return Err(Failure::usage("here a webhook is for one event, and these are several")
            .hint("give one event, and create a webhook for each of the others"));
    }
    Ok(chosen)
}

/// One list for each webhook that is needed.
pub(super) fn apart(api: &Api, chosen: Vec<String>) -> Vec<Vec<String>> {
    if !api.events().one_each() {
        return vec![chosen];
    }
    let all = chosen.iter().any(|name| name == Webhook::ALL);
    let names = if all { api.events().names().to_vec() } else { chosen };
    names.into_iter().map(|name| vec![name]).collect()
}

fn known(events: &EventNames) -> String {
    let names = events.names();
    if names.is_empty() {
        return "the names are your own".to_owned();
    }
    let first = names.iter().take(SHOWN_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN_NAMES) {
        0 => format!("it has {first}"),
        more => format!("it has {first} and {more} more"),
    }
}

//! Steps of a plan on stdout.

use serde::Serialize;

use super::wanted::Group;
use crate::commands::Context;
use crate::error::Failure;
use crate::model::Webhook;
use crate::output::one_line;
use crate::registration::plan::{Action, Difference, Step};

const HEADERS: [&str; 5] = ["ACTION", "PROVIDER", "ID", "URL", "WHAT"];
/// Longer cells would push the rest off the screen.
const MAX_CELL: usize = 80;

/// A step as JSON.
#[derive(Serialize)]
struct Line<'a> {
    provider: &'a str,
    action: &'a str,
    name: Option<&'a str>,
    id: Option<&'a str>,
    url: &'a str,
    changes: Vec<Change>,
    impossible: Vec<Change>,
    hint: Option<String>,
}

/// One difference as JSON.
#[derive(Serialize)]
struct Change {
    field: &'static str,
    is: serde_json::Value,
    wanted: serde_json::Value,
}

impl Change {
    /// That it is missing is said by the action.
    fn of(difference: &Difference) -> Option<Self> {
        Some(match difference {
            Difference::Missing => return None,
            Difference::Events { is, wanted } => {
                Self { field: "events", is: is.clone().into(), wanted: wanted.clone().into() }
            }
            Difference::Enabled { wanted } => Self { field: "enabled", is: (!wanted).into(), wanted: (*wanted).into() },
            Difference::Description { is, wanted } => {
                Self { field: "description", is: is.clone().into(), wanted: wanted.clone().into() }
            }
        })
    }
}

/// Prints all steps.
pub(super) fn show(groups: &[(Group, Vec<Step>)], deletes: bool, context: &Context) -> Result<(), Failure> {
    if context.json() {
        for (group, steps) in groups {
            for step in steps {
                context.print_item("planned", &line(group, step, deletes))?;
            }
        }
        return Ok(());
    }
    let rows = groups.iter().flat_map(|(group, steps)| steps.iter().map(move |step| row(group, step, deletes)));
    context.print_table(&HEADERS, &rows.collect::<Vec<_>>())
}

fn line<'a>(group: &'a Group, step: &'a Step, deletes: bool) -> Line<'a> {
    let changes = |differences: &[Difference]| differences.iter().filter_map(Change::of).collect();
    Line {
        provider: group.session.provider.id(),
        action: action(step, deletes),
        name: step.wanted.and_then(|place| group.tables[place].name.as_deref()),
        id: step.actual.as_ref().map(|webhook| webhook.id.as_str()),
        url: url(group, step),
        changes: changes(&step.differences),
        impossible: changes(&step.impossible),
        hint: way_out(group, step),
    }
}

/// What will be done.
pub(super) fn action(step: &Step, deletes: bool) -> &'static str {
    if deletes && step.action == Action::Unmanaged { "delete" } else { step.action.as_str() }
}

/// Where the webhook sends to.
pub(super) fn url<'a>(group: &'a Group, step: &'a Step) -> &'a str {
    let wanted = step.wanted.map(|place| group.wanted[place].url.as_str());
    wanted.or_else(|| step.actual.as_ref().map(|webhook| webhook.url.as_str())).unwrap_or_default()
}

fn row(group: &Group, step: &Step, deletes: bool) -> Vec<String> {
    let id = step.actual.as_ref().map_or("-", |webhook| webhook.id.as_str());
    vec![
        action(step, deletes).to_owned(),
        group.session.provider.id().to_string(),
        one_line(id, MAX_CELL),
        one_line(url(group, step), MAX_CELL),
        what(group, step, deletes),
    ]
}

/// The step in words.
fn what(group: &Group, step: &Step, deletes: bool) -> String {
    let listed = |differences: &[Difference]| -> Vec<String> { differences.iter().filter_map(words).collect() };
    match step.action {
        Action::Create => {
            let events = step.wanted.map(|place| names(&group.wanted[place].events)).unwrap_or_default();
            [vec![events], listed(&step.differences), cannot(group, step)].concat().join("; ")
        }
        Action::Unchanged => String::new(),
        Action::Unmanaged if deletes => "no table asks for it".to_owned(),
        Action::Unmanaged => "no table asks for it; it is left alone".to_owned(),
        Action::Update | Action::Impossible => [listed(&step.differences), cannot(group, step)].concat().join("; "),
    }
}

/// What the API cannot do of a step, and what to do about it.
fn cannot(group: &Group, step: &Step) -> Vec<String> {
    way_out(group, step).map(|hint| vec![impossible(step), hint]).unwrap_or_default()
}

/// The same in one line, where there is anything.
pub(super) fn left(group: &Group, step: &Step) -> Option<String> {
    Some(cannot(group, step).join("; ")).filter(|left| !left.is_empty())
}

fn impossible(step: &Step) -> String {
    let what: Vec<String> = step.impossible.iter().filter_map(words).collect();
    if what.is_empty() { "there is no call for it".to_owned() } else { format!("no call for: {}", what.join("; ")) }
}

/// What to do about what the API cannot.
pub(super) fn way_out(group: &Group, step: &Step) -> Option<String> {
    if step.impossible.is_empty() {
        return None;
    }
    let name = &group.session.provider.about().name;
    let is_note = |difference: &Difference| matches!(difference, Difference::Description { .. });
    if step.impossible.iter().all(is_note) {
        return Some(format!("take `description` out of the table: {name} keeps none"));
    }
    Some(match &step.actual {
        None => format!("make it in the settings of {name}"),
        Some(Webhook { id, .. }) => {
            format!("remove {} in the settings of {name} and apply again, or change it there", one_line(id, MAX_CELL))
        }
    })
}

fn words(difference: &Difference) -> Option<String> {
    Some(match difference {
        Difference::Missing => return None,
        Difference::Events { is, wanted } => format!("events {} -> {}", names(is), names(wanted)),
        Difference::Enabled { wanted: true } => "enable".to_owned(),
        Difference::Enabled { wanted: false } => "disable".to_owned(),
        Difference::Description { is, wanted } if is.is_empty() => format!("description {wanted:?}"),
        Difference::Description { is, wanted } => format!("description {is:?} -> {wanted:?}"),
    })
}

fn names(events: &[String]) -> String {
    match events {
        [] => "none".to_owned(),
        [one] if one == Webhook::ALL => "all".to_owned(),
        several => one_line(several.join(", "), MAX_CELL),
    }
}

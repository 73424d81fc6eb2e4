//! `hookctl events drift`.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use serde::Serialize;

use super::chosen::filter;
use crate::cli::DriftArgs;
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::history::{Drift, Fields, Filter, Finding};
use crate::model::{Request, VerdictStatus};
use crate::output::{self, one_line};
use crate::provider::LookupError;
use crate::store::{Direction, Kind, KindTest, Reader};

/// Names and paths come from outside; longer ones would push the rest off the screen.
const MAX_CELL: usize = 80;
/// Differences shown of one type to people; whoever wants all of them asks for JSON.
const MAX_SHOWN: usize = 100;

/// Provider and event type.
type Type = (Arc<str>, String);

/// A difference as JSON.
#[derive(Serialize)]
struct DriftLine<'d> {
    provider: &'d str,
    event_type: &'d str,
    path: &'d str,
    kind: &'static str,
    fixture_types: &'d [&'static str],
    seen_types: &'d [&'static str],
    seen: u64,
    total: u64,
}

/// Runs the command.
pub(super) fn run(args: &DriftArgs, context: &Context) -> Outcome {
    let mut chosen = filter(&args.filter)?;
    if chosen.verdicts.is_empty() {
        // Anyone may have sent the others.
        chosen.verdicts = vec![VerdictStatus::Valid, VerdictStatus::Unchecked];
    }
    let names: Vec<Filter> = args.names.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
    let reader = context.reader()?;
    let types = types(&reader, &chosen, &names)?;
    let (mut compared, mut drifted) = (0_u64, 0_u64);
    for one in &types {
        let Some(drift) = compare(&reader, one, &chosen, args.limit, context)? else { continue };
        let differences = drift.differences();
        compared += 1;
        drifted += u64::from(!differences.is_empty());
        show(one, drift.events(), &differences, context)?;
    }
    if compared == 0 {
        context.say(if types.is_empty() { "no event matches" } else { "nothing to compare" });
    }
    Ok(if compared > 0 && drifted == 0 { Exit::Done } else { Exit::No })
}

/// The types of the events that are meant.
fn types(reader: &Reader, chosen: &Filter, names: &[Filter]) -> Result<BTreeSet<Type>, Failure> {
    let is_named = |kind: &Kind| names.is_empty() || names.iter().any(|name| takes(name, kind));
    let kinds = reader.counts()?.into_iter().map(|(kind, _)| kind);
    let meant = kinds.filter(|kind| takes(chosen, kind) && is_named(kind));
    Ok(meant.filter_map(|kind| Some((kind.provider, kind.event_type?))).collect())
}

fn takes(filter: &Filter, kind: &Kind) -> bool {
    filter.query(Direction::Backward).kinds.is_none_or(|takes| takes(kind))
}

/// Compares the newest events of a type; `None`, said why, when that cannot be.
fn compare(
    reader: &Reader,
    one: &Type,
    chosen: &Filter,
    limit: u64,
    context: &Context,
) -> Result<Option<Drift>, Failure> {
    let (provider, event_type) = one;
    let name = one_line(format!("{provider}/{event_type}"), MAX_CELL);
    let fixture = match context.catalogue.fixture(provider, event_type) {
        Ok(fixture) => fixture,
        Err(LookupError::UnknownEvent { .. } | LookupError::UnknownProvider { .. }) => {
            context
                .say(&format!("{name}: no fixture\nhint: `hookctl fixtures save @ID` makes one of a captured event"));
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let Some(fields) = Fields::read(&fixture.body, is_form(&fixture.content_type)) else {
        context.say(&format!("{name}: the fixture is neither JSON nor a form"));
        return Ok(None);
    };
    let mut drift = Drift::new(fields);
    let unreadable = read_events(reader, one, chosen, limit, &mut drift)?;
    if unreadable > 0 {
        context.say(&format!("{name}: {unreadable} captured without a JSON body or form"));
    }
    Ok((drift.events() > 0).then_some(drift))
}

/// Takes the newest events of a type; tells how many have no fields.
fn read_events(
    reader: &Reader,
    (provider, event_type): &Type,
    chosen: &Filter,
    limit: u64,
    drift: &mut Drift,
) -> Result<u64, Failure> {
    let mut query = chosen.query(Direction::Backward);
    let (provider, event_type, verdicts) = (Arc::clone(provider), event_type.clone(), chosen.verdicts.clone());
    let is_of_type = move |kind: &Kind| {
        kind.provider == provider && kind.event_type.as_ref() == Some(&event_type) && verdicts.contains(&kind.verdict)
    };
    query.kinds = Some(Box::new(is_of_type) as KindTest);
    let (mut taken, mut unreadable) = (0_u64, 0_u64);
    reader.select(&query, |stored| {
        if chosen.holds(&stored.event) {
            taken += 1;
            match Fields::read(&stored.event.request.body, sends_form(&stored.event.request)) {
                Some(fields) => drift.add(&fields),
                None => unreadable += 1,
            }
        }
        if limit > 0 && taken >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(unreadable)
}

fn sends_form(request: &Request) -> bool {
    request.media_type().is_some_and(|media| is_form(&media))
}

fn is_form(content_type: &str) -> bool {
    content_type.contains("form-urlencoded")
}

fn show((provider, event_type): &Type, events: u64, differences: &[Finding], context: &Context) -> Result<(), Failure> {
    if context.json() {
        for one in differences {
            let line = DriftLine {
                provider,
                event_type,
                path: &one.path,
                kind: one.what.as_str(),
                fixture_types: &one.fixture,
                seen_types: &one.captured,
                seen: one.seen,
                total: one.total,
            };
            context.print_item("drift", &line)?;
        }
        return Ok(());
    }
    let name = one_line(format!("{provider}/{event_type}"), MAX_CELL);
    let noun = if events == 1 { "event" } else { "events" };
    let verdict = match differences.len() {
        0 => "no drift".to_owned(),
        1 => "1 difference".to_owned(),
        count => format!("{count} differences"),
    };
    output::print(format!("{name}: {verdict} in {events} {noun}\n"))?;
    if differences.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = differences.iter().take(MAX_SHOWN).map(row).collect();
    context.print_table(&["FIELD", "", "FIXTURE", "CAPTURED", "EVENTS"], &rows)?;
    if differences.len() > MAX_SHOWN {
        context.say(&format!("… {} more (--json shows all)", differences.len() - MAX_SHOWN));
    }
    Ok(())
}

fn row(one: &Finding) -> Vec<String> {
    let types = |types: &[&str]| if types.is_empty() { "-".to_owned() } else { types.join(" or ") };
    vec![
        one_line(&one.path, MAX_CELL),
        one.what.as_str().to_owned(),
        types(&one.fixture),
        types(&one.captured),
        format!("{} of {}", one.seen, one.total),
    ]
}

//! Which events are meant: filters as they are typed, and the names of single events.

use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::cli::FilterArgs;
use crate::error::{Exit, Failure};
use crate::history::{Filter, Given};
use crate::model::{EventId, VerdictStatus};
use crate::store::{Direction, Reader, Stored};

/// Hexadecimal digits of an id that are always shown.
const MIN_PREFIX: usize = 8;
/// Ids named in an error about a prefix that several share.
const MAX_NAMED: usize = 5;

/// The filter that the flags describe.
pub(crate) fn filter(args: &FilterArgs) -> Result<Filter, Failure> {
    let given = Given {
        filter: args.filter.clone(),
        provider: args.provider.clone(),
        event: args.event.clone(),
        verdict: args.verdict.iter().map(|verdict| VerdictStatus::from(*verdict)).collect(),
        since: args.since,
        until: args.until,
        r#where: args.r#where.clone(),
        failed: args.failed,
        pinned: args.pinned,
    };
    Ok(given.read(Timestamp::now())?)
}

/// Goes through the events that a filter takes as long as `visit` says true.
pub(crate) fn select_while(
    reader: &Reader,
    filter: &Filter,
    direction: Direction,
    mut visit: impl FnMut(Stored) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let mut failure = None;
    filter.select(reader, direction, |stored| match visit(stored) {
        Ok(true) => ControlFlow::Continue(()),
        Ok(false) => ControlFlow::Break(()),
        Err(problem) => {
            failure = Some(problem);
            ControlFlow::Break(())
        }
    })?;
    failure.map_or(Ok(()), Err)
}

/// The event that `@last`, `@2`, an id or the beginning of one names.
pub(crate) fn find(reader: &Reader, name: &str) -> Result<Stored, Failure> {
    let nothing = |message: String| Failure::new(Exit::No, "no_such_event", anyhow::Error::msg(message));
    let short = name.strip_prefix('@').unwrap_or(name);
    let number = match short {
        "last" => Some(1),
        digits if name.starts_with('@') && digits.len() < MIN_PREFIX => digits.parse::<u64>().ok(),
        _ => None,
    };
    if let Some(number) = number {
        let found = if number == 0 { None } else { reader.newest(number)? };
        return found.ok_or_else(|| {
            nothing(format!("there is no event {name} in {}", reader.path().display()))
                .hint("@last is the newest event, @2 the one before; `hookctl events list` shows them")
        });
    }
    let candidates = reader.by_prefix(short, MAX_NAMED + 1)?;
    match candidates.as_slice() {
        [only] => reader.by_id(*only)?.ok_or_else(|| nothing(format!("event {name} was deleted just now"))),
        [] => Err(nothing(format!("no event `{name}` in {}", reader.path().display()))
            .hint("`hookctl events list` shows their ids; @last is the newest")),
        several => {
            let more = if several.len() > MAX_NAMED { ", …" } else { "" };
            let ids: Vec<String> = several.iter().take(MAX_NAMED).map(ToString::to_string).collect();
            Err(Failure::new(Exit::Usage, "ambiguous_id", anyhow::anyhow!("several events begin with `{name}`"))
                .hint(format!("they are {}{more}", ids.join(", "))))
        }
    }
}

/// The shortest beginning of an id that names no other event.
pub(crate) fn short_id(reader: &Reader, id: EventId) -> Result<String, Failure> {
    let text = id.to_string();
    let digits = id.simple().to_string();
    let mut needed = MIN_PREFIX;
    for neighbour in reader.neighbours(id)?.into_iter().flatten() {
        let other = neighbour.simple().to_string();
        let common = digits.bytes().zip(other.bytes()).take_while(|(one, two)| one == two).count();
        needed = needed.max(common + 1);
    }
    let mut count = 0;
    let end = text.char_indices().find(|(_, character)| {
        count += usize::from(*character != '-');
        count > needed
    });
    Ok(text[..end.map_or(text.len(), |(at, _)| at)].trim_end_matches('-').to_owned())
}

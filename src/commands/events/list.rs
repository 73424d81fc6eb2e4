//! `hookctl events list`.

use std::ops::ControlFlow;

use jiff::tz::TimeZone;

use super::chosen::{filter, short_id};
use crate::cli::ListEventsArgs;
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::output::{one_line, size};
use crate::store::{Direction, Reader, Stored};

/// Runs the command.
pub(super) fn run(args: &ListEventsArgs, context: &Context) -> Outcome {
    let filter = filter(&args.filter)?;
    let reader = context.reader()?;
    let limit = if args.limit == 0 { u64::MAX } else { args.limit };
    let mut count = 0;
    let mut rows = Vec::new();
    let mut failure = None;
    reader.select(&filter.query(Direction::Backward), |stored| {
        if !filter.holds(&stored.event) {
            return ControlFlow::Continue(());
        }
        count += 1;
        let shown = if context.json() {
            context.print_past(&reader, &stored)
        } else {
            row(&reader, &stored).map(|row| rows.push(row))
        };
        match shown {
            Ok(()) if count < limit => ControlFlow::Continue(()),
            Ok(()) => ControlFlow::Break(()),
            Err(problem) => {
                failure = Some(problem);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(failure) = failure {
        return failure.unless_closed(Exit::Done);
    }
    if count == 0 {
        context.say(if filter.is_empty() { "the history is empty" } else { "no event matches" });
        return Ok(Exit::No);
    }
    if !context.json() {
        context.print_table(&["ID", "RECEIVED", "VERDICT", "PROVIDER", "EVENT", "SIZE", "DELIVERY"], &rows)?;
    }
    Ok(Exit::Done)
}

fn row(reader: &Reader, stored: &Stored) -> Result<Vec<String>, Failure> {
    let event = &stored.event;
    let received = event.received_at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let repeat = event.repeat.map(|repeat| format!(" (retry {})", repeat.retry)).unwrap_or_default();
    Ok(vec![
        short_id(reader, event.id)?,
        received,
        event.verdict.status.as_str().to_owned(),
        one_line(&*event.provider, MAX_CELL),
        one_line(event.event_type.as_deref().unwrap_or("-"), MAX_CELL) + &repeat,
        size(event.request.body.len() as u64),
        delivery(reader, stored.seq)?,
    ])
}

/// Longer names would push the rest off the screen.
const MAX_CELL: usize = 60;

/// What the last attempt brought, and what still waits.
fn delivery(reader: &Reader, seq: i64) -> Result<String, Failure> {
    let last = reader.deliveries(seq)?.pop();
    let waiting = reader.waiting_for(seq)?.len();
    let last = last.map(|attempt| match (attempt.delivery.status(), &attempt.delivery.error) {
        (Some(status), _) => status.to_string(),
        (None, Some(error)) => error.kind.as_str().to_owned(),
        (None, None) => "-".to_owned(),
    });
    Ok(match (last, waiting) {
        (Some(last), 0) => last,
        (None, 0) => "-".to_owned(),
        (Some(last), _) => format!("{last}, waits"),
        (None, _) => "waits".to_owned(),
    })
}

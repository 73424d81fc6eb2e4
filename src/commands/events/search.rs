//! `hookctl events search`.

use std::ops::ControlFlow;
use std::time::Duration;

use super::chosen::{filter, short_id};
use crate::cli::SearchEventsArgs;
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::output;
use crate::store::{Direction, Found, Needle, Reader, Route, Stored, index_words};

/// How long the index of words grows after the hits are shown: a prompt that comes so much later is not
/// felt, and ten thousand events are indexed.
const INDEXING: Duration = Duration::from_millis(300);

/// Runs the command.
pub(super) fn run(args: &SearchEventsArgs, context: &Context) -> Outcome {
    let needle = Needle::new(&args.text)
        .ok_or_else(|| Failure::usage("there is no text to search for").hint("`hookctl events list` shows all"))?;
    let filter = filter(&args.filter)?;
    let reader = context.reader()?;
    let limit = if args.limit == 0 { u64::MAX } else { args.limit };
    let mut count = 0;
    let mut failure = None;
    reader.search(&needle, &filter.query(Direction::Backward), Route::Index, |stored| {
        if !filter.holds(&stored.event) {
            return ControlFlow::Continue(());
        }
        count += 1;
        match show(&reader, &needle, &stored, context) {
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
        context.say("no event matches");
    }
    // The answer stands; a history that cannot be written, or that is being written, stays as it is.
    let path = reader.path().to_owned();
    drop(reader);
    let _ = index_words(&path, INDEXING);
    Ok(if count == 0 { Exit::No } else { Exit::Done })
}

fn show(reader: &Reader, needle: &Needle, stored: &Stored, context: &Context) -> Result<(), Failure> {
    if context.json() {
        return context.print_past(reader, stored);
    }
    let event = &stored.event;
    let id = short_id(reader, event.id)?;
    let human = context.human(0);
    let line = match needle.find(&event.request) {
        Some(Found::Body(range)) => human.hit(&id, event, "body", &event.request.body, range),
        Some(Found::Target(target, range)) => human.hit(&id, event, "target", target.as_bytes(), range),
        Some(Found::Header(line, range)) => human.hit(&id, event, "header", &line, range),
        None => return Ok(()),
    };
    Ok(output::print(line)?)
}

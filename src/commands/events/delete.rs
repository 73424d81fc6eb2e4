//! `hookctl events delete`.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use serde::Serialize;

use super::chosen::{filter, find};
use crate::cli::DeleteEventsArgs;
use crate::commands::confirm::MAX_UNASKED;
use crate::commands::{Context, progress};
use crate::error::{Exit, Failure, Outcome};
use crate::history::Filter;
use crate::store::{Direction, Reader};

/// Events in one transaction: a listener on the same file waits a few hundredths of a second for it.
const SLICE: usize = 512;

/// Runs the command.
pub(super) fn run(args: &DeleteEventsArgs, context: &Context) -> Outcome {
    let filter = filter(&args.filter)?;
    if args.events.is_empty() && filter.is_empty() && !args.all {
        return Err(Failure::usage("nothing says which events to delete")
            .hint("name some (@last, an id), give filters such as --until 30d, or --all"));
    }
    let reader = context.reader()?;
    let seqs = chosen(args, &filter, &reader)?;
    let is_everything = args.all && filter.is_empty();
    let count = seqs.len() as u64;
    let precious = [
        (count_waiting(&seqs, &reader)?, "still wait for a target"),
        // Who names a pinned event means it; a filter may take one unawares.
        (if args.events.is_empty() { count_pinned(&seqs, &reader)? } else { 0 }, "are pinned"),
    ];
    let precious: Vec<String> =
        precious.iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!("{count} of them {how}")).collect();
    if !args.yes && (count > MAX_UNASKED || !precious.is_empty() || is_everything && !seqs.is_empty()) {
        let all = if is_everything { "all " } else { "" };
        let precious = if precious.is_empty() { String::new() } else { format!(" ({})", precious.join(", ")) };
        let what = format!("{all}{}{precious}", events(seqs.len()));
        context.confirm(&format!("delete {what} from {}?", reader.path().display()), count)?;
    }
    let count = delete(&seqs, context)?;
    report(count, context)?;
    Ok(if count == 0 { Exit::No } else { Exit::Done })
}

/// How many of them a target has still to get: deleted, they would never be sent.
fn count_waiting(seqs: &[i64], reader: &Reader) -> Result<usize, Failure> {
    if reader.waiting()?.is_empty() {
        return Ok(0);
    }
    let mut count = 0;
    for seq in seqs {
        count += usize::from(!reader.waiting_for(*seq)?.is_empty());
    }
    Ok(count)
}

/// How many of them a person wants to keep.
fn count_pinned(seqs: &[i64], reader: &Reader) -> Result<usize, Failure> {
    if reader.pinned()? == 0 {
        return Ok(0);
    }
    let mut count = 0;
    for seq in seqs {
        count += usize::from(reader.is_pinned(*seq)?);
    }
    Ok(count)
}

/// The places of the events that are meant, in the order of arrival.
fn chosen(args: &DeleteEventsArgs, filter: &Filter, reader: &Reader) -> Result<Vec<i64>, Failure> {
    if args.events.is_empty() {
        return selected(filter, reader);
    }
    let mut seqs = BTreeSet::new();
    for name in &args.events {
        let stored = find(reader, name)?;
        if filter.is_met_by(reader, &stored)? {
            seqs.insert(stored.seq);
        }
    }
    Ok(seqs.into_iter().collect())
}

fn selected(filter: &Filter, reader: &Reader) -> Result<Vec<i64>, Failure> {
    let mut seqs = Vec::new();
    if filter.is_by_columns() {
        reader.outlines(&filter.query(Direction::Forward), |outline| {
            seqs.push(outline.seq);
            ControlFlow::Continue(())
        })?;
    } else {
        filter.places(reader, i64::MAX, None, |seq| {
            seqs.push(seq);
            ControlFlow::Continue(())
        })?;
        seqs.reverse();
    }
    Ok(seqs)
}

fn delete(seqs: &[i64], context: &Context) -> Result<usize, Failure> {
    if seqs.is_empty() {
        return Ok(0);
    }
    let writer = context.writer()?;
    let progress = progress::bar(context, Some(seqs.len() as u64));
    let mut count = 0;
    for slice in seqs.chunks(SLICE) {
        count += context.wait_for(writer.delete(slice.to_vec()))??;
        progress.inc(slice.len() as u64);
    }
    progress.finish_and_clear();
    Ok(count)
}

fn report(count: usize, context: &Context) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Deleted {
        count: usize,
    }
    if context.json() {
        return context.print_item("deleted", &Deleted { count });
    }
    context.say(&if count == 0 { "no event matches".to_owned() } else { format!("deleted {}", events(count)) });
    Ok(())
}

fn events(count: usize) -> String {
    format!("{count} {}", if count == 1 { "event" } else { "events" })
}

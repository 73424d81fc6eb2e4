//! `hookctl events export`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use super::chosen::{filter, find, select_while};
use super::destination::Destination;
use super::fixture_files::FixtureFiles;
use crate::cli::{ExportArgs, ExportFormat};
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::history::{Exporter, Filter, Record, Stream, mask};
use crate::store::{Direction, Reader, Stored};

/// The fields of the line `exported`.
#[derive(Serialize)]
struct Exported {
    format: &'static str,
    path: String,
    events: u64,
    revealed: bool,
}

/// Runs the command.
pub(super) fn run(args: &ExportArgs, context: &Context) -> Outcome {
    let path = args.output.as_deref().filter(|path| path.as_os_str() != "-").map(|path| context.path(path));
    let format = format(args, path.as_ref());
    let reader = context.reader()?;
    let filter = filter(&args.filter)?;
    let events = match (stream(format), &path) {
        (Some(stream), path) => {
            let destination = match path {
                Some(path) => Destination::file(path, args.force)?,
                None => Destination::stdout(),
            };
            write_stream(args, &reader, &filter, stream, destination)?
        }
        (None, Some(folder)) => {
            let mut files = FixtureFiles::new(folder, args.force)?;
            for_each(args, &reader, &filter, |record| files.write(&record))?
        }
        (None, None) => {
            return Err(Failure::usage("fixtures are files: there is no folder for them").hint("name one with -o DIR"));
        }
    };
    if events == 0 {
        context.say(if filter.is_empty() { "the history is empty" } else { "no event matches" });
        return Ok(Exit::No);
    }
    if let Some(path) = path {
        let (path, format) = (path.display().to_string(), format.name());
        if context.json() {
            context.print_item("exported", &Exported { format, path, events, revealed: args.reveal })?;
        } else {
            let noun = if events == 1 { "event" } else { "events" };
            context.say(&format!("wrote {events} {noun} to {path}"));
        }
    }
    Ok(Exit::Done)
}

fn format(args: &ExportArgs, path: Option<&PathBuf>) -> ExportFormat {
    let by_path = || {
        let path = path?;
        if path.is_dir() { Some(ExportFormat::Fixtures) } else { ExportFormat::of(path) }
    };
    args.r#as.or_else(by_path).unwrap_or(ExportFormat::Jsonl)
}

/// Fixtures are several files.
const fn stream(format: ExportFormat) -> Option<Stream> {
    match format {
        ExportFormat::Jsonl => Some(Stream::Jsonl),
        ExportFormat::Har => Some(Stream::Har),
        ExportFormat::Curl => Some(Stream::Curl),
        ExportFormat::Http => Some(Stream::Http),
        ExportFormat::Csv => Some(Stream::Csv),
        ExportFormat::Fixtures => None,
    }
}

/// Nothing is left of a file that no event came into.
fn write_stream(
    args: &ExportArgs,
    reader: &Reader,
    filter: &Filter,
    stream: Stream,
    mut destination: Destination,
) -> Result<u64, Failure> {
    let mut failure = None;
    let mut exporter = Exporter::new(stream, destination.writer());
    let visited = for_each(args, reader, filter, |record| {
        exporter.write(&record).map_err(|error| {
            failure = Some(error);
            Failure::machine("cannot_write", anyhow::anyhow!("the output cannot be written"))
        })
    });
    let finished = exporter.finish();
    if let Some(error) = failure {
        return Err(destination.failure(error));
    }
    visited?;
    let events = finished.map_err(|error| destination.failure(error))?;
    if events > 0 {
        destination.keep()?;
    }
    Ok(events)
}

/// Goes through what is meant, in the order of arrival, one at a time; says how many there were.
fn for_each(
    args: &ExportArgs,
    reader: &Reader,
    filter: &Filter,
    mut write: impl FnMut(Record) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let mut count = 0;
    let mut visit = |stored: Stored| {
        count += 1;
        write(record(reader, stored, args.reveal)?)
    };
    if args.events.is_empty() && args.limit == 0 {
        select(reader, filter, Direction::Forward, &mut visit)?;
        return Ok(count);
    }
    for seq in places(args, reader, filter)? {
        // It may have been deleted meanwhile.
        if let Some(stored) = reader.by_seq(seq)? {
            visit(stored)?;
        }
    }
    Ok(count)
}

/// Places in the order of arrival, where that takes knowing them beforehand.
fn places(args: &ExportArgs, reader: &Reader, filter: &Filter) -> Result<Vec<i64>, Failure> {
    let limit = if args.limit == 0 { usize::MAX } else { usize::try_from(args.limit).unwrap_or(usize::MAX) };
    let mut places = BTreeSet::new();
    if args.events.is_empty() {
        let mut left = limit;
        select_while(reader, filter, Direction::Backward, |stored| {
            places.insert(stored.seq);
            left -= 1;
            Ok(left > 0)
        })?;
    }
    for name in &args.events {
        let stored = find(reader, name)?;
        if filter.is_met_by(reader, &stored)? {
            places.insert(stored.seq);
        }
    }
    let surplus = places.len().saturating_sub(limit);
    Ok(places.into_iter().skip(surplus).collect())
}

fn select(
    reader: &Reader,
    filter: &Filter,
    direction: Direction,
    visit: &mut dyn FnMut(Stored) -> Result<(), Failure>,
) -> Result<(), Failure> {
    select_while(reader, filter, direction, |stored| visit(stored).map(|()| true))
}

fn record(reader: &Reader, stored: Stored, reveal: bool) -> Result<Record, Failure> {
    let (deliveries, waiting) = (reader.deliveries(stored.seq)?, reader.waiting_for(stored.seq)?);
    let record = Record { event: stored.event, deliveries, waiting };
    Ok(if reveal { mask::revealed(record) } else { mask::masked(record) })
}

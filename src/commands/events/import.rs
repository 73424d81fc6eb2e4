//! `hookctl events import`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::cli::{ImportArgs, ImportFormat};
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::history::{Record, har, recorded};
use crate::model::{Attempt, Event};
use crate::output;
use crate::provider::Provider;
use crate::store::{Retention, Writer};

/// A line holds a body and the answers to it, all with escapes: some times what a listener takes.
const MAX_LINE: u64 = 256 * 1024 * 1024;
/// Events in one transaction: with more, one costs no less.
const MAX_BATCH: usize = 256;
/// Bytes of bodies in one transaction, which are all in memory.
const MAX_BATCH_BYTES: usize = 16 * 1024 * 1024;
/// Bad lines that are told one by one.
const MAX_TOLD: u64 = 20;
/// Columns of what is wrong with a line: it may quote the line.
const MAX_PROBLEM: usize = 200;

/// The fields of the line `imported`.
#[derive(Debug, Default, Serialize)]
struct Totals {
    events: u64,
    deliveries: u64,
    known: u64,
    skipped: u64,
}

/// Runs the command.
pub(super) fn run(args: &ImportArgs, context: &Context) -> Outcome {
    let source = open(args, context)?;
    let retention = context.settings.retention()?;
    let mut import = Import {
        context,
        skip_bad: args.skip_bad,
        writer: context.writer()?,
        runtime: tokio::runtime::Builder::new_current_thread().build()?,
        batch: Vec::new(),
        batch_bytes: 0,
        totals: Totals::default(),
        waiting: 0,
        outdated: Outdated::new(&retention),
    };
    let read = match format(args) {
        ImportFormat::Jsonl => import.lines(source),
        ImportFormat::Har => import.archive(source),
    };
    // What came before a bad line is kept, and told.
    let written = import.flush();
    let outcome = read.and(written);
    import.report(outcome)
}

fn format(args: &ImportArgs) -> ImportFormat {
    let is_archive = || args.file.to_ascii_lowercase().ends_with(".har");
    args.r#as.unwrap_or_else(|| if is_archive() { ImportFormat::Har } else { ImportFormat::Jsonl })
}

fn open(args: &ImportArgs, context: &Context) -> Result<Box<dyn BufRead>, Failure> {
    if args.file == "-" {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let path = context.path(args.file.as_ref());
    let failed = |error: io::Error| Failure::usage(format!("cannot read {}: {error}", path.display()));
    let file = File::open(&path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(Failure::usage(format!("cannot read {}: it is a directory", path.display())));
    }
    Ok(Box::new(BufReader::new(file)))
}

/// Events that the history would not keep for long.
struct Outdated {
    before: Option<Timestamp>,
    count: u64,
}

impl Outdated {
    fn new(retention: &Retention) -> Self {
        let before = retention.max_age.and_then(|age| Timestamp::now().saturating_sub(age).ok());
        Self { before, count: 0 }
    }

    fn look_at(&mut self, event: &Event) {
        self.count += u64::from(self.before.is_some_and(|before| event.received_at < before));
    }
}

/// An import at work.
struct Import<'c> {
    context: &'c Context,
    skip_bad: bool,
    writer: Writer,
    runtime: Runtime,
    batch: Vec<(Event, Vec<Attempt>)>,
    batch_bytes: usize,
    totals: Totals,
    /// Events that some target has still to get where they come from.
    waiting: u64,
    outdated: Outdated,
}

impl Import<'_> {
    fn lines(&mut self, mut source: Box<dyn BufRead>) -> Result<(), Failure> {
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            let length = source.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
            if length == 0 {
                break;
            }
            let name = format!("line {number}");
            if length as u64 == MAX_LINE && !line.ends_with(b"\n") {
                self.bad(&name, &format!("it is longer than {MAX_LINE} bytes"))?;
                skip_line(&mut source)?;
                continue;
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            match recorded(&line) {
                Ok(Some(record)) => self.take(record)?,
                Ok(None) => {}
                Err(problem) => self.bad(&name, &problem)?,
            }
        }
        Ok(())
    }

    fn archive(&mut self, source: Box<dyn BufRead>) -> Result<(), Failure> {
        let mut text = Vec::new();
        source.take(har::MAX_ARCHIVE_BYTES + 1).read_to_end(&mut text)?;
        if text.len() as u64 > har::MAX_ARCHIVE_BYTES {
            return Err(Failure::usage(format!("the archive is larger than {} bytes", har::MAX_ARCHIVE_BYTES))
                .hint("export less at a time, or as jsonl, which has no limit"));
        }
        let failed = |error: har::HarError| bad_input(&format!("this is no HAR file: {error}"));
        let entries = har::archive(&text).map_err(failed)?;
        let providers: Vec<Arc<Provider>> = self.context.catalogue.all().0;
        let mut seen: HashMap<&str, u32> = HashMap::with_capacity(entries.len());
        for (position, entry) in entries.into_iter().enumerate() {
            let occurrence = seen.entry(entry.get()).or_default();
            match har::read_entry(entry, *occurrence, &providers) {
                Ok(record) => self.take(record)?,
                Err(problem) => self.bad(&format!("entry {}", position + 1), &problem.to_string())?,
            }
            *occurrence += 1;
        }
        Ok(())
    }

    fn take(&mut self, record: Record) -> Result<(), Failure> {
        let Record { event, deliveries, waiting } = record;
        self.waiting += u64::from(!waiting.is_empty());
        self.outdated.look_at(&event);
        let answers = deliveries.iter().filter_map(|attempt| attempt.delivery.response.as_ref());
        self.batch_bytes += event.request.body.len() + answers.map(|answer| answer.body.len()).sum::<usize>();
        self.batch.push((event, deliveries));
        if self.batch.len() >= MAX_BATCH || self.batch_bytes >= MAX_BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.batch_bytes = 0;
        let imported = self.runtime.block_on(self.writer.import(std::mem::take(&mut self.batch)))?;
        self.totals.events += imported.events;
        self.totals.deliveries += imported.deliveries;
        self.totals.known += imported.known;
        Ok(())
    }

    /// A line that cannot be read ends the import, or is told and left out.
    fn bad(&mut self, name: &str, problem: &str) -> Result<(), Failure> {
        let problem = format!("{name}: {}", output::one_line(problem, MAX_PROBLEM));
        if !self.skip_bad {
            return Err(bad_input(&problem)
                .hint("--skip-bad leaves such out; what came in before stays, and is not added twice"));
        }
        self.totals.skipped += 1;
        if self.totals.skipped <= MAX_TOLD {
            self.context.say(&format!("left out {problem}"));
        }
        Ok(())
    }

    fn report(self, outcome: Result<(), Failure>) -> Outcome {
        let Totals { events, deliveries, known, skipped } = self.totals;
        if self.context.json() {
            self.context.print_item("imported", &self.totals)?;
        } else {
            let skipped = if skipped > 0 { format!(", left out: {skipped}") } else { String::new() };
            let text = format!("new events: {events}, deliveries: {deliveries}, known already: {known}{skipped}");
            self.context.say(&text);
        }
        if self.waiting > 0 {
            let text =
                format!("{} of them wait for a target where they come from: they do not wait here", self.waiting);
            self.context.say(&text);
        }
        if self.outdated.count > 0 {
            let text = format!(
                "warning: {} of them are older than this history keeps events: they will be deleted (see `hookctl config`)",
                self.outdated.count
            );
            self.context.say(&text);
        }
        outcome?;
        Ok(if events + known == 0 { Exit::No } else { Exit::Done })
    }
}

fn bad_input(problem: &str) -> Failure {
    Failure::new(Exit::Usage, "bad_input", anyhow::Error::msg(problem.to_owned()))
}

/// Reads to the end of a line without keeping it.
fn skip_line(source: &mut dyn BufRead) -> io::Result<()> {
    source.skip_until(b'\n').map(drop)
}

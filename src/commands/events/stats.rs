//! `hookctl events stats`.

use std::ops::ControlFlow;

use jiff::SignedDuration;
use serde_json::json;

use super::chosen::filter;
use crate::cli::StatsArgs;
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::history::{Filter, Stats};
use crate::model::VerdictStatus;
use crate::output::{self, Palette, Role, bar, one_line, size, sparkline};
use crate::store::{Direction, Extent, Kind, Outcomes, Reader};

/// Rows of one kind shown to people.
const MAX_ROWS: usize = 12;
/// Columns of names, and of bars where the terminal does not say how wide it is.
const MAX_NAME: usize = 40;
const BAR: usize = 30;
/// A picture that is wider tells no more.
const MAX_BAR: usize = 60;
/// Columns between and around what stands in a row.
const BLANKS: usize = 6;

/// Columns of the labels, and of what stands behind the picture of the time.
const LABEL: usize = 12;
const EACH: usize = 16;

/// Everything that is shown.
struct Report {
    stats: Stats,
    outcomes: Outcomes,
    /// Targets with the events they have still to get.
    waiting: Vec<(String, u64)>,
    extent: Extent,
}

/// Runs the command.
pub(super) fn run(args: &StatsArgs, context: &Context) -> Outcome {
    let filter = filter(&args.filter)?;
    let reader = context.reader()?;
    let report = count(&filter, &reader)?;
    let exit = if report.stats.events == 0 { Exit::No } else { Exit::Done };
    let shown = if context.json() { print_line(&report, context) } else { people(&report, context) };
    shown.map_or_else(|failure| failure.unless_closed(exit), |()| Ok(exit))
}

fn count(filter: &Filter, reader: &Reader) -> Result<Report, Failure> {
    let extent = reader.extent()?;
    let mut stats = Stats::default();
    let mut waiting = reader.waiting()?;
    let outcomes = if filter.is_empty() {
        add_outlines(filter, reader, &mut stats, |_| {})?;
        reader.outcomes()?
    } else {
        let mut seqs = Vec::new();
        if filter.is_by_columns() {
            add_outlines(filter, reader, &mut stats, |seq| seqs.push(seq))?;
        } else {
            add_events(filter, reader, &mut stats, &mut seqs)?;
        }
        if !waiting.is_empty() {
            waiting = waiting_among(&seqs, waiting, reader)?;
        }
        if extent.deliveries == 0 { Outcomes::default() } else { outcomes_among(&seqs, reader)? }
    };
    Ok(Report { stats, outcomes, waiting, extent })
}

fn add_outlines(
    filter: &Filter,
    reader: &Reader,
    stats: &mut Stats,
    mut counted: impl FnMut(i64),
) -> Result<(), Failure> {
    reader.outlines(&filter.query(Direction::Forward), |outline| {
        stats.add(outline.kind, outline.received_at, outline.body_bytes);
        counted(outline.seq);
        ControlFlow::Continue(())
    })?;
    Ok(())
}

/// The same for a filter that must see into the events.
fn add_events(filter: &Filter, reader: &Reader, stats: &mut Stats, seqs: &mut Vec<i64>) -> Result<(), Failure> {
    filter.select(reader, Direction::Backward, |stored| {
        let event = &stored.event;
        let kind = Kind {
            provider: event.provider.clone(),
            event_type: event.event_type.clone(),
            verdict: event.verdict.status,
        };
        stats.add(&kind, event.received_at, event.request.body.len() as u64);
        seqs.push(stored.seq);
        ControlFlow::Continue(())
    })?;
    Ok(())
}

fn outcomes_among(seqs: &[i64], reader: &Reader) -> Result<Outcomes, Failure> {
    let mut outcomes = Outcomes::default();
    for seq in seqs {
        outcomes.add(reader.outcomes_of(*seq)?);
    }
    Ok(outcomes)
}

fn waiting_among(seqs: &[i64], all: Vec<(String, u64)>, reader: &Reader) -> Result<Vec<(String, u64)>, Failure> {
    let mut waiting: Vec<(String, u64)> = all.into_iter().map(|(target, _)| (target, 0)).collect();
    for seq in seqs {
        for target in reader.waiting_for(*seq)? {
            if let Some((_, count)) = waiting.iter_mut().find(|(known, _)| *known == target) {
                *count += 1;
            }
        }
    }
    waiting.retain(|(_, count)| *count > 0);
    Ok(waiting)
}

fn print_line(report: &Report, context: &Context) -> Result<(), Failure> {
    let Report { stats, outcomes, waiting, extent } = report;
    let time = |time: jiff::Timestamp| format!("{time:.6}");
    let types = stats.types.iter().map(|((provider, event_type), events)| {
        json!({ "provider": **provider, "event_type": event_type, "events": events })
    });
    let (buckets, width) = stats.timeline();
    let buckets = buckets.iter().map(|bucket| json!({ "from": time(bucket.from), "events": bucket.events }));
    let providers = stats.providers.iter().map(|(name, events)| json!({ "provider": **name, "events": events }));
    let waiting = waiting.iter().map(|(target, events)| json!({ "target": target, "events": events }));
    let verdicts: serde_json::Map<_, _> = VerdictStatus::ALL
        .iter()
        .zip(stats.verdicts)
        .map(|(verdict, count)| (verdict.as_str().to_owned(), count.into()))
        .collect();
    let line = json!({
        "events": stats.events,
        "first": stats.span.map(|(first, _)| time(first)),
        "last": stats.span.map(|(_, last)| time(last)),
        "per_minute": stats.rate(SignedDuration::from_mins(1)),
        "per_hour": stats.rate(SignedDuration::from_hours(1)),
        "bytes": { "total": stats.bytes, "mean": stats.mean_bytes(), "largest": stats.largest },
        "verdicts": verdicts,
        "providers": providers.collect::<Vec<_>>(),
        "event_types": types.collect::<Vec<_>>(),
        "other_event_types": stats.other_types,
        "deliveries": { "succeeded": outcomes.succeeded, "failed": outcomes.failed },
        "waiting": waiting.collect::<Vec<_>>(),
        "timeline": { "bucket_seconds": width.as_secs(), "buckets": buckets.collect::<Vec<_>>() },
        "file": { "bytes": extent.file_bytes, "used_bytes": extent.used_bytes },
    });
    context.print_item("stats", &line)
}

fn people(report: &Report, context: &Context) -> Result<(), Failure> {
    if report.stats.events == 0 {
        context.say(if report.extent.events == 0 { "the history is empty" } else { "no event matches" });
        return Ok(());
    }
    let palette = Palette::new(context.color());
    let mut out = summary(report, context);
    let Stats { providers, types, verdicts, .. } = &report.stats;
    let mut sheet = Sheet { out: String::new(), palette, width: context.width() };
    sheet.section("provider", providers.iter().map(|(name, count)| (one_line(&**name, MAX_NAME), *count)).collect());
    let name = |provider: &str, name: &Option<String>| {
        one_line(format!("{provider}/{}", name.as_deref().unwrap_or("-")), MAX_NAME)
    };
    sheet.section("event", types.iter().map(|((provider, event), count)| (name(provider, event), *count)).collect());
    let verdicts = VerdictStatus::ALL.into_iter().zip(*verdicts).filter(|(_, count)| *count > 0);
    sheet.section("verdict", verdicts.map(|(verdict, count)| (verdict.as_str().to_owned(), count)).collect());
    out.push_str(&sheet.out);
    Ok(output::print(out)?)
}

/// The lines about the whole.
fn summary(report: &Report, context: &Context) -> String {
    let Report { stats, outcomes, waiting, extent } = report;
    let human = context.human(0);
    let mut lines = Vec::new();
    if let Some((first, last)) = stats.span {
        let (minute, hour) = (stats.rate(SignedDuration::from_mins(1)), stats.rate(SignedDuration::from_hours(1)));
        lines.push(("events", format!("{}, {minute:.1} a minute, {hour:.1} an hour", stats.events)));
        lines.push(("received", format!("{} to {}", human.time(first), human.time(last))));
    }
    let (buckets, width) = stats.timeline();
    if buckets.len() > 1 {
        // On a narrow terminal several of them share a column.
        let room = context.width().unwrap_or(usize::MAX).saturating_sub(LABEL + EACH).max(1);
        let together = buckets.len().div_ceil(room);
        let counts: Vec<u64> =
            buckets.chunks(together).map(|chunk| chunk.iter().map(|bucket| bucket.events).sum()).collect();
        let width = width * i32::try_from(together).unwrap_or(1);
        lines.push(("over time", format!("{}  ({width:#} each)", sparkline(counts))));
    }
    let mean = size(stats.mean_bytes() as u64);
    lines.push(("bodies", format!("{}, mean {mean}, largest {}", size(stats.bytes), size(stats.largest))));
    if *outcomes != Outcomes::default() {
        lines.push(("deliveries", format!("{} succeeded, {} failed", outcomes.succeeded, outcomes.failed)));
    }
    for (target, count) in waiting {
        lines.push(("waiting", format!("{count} for {}", one_line(target, MAX_NAME * 2))));
    }
    lines.push(("file", format!("{}, {} in use", size(extent.file_bytes), size(extent.used_bytes))));
    lines.iter().map(|(label, text)| format!("{label:LABEL$}{text}\n")).collect()
}

/// Counts with their bars.
struct Sheet {
    out: String,
    palette: Palette,
    /// Of the terminal.
    width: Option<usize>,
}

impl Sheet {
    fn section(&mut self, title: &str, mut rows: Vec<(String, u64)>) {
        use unicode_width::UnicodeWidthStr as _;
        rows.sort_by(|(one, a), (two, b)| b.cmp(a).then_with(|| one.cmp(two)));
        let largest = rows.first().map_or(0, |(_, count)| *count);
        let digits = largest.to_string().len();
        let more = rows.len().saturating_sub(MAX_ROWS);
        rows.truncate(MAX_ROWS);
        let names = rows.iter().map(|(name, _)| name.width()).max().unwrap_or_default();
        let room = self.width.map_or(BAR, |width| width.saturating_sub(names + digits + BLANKS).min(MAX_BAR));
        self.out.push_str(&format!("\n{}\n", self.palette.paint(Role::Strong, title)));
        for (name, count) in rows {
            let pad = " ".repeat(names - name.width());
            let bar = self.palette.paint(Role::Number, &bar(count, largest, room));
            self.out.push_str(format!("  {name}{pad}  {count:>digits$}  {bar}").trim_end());
            self.out.push('\n');
        }
        if more > 0 {
            self.out.push_str(&format!("  … {more} more; `--json` shows all\n"));
        }
    }
}

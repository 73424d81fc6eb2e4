//! `hookctl events list`.

use std::ops::ControlFlow;

use super::chosen::{filter, short_id};
use crate::cli::ListEventsArgs;
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::history::Filter;
use crate::model::VerdictStatus;
use crate::output::{self, Human, one_line, size};
use crate::store::{Direction, Reader, Stored};

const HEADERS: [&str; 7] = ["ID", "RECEIVED", "VERDICT", "PROVIDER", "EVENT", "SIZE", "DELIVERY"];
/// Longer names would push the rest off the screen.
const MAX_CELL: usize = 60;
/// Rows laid out together: the columns of a table fit its widest rows, so all must be held until then.
const BLOCK: usize = 1_000;

/// Runs the command.
pub(super) fn run(args: &ListEventsArgs, context: &Context) -> Outcome {
    let filter = filter(&args.filter)?;
    let reader = context.reader()?;
    let mut list = List { context, reader: &reader, human: context.human(0), rows: Vec::new(), count: 0 };
    let limit = if args.limit == 0 { u64::MAX } else { args.limit };
    match list.fill(&filter, limit) {
        Ok(is_cut) if list.count > 0 => {
            if is_cut {
                context.say(&format!("{} shown; --limit 0 shows all", list.count));
            }
            Ok(Exit::Done)
        }
        Ok(_) => {
            context.say(if filter.is_empty() { "the history is empty" } else { "no event matches" });
            Ok(Exit::No)
        }
        Err(failure) => failure.unless_closed(Exit::Done),
    }
}

struct List<'c> {
    context: &'c Context,
    reader: &'c Reader,
    human: Human,
    /// Rows that wait for their table.
    rows: Vec<(VerdictStatus, Vec<String>)>,
    count: u64,
}

impl List<'_> {
    /// Prints up to `limit` events, newest first; says whether there may be more.
    fn fill(&mut self, filter: &Filter, limit: u64) -> Result<bool, Failure> {
        let mut is_cut = false;
        let mut failure = None;
        filter.select(self.reader, Direction::Backward, |stored| {
            // The rest is not searched for one more: that can take as long as all before.
            if self.count == limit {
                is_cut = true;
                return ControlFlow::Break(());
            }
            self.count += 1;
            match self.add(&stored) {
                Ok(()) => ControlFlow::Continue(()),
                Err(problem) => {
                    failure = Some(problem);
                    ControlFlow::Break(())
                }
            }
        })?;
        failure.map_or(Ok(()), Err)?;
        self.print_rows()?;
        Ok(is_cut)
    }

    fn add(&mut self, stored: &Stored) -> Result<(), Failure> {
        if self.context.json() {
            return self.context.print_past(self.reader, stored);
        }
        self.rows.push((stored.event.verdict.status, row(self.reader, stored)?));
        if self.rows.len() == BLOCK { self.print_rows() } else { Ok(()) }
    }

    fn print_rows(&mut self) -> Result<(), Failure> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let (verdicts, rows): (Vec<VerdictStatus>, Vec<Vec<String>>) = self.rows.drain(..).unzip();
        let table = output::table(&HEADERS, &rows, self.context.width());
        let head = table.lines().count().saturating_sub(rows.len());
        let mut out = String::with_capacity(table.len() * 2);
        for (position, line) in table.lines().enumerate() {
            let verdict = position.checked_sub(head).and_then(|row| verdicts.get(row));
            // The table cleans its cells, so the sign is painted afterwards; what stands before it is no
            // stranger's text.
            out.push_str(&match verdict {
                Some(verdict) => line.replacen(verdict.glyph(), &self.human.glyph(*verdict), 1),
                None => line.to_owned(),
            });
            out.push('\n');
        }
        Ok(output::print(out)?)
    }
}

fn row(reader: &Reader, stored: &Stored) -> Result<Vec<String>, Failure> {
    let event = &stored.event;
    let received = event.received_at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let repeat = event.repeat.map(|repeat| format!(" (retry {})", repeat.retry)).unwrap_or_default();
    let handshake = event.handshake.as_deref().map(|name| format!(" (handshake {})", one_line(name, MAX_CELL)));
    let verdict = event.verdict.status;
    Ok(vec![
        short_id(reader, event.id)?,
        received,
        format!("{} {}", verdict.glyph(), verdict.as_str()),
        one_line(&*event.provider, MAX_CELL),
        one_line(event.event_type.as_deref().unwrap_or("-"), MAX_CELL) + &handshake.unwrap_or_default() + &repeat,
        size(event.request.body.len() as u64),
        delivery(reader, stored.seq)?,
    ])
}

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

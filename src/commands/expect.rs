//! `hookctl expect`.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::Context;
use super::came::Came;
use super::expectations::{End, Report, UNMET, expression, missing, nearest};
use crate::cli::ExpectArgs;
use crate::error::{Exit, Failure, Outcome};
use crate::history::{Expectation, Filter};
use crate::output::{self, untrusted};
use crate::store::{Direction, Kind, KindTest, Query, Reader, StoreError, Stored};

/// How often the history is asked for more: one look at an index, and no longer than a person notices.
const POLL: Duration = Duration::from_millis(50);
/// Events that are compared for an explanation, the newest ones: a long history must not delay the answer.
const MAX_COMPARED: u64 = 10_000;

/// Runs the command.
pub(super) fn run(args: &ExpectArgs, context: &Context) -> Outcome {
    let expectations = expectations(args)?;
    let report = Report::new(args.junit.as_deref(), "hookctl expect", context)?;
    let since = args.since.map(|since| since.from(Timestamp::now()));
    let mut watch = Watch {
        context,
        path: context.history()?,
        reader: None,
        expectations,
        since,
        looked_until: 0,
        began: Instant::now(),
        stopped: stop_flag()?,
        is_muted: false,
    };
    let end = watch.follow(args.within);
    let took = watch.began.elapsed();
    let outcome = watch.outcome(end);
    let end = match &outcome {
        Ok(Exit::Interrupted) => End::BrokenOff("interrupted"),
        Err(failure) if failure.code != UNMET => End::BrokenOff("the history could not be read"),
        _ => End::Decided,
    };
    report.finish(&watch.expectations, took, end, outcome, context)
}

fn expectations(args: &ExpectArgs) -> Result<Vec<Expectation>, Failure> {
    if args.at_most.is_some_and(|most| most < args.count) {
        return Err(Failure::usage("--at-most is less than --count").hint("--at-most 0 alone expects none"));
    }
    if args.count == 0 && args.at_most.is_none() {
        return Err(Failure::usage("--count 0 expects nothing").hint("--at-most 0 expects that none comes"));
    }
    let read = |text: &String| {
        let expectation = Expectation::new(text.trim(), expression(text)?, args.count);
        Ok(expectation.at_most(args.at_most).any_verdict(args.any_verdict))
    };
    args.expressions.iter().map(read).collect()
}

/// Is set by Ctrl-C or a request to terminate.
fn stop_flag() -> Result<Arc<AtomicBool>, Failure> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let flag = Arc::new(AtomicBool::new(false));
    let mut signals = vec![SIGINT, SIGTERM];
    #[cfg(unix)]
    signals.push(signal_hook::consts::SIGHUP);
    for signal in signals {
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
    }
    Ok(flag)
}

/// Why the watch ended.
enum Ending {
    Met,
    TimeUp,
    Interrupted,
}

/// The history, looked at again and again.
struct Watch<'c> {
    context: &'c Context,
    path: PathBuf,
    /// `None` until there is a history.
    reader: Option<Reader>,
    expectations: Vec<Expectation>,
    since: Option<Timestamp>,
    /// The place up to which everything was seen.
    looked_until: i64,
    began: Instant,
    stopped: Arc<AtomicBool>,
    /// Nobody reads stdout any more; the answer still counts.
    is_muted: bool,
}

impl Watch<'_> {
    fn follow(&mut self, within: Duration) -> Result<Ending, Failure> {
        loop {
            let elapsed = self.began.elapsed();
            self.look()?;
            if self.stopped.load(Relaxed) {
                return Ok(Ending::Interrupted);
            }
            if self.is_settled() || elapsed >= within {
                let is_met = self.expectations.iter().all(Expectation::is_met);
                return Ok(if is_met { Ending::Met } else { Ending::TimeUp });
            }
            std::thread::sleep(POLL.min(within.saturating_sub(elapsed)));
        }
    }

    /// All is there, or something is there that must not be.
    fn is_settled(&self) -> bool {
        self.expectations.iter().all(Expectation::is_settled) || self.expectations.iter().any(Expectation::is_exceeded)
    }

    /// Counts what has come since the last look.
    fn look(&mut self) -> Result<(), Failure> {
        if self.reader.is_none() {
            self.reader = match Reader::open(&self.path) {
                Ok(reader) => Some(reader),
                Err(StoreError::Absent(_)) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
        }
        let Some(reader) = self.reader.take() else { return Ok(()) };
        let looked = self.look_in(&reader);
        self.reader = Some(reader);
        looked
    }

    fn look_in(&mut self, reader: &Reader) -> Result<(), Failure> {
        let newest = reader.last_seq()?;
        if newest <= self.looked_until {
            return Ok(());
        }
        let kinds = any_kind(self.expectations.iter().map(Expectation::filter));
        let query = Query {
            kinds,
            since: self.since,
            after: Some(self.looked_until),
            direction: Direction::Forward,
            ..Query::default()
        };
        let mut failure = None;
        reader.select(&query, |stored| {
            // What comes meanwhile is for the next look: its kind may not be known to this one.
            if stored.seq > newest || self.stopped.load(Relaxed) || self.is_settled() {
                return ControlFlow::Break(());
            }
            match self.offer(reader, &stored) {
                Ok(()) => ControlFlow::Continue(()),
                Err(problem) => {
                    failure = Some(problem);
                    ControlFlow::Break(())
                }
            }
        })?;
        self.looked_until = newest;
        failure.map_or(Ok(()), Err)
    }

    /// Counts an event where it is expected, and shows it then.
    fn offer(&mut self, reader: &Reader, stored: &Stored) -> Result<(), Failure> {
        let after = self.began.elapsed();
        let mut is_expected = false;
        for expectation in self.expectations.iter_mut().filter(|expectation| !expectation.is_settled()) {
            is_expected |= expectation.offer(&stored.event, after);
        }
        if is_expected && !self.is_muted {
            match self.show(reader, stored) {
                Err(failure) if failure.exit == Exit::Done => self.is_muted = true,
                shown => shown?,
            }
        }
        Ok(())
    }

    fn show(&self, reader: &Reader, stored: &Stored) -> Result<(), Failure> {
        if self.context.json() {
            return self.context.print_past(reader, stored);
        }
        let mut human = self.context.human(0);
        human.quiet |= human.verbosity == 0;
        Ok(output::print(human.event(&stored.event))?)
    }

    fn outcome(&mut self, end: Result<Ending, Failure>) -> Outcome {
        match end? {
            Ending::Met => Ok(Exit::Done),
            Ending::Interrupted => {
                self.compare()?;
                self.context.say(&format!("interrupted: {}", untrusted(missing(&self.expectations))));
                Ok(Exit::Interrupted)
            }
            Ending::TimeUp => {
                let came = self.compare()?;
                let message = format!("{}; {}", missing(&self.expectations), came.told(MAX_COMPARED));
                let hint = nearest(&self.expectations).unwrap_or_else(|| self.advice(&came));
                Err(Failure::new(Exit::No, UNMET, anyhow::Error::msg(message)).hint(hint))
            }
        }
    }

    fn advice(&self, came: &Came) -> String {
        let path = self.path.display();
        if self.reader.is_none() {
            format!("there is no history at {path} yet: `hookctl listen` begins one; --db names another file")
        } else if self.expectations.iter().any(Expectation::is_exceeded) {
            "the lines above show what came".to_owned()
        } else if came.total() == 0 {
            format!("nothing was received: does a listener keep its events in {path}, and is the sender's URL right?")
        } else {
            "give it more time with --within, or expect less with --count".to_owned()
        }
    }

    /// Finds the nearest events, and counts what came at all.
    fn compare(&mut self) -> Result<Came, Failure> {
        let mut came = Came::default();
        let Some(reader) = &self.reader else { return Ok(came) };
        let query = Query { since: self.since, ..Query::default() };
        let expectations = &mut self.expectations;
        reader.select(&query, |stored| {
            came.count(&stored.event);
            for expectation in expectations.iter_mut().filter(|expectation| !expectation.is_met()) {
                expectation.compare(&stored.event);
            }
            if came.total() < MAX_COMPARED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(came)
    }
}

/// Decides on the kinds that any of the filters takes; `None` when one of them takes all.
fn any_kind<'f>(filters: impl Iterator<Item = &'f Filter>) -> Option<KindTest> {
    let tests: Vec<KindTest> =
        filters.map(|filter| filter.query(Direction::Forward).kinds).collect::<Option<Vec<_>>>()?;
    Some(Box::new(move |kind: &Kind| tests.iter().any(|test| test(kind))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_looked_at_when_any_of_the_filters_takes_it() {
        let filters: Vec<Filter> = ["a.*", "p/b where body"].iter().map(|text| text.parse().unwrap()).collect();
        let takes = any_kind(filters.iter()).unwrap();
        let kind = |provider: &str, event_type: &str| Kind {
            provider: provider.into(),
            event_type: Some(event_type.to_owned()),
            verdict: crate::model::VerdictStatus::Valid,
        };
        assert!(takes(&kind("x", "a.b")) && takes(&kind("p", "b")) && !takes(&kind("x", "b")));
        assert!(any_kind([Filter::default(), filters[0].clone()].iter()).is_none(), "one of them takes all");
    }
}

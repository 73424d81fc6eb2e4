//! Lists and single events, inside the process.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use hookctl::history::Filter;
use hookctl::model::VerdictStatus;
use hookctl::store::{Direction, Reader};

use crate::figures::{Target, median, row};

/// Runs of what is quick.
const RUNS: usize = 21;
/// Events of a list.
const LISTED: usize = 50;

/// Prints the rows.
pub fn measure(path: &Path) -> Result<()> {
    let reader = Reader::open(path)?;
    let all = Filter::default();
    let provider = Filter { providers: vec!["slack".into()], ..Filter::default() };
    let event: Filter = "prospect.*".parse()?;
    let verdict = Filter { verdicts: vec![VerdictStatus::Unchecked], ..Filter::default() };
    for (what, filter, most) in [
        ("newest 50, ms", &all, 5.0),
        ("newest 50 of a provider, ms", &provider, 10.0),
        ("newest 50 of an event type, ms", &event, 10.0),
        ("newest 50 of a verdict, ms", &verdict, 10.0),
    ] {
        quick(what, most, || list(&reader, filter, LISTED).map(drop))?;
    }
    let id = reader.newest(1000)?.context("too few events")?.event.id;
    quick("by id, ms", 1.0, || reader.by_id(id).map(drop).map_err(Into::into))?;
    quick("count of each kind, ms", f64::INFINITY, || reader.counts().map(drop).map_err(Into::into))?;
    let conditions = "where json:/note/kind=zanzibar".parse()?;
    let started = Instant::now();
    ensure!(list(&reader, &conditions, LISTED)? == 1, "one event holds");
    row("--where over everything, s", "", "", started.elapsed().as_secs_f64(), Target::None);
    Ok(())
}

fn quick(what: &str, most: f64, mut read: impl FnMut() -> Result<()>) -> Result<()> {
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let started = Instant::now();
        read()?;
        times.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    let target = if most.is_finite() { Target::AtMost(most) } else { Target::None };
    row(what, "", "", median(times), target);
    Ok(())
}

fn list(reader: &Reader, filter: &Filter, limit: usize) -> Result<usize> {
    let mut found = 0;
    reader.select(&filter.query(Direction::Backward), |stored| {
        found += usize::from(filter.holds(&stored.event));
        if found < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(found)
}

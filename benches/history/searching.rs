//! Searching for a text, inside the process, with the index of words and without.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use hookctl::store::{Needle, Query, Reader, Route, index_words};

use crate::figures::{Target, row};
use crate::filling::{OLDEST, SOME};

/// Longer than an index takes.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Prints the rows of a search through everything.
pub fn without_index(path: &Path) -> Result<()> {
    search(path, Route::Scan, "scan", 2.0)
}

/// Prints the rows of a search by the index.
pub fn with_index(path: &Path) -> Result<()> {
    search(path, Route::Index, "index", 0.1)
}

/// Builds it in one go.
pub fn build_index(path: &Path, events: u64) -> Result<()> {
    let started = Instant::now();
    index_words(path, PATIENCE)?;
    row("words: microseconds an event", "", "", started.elapsed().as_secs_f64() * 1e6 / events as f64, Target::None);
    Ok(())
}

fn search(path: &Path, route: Route, how: &str, most: f64) -> Result<()> {
    for (text, what) in [("ada", "a common word"), (SOME, "one in 1,000"), (OLDEST, "only the oldest")] {
        let (first, whole, hits) = find(path, text, route)?;
        if text != OLDEST {
            row(&format!("{how}: {what}, first hit, ms"), "", "", first * 1000.0, Target::AtMost(100.0));
        }
        // All hits of a common word are unpacked whole.
        let target = if text == "ada" { Target::None } else { Target::AtMost(most) };
        row(&format!("{how}: {what}, whole, s"), "", &format!("{hits} hits"), whole, target);
    }
    let (_, whole, _) = find(path, "absent words", route)?;
    row(&format!("{how}: nothing, whole, s"), "", "", whole, Target::AtMost(most));
    Ok(())
}

/// Seconds to the first hit and to the end, from opening the file on; and how many hits.
fn find(path: &Path, text: &str, route: Route) -> Result<(f64, f64, u64)> {
    let started = Instant::now();
    let reader = Reader::open(path)?;
    let needle = Needle::new(text).context("a text")?;
    let (mut first, mut hits) = (f64::NAN, 0);
    reader.search(&needle, &Query::default(), route, |_| {
        if hits == 0 {
            first = started.elapsed().as_secs_f64();
        }
        hits += 1;
        ControlFlow::Continue(())
    })?;
    Ok((first, started.elapsed().as_secs_f64(), hits))
}

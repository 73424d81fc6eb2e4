//! A history of so many events (1,000,000 unless a number is given): its bytes, and how long it takes to
//! find something in it.

#[path = "../figures.rs"]
mod figures;
mod filling;
mod inspecting;
mod processes;
mod reading;
mod searching;

use anyhow::{Context as _, Result};
use figures::{Target, row};
use hookctl::store::Reader;

/// Events without a number on the command line.
const EVENTS: u64 = 1_000_000;

fn main() -> Result<()> {
    let number = std::env::args().skip(1).find(|arg| arg != "--bench");
    let events = number.map_or(Ok(EVENTS), |number| number.parse()).context("the number of events")?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("history.db");
    let raw = filling::fill(&path, events)?;
    let bytes = |what: &str| -> Result<()> {
        let used = Reader::open(&path)?.extent()?.used_bytes;
        let (used, raw) = (used as f64 / events as f64, raw as f64 / events as f64);
        row(what, &format!("{raw:.0} B raw"), &format!("{used:.0} B"), used / raw, Target::AtMost(0.7));
        Ok(())
    };
    bytes("stored bytes an event / raw, no words")?;
    reading::measure(&path)?;
    processes::measure(&path)?;
    searching::without_index(&path)?;
    searching::build_index(&path, events)?;
    bytes("stored bytes an event / raw, with words")?;
    searching::with_index(&path)?;
    inspecting::measure(&path, events)
}

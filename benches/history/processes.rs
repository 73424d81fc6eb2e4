//! The whole process of a list beside a hello-world clap binary, in turns.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::figures::{Target, median, row};

/// Runs of each program.
const RUNS: usize = 50;
/// The binary under test.
const HOOKCTL: &str = env!("CARGO_BIN_EXE_hookctl");

/// Prints the row.
pub fn measure(path: &Path) -> Result<()> {
    let example = Path::new(HOOKCTL).with_file_name("examples").join("hello");
    ensure!(example.exists(), "build it first: cargo build --release --example hello");
    let (mut hello, mut list) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        hello.push(run(Command::new(&example))?);
        let mut command = Command::new(HOOKCTL);
        command.args(["events", "list", "--db"]).arg(path);
        list.push(run(command)?);
    }
    let (hello, list) = (median(hello), median(list));
    let millis = |time: f64| format!("{time:.2} ms");
    row("hookctl events list / clap hello", &millis(hello), &millis(list), list / hello, Target::AtMost(4.0));
    Ok(())
}

/// Milliseconds from start to end, apart from the environment of whoever runs this.
fn run(mut command: Command) -> Result<f64> {
    command.env_clear().stdout(Stdio::null());
    let started = Instant::now();
    let status = command.status()?;
    let time = started.elapsed().as_secs_f64() * 1000.0;
    ensure!(status.success(), "{command:?} failed");
    Ok(time)
}

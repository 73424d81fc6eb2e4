//! `hookctl listen` against the bare server.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::figures::{Target, median, row};
use super::process::{Server, numbers, pinned, role};
use super::{CLIENT_CORE, SAMPLES, SECRET, SECRET_VARIABLE, SERVER_CORE};

/// How long the last lines may take to reach the file.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// One row: so many requests of this size on so many connections.
struct Scenario {
    what: &'static str,
    connections: usize,
    requests: u64,
    body_size: usize,
    is_json: bool,
    is_kept: bool,
    target: Target,
}

#[rustfmt::skip]
const SCENARIOS: [Scenario; 9] = [
    Scenario { what: "receive+verify+JSON, 600 B, c=16", connections: 16, requests: 100_000, body_size: 600, is_json: true, is_kept: false, target: Target::AtLeast(0.70) },
    Scenario { what: "receive+verify+JSON, 600 B, c=128", connections: 128, requests: 100_000, body_size: 600, is_json: true, is_kept: false, target: Target::AtLeast(0.70) },
    Scenario { what: "receive+verify, 64 KiB, c=16", connections: 16, requests: 6_000, body_size: 65_536, is_json: false, is_kept: false, target: Target::AtLeast(0.22) },
    Scenario { what: "receive+verify+JSON, 64 KiB, c=16", connections: 16, requests: 6_000, body_size: 65_536, is_json: true, is_kept: false, target: Target::None },
    Scenario { what: "receive+verify+keep+JSON, 600 B, c=1", connections: 1, requests: 10_000, body_size: 600, is_json: true, is_kept: true, target: Target::AtLeast(0.18) },
    Scenario { what: "receive+verify+keep+JSON, 600 B, c=16", connections: 16, requests: 50_000, body_size: 600, is_json: true, is_kept: true, target: Target::AtLeast(0.28) },
    Scenario { what: "receive+verify+keep+JSON, 600 B, c=128", connections: 128, requests: 100_000, body_size: 600, is_json: true, is_kept: true, target: Target::AtLeast(0.45) },
    Scenario { what: "receive+verify+keep, 600 B, c=128", connections: 128, requests: 100_000, body_size: 600, is_json: false, is_kept: true, target: Target::None },
    Scenario { what: "receive+verify+keep, 64 KiB, c=16", connections: 16, requests: 6_000, body_size: 65_536, is_json: false, is_kept: true, target: Target::AtLeast(0.06) },
];

/// Prints the rows of receiving.
pub fn measure() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let bare = Server::start(role(SERVER_CORE, &["server"])?, folder.path(), None)?;
    for scenario in &SCENARIOS {
        throughput(scenario, &bare)?;
    }
    stalled_terminal()
}

fn throughput(scenario: &Scenario, bare: &Server) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let stdout = (!scenario.is_json).then(Stdio::null);
    let mut command = listen(scenario.is_json);
    if scenario.is_kept {
        command.arg("--db").arg(folder.path().join("history.db"));
    } else {
        command = unkept(command);
    }
    let ours = Server::start(command, folder.path(), stdout)?;
    let (mut bare_rates, mut our_rates) = (Vec::new(), Vec::new());
    let (mut peak, mut missed, mut waits) = (None, 0, Vec::new());
    for _ in 0..SAMPLES {
        bare_rates.push(load(bare.address, scenario)?.0);
        let (rate, p99) = load(ours.address, scenario)?;
        our_rates.push(rate);
        waits.push(p99);
        peak = peak.or_else(|| ours.peak_memory());
        if scenario.is_json {
            missed += missed_lines(&folder.path().join("out"), scenario.requests)?;
        }
    }
    let (bare, ours) = (median(bare_rates), median(our_rates));
    row(scenario.what, &per_second(bare), &per_second(ours), ours / bare, scenario.target);
    if scenario.is_kept {
        row("  p99, ms", "", "", median(waits) / 1000.0, Target::AtMost(30.0));
    }
    if scenario.is_json {
        let what = format!("  peak memory after {} events, MiB", scenario.requests);
        // The output queue alone may hold 64 MiB of large bodies.
        let target = if scenario.body_size < 1024 { Target::AtMost(64.0) } else { Target::None };
        row(&what, "", "", peak.unwrap_or(f64::NAN), target);
        let share = missed as f64 * 100.0 / (scenario.requests * SAMPLES as u64) as f64;
        let target = if scenario.body_size < 1024 { Target::AtMost(0.0) } else { Target::None };
        row("  events left out of the file, %", "", "", share, target);
    }
    Ok(())
}

/// A terminal that nobody reads must not slow the sender down.
fn stalled_terminal() -> Result<()> {
    let scenario = Scenario {
        what: "",
        connections: 16,
        requests: 20_000,
        body_size: 600,
        is_json: false,
        is_kept: false,
        target: Target::None,
    };
    let folders = [tempfile::tempdir()?, tempfile::tempdir()?];
    let free = Server::start(unkept(listen(false)), folders[0].path(), Some(Stdio::null()))?;
    let (_unread, pipe) = std::io::pipe()?;
    let stalled = Server::start(unkept(listen(false)), folders[1].path(), Some(pipe.into()))?;
    let (mut free_times, mut stalled_times) = (Vec::new(), Vec::new());
    for _ in 0..SAMPLES {
        free_times.push(load(free.address, &scenario)?.1);
        stalled_times.push(load(stalled.address, &scenario)?.1);
    }
    let peak = stalled.peak_memory();
    let (free, stalled) = (median(free_times), median(stalled_times));
    let what = "human output, p99, terminal stalled";
    row(what, &format!("{free:.0} us"), &format!("{stalled:.0} us"), stalled / free, Target::AtMost(1.1));
    row("  peak memory of the stalled one, MiB", "", "", peak.unwrap_or(f64::NAN), Target::AtMost(64.0));
    Ok(())
}

/// `hookctl listen` with the secret of the load, apart from the configuration of whoever runs this.
fn listen(is_json: bool) -> Command {
    let mut command = pinned(SERVER_CORE, Path::new(env!("CARGO_BIN_EXE_hookctl")));
    command.env_clear().env(SECRET_VARIABLE, SECRET).current_dir(std::env::temp_dir());
    command.args(["listen", "--provider", "prospektr", "--secret-env", SECRET_VARIABLE, "--port", "0"]);
    if is_json {
        command.arg("--json");
    }
    command
}

fn unkept(mut command: Command) -> Command {
    command.arg("--no-store");
    command
}

/// Requests a second, and the 99th percentile in microseconds.
fn load(address: SocketAddr, scenario: &Scenario) -> Result<(f64, f64)> {
    let Scenario { connections, requests, body_size, .. } = scenario;
    let args = [address.to_string(), connections.to_string(), requests.to_string(), body_size.to_string()];
    let args: Vec<&str> = ["generator"].into_iter().chain(args.iter().map(String::as_str)).collect();
    numbers(role(CLIENT_CORE, &args)?)
}

/// Waits until the file accounts for each request, empties it, and tells how many events were left
/// out because the file could not keep up. The others must all be valid.
fn missed_lines(path: &Path, wanted: u64) -> Result<u64> {
    let started = Instant::now();
    loop {
        let (mut valid, mut missed) = (0, 0);
        for line in BufReader::new(File::open(path)?).split(b'\n') {
            let line = line?;
            let head = String::from_utf8_lossy(&line[..line.len().min(400)]);
            if head.starts_with(r#"{"v":1,"type":"received""#) {
                valid += u64::from(head.contains(r#""status":"valid""#));
            } else if let Some(count) = head.strip_prefix(r#"{"v":1,"type":"lagged","missed":"#) {
                missed += count.trim_end_matches('}').parse::<u64>().unwrap_or_default();
            }
        }
        if valid + missed == wanted {
            File::options().write(true).open(path)?.set_len(0)?;
            return Ok(missed);
        }
        ensure!(started.elapsed() < WRITE_LIMIT, "{valid} lines of {wanted} events");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn per_second(rate: f64) -> String {
    format!("{:.1} k/s", rate / 1000.0)
}

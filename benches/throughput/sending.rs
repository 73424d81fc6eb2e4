//! `hookctl send` beside a plain client, both against the bare server.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use super::figures::{Target, median, row};
use super::process::{Server, numbers, pinned, role};
use super::{CLIENT_CORE, SAMPLES, SECRET, SECRET_VARIABLE, SERVER_CORE};

/// Requests of one sample.
const REQUESTS: &str = "50000";
/// Connections of each sender.
const CONNECTIONS: &str = "16";
/// What wrk is told, so that it posts too.
const WRK_SCRIPT: &str = "wrk.method = 'POST'\nwrk.body = string.rep('x', 600)\n";

/// Prints the rows of sending.
pub fn measure() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let bare = Server::start(role(SERVER_CORE, &["server"])?, folder.path(), None)?;
    let address = bare.address.to_string();
    let script = folder.path().join("post.lua");
    std::fs::write(&script, WRK_SCRIPT)?;
    let (mut plain, mut ours, mut wrk) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..SAMPLES {
        plain.push(numbers(role(CLIENT_CORE, &["plain", &address, CONNECTIONS, REQUESTS])?)?.0);
        ours.push(send(&address)?);
        wrk.extend(self::wrk(&address, &script));
    }
    let (plain, ours, wrk) = (median(plain), median(ours), median(wrk));
    let text = |rate: f64| format!("{:.1} k/s", rate / 1000.0);
    row("send --count, signed, c=16 / plain client", &text(plain), &text(ours), ours / plain, Target::AtLeast(0.9));
    if wrk.is_finite() {
        row("  the same / wrk", &text(wrk), &text(ours), ours / wrk, Target::None);
    }
    Ok(())
}

/// Requests a second, as `hookctl send` says itself.
fn send(address: &str) -> Result<f64> {
    let mut command = pinned(CLIENT_CORE, Path::new(env!("CARGO_BIN_EXE_hookctl")));
    command.env_clear().env(SECRET_VARIABLE, SECRET).current_dir(std::env::temp_dir());
    command.args(["send", "prospect.added", "--count", REQUESTS, "--concurrency", CONNECTIONS]);
    command.args(["--secret-env", SECRET_VARIABLE, "--to", &format!("http://{address}/hook")]);
    let output = command.stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(output.stdout)?;
    let (before, _) = text.rsplit_once("/s;").with_context(|| format!("no rate in: {text}"))?;
    let rate = before.rsplit(' ').next().unwrap_or_default();
    Ok(rate.parse()?)
}

/// Requests a second of wrk, where it is installed.
fn wrk(address: &str, script: &Path) -> Option<f64> {
    let mut command: Command = pinned(CLIENT_CORE, Path::new("wrk"));
    command.args(["-t1", "-c", CONNECTIONS, "-d1s", "-s"]).arg(script).arg(format!("http://{address}/hook"));
    let output = command.stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Requests/sec:"))?.trim().parse().ok()
}

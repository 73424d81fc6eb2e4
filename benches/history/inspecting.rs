//! The calls of the inspector's API that a page makes most, as the page makes them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::figures::{Target, median, row};

/// Runs of each call.
const RUNS: usize = 11;
/// The binary under test.
const HOOKCTL: &str = env!("CARGO_BIN_EXE_hookctl");
/// What a call may take, in milliseconds: not to be felt with 100,000 events, and as quick as a search with more.
const MOST: f64 = 50.0;
const MOST_OF_MANY: f64 = 300.0;
const MANY: u64 = 100_000;

/// Prints the rows.
pub fn measure(path: &Path, events: u64) -> Result<()> {
    let inspector = Inspector::start(path)?;
    let newest = inspector.get("/api/events?limit=1")?["newest"].as_str().context("a cursor")?.to_owned();
    let far = events * 3 / 4;
    let limit = if events > MANY { MOST_OF_MANY } else { MOST };
    for (what, target) in [
        ("newest 50", "/api/events".to_owned()),
        ("newest 50, folded", "/api/events?fold=true".to_owned()),
        ("200 from far below, folded", format!("/api/events?fold=true&upto={newest}&offset={far}&limit=200")),
        ("newest 50 of a provider", "/api/events?filter=provider:slack&fold=true".to_owned()),
        ("50 of it from far below", format!("/api/events?provider=slack&upto={newest}&offset={}", far / 3)),
        ("newest 50 of a common word", "/api/events?filter=ada&fold=true".to_owned()),
        ("a condition, for its time", "/api/events?filter=json:/note/kind=zanzibar".to_owned()),
        ("counts of 15 minutes", "/api/stats?window=15m".to_owned()),
        ("counts of all time", "/api/stats?window=all".to_owned()),
        ("counts of all time of a provider", "/api/stats?window=all&provider=slack".to_owned()),
    ] {
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let started = Instant::now();
            inspector.get(&target)?;
            times.push(started.elapsed().as_secs_f64() * 1000.0);
        }
        let first = times.first().copied().unwrap_or_default();
        let most = if what.contains("condition") { Target::None } else { Target::AtMost(limit) };
        row(&format!("inspector: {what}, ms"), &format!("{first:.1} first"), "", median(times), most);
    }
    Ok(())
}

/// A process that is killed in the end.
struct Inspector {
    child: Child,
    address: String,
    token: String,
}

impl Inspector {
    fn start(path: &Path) -> Result<Self> {
        let mut command = Command::new(HOOKCTL);
        command.args(["inspect", "0", "--json", "--db"]).arg(path).env_clear().env("HOME", path.with_file_name(""));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line)?;
        let url = ready["inspector"].as_str().context("a URL")?.trim_start_matches("http://").to_owned();
        let (address, token) = url.split_once("/#token=").context("a token")?;
        Ok(Self { child, address: address.to_owned(), token: token.to_owned() })
    }

    fn get(&self, target: &str) -> Result<Value> {
        let mut stream = TcpStream::connect(&self.address)?;
        let Self { address, token, .. } = self;
        let head =
            format!("GET {target} HTTP/1.1\r\nhost: {address}\r\nhookctl-token: {token}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").context("an answer")?;
        ensure!(answer.starts_with(b"HTTP/1.1 200"), "{target}: {}", String::from_utf8_lossy(&answer));
        Ok(serde_json::from_slice(&answer[end + 4..])?)
    }
}

impl Drop for Inspector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! Faults of the machine: what was acknowledged is kept, and what cannot be kept is never acknowledged.

mod clock;
mod damage;
mod disk;
mod kill;
mod many;
mod read_only;
mod retention;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::sandbox::Sandbox;

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whether these programs are here; otherwise the test says that it is left out.
fn has(programs: &[&str]) -> bool {
    programs.iter().all(|program| {
        let found =
            Command::new("sh").args(["-c", "command -v \"$0\" >/dev/null", program]).status().unwrap().success();
        if !found {
            eprintln!("left out: {program} is not installed");
        }
        found
    })
}

/// Whether a process may be traced here, which containers can forbid.
fn can_trace() -> bool {
    let works = has(&["strace"])
        && Command::new("strace").args(["-o", "/dev/null", "true"]).status().is_ok_and(|status| status.success());
    if !works {
        eprintln!("left out: processes cannot be traced here");
    }
    works
}

/// Whether a mount of one's own is possible.
fn can_mount() -> bool {
    let works = has(&["unshare"])
        && Command::new("unshare")
            .args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"])
            .output()
            .is_ok_and(|output| output.status.success());
    if !works {
        eprintln!("left out: missing privileges for a mount");
    }
    works
}

/// Waits until something holds.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Bytes that do not compress, from a number.
fn noise(seed: u64, length: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + u8::try_from(state % 90).unwrap())
    };
    (0..length).map(|_| next()).filter(|character| !matches!(character, '"' | '\\')).collect()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// One connection that survives failures: they are results.
struct Sender {
    stream: TcpStream,
}

impl Sender {
    fn open(address: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// Posts a body; the status of the answer.
    fn post(&mut self, body: &str) -> std::io::Result<u16> {
        let request = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        self.stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let text = String::from_utf8_lossy(&answer).into_owned();
            if let Some((head, rest)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(": ")?;
                    if name.eq_ignore_ascii_case("content-length") { value.parse().ok() } else { None }
                });
                if rest.len() >= length.unwrap_or(0_usize) {
                    return Ok(head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0));
                }
            }
            match self.stream.read(&mut chunk)? {
                0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                count => answer.extend_from_slice(&chunk[..count]),
            }
        }
    }
}

/// Posts one body on a connection of its own; 0 where there is no answer.
fn post(address: &str, body: &str) -> u16 {
    Sender::open(address).and_then(|mut sender| sender.post(body)).unwrap_or(0)
}

/// Every body that was sent, and the status that came back; 0 for none.
#[derive(Clone, Default)]
struct Ledger {
    sent: Arc<Mutex<BTreeMap<String, u16>>>,
}

/// Senders at work, until told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Duration>>,
}

impl Ledger {
    /// Posts, and notes.
    fn post(&self, address: &str, body: &str) -> u16 {
        self.sent.lock().unwrap().insert(body.to_owned(), 0);
        let status = post(address, body);
        self.sent.lock().unwrap().insert(body.to_owned(), status);
        status
    }

    /// Starts senders whose bodies begin with `tag`. One ends when its connection fails.
    fn load(&self, address: &str, tag: &str, senders: usize, length: usize) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let one = |number: usize| {
            let (ledger, stop) = (self.clone(), Arc::clone(&stop));
            let (address, tag) = (address.to_owned(), format!("{tag}-{number}"));
            std::thread::spawn(move || ledger.send(&address, &tag, length, &stop))
        };
        Load { threads: (0..senders).map(one).collect(), stop }
    }

    /// The slowest answer.
    fn send(&self, address: &str, tag: &str, length: usize, stop: &AtomicBool) -> Duration {
        let mut slowest = Duration::ZERO;
        let Ok(mut sender) = Sender::open(address) else { return slowest };
        for number in 0_u64.. {
            if stop.load(Relaxed) {
                break;
            }
            let pad = noise(number + 1, 1 + (number as usize * 37) % length);
            let body = format!(r#"{{"n":"{tag}-{number}","pad":"{pad}"}}"#);
            self.sent.lock().unwrap().insert(body.clone(), 0);
            let start = Instant::now();
            let Ok(status) = sender.post(&body) else { break };
            slowest = slowest.max(start.elapsed());
            self.sent.lock().unwrap().insert(body, status);
        }
        slowest
    }

    fn of(&self, is_meant: impl Fn(u16) -> bool) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        sent.iter().filter(|(_, status)| is_meant(**status)).map(|(body, _)| body.clone()).collect()
    }

    fn acknowledged(&self) -> Vec<String> {
        self.of(|status| (200..300).contains(&status))
    }

    /// What was acknowledged is there byte for byte, and nothing that was never sent.
    fn assert_kept(&self, stored: &[Value]) {
        let mut kept = BTreeMap::new();
        for event in stored {
            let request = &event["event"]["request"];
            let body = request["body"].as_str().unwrap().to_owned();
            assert_eq!(request["body_sha256"], sha256(body.as_bytes()), "torn: {body}");
            *kept.entry(body).or_insert(0) += 1;
        }
        let sent = self.sent.lock().unwrap();
        for (body, status) in sent.iter().filter(|(_, status)| (200..300).contains(*status)) {
            assert_eq!(kept.get(body), Some(&1), "lost or twice, answered with {status}: {body}");
        }
        let ghost = kept.keys().find(|body| !sent.contains_key(*body));
        assert_eq!(ghost, None, "stored but never sent");
    }
}

impl Load {
    /// The slowest answer that any sender got.
    fn end(self) -> Duration {
        self.stop.store(true, Relaxed);
        self.threads.into_iter().map(|thread| thread.join().unwrap()).max().unwrap_or_default()
    }
}

/// All events of a history, newest first. The schema of lines has tests of its own, and these are many.
fn stored(sandbox: &Sandbox, db: &str) -> Vec<Value> {
    let output = sandbox.command(&["events", "list", "--json", "-n", "0", "--db", db]).output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || output.stdout.is_empty() && output.status.code() == Some(1), "{talk}");
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// SQLite's own full check.
fn assert_integrity(db: &Path) {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = rusqlite::Connection::open_with_flags(db, flags).unwrap();
    connection.busy_timeout(PATIENCE).unwrap();
    let said: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
}

//! A process that is killed at any moment.

use std::time::{Duration, Instant};

use super::{Ledger, PATIENCE, assert_integrity, can_trace, noise, post, stored};
use crate::sandbox::{Sandbox, signal};

/// Kills of the listener under load.
const ROUNDS: u64 = 12;
/// Senders at work.
const SENDERS: usize = 12;

#[test]
fn what_was_acknowledged_survives_a_kill_under_load() {
    let sandbox = Sandbox::new();
    let ledger = Ledger::default();
    for round in 0..ROUNDS {
        let start = Instant::now();
        let listening = sandbox.listen(&["--db", "history.db", "-q"]);
        assert!(start.elapsed() < PATIENCE / 2, "ready only after {:?}", start.elapsed());
        let load = ledger.load(&listening.address(), &round.to_string(), SENDERS, 3000);
        std::thread::sleep(Duration::from_millis(50 + (round * 167) % 400));
        signal(listening.pid(), "KILL");
        drop(listening);
        load.end();
        assert_integrity(&sandbox.path().join("history.db"));
    }
    assert!(ledger.acknowledged().len() > 100, "there was hardly any load");
    ledger.assert_kept(&stored(&sandbox, "history.db"));
}

#[test]
fn every_answer_follows_a_sync_that_follows_its_write() {
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    let trace = sandbox.path().join("trace");
    let calls = "-etrace=fsync,fdatasync,pwrite64,sendto,writev,write";
    let strace = ["strace", "-D", "-f", "-y", "-s", "40", calls, "-o", trace.to_str().unwrap()];
    let listening = sandbox.listen_under(&strace, &["--db", "history.db"]);
    for number in 0..20 {
        assert_eq!(post(&listening.address(), &noise(number, 500)), 200);
    }
    listening.interrupt();
    let trace = std::fs::read_to_string(trace).unwrap();
    // What happened since the last answer: 0 nothing, 1 the log was written, 2 and then synced.
    let (mut state, mut answers) = (0, 0);
    for line in trace.lines() {
        let is_log = line.contains("history.db-wal>");
        let is_synced = line.ends_with("= 0") && ["sync(", "sync resumed"].iter().any(|call| line.contains(call));
        if is_log && line.contains("pwrite64(") {
            state = 1;
        } else if state == 1 && is_synced && (is_log || line.contains("resumed")) {
            state = 2;
        } else if line.contains("HTTP/1.1 200") {
            assert_eq!(state, 2, "answered before it was on the disk: {line}\n{trace}");
            (state, answers) = (0, answers + 1);
        }
    }
    assert_eq!(answers, 20);
}

#[test]
fn a_history_whose_making_was_cut_off_is_made_again() {
    if !can_trace() {
        return;
    }
    // One writes the schema, one creates, sizes or syncs: killed at the first, second … of these calls.
    for at in [1, 2, 3, 5, 8, 13, 21] {
        let sandbox = Sandbox::new();
        let inject = format!("-einject=pwrite64,fsync,fdatasync,ftruncate,fchmod:signal=KILL:when={at}");
        let mut command = std::process::Command::new("strace");
        command.args(["-D", "-f", "-o", "/dev/null", "-etrace=pwrite64,fsync,fdatasync,ftruncate,fchmod", &inject]);
        command.arg(env!("CARGO_BIN_EXE_hookctl")).current_dir(sandbox.path());
        // Ends by itself where it is not killed.
        command.args(["listen", "--port", "0", "--db", "history.db", "--timeout", "300ms"]);
        command.env("HOME", sandbox.path()).output().unwrap();
        let listening = sandbox.listen(&["--db", "history.db"]);
        assert_eq!(post(&listening.address(), "{}"), 200, "killed at call {at}");
        listening.interrupt();
        assert_integrity(&sandbox.path().join("history.db"));
        assert_eq!(stored(&sandbox, "history.db").len(), 1);
    }
}

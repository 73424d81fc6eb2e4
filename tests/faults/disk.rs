//! Disks that are full, limited or broken.

use std::process::Command;
use std::time::{Duration, Instant};

use super::{Ledger, assert_integrity, can_mount, can_trace, has, noise, stored, until};
use crate::sandbox::Sandbox;

/// Bodies of this size fill a small disk soon.
const LENGTH: usize = 20_000;

/// Posts until one is refused; how many went through.
fn fill(ledger: &Ledger, address: &str) -> usize {
    let full = (0..500).position(|number| ledger.post(address, &noise(number, LENGTH)) == 507);
    full.expect("it is full at some time")
}

/// How long a listener takes to find that there is room again.
fn recovers(ledger: &Ledger, address: &str) {
    let start = Instant::now();
    let mut number = 10_000;
    until("it receives again", || {
        number += 1;
        ledger.post(address, &noise(number, LENGTH)) == 200
    });
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn at_a_limit_on_the_size_of_files_the_sender_is_told_507() {
    if !has(&["prlimit"]) {
        return;
    }
    let sandbox = Sandbox::new();
    let ledger = Ledger::default();
    let mut listening = sandbox.listen_under(&["prlimit", "--fsize=400000:unlimited"], &["--db", "history.db"]);
    assert!(fill(&ledger, &listening.address()) > 5);
    for number in 600..610 {
        assert_eq!(ledger.post(&listening.address(), &noise(number, LENGTH)), 507);
    }
    assert!(listening.is_running());
    let refused = listening.next_of("refused");
    assert!(refused["reason"].as_str().unwrap().contains("history.db cannot grow"), "{refused}");
    let pid = listening.pid().to_string();
    let raised = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status().unwrap();
    assert!(raised.success());
    recovers(&ledger, &listening.address());
    let (code, lines, _) = listening.interrupt();
    assert_eq!(code, 0);
    let refusals = lines.iter().filter(|line| line["type"] == "refused").count();
    assert!(refusals < 5, "{refusals} lines are a flood");
    ledger.assert_kept(&stored(&sandbox, "history.db"));
    assert_integrity(&sandbox.path().join("history.db"));
}

#[test]
fn on_a_full_disk_the_sender_is_told_507_until_there_is_room() {
    if !can_mount() {
        return;
    }
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path().join("small")).unwrap();
    let script = "mount -t tmpfs -o size=1m none small && head -c 600000 /dev/zero > small/filler || exit 9
        (while [ ! -e go ]; do sleep 0.02; done; rm small/filler) >/dev/null 2>&1 & exec \"$0\" \"$@\"";
    let ledger = Ledger::default();
    let listening = sandbox.listen_under(&["unshare", "-rm", "sh", "-c", script], &["--db", "small/history.db"]);
    assert!(fill(&ledger, &listening.address()) > 2);
    assert_eq!(ledger.post(&listening.address(), &noise(700, LENGTH)), 507);
    sandbox.write("go", "");
    recovers(&ledger, &listening.address());
    let inside = format!("/proc/{}/root{}/small/history.db", listening.pid(), sandbox.path().display());
    ledger.assert_kept(&stored(&sandbox, &inside));
}

#[test]
fn a_sync_that_fails_is_never_acknowledged() {
    if !can_trace() {
        return;
    }
    for (call, error, at) in [
        ("fsync,fdatasync", "EIO", "9..11"),
        ("fsync,fdatasync", "EIO", "12..12"),
        ("fsync,fdatasync", "EIO", "20..30"),
        ("pwrite64", "EIO", "60..64"),
        ("pwrite64", "ENOSPC", "61..75"),
    ] {
        let sandbox = Sandbox::new();
        let ledger = Ledger::default();
        let (trace, inject) = (format!("-etrace={call}"), format!("-einject={call}:error={error}:when={at}"));
        let strace = ["strace", "-D", "-f", "-o", "trace", &trace, &inject];
        let listening = sandbox.listen_under(&strace, &["--db", "history.db"]);
        let statuses: Vec<u16> = (0..40).map(|number| ledger.post(&listening.address(), &noise(number, 500))).collect();
        let refused = if error == "ENOSPC" { 507 } else { 503 };
        assert!(statuses.contains(&refused), "{call} {error} {at}: {statuses:?}");
        // Where the file beside the log cannot grow, SQLite does not say why.
        assert!(statuses.iter().all(|status| [200, 503, 507].contains(status)), "{call} {at}: {statuses:?}");
        assert_eq!(statuses.last(), Some(&200), "it receives again: {call} {at}");
        let line = listening.next_of("refused");
        assert!(line["reason"].as_str().unwrap().contains("history.db"), "{line}");
        listening.interrupt();
        ledger.assert_kept(&stored(&sandbox, "history.db"));
        assert_integrity(&sandbox.path().join("history.db"));
    }
}

#[test]
fn people_are_told_on_stderr_which_file_and_what_to_do() {
    if !has(&["prlimit"]) {
        return;
    }
    let sandbox = Sandbox::new();
    let talking = sandbox.listen_human_under(&["prlimit", "--fsize=400000:unlimited"], &["--db", "history.db"]);
    fill(&Ledger::default(), &talking.address);
    let (_, _, stderr) = talking.interrupt();
    assert!(stderr.contains("507") && stderr.contains("history.db") && stderr.contains("free some space"), "{stderr}");
}

//! Files that are damaged, cut off, or none of ours.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Ledger, Sender, noise, post, sha256, stored};
use crate::sandbox::{Ended, Sandbox};

/// Events in the history that is damaged.
const EVENTS: u64 = 500;
/// SQLite's.
const PAGE: usize = 4096;

/// A history of many events, each with a body of its own, in `history.db` alone; and its bytes.
fn made(sandbox: &Sandbox) -> (PathBuf, Vec<u8>, Ledger) {
    let listening = sandbox.listen(&["--db", "history.db", "-q"]);
    let ledger = Ledger::default();
    let mut sender = Sender::open(&listening.address()).unwrap();
    for number in 0..EVENTS {
        let body = noise(number + 1, 1500);
        let status = sender.post(&body).unwrap();
        ledger.sent.lock().unwrap().insert(body, status);
    }
    listening.interrupt();
    let path = sandbox.path().join("history.db");
    let bytes = std::fs::read(&path).unwrap();
    (path, bytes, ledger)
}

fn destroy(path: &Path, bytes: &[u8], page: usize) {
    let mut damaged = bytes.to_vec();
    damaged[page * PAGE..(page + 1) * PAGE].fill(0xa5);
    std::fs::write(path, damaged).unwrap();
}

/// Pages spread over the file, behind the first.
fn some_pages(bytes: &[u8], count: usize) -> Vec<usize> {
    let pages = bytes.len() / PAGE;
    (0..count).map(|number| 1 + number * (pages - 1) / count).collect()
}

/// Salvages, and holds what came over against what was sent; gives the line and how many events there are.
fn salvage(sandbox: &Sandbox, ledger: &Ledger) -> (Value, usize) {
    let _ = std::fs::remove_file(sandbox.path().join("new.db"));
    let ended = sandbox.run(&["events", "salvage", "history.db", "-o", "new.db", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let events = stored(sandbox, "new.db");
    let sent = ledger.sent.lock().unwrap();
    for event in &events {
        let body = event["event"]["request"]["body"].as_str().unwrap();
        assert!(sent.contains_key(body), "not as it was sent: {body}");
    }
    (ended.lines()[0].clone(), events.len())
}

fn assert_no_panic(ended: &Ended) {
    assert!([0, 1, 3].contains(&ended.code) && !ended.stderr.contains("panicked"), "{}: {}", ended.code, ended.stderr);
}

#[test]
fn one_destroyed_page_costs_at_most_one_event_in_a_hundred() {
    let sandbox = Sandbox::new();
    let (path, bytes, ledger) = made(&sandbox);
    let mut pages = some_pages(&bytes, 12);
    pages.extend([0, 1, 2, 3, 4, 5, 6]);
    for page in pages {
        destroy(&path, &bytes, page);
        let damaged = sha256(&std::fs::read(&path).unwrap());
        let (line, count) = salvage(&sandbox, &ledger);
        assert!(count * 100 >= EVENTS as usize * 99, "page {page}: {count} events, {line}");
        assert_eq!(line["events"], count);
        assert_eq!(sha256(&std::fs::read(&path).unwrap()), damaged, "the damaged file is only read");
        assert_no_panic(&sandbox.run(&["events", "list", "--db", "history.db"]));
    }
}

#[test]
fn what_cannot_be_read_is_named_and_the_new_history_goes_on() {
    let sandbox = Sandbox::new();
    let (path, bytes, ledger) = made(&sandbox);
    let page = some_pages(&bytes, 8).into_iter().rev().find(|page| bytes[page * PAGE] == 0x0d).expect("a leaf");
    destroy(&path, &bytes, page);
    let (line, count) = salvage(&sandbox, &ledger);
    let ranges: Vec<(u64, u64)> = serde_json::from_value(line["unreadable"].clone()).unwrap();
    let unreadable: u64 = ranges.iter().map(|(first, last)| last - first + 1).sum();
    assert!(unreadable > 0 && unreadable + count as u64 == EVENTS, "{line}");
    let again = sandbox.run(&["events", "salvage", "history.db", "-o", "new.db", "--json"]);
    assert_eq!((again.code, again.error()["code"].as_str().unwrap()), (2, "usage"), "nothing is replaced");
    let beside = sandbox.run(&["events", "salvage", "--db", "history.db"]);
    assert!(
        beside.stdout.contains("history-salvaged.db") && beside.stdout.contains("could not be read"),
        "{}",
        beside.stdout
    );
    let listening = sandbox.listen(&["--db", "history-salvaged.db"]);
    assert_eq!(post(&listening.address(), "{}"), 200);
    listening.interrupt();
    assert_eq!(stored(&sandbox, "history-salvaged.db").len(), count + 1);
}

#[test]
fn a_truncated_file_is_refused_and_salvaged() {
    let sandbox = Sandbox::new();
    let (path, bytes, ledger) = made(&sandbox);
    for part in [2, 3, 5, 8] {
        let length = bytes.len() * part / 10 + 17 * part;
        std::fs::write(&path, &bytes[..length]).unwrap();
        let ended = sandbox.run(&["listen", "--port", "0", "--db", "history.db", "--timeout", "1s"]);
        assert_eq!(ended.code, 3, "{}", ended.stderr);
        assert!(ended.stderr.contains("history.db is damaged") && ended.stderr.contains("salvage"), "{}", ended.stderr);
        assert!(std::fs::read(&path).unwrap() == bytes[..length], "it was written to");
        let (_, count) = salvage(&sandbox, &ledger);
        assert!(count > EVENTS as usize * (part - 1) / 11, "{part} tenths: {count}");
    }
    for length in [1, 50, 99, 512, 4095] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let listen = ["listen", "--port", "0", "--db", "history.db", "--timeout", "1s"];
        assert_eq!(sandbox.run(&listen).code, 3, "{length} bytes");
        assert_eq!(std::fs::read(&path).unwrap(), &bytes[..length], "it was written to");
        assert_no_panic(&sandbox.run(&["events", "list", "--db", "history.db"]));
        let ended = sandbox.run(&["events", "salvage", "history.db", "-o", "none.db"]);
        assert_eq!(ended.code, 3, "{}", ended.stdout);
        assert!(ended.stderr.contains("history.db") && !sandbox.path().join("none.db").exists(), "{}", ended.stderr);
    }
}

#[test]
fn a_damaged_history_is_not_written_to() {
    let sandbox = Sandbox::new();
    let (path, bytes, _) = made(&sandbox);
    for page in some_pages(&bytes, 20) {
        destroy(&path, &bytes, page);
        let damaged = std::fs::read(&path).unwrap();
        // Where the page is one that holds only the middle of a body, nothing but its hash could tell.
        let ended = sandbox.run(&["listen", "--port", "0", "--db", "history.db", "--timeout", "100ms"]);
        if ended.code == 3 {
            assert!(ended.stderr.contains("history.db is damaged"), "{}", ended.stderr);
            assert!(std::fs::read(&path).unwrap() == damaged, "page {page}: it was written to");
        }
        assert_no_panic(&ended);
        for args in [&["events", "list", "--db", "history.db"][..], &["events", "show", "--db", "history.db"]] {
            assert_no_panic(&sandbox.run(args));
        }
    }
}

#[test]
fn what_is_no_history_is_left_alone() {
    let sandbox = Sandbox::new();
    let other = sandbox.path().join("other.db");
    rusqlite::Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE precious (a); PRAGMA user_version = 1")
        .unwrap();
    sandbox.write("text.db", noise(1, 20_000));
    for name in ["other.db", "text.db"] {
        let before = std::fs::read(sandbox.path().join(name)).unwrap();
        for args in [&["listen", "--port", "0"][..], &["events", "list"], &["events", "show"]] {
            let ended = sandbox.run(&[args, &["--db", name, "--json"]].concat());
            assert_eq!(
                (ended.code, ended.error()["code"].as_str().unwrap()),
                (3, "history_foreign"),
                "{args:?} {name}"
            );
            assert!(ended.error()["message"].as_str().unwrap().contains(name));
        }
        assert_ne!(sandbox.run(&["events", "salvage", name]).code, 0);
        assert_eq!(std::fs::read(sandbox.path().join(name)).unwrap(), before, "{name} was written to");
    }
    sandbox.write("empty.db", "");
    assert_eq!(sandbox.run(&["events", "list", "--db", "empty.db"]).code, 1, "an empty file is an empty history");
    let listening = sandbox.listen(&["--db", "empty.db"]);
    assert_eq!(post(&listening.address(), "{}"), 200);
    listening.interrupt();
    rusqlite::Connection::open(sandbox.path().join("empty.db"))
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    for args in [&["listen", "--port", "0"][..], &["events", "list"]] {
        let ended = sandbox.run(&[args, &["--db", "empty.db", "--json"]].concat());
        assert_eq!((ended.code, ended.error()["code"].as_str().unwrap()), (3, "history_newer"), "{args:?}");
    }
}

#[test]
fn damage_under_a_running_listener_is_503_and_said() {
    let sandbox = Sandbox::new();
    let (path, bytes, _) = made(&sandbox);
    let listening = sandbox.listen(&["--db", "history.db"]);
    // Its pages in memory are good, until another process writes.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; UPDATE counter SET deleted = deleted + 1").unwrap();
    let mut damaged = bytes;
    damaged[PAGE..].fill(0xa5);
    std::fs::write(&path, damaged).unwrap();
    other.execute_batch("COMMIT").unwrap();
    for _ in 0..3 {
        assert_eq!(post(&listening.address(), "{}"), 503);
    }
    let refused = listening.next_of("refused");
    assert!(refused["reason"].as_str().unwrap().contains("history.db"), "{refused}");
}

#[test]
fn doctor_looks_at_the_history() {
    let sandbox = Sandbox::new();
    let (path, bytes, _) = made(&sandbox);
    let check = |name: &str| {
        let ended = sandbox.run(&["doctor", "--db", "history.db", "--json"]);
        ended.lines().into_iter().find(|line| line["name"] == name).unwrap_or_else(|| panic!("{}", ended.stdout))
    };
    assert_eq!((&check("history")["ok"], &check("history content")["found"]), (&Value::Bool(true), &"sound".into()));
    assert!(check("history size")["found"].as_str().unwrap().starts_with("500 of 1000000 events"));
    let leaf = some_pages(&bytes, 8).into_iter().rev().find(|page| bytes[page * PAGE] == 0x0d).expect("a leaf");
    destroy(&path, &bytes, leaf);
    assert_eq!(check("history content")["ok"], false);
    std::fs::write(&path, noise(1, 9000)).unwrap();
    assert_eq!(check("history")["ok"], false);
}

//! Pinned events: kept whatever the limits of the history say.

use serde_json::Value;

use crate::history::receive;
use crate::sandbox::{Ended, Sandbox};

/// A history of these paths, in the order of arrival.
fn history(paths: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    let requests: Vec<(&str, &[&str], &[u8])> = paths.iter().map(|path| (*path, &[][..], &b"{}"[..])).collect();
    receive(&sandbox, &[], &requests);
    sandbox
}

fn ok(sandbox: &Sandbox, args: &[&str]) -> Ended {
    let ended = sandbox.run(&[&["events"], args].concat());
    assert_eq!(ended.code, 0, "{args:?}: {}{}", ended.stdout, ended.stderr);
    ended
}

fn pinned(sandbox: &Sandbox) -> Vec<String> {
    let path = |line: &Value| line["event"]["request"]["path"].as_str().unwrap().to_owned();
    sandbox.run(&["events", "list", "--pinned", "--json"]).lines().iter().map(path).collect()
}

#[test]
fn events_are_pinned_by_name_and_let_go() {
    let sandbox = history(&["/1", "/2", "/3"]);
    let lines = ok(&sandbox, &["pin", "@3", "@1", "--json"]).lines();
    assert!(lines.len() == 2 && lines.iter().all(|line| line["pinned"] == true), "{lines:?}");
    assert_eq!(pinned(&sandbox), ["/3", "/1"]);
    let said = ok(&sandbox, &["pin", "@1", "--off"]).stderr;
    assert!(said.ends_with(" let go\n"), "{said}");
    assert_eq!(pinned(&sandbox), ["/1"]);
    let unknown = sandbox.run(&["events", "pin", "@2", "@9"]);
    assert_eq!((unknown.code, pinned(&sandbox).len()), (1, 1), "all are looked up before: {}", unknown.stderr);
}

#[test]
fn a_pinned_event_stays_when_the_history_is_full_and_is_written_anew() {
    let sandbox = history(&["/1", "/2"]);
    ok(&sandbox, &["pin", "@2"]);
    sandbox.write("hookctl.toml", "[history]\nmax_events = 2\n");
    receive(&sandbox, &[], &[("/3", &[], b"{}"), ("/4", &[], b"{}"), ("/5", &[], b"{}")]);
    // The limits are kept to behind the answer; the next listener finishes what is left.
    let listening = sandbox.listen(&[]);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while ok(&sandbox, &["list", "--json"]).lines().len() > 2 && std::time::Instant::now() < end {}
    listening.interrupt();
    ok(&sandbox, &["vacuum"]);
    assert_eq!(pinned(&sandbox), ["/1"]);
    assert_eq!(ok(&sandbox, &["list", "--json"]).lines().len(), 2);
}

#[test]
fn a_filter_that_takes_a_pinned_event_asks_and_its_name_does_not() {
    let sandbox = history(&["/1", "/2"]);
    ok(&sandbox, &["pin", "@1", "@2"]);
    let refused = sandbox.run(&["events", "delete", "--filter", "path=/1"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("delete 1 event (1 of them are pinned)"), "{}", refused.stderr);
    ok(&sandbox, &["delete", "@1"]);
    ok(&sandbox, &["delete", "--pinned", "--yes"]);
    assert_eq!(sandbox.run(&["events", "list"]).code, 1);
}

#[test]
fn pins_are_salvaged_with_their_events() {
    let sandbox = history(&["/1", "/2"]);
    ok(&sandbox, &["pin", "@2"]);
    ok(&sandbox, &["salvage", "-o", "mended.db"]);
    let lines = ok(&sandbox, &["list", "--pinned", "--json", "--db", "mended.db"]).lines();
    assert_eq!((lines.len(), lines[0]["event"]["request"]["path"].as_str()), (1, Some("/1")));
}

//! The history, looked at: listed, shown, compared, counted, deleted.

use std::io::Read as _;
use std::process::Stdio;

use crate::app::App;
use crate::history::receive;
use crate::sandbox::{Ended, Sandbox};
use crate::wire;

/// A history of these bodies, in the order of arrival.
fn history(bodies: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    let requests: Vec<(&str, &[&str], &[u8])> = bodies.iter().map(|body| ("/", &[][..], body.as_bytes())).collect();
    receive(&sandbox, &[], &requests);
    sandbox
}

fn ok(sandbox: &Sandbox, args: &[&str]) -> Ended {
    let ended = sandbox.run(&[&["events"], args].concat());
    assert_eq!(ended.code, 0, "{args:?}: {}{}", ended.stdout, ended.stderr);
    ended
}

fn refused(sandbox: &Sandbox, args: &[&str]) -> String {
    let ended = sandbox.run(&[&["events"], args].concat());
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{args:?}: {}", ended.stderr);
    ended.stderr
}

#[test]
fn a_list_says_when_it_was_cut() {
    let sandbox = history(&["1", "2", "3"]);
    let cut = ok(&sandbox, &["list", "--limit", "2"]);
    assert_eq!((cut.stdout.lines().count(), cut.stderr.as_str()), (3, "2 shown; --limit 0 shows all\n"));
    assert!(cut.stdout.lines().nth(1).unwrap().contains("· unchecked"), "{}", cut.stdout);
    for limit in ["3", "0"] {
        let whole = ok(&sandbox, &["list", "--limit", limit]);
        assert_eq!((whole.stdout.lines().count(), whole.stderr.as_str()), (4, ""));
    }
    let ended = sandbox.run(&["events", "list", "--event", "none"]);
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (1, "", "no event matches\n"));
}

#[test]
fn a_reader_that_goes_away_ends_the_list_quietly() {
    let body = format!("\"{}\"", "x".repeat(100_000));
    let sandbox = history(&[body.as_str(); 8]);
    let args = ["events", "list", "--json"];
    let mut child = sandbox.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0; 10]).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn a_repeated_delivery_is_marked_and_its_kin_are_named() {
    let sandbox = Sandbox::new();
    let headers: &[&str] = &["X-GitHub-Event: ping", "X-GitHub-Delivery: d-1"];
    receive(&sandbox, &["--provider", "github"], &[("/", headers, b"{}"), ("/", headers, b"{}")]);
    let list = ok(&sandbox, &["list"]).stdout;
    assert!(list.lines().nth(1).unwrap().contains("ping (retry 1)"), "{list}");
    let shown = ok(&sandbox, &["show", "@2"]).stdout;
    assert!(shown.contains("2 events came with d-1"), "{shown}");
    assert_eq!(shown.matches("(this one)").count(), 1, "{shown}");
}

#[test]
fn a_body_is_dumped_saved_and_never_written_over() {
    let sandbox = Sandbox::new();
    receive(&sandbox, &[], &[("/p", &["X-Key: v"], b"\x00A\xff")]);
    let dump = ok(&sandbox, &["show", "--hex"]).stdout;
    assert_eq!(dump.trim_end(), format!("00000000  00 41 ff {}.A.", " ".repeat(40)));
    let head = ok(&sandbox, &["show", "--headers"]).stdout;
    assert!(head.contains("POST /p") && head.contains("x-key: v") && !head.contains("sha256"), "{head}");
    assert_eq!(ok(&sandbox, &["show", "--save", "body"]).stdout, "");
    assert_eq!(std::fs::read(sandbox.path().join("body")).unwrap(), b"\x00A\xff");
    sandbox.write("body", "precious");
    assert!(refused(&sandbox, &["show", "--save", "body"]).contains("hint: --force replaces it"));
    assert_eq!(std::fs::read(sandbox.path().join("body")).unwrap(), b"precious");
    ok(&sandbox, &["show", "--save", "body", "--force"]);
    assert_eq!(std::fs::read(sandbox.path().join("body")).unwrap(), b"\x00A\xff");
}

#[test]
fn one_part_of_a_multipart_body_is_shown_and_saved() {
    let sandbox = Sandbox::new();
    let form = b"--b\r\nContent-Disposition: form-data; name=n\r\n\r\nhi\r\n--b\r\n\
        Content-Disposition: form-data; name=f; filename=\"../a.png\"\r\nContent-Type: image/png\r\n\r\n\x00\x01\r\n--b--";
    receive(&sandbox, &[], &[("/", &["Content-Type: multipart/form-data; boundary=b"], form), ("/", &[], b"{}")]);
    assert!(ok(&sandbox, &["show", "@2"]).stdout.contains("part 2: name f, file ../a.png, image/png, 2 B"));
    assert_eq!(ok(&sandbox, &["show", "@2", "--part", "1"]).stdout, "    │ hi\n");
    assert_eq!(ok(&sandbox, &["show", "@2", "--part", "1", "--raw"]).stdout, "hi");
    ok(&sandbox, &["show", "@2", "--part", "2", "--save", "a.png"]);
    assert_eq!(std::fs::read(sandbox.path().join("a.png")).unwrap(), b"\x00\x01");
    assert!(refused(&sandbox, &["show", "@2", "--part", "3"]).contains("the parts are 1 to 2"));
    assert!(refused(&sandbox, &["show", "@2", "--part", "0"]).contains("there is no part 0"));
    assert!(refused(&sandbox, &["show", "@1", "--part", "1"]).contains("not multipart"));
    assert!(refused(&sandbox, &["show", "@2", "--part", "1", "--json"]).contains("for people"));
}

#[test]
fn a_difference_is_named_by_its_place() {
    let sandbox = Sandbox::new();
    let (one, two) = (br#"{"n":1.0,"s":"\u001b[2J"}"#, br#"{"s":"b","n":1,"new":12345678901234567890}"#);
    receive(&sandbox, &[], &[("/a", &["X-Key: a"], one), ("/b", &["X-Key: a"], two)]);
    let args = ["events", "diff", "--json"];
    let ended = sandbox.run(&args);
    assert_eq!(ended.code, 1);
    let lines = ended.lines();
    let found: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {} {} {}", line["place"], line["kind"], line["before"], line["after"]).replace('"', ""))
        .filter(|line| !line.starts_with("header:content-length"))
        .collect();
    let expected = [
        "path changed /a /b",
        "json:/n changed 1.0 1",
        r"json:/s changed \\\u001b[2J\ \b\",
        "json:/new added null 12345678901234567890",
    ];
    assert_eq!(found, expected);
    assert!(lines.iter().any(|line| line["place"] == "json:/n" && line["spelling"] == true));
    let people = sandbox.run(&["events", "diff", "@2", "@1", "--full"]);
    assert_eq!(people.code, 1);
    assert!(people.stdout.contains("~ json:/n  1.0 → 1  (the same, spelled differently)\n"), "{}", people.stdout);
    assert!(people.stdout.contains("    │ -  \"n\": 1.0,\n"), "{}", people.stdout);
}

#[test]
fn equal_events_have_no_difference() {
    let sandbox = history(&[r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, "one\ntwo\n", "one\n2!!\n"]);
    let same = sandbox.run(&["events", "diff", "@4", "@3"]);
    assert_eq!((same.code, same.stdout.as_str()), (0, ""), "{}", same.stderr);
    assert!(same.stderr.contains("the bodies differ in layout or the order of keys only"), "{}", same.stderr);
    let text = sandbox.run(&["events", "diff"]);
    assert_eq!((text.code, text.stdout.as_str()), (1, "~ body\n    │  one\n    │ -two\n    │ +2!!\n"));
    let only = sandbox.run(&["events", "diff", "--differences-only"]);
    assert_eq!(only.stdout, "~ body\n    │ -two\n    │ +2!!\n");
}

#[test]
fn events_are_counted_with_and_without_a_filter() {
    let sandbox = Sandbox::new();
    let ping: &[&str] = &["X-GitHub-Event: ping"];
    let push: &[&str] = &["X-GitHub-Event: push"];
    let requests: &[(&str, &[&str], &[u8])] = &[("/", ping, b"{}"), ("/", push, b"{\"a\":1}"), ("/", ping, b"{}")];
    receive(&sandbox, &["--provider", "github"], requests);
    let all = ok(&sandbox, &["stats", "--json"]).lines().remove(0);
    assert_eq!((&all["events"], &all["bytes"]["total"], &all["bytes"]["largest"]), (&3.into(), &11.into(), &7.into()));
    assert_eq!(all["verdicts"]["unchecked"], 3);
    for filter in [&["--event", "ping"][..], &["--where", "header:X-GitHub-Event=ping"]] {
        let some = ok(&sandbox, &[&["stats", "--json"], filter].concat()).lines().remove(0);
        assert_eq!((&some["events"], &some["bytes"]["total"]), (&2.into(), &4.into()), "{filter:?}");
        let types = serde_json::json!([{ "provider": "github", "event_type": "ping", "events": 2 }]);
        assert_eq!(some["event_types"], types, "{filter:?}");
    }
    let app = App::answering("500 Oops", "no");
    assert_eq!(sandbox.run(&["events", "replay", "@last", "--to", &app.url()]).code, 1);
    let outcomes = serde_json::json!({ "succeeded": 0, "failed": 1 });
    for filter in [&[][..], &["--event", "ping"], &["--failed"]] {
        let line = ok(&sandbox, &[&["stats", "--json"], filter].concat()).lines().remove(0);
        assert_eq!(line["deliveries"], outcomes, "{filter:?}");
    }
    assert!(ok(&sandbox, &["list", "-n", "1"]).stdout.trim_end().ends_with("  500"));
    let people = ok(&sandbox, &["stats"]).stdout;
    assert!(people.contains("deliveries  0 succeeded, 1 failed"), "{people}");
    assert!(people.contains("  github/ping  2  ██████") && people.contains("  github/push  1  ██████"), "{people}");
    let none = sandbox.run(&["events", "stats", "--event", "none", "--json"]);
    assert_eq!((none.code, &none.lines()[0]["first"]), (1, &serde_json::Value::Null));
}

#[test]
fn nothing_is_deleted_unless_it_is_said_what() {
    let sandbox = history(&["1", "2", "3"]);
    assert!(refused(&sandbox, &["delete"]).contains("nothing says which events"));
    assert!(refused(&sandbox, &["delete", "--all"]).contains("delete all 3 events"));
    assert!(refused(&sandbox, &["delete", "--all"]).contains("hint: --yes goes on without asking"));
    assert_eq!(sandbox.run(&["events", "delete", "--event", "none"]).code, 1);
    let ended = ok(&sandbox, &["delete", "@last", "@1", "--json"]);
    assert_eq!(ended.lines()[0]["count"], 1);
    assert_eq!(ok(&sandbox, &["show", "--raw"]).stdout, "2");
    // A name that the filter does not take is left.
    assert_eq!(sandbox.run(&["events", "delete", "@last", "--verdict", "valid"]).code, 1);
    assert_eq!(ok(&sandbox, &["delete", "--all", "--yes"]).stderr, "deleted 2 events\n");
    assert_eq!(sandbox.run(&["events", "list"]).code, 1);
}

#[test]
fn more_than_twenty_are_asked_for() {
    let sandbox = history(&["1"; 21]);
    assert!(refused(&sandbox, &["delete", "--where", "body"]).contains("delete 21 events"));
    ok(&sandbox, &["delete", "@last"]);
    assert_eq!(ok(&sandbox, &["delete", "--since", "1h"]).stderr, "deleted 20 events\n");
}

/// Bytes that no compression makes smaller.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(next).collect()
}

#[test]
fn what_is_deleted_is_gone_from_the_disk_beside_a_listener() {
    let sandbox = Sandbox::new();
    let body = noise(20_000);
    let listening = sandbox.listen(&["--db", "h.db"]);
    wire::post(&listening.address(), "/", &[], &body);
    wire::post(&listening.address(), "/", &[], b"stays");
    let holds = |name: &str| {
        let file = std::fs::read(sandbox.path().join(name)).unwrap_or_default();
        // Pages cut the body in pieces; one of these is whole somewhere.
        body.chunks(500).any(|piece| memchr::memmem::find(&file, &piece[..64]).is_some())
    };
    assert!(holds("h.db") || holds("h.db-wal"));
    ok(&sandbox, &["delete", "@2", "--db", "h.db"]);
    let line = ok(&sandbox, &["vacuum", "--db", "h.db", "--json"]).lines().remove(0);
    assert_eq!(line["log_emptied"], true, "{line}");
    assert!(line["after_bytes"].as_u64() < line["before_bytes"].as_u64(), "{line}");
    assert!(!holds("h.db") && !holds("h.db-wal"));
    assert_eq!(std::fs::metadata(sandbox.path().join("h.db-wal")).map_or(0, |file| file.len()), 0);
    // The listener goes on with the same file.
    assert_eq!(wire::post(&listening.address(), "/", &[], b"more").status, 200);
    assert_eq!(ok(&sandbox, &["list", "--db", "h.db", "--json"]).lines().len(), 2);
    assert_eq!(listening.interrupt().0, 0);
}

#[test]
fn there_is_nothing_to_vacuum_without_a_history() {
    let sandbox = Sandbox::new();
    let ended = sandbox.run(&["events", "vacuum", "--db", "none.db", "--json"]);
    assert_eq!((ended.code, ended.error()["code"].as_str()), (1, Some("no_history")));
    assert!(!sandbox.path().join("none.db").exists());
}

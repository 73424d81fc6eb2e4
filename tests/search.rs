//! `events search` finds a text in what was received.

use std::time::{Duration, Instant};

use crate::history::receive;
use crate::sandbox::Sandbox;
use crate::wire;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn ids(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let ended = sandbox.run(&[&["events", "search", "--json"], args].concat());
    assert_eq!(ended.code, i32::from(ended.stdout.is_empty()), "{}", ended.stderr);
    ended.lines().iter().map(|line| line["event"]["request"]["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_text_is_found_in_body_headers_and_target_newest_first() {
    let sandbox = Sandbox::new();
    receive(
        &sandbox,
        &[],
        &[
            ("/one", &[], b"{\"name\":\"Ada Lovelace\"}"),
            ("/two", &["X-Author: ada"], b"\x00\xff"),
            ("/ada", &[], b""),
            ("/other", &[], b"{\"name\":\"Canada\"}"),
        ],
    );
    assert_eq!(ids(&sandbox, &["ADA"]), ["/ada", "/two", "/one"]);
    assert_eq!(ids(&sandbox, &["ada", "--limit", "1"]), ["/ada"]);
    assert_eq!(ids(&sandbox, &["x-author: a"]), ["/two"]);
    assert_eq!(ids(&sandbox, &["ada", "--where", "json:/name"]), ["/one"]);
    assert_eq!(ids(&sandbox, &["\":\""]), ["/other", "/one"], "a text without any word");
    assert!(ids(&sandbox, &["lace"]).is_empty(), "not from the middle of a word");
    assert!(ids(&sandbox, &["ada", "--verdict", "valid"]).is_empty());
}

#[test]
fn people_see_where_it_stands_and_nothing_steers_their_terminal() {
    let sandbox = Sandbox::new();
    receive(&sandbox, &[], &[("/hook", &["X-Note: see order 7"], b"an \x1b[2J order\nof tea")]);
    let shown = sandbox.run(&["events", "search", "ORDER", "--color", "always"]).stdout;
    assert!(shown.contains("body:"), "{shown:?}");
    assert!(shown.contains("an \\u{1b}[2J "), "{shown:?}");
    assert_eq!(shown.lines().count(), 1, "one line an event");
    assert!(shown.contains("order\u{1b}[0m\\nof tea"), "{shown:?}");
    let shown = sandbox.run(&["events", "search", "order 7"]).stdout;
    assert!(shown.contains("  header: x-note: see order 7\n"), "{shown:?}");
    let shown = sandbox.run(&["events", "search", "nothing like it"]);
    assert_eq!((shown.code, shown.stdout.as_str()), (1, ""));
    assert!(shown.stderr.contains("no event matches"));
}

#[test]
fn a_credential_is_not_found() {
    let sandbox = Sandbox::new().env("HOOK_SECRET", "hunter2hunter2");
    let args = ["--provider", "promptio", "--secret-env", "HOOK_SECRET"];
    receive(&sandbox, &args, &[("/", &["webhooktoken: hunter2hunter2", "Prompt-EventType: contactAction"], b"{}")]);
    assert!(ids(&sandbox, &["hunter2hunter2"]).is_empty());
    assert_eq!(ids(&sandbox, &["webhooktoken"]), ["/"]);
}

#[test]
fn an_empty_text_is_refused_and_an_odd_one_is_not() {
    let sandbox = Sandbox::new();
    receive(&sandbox, &[], &[("/", &[], b"{}")]);
    assert_eq!(sandbox.run(&["events", "search", ""]).code, 2);
    let long = "x".repeat(10_000);
    for text in ["\"", "a\" OR \"b", "NEAR(a b)", "*", "é", "\u{1f600}", "--", &long] {
        let ended = sandbox.run(&["events", "search", "--json", "--", text]);
        assert_eq!((ended.code, ended.stderr.contains("error")), (1, false), "{text:?}: {}", ended.stderr);
    }
}

/// Sends so many events, each with a word of its own.
fn send_many(address: &str, count: usize) {
    let mut line = wire::Line::open(address);
    for number in 0..count {
        let body = format!("{{\"n\":\"word{number}\"}}");
        line.write(&wire::request("POST", &format!("/{number}"), &[], body.as_bytes()));
        assert_eq!(line.answer(false).unwrap().status, 200);
    }
}

/// The last event whose words are in the index.
fn upto(sandbox: &Sandbox) -> i64 {
    let connection = rusqlite::Connection::open(sandbox.path().join("history.db")).unwrap();
    connection.busy_timeout(PATIENCE).unwrap();
    connection.query_row("SELECT words_upto FROM counter", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_search_indexes_behind_its_answer_and_finds_the_same_again() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--db", "history.db"]);
    send_many(&listening.address(), 300);
    listening.interrupt();
    let search = |text: &str| ids(&sandbox, &["--db", "history.db", text]);
    let before = search("word77");
    let indexed = upto(&sandbox);
    assert!(300 - indexed < 256 && indexed % 16 == 0, "{indexed}: whole blocks, till too few are left");
    assert_eq!((before, search("word77")), (vec!["/77".to_owned()], vec!["/77".to_owned()]));
    let found = ["/299", "/298", "/297", "/296", "/295", "/294", "/293", "/292", "/291", "/290", "/29"];
    assert_eq!(search("word29"), found);
}

#[test]
fn a_quiet_listener_indexes_what_it_received() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--db", "history.db"]);
    send_many(&listening.address(), 300);
    let started = Instant::now();
    while 300 - upto(&sandbox) >= 256 {
        assert!(started.elapsed() < PATIENCE, "only {} events are indexed", upto(&sandbox));
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(ids(&sandbox, &["--db", "history.db", "word7", "-n", "2"]), ["/79", "/78"]);
}

#[test]
fn a_search_waits_for_nobody_who_writes() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--db", "history.db"]);
    send_many(&listening.address(), 300);
    listening.interrupt();
    let writer = rusqlite::Connection::open(sandbox.path().join("history.db")).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let before = upto(&sandbox);
    assert_eq!(ids(&sandbox, &["--db", "history.db", "word77"]), ["/77"]);
    assert_eq!(upto(&sandbox), before, "the index is left alone");
}

//! How much is kept, while events come.

use std::time::{Duration, Instant};

use super::{Ledger, assert_integrity, post, stored, until};
use crate::sandbox::Sandbox;

/// Events of the history: a number that stays within it.
fn count(sandbox: &Sandbox) -> u64 {
    let connection = rusqlite::Connection::open(sandbox.path().join("history.db")).unwrap();
    connection.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap()
}

fn execute(sandbox: &Sandbox, statement: &str) {
    let connection = rusqlite::Connection::open(sandbox.path().join("history.db")).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection.execute_batch(statement).unwrap();
}

/// A history of small events with these numbers of bytes in each body, made without a sender.
fn filled(sandbox: &Sandbox, events: u64, length: u64) {
    let listening = sandbox.listen(&["--db", "history.db"]);
    post(&listening.address(), "{}");
    listening.interrupt();
    execute(
        sandbox,
        &format!(
            "WITH RECURSIVE n (seq) AS (SELECT 2 UNION ALL SELECT seq + 1 FROM n WHERE seq < {events})
             INSERT INTO event (seq, id, kind, received_at, body_bytes, head_format, body_format, head, body)
             SELECT n.seq, randomblob(16), kind, received_at, {length}, head_format, 0, head, randomblob({length})
             FROM n, event WHERE event.seq = 1;
             UPDATE counter SET last_seq = {events};"
        ),
    );
}

#[test]
fn the_oldest_go_when_there_are_too_many() {
    let sandbox = Sandbox::new();
    sandbox.write("hookctl.toml", "[history]\nmax_events = 100\n");
    let listening = sandbox.listen(&["--db", "history.db", "-q"]);
    let ledger = Ledger::default();
    for number in 0..150 {
        assert_eq!(ledger.post(&listening.address(), &number.to_string()), 200);
    }
    until("the limit is kept", || count(&sandbox) <= 100);
    listening.interrupt();
    let events = stored(&sandbox, "history.db");
    assert_eq!((events.len(), &events[0]["event"]["request"]["body"]), (100, &"149".into()));
    assert_eq!(events[99]["event"]["request"]["body"], "50");
}

#[test]
fn the_old_go_when_their_time_is_over() {
    let sandbox = Sandbox::new();
    sandbox.write("hookctl.toml", "[history]\nmax_age = \"2d\"\n");
    filled(&sandbox, 20, 10);
    execute(&sandbox, "UPDATE event SET received_at = received_at - 3 * 86400000000 WHERE seq <= 5");
    let listening = sandbox.listen(&["--db", "history.db", "-q"]);
    post(&listening.address(), "{}");
    until("the limit is kept", || count(&sandbox) <= 16);
    listening.interrupt();
    assert_eq!(count(&sandbox), 16);
}

#[test]
fn what_a_target_has_still_to_get_stays_and_so_does_the_newest() {
    let sandbox = Sandbox::new();
    filled(&sandbox, 3000, 10);
    let rows = "INSERT INTO pending (target, event_seq, attempts, owner)
        SELECT 'http://127.0.0.1:9/', seq, 0, 0 FROM event WHERE seq <= 2000";
    execute(&sandbox, rows);
    sandbox.write("hookctl.toml", "[history]\nmax_events = 10\nmax_bytes = \"1KiB\"\n");
    let listening = sandbox.listen(&["--db", "history.db", "-q"]);
    post(&listening.address(), "{}");
    until("the limit is kept", || count(&sandbox) <= 2001);
    listening.interrupt();
    assert_eq!(count(&sandbox), 2001, "those that wait, and the newest");
}

#[test]
fn a_hundred_mebibytes_go_while_nobody_waits_for_long() {
    let sandbox = Sandbox::new();
    filled(&sandbox, 25_000, 4000);
    let size = sandbox.path().join("history.db").metadata().unwrap().len();
    assert!(size > 100 << 20, "{size}");
    sandbox.write("hookctl.toml", "[history]\nmax_bytes = \"20MiB\"\n");
    let listening = sandbox.listen(&["--db", "history.db", "-q"]);
    let ledger = Ledger::default();
    let load = ledger.load(&listening.address(), "load", 8, 2000);
    let start = Instant::now();
    until("most of it is gone", || count(&sandbox) < 7000);
    let slowest = load.end();
    assert!(ledger.of(|status| status != 200).is_empty());
    assert!(ledger.acknowledged().len() > 100, "it received meanwhile");
    eprintln!("{} events in {:?}, the slowest {slowest:?}", ledger.acknowledged().len(), start.elapsed());
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    listening.interrupt();
    assert_integrity(&sandbox.path().join("history.db"));
}

#[test]
fn the_limits_and_where_they_come_from_are_shown() {
    let sandbox = Sandbox::new();
    sandbox.write("hookctl.toml", "[history]\nmax_events = 100\nmax_age = \"0\"\n");
    let ended = sandbox.run(&["config", "--json"]);
    let value = |key: &str| {
        let line = ended.lines().into_iter().find(|line| line["key"] == key).unwrap();
        (line["value"].as_str().unwrap().to_owned(), line["origin"].as_str().unwrap().ends_with("hookctl.toml"))
    };
    assert_eq!(value("history.max_events"), ("100".into(), true));
    assert_eq!(value("history.max_bytes"), ("4.0 GiB".into(), false));
    assert_eq!(value("history.max_age"), ("no limit".into(), true));
}

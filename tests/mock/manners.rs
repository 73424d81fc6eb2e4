//! How a mock speaks to people, and how it ends.

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::time::{Duration, Instant};

use super::app;
use crate::sandbox::{Sandbox, signal};

/// The lines of stderr up to this one.
fn lines_until(child: &mut Child, word: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok) {
        let is_last = line.contains(word);
        lines.push(line);
        if is_last {
            return lines;
        }
    }
    panic!("no `{word}` in {lines:?}");
}

#[test]
fn a_person_is_told_where_it_is_and_what_to_type_next() {
    let sandbox = Sandbox::new();
    let mut child = sandbox.start(&["mock", "prokeep", "--port", "0"]);
    let lines = lines_until(&mut child, "then:").join("\n");
    signal(child.id(), "INT");
    assert!(lines.contains("Ready! Mock of prokeep on http://127.0.0.1:"), "{lines}");
    assert!(lines.contains("hookctl webhooks create --provider prokeep --api-url http://127.0.0.1:"), "{lines}");
    assert!(lines.contains("/rest/v1 --username mock_") && lines.contains("--password-env MOCK_PASSWORD"), "{lines}");
    assert!(lines.contains("so there is one attempt"), "{lines}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn an_attempt_is_a_line_that_a_hostile_answer_cannot_forge() {
    let sandbox = Sandbox::new();
    let target = crate::app::App::answering("500 X", "\u{1b}[2Kfine\n2026-01-01 00:00:00  <-- [200] POST");
    let args = ["mock", "drill", "prokeep", "--to", &target.url(), "--event", "message_received"];
    let ended = sandbox.run(&args);
    assert_eq!(ended.code, 1);
    assert!(!ended.stdout.contains('\u{1b}'), "{}", ended.stdout);
    let own: Vec<&str> = ended.stdout.lines().filter(|line| line.starts_with("20")).collect();
    assert_eq!(own.len(), 1, "{}", ended.stdout);
    assert!(own[0].contains("<-- [500] POST") && own[0].contains("message_received [msg_1] attempt 1"), "{}", own[0]);
}

#[test]
fn a_bad_command_line_names_the_cure() {
    let sandbox = Sandbox::new();
    let unknown = sandbox.run(&["mock", "prokeeep"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("did you mean `prokeep`"), "{}", unknown.stderr);
    for scale in ["0", "-1", "NaN", "inf", "fast"] {
        let flag = format!("--time-scale={scale}");
        assert_eq!(sandbox.run(&["mock", "prokeep", "--port", "0", &flag]).code, 2, "{scale}");
    }
    let running = sandbox.mock(&["prokeep"]);
    let port = running.url.rsplit(':').next().unwrap();
    let taken = sandbox.run(&["mock", "prokeep", "--port", port, "--json"]);
    assert_eq!((taken.code, taken.error()["code"].as_str()), (3, Some("port_in_use")));
    assert!(taken.stderr.contains("--port 0"), "{}", taken.stderr);
    let events = sandbox.run(&["mock", "prokeep", "--port", "0", "--to", "9", "--events", "mesage_received"]);
    assert_eq!(events.code, 2);
    assert!(events.stderr.contains("nearest: `message_received`"), "{}", events.stderr);
}

#[test]
fn ctrl_c_ends_it_with_0_and_in_time_though_a_target_hangs() {
    let sandbox = Sandbox::new();
    let (_hanging, slow) = super::silent();
    let quick = app(&[200]);
    let mock = sandbox.mock(&["prokeep", "--to", &slow, "--to", &quick.url()]);
    super::emit(&mock, "thread_created");
    super::attempts(&mock, 1);
    let began = Instant::now();
    assert_eq!(mock.interrupt().0, 0);
    assert!(began.elapsed() < Duration::from_secs(10), "it waited for the target: {:?}", began.elapsed());
}

#[test]
fn a_log_that_is_too_long_tells_the_newest_and_that_there_is_more() {
    let sandbox = Sandbox::new();
    // Sixfold in JSON: each byte becomes `\u0001`.
    let target = crate::app::App::answering("200 OK", "\u{1}".repeat(16 * 1024).leak());
    let mock = sandbox.mock(&["prokeep", "--to", &target.url()]);
    for _ in 0..100 {
        super::emit(&mock, "thread_created");
    }
    super::attempts(&mock, 100);
    let log = |more: &[&str]| sandbox.run(&[&["mock", "log", "--api-url", &mock.url, "--json"], more].concat());
    let whole = log(&["--limit", "1000"]);
    assert!(whole.stderr.contains("older messages are left out"), "{}", whole.stderr);
    let told = whole.lines();
    assert!((50..100).contains(&told.len()) && told[0]["id"] == "msg_100", "{} messages", told.len());
    assert!(whole.stdout.len() < 10 * 1024 * 1024, "{}", whole.stdout.len());
    let oldest = log(&["msg_1"]);
    assert!(oldest.lines()[0]["attempts"][0]["delivery"]["response"]["truncated"] == false, "{}", oldest.stderr);
    assert!(oldest.stderr.is_empty(), "{}", oldest.stderr);
}

#[test]
fn a_log_is_a_table_for_people() {
    let sandbox = Sandbox::new();
    let target = app(&[200]);
    let mock = sandbox.mock(&["prokeep", "--to", &target.url()]);
    let log = |more: &[&str]| sandbox.run(&[&["mock", "log", "--api-url", &mock.url], more].concat());
    assert!(log(&[]).stderr.contains("nothing was delivered yet"));
    sandbox.run(&["mock", "emit", "thread_created", "--api-url", &mock.url]);
    let table = log(&[]).stdout;
    assert!(table.contains("msg_1") && table.contains("thread_created") && table.contains("delivered"), "{table}");
    assert!(log(&["msg_1"]).stdout.contains("[200] POST"));
}

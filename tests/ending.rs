//! How a command ends: expectations, signals, output that nobody reads, a port that is taken.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::json;

use crate::listen::{SECRET, signature};
use crate::sandbox::{Ended, Sandbox};
use crate::wire::post;

const BODY: &[u8] = br#"{"type":"prospect.added","tenant":"t"}"#;

fn sandbox() -> Sandbox {
    Sandbox::new().env("HOOK_SECRET", SECRET)
}

const PROSPEKTR: [&str; 4] = ["--provider", "prospektr", "--secret-env", "HOOK_SECRET"];

fn expecting<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&PROSPEKTR, more].concat()
}

#[test]
fn an_expectation_ends_with_0_once_enough_good_events_came() {
    let sandbox = sandbox();
    let mut listening = sandbox.listen(&expecting(&["--expect", "2", "--timeout", "60s"]));
    let (address, good) = (listening.address(), signature(BODY));
    assert_eq!(post(&address, "/", &[], BODY).status, 401, "it does not count");
    for _ in 0..2 {
        assert_eq!(post(&address, "/", &[&good], BODY).status, 200);
    }
    let (code, lines, stderr) = listening.wait();
    let stopped = lines.last().unwrap();
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!((&stopped["valid"], &stopped["unsigned"], &stopped["received"]), (&json!(2), &json!(1), &json!(3)));
}

#[test]
fn an_unmet_expectation_ends_with_1_and_says_what_came() {
    let sandbox = sandbox();
    let mut listening = sandbox.listen(&expecting(&["--expect", "1", "--timeout", "1s"]));
    assert_eq!(post(&listening.address(), "/", &[], BODY).status, 401);
    let (code, lines, stderr) = listening.wait();
    let error: serde_json::Value = serde_json::from_str(stderr.trim()).unwrap();
    assert_eq!((code, &error["code"]), (1, &json!("expectation_unmet")));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("expected 1") && message.contains("1 unsigned"), "{message}");
    assert_eq!(lines.last().unwrap()["type"], "stopped");
}

#[test]
fn an_expectation_of_nothing_that_came_asks_for_the_url() {
    let sandbox = sandbox();
    let ended = sandbox.run(&["listen", "--port", "0", "--expect", "1", "--timeout", "50ms"]);
    assert_eq!(ended.code, 1);
    assert!(
        ended.stderr.contains("error: expected 1 ") && ended.stderr.contains("hint: nothing arrived"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_time_limit_alone_ends_with_0() {
    let ended = sandbox().run(&["listen", "--port", "0", "--json", "--timeout", "50ms"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    assert_eq!(ended.lines().last().unwrap()["type"], "stopped");
}

#[test]
fn events_that_do_not_match_are_not_expected() {
    let sandbox = sandbox();
    let mut listening = sandbox.listen(&expecting(&["-e", "invoice.*", "--expect", "1", "--timeout", "1s"]));
    assert_eq!(post(&listening.address(), "/", &[&signature(BODY)], BODY).status, 200);
    assert_eq!(listening.wait().0, 1);
}

#[test]
fn ctrl_c_before_an_expectation_is_met_ends_with_130() {
    let sandbox = sandbox();
    let (code, lines, stderr) = sandbox.listen(&["--expect", "1"]).interrupt();
    assert_eq!((code, &lines.last().unwrap()["received"]), (130, &json!(0)));
    assert!(stderr.contains("interrupted"), "{stderr}");
}

#[test]
fn ctrl_c_and_sigterm_end_a_plain_listener_with_0_and_a_summary() {
    for name in ["INT", "TERM", "HUP"] {
        let sandbox = sandbox();
        let listening = sandbox.listen(&expecting(&[]));
        for headers in [vec![], vec![signature(BODY)]] {
            post(&listening.address(), "/", &headers.iter().map(String::as_str).collect::<Vec<_>>(), BODY);
        }
        let (code, lines, stderr) = listening.end_with(name);
        let expected = json!({"v": 1, "type": "stopped", "received": 2, "valid": 1, "invalid": 0, "unsigned": 1,
            "unchecked": 0, "forwarded": 0, "failed": 0, "waiting": 0});
        assert_eq!((code, lines.last().unwrap(), stderr.as_str()), (0, &expected, ""), "{name}");
    }
}

#[test]
fn a_signal_that_follows_the_ready_line_at_once_is_a_graceful_stop_too() {
    let sandbox = sandbox();
    for _ in 0..20 {
        let (code, lines, _) = sandbox.listen(&[]).end_with("TERM");
        assert_eq!((code, lines.len()), (0, 1), "{lines:?}");
    }
}

#[test]
fn ctrl_c_lets_the_answer_in_flight_go_out() {
    let sandbox = sandbox();
    let listening = sandbox.listen(&["--delay", "500ms", "--body", "finished"]);
    let address = listening.address();
    let sender = std::thread::spawn(move || post(&address, "/", &[], b"{}"));
    listening.next_of("received");
    let (code, _, _) = listening.interrupt();
    assert_eq!((code, sender.join().unwrap().text().as_str()), (0, "finished"));
}

#[test]
fn people_get_the_summary_on_stderr() {
    let sandbox = sandbox();
    let talking = sandbox.listen_human(&[]);
    post(&talking.address, "/", &[], b"{}");
    let (code, stdout, stderr) = talking.interrupt();
    assert_eq!(code, 0);
    assert!(String::from_utf8(stdout).unwrap().contains("--> · unknown - ["));
    assert_eq!(stderr, "1 received: 0 valid, 0 invalid, 0 unsigned, 1 unchecked; 0 forwarded, 0 failed\n");
}

#[test]
fn a_port_in_use_is_exit_code_3_with_a_cure() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended: Ended = sandbox().run(&["listen", "--json", "--port", &port]);
    let error = ended.error();
    assert_eq!((ended.code, &error["code"], ended.stdout.as_str()), (3, &json!("port_in_use"), ""));
    assert!(error["message"].as_str().unwrap().contains(&port), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("--port 0"), "{error}");
}

#[test]
fn an_address_of_another_machine_is_exit_code_3() {
    let ended = sandbox().run(&["listen", "--json", "--port", "0", "--host", "192.0.2.1"]);
    assert_eq!((ended.code, &ended.error()["code"]), (3, &json!("no_such_address")));
}

#[test]
fn a_listener_whose_output_nobody_reads_ends_quietly() {
    let sandbox = sandbox();
    for args in [["listen", "--json", "--port", "0"], ["listen", "--color", "never", "--port=0"]] {
        let mut command = sandbox.command(&args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut stdout, mut stderr) =
            (BufReader::new(child.stdout.take().unwrap()), BufReader::new(child.stderr.take().unwrap()));
        let mut ready = String::new();
        if args[1] == "--json" { stdout.read_line(&mut ready) } else { stderr.read_line(&mut ready) }.unwrap();
        let address = ready.split("http://").nth(1).unwrap().split(['"', ' ']).next().unwrap().to_owned();
        drop(stdout);
        assert_eq!(post(&address, "/", &[], b"{}").status, 200, "the sender is answered all the same");
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
        assert!(!rest.contains("error") && !rest.contains("panic"), "{rest}");
    }
}

#[test]
fn other_commands_end_quietly_when_nobody_reads() {
    let sandbox = sandbox();
    for args in [&["fixtures", "list"][..], &["fixtures", "list", "--json"], &["man"], &["providers", "list"]] {
        let mut command = sandbox.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {stderr}");
        assert!(!stderr.contains("error") && !stderr.contains("panic"), "{args:?}: {stderr}");
    }
}

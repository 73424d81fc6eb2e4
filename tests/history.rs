//! What `listen` received is kept, and found again.

use serde_json::Value;

use crate::sandbox::Sandbox;
use crate::wire;

/// Listens, receives these requests (path, headers, body) and ends.
pub fn receive(sandbox: &Sandbox, args: &[&str], requests: &[(&str, &[&str], &[u8])]) {
    let listening = sandbox.listen(args);
    for (path, headers, body) in requests {
        wire::post(&listening.address(), path, headers, body);
    }
    listening.interrupt();
}

fn list(sandbox: &Sandbox, args: &[&str]) -> Vec<Value> {
    let ended = sandbox.run(&[&["events", "list", "--json"], args].concat());
    assert!(ended.code == 0 || ended.stdout.is_empty(), "{}", ended.stderr);
    ended.lines()
}

#[test]
fn events_are_there_after_the_listener_has_ended() {
    let sandbox = Sandbox::new();
    receive(&sandbox, &[], &[("/one?x=1", &["X-Key: a", "X-Key: b"], b"{\"n\":1.0}"), ("/two", &[], b"\x00\xff")]);
    let events = list(&sandbox, &[]);
    let paths: Vec<&str> = events.iter().map(|line| line["event"]["request"]["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/two", "/one"], "newest first");
    let shown = sandbox.run(&["events", "show", "@2", "--raw"]);
    assert_eq!(shown.stdout, "{\"n\":1.0}");
    let id = events[1]["event"]["id"].as_str().unwrap();
    assert_eq!(sandbox.run(&["events", "show", id, "--json"]).lines()[0], events[1]);
}

#[test]
fn a_refused_request_is_kept_with_its_reason() {
    let sandbox = Sandbox::new().env("HOOK_SECRET", "s3cret");
    let args = ["--provider", "prospektr", "--secret-env", "HOOK_SECRET"];
    receive(&sandbox, &args, &[("/", &[], br#"{"event":"prospect.added"}"#)]);
    let events = list(&sandbox, &["--verdict", "unsigned"]);
    assert!(events[0]["event"]["verdict"]["reason"].as_str().unwrap().contains("missing signature"), "{events:?}");
    assert!(list(&sandbox, &["--verdict", "valid"]).is_empty());
}

#[test]
fn without_a_history_the_cure_is_named() {
    let sandbox = Sandbox::new();
    let ended = sandbox.run(&["events", "list", "--json"]);
    assert_eq!((ended.code, ended.error()["code"].as_str().unwrap()), (1, "no_history"));
    receive(&sandbox, &["--no-store"], &[("/", &[], b"{}")]);
    assert_eq!(sandbox.run(&["events", "list"]).code, 1, "--no-store keeps nothing");
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_history() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--db", "here/history.db"]);
    wire::post(&listening.address(), "/", &[], b"{}");
    let files = std::fs::read_dir(sandbox.path().join("here")).unwrap();
    for file in files.map(Result::unwrap) {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.path());
    }
    let folder = sandbox.path().join("here").metadata().unwrap().permissions().mode();
    assert_eq!(folder & 0o077, 0);
}

/// Who forgets `Bearer ` sends the secret itself: it is in the header that was received, and nowhere else.
#[test]
fn a_credential_in_the_wrong_form_is_not_repeated_in_the_reason() {
    let sandbox = Sandbox::new().env("HOOK_SECRET", "sentinel-of-a-token");
    let args = ["--provider", "customertext", "--secret-env", "HOOK_SECRET"];
    let listening = sandbox.listen(&args);
    let answer = wire::post(&listening.address(), "/", &["Authorization: sentinel-of-a-token"], b"{}");
    listening.interrupt();
    assert_eq!(answer.status, 401);
    assert!(!String::from_utf8_lossy(&answer.body).contains("sentinel"), "the answer");
    for format in ["jsonl", "har", "curl", "http", "csv"] {
        let exported = sandbox.run(&["events", "export", "--as", format]);
        assert!(exported.code == 0 && !exported.stdout.contains("sentinel"), "{format}: {}", exported.stdout);
    }
}

#[test]
fn an_empty_filter_selects_nothing_by_mistake() {
    let sandbox = Sandbox::new();
    receive(&sandbox, &[], &[("/", &[], b"{}")]);
    for flag in ["--event", "--provider", "--where"] {
        let refused = sandbox.run(&["events", "delete", flag, "", "--yes"]);
        assert_eq!(refused.code, 2, "{flag}: {}", refused.stdout);
        assert!(refused.stderr.contains("is empty"), "{flag}: {}", refused.stderr);
    }
    assert_eq!(list(&sandbox, &[]).len(), 1);
}

#[test]
fn what_still_waits_is_not_deleted_unasked() {
    let sandbox = Sandbox::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    receive(&sandbox, &["-f", &closed, "--respond", "now"], &[("/", &[], b"{}")]);
    let refused = sandbox.run(&["events", "delete", "@last"]);
    assert_eq!(refused.code, 2, "{}", refused.stdout);
    assert!(refused.stderr.contains("1 of them still wait"), "{}", refused.stderr);
    assert_eq!(sandbox.run(&["events", "delete", "@last", "--yes"]).code, 0);
    assert!(list(&sandbox, &[]).is_empty());
}

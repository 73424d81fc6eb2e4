//! Events that happen: who is told, in which form, and what the caller learns.

use serde_json::json;

use super::{app, attempts, body, call, emit, register, silent, statuses, told};
use crate::app::{App, closed_port};
use crate::sandbox::Sandbox;

const SECRET: &str = "whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC0xMjM0";

#[test]
fn who_wants_an_event_is_told_and_nobody_else() {
    let sandbox = Sandbox::new();
    let (wanted, other) = (app(&[200]), app(&[200]));
    let mock = sandbox.mock(&["prokeep"]);
    register(&mock, &wanted.url(), &["message_*"]);
    register(&mock, &other.url(), &["thread_created", "thread_closed"]);
    let ended = sandbox.run(&["mock", "emit", "message_received", "--api-url", &mock.url, "--json"]);
    assert_eq!((ended.code, ended.lines().len()), (0, 1), "{}", ended.stderr);
    assert_eq!(body(&wanted.next())["type"], "message_received");
    assert_eq!(mock.next_of("attempt"), ended.lines()[0], "the mock tells the same");
    assert!(other.rest().is_empty());
}

#[test]
fn a_delivery_is_one_that_listen_finds_valid() {
    let sandbox = Sandbox::new().env("S", SECRET);
    let listening = sandbox.listen(&["--provider", "standard-webhooks", "--secret-env", "S"]);
    let mock = sandbox.mock(&["standard-webhooks", "--to", &listening.url, "--secret-env", "S"]);
    assert_eq!(sandbox.run(&["mock", "emit", "contact.created", "--api-url", &mock.url]).code, 0);
    let event = &listening.next_of("received")["event"];
    assert_eq!((&event["verdict"]["status"], &event["provider"]), (&json!("valid"), &json!("standard-webhooks")));
    let webhooks = told(&mock, "/_mock/webhooks").to_string();
    assert!(webhooks.contains("\"signed\":true") && !webhooks.contains(SECRET), "{webhooks}");
}

#[test]
fn each_webhook_is_signed_with_its_own_secret_or_not_at_all() {
    let sandbox = Sandbox::new().env("S", SECRET);
    let listening = sandbox.listen(&["--provider", "standard-webhooks", "--secret-env", "S", "--accept-invalid"]);
    let mock = sandbox.mock(&["standard-webhooks"]);
    register(&mock, &listening.url, &["*"]);
    let with = json!({ "url": format!("{}/signed", listening.url), "secret": SECRET });
    assert_eq!(call(&mock, "/_mock/webhooks", &with).status, 201);
    assert_eq!(emit(&mock, "contact.created")["messages"], json!(["msg_1", "msg_2"]));
    let mut verdicts = [(); 2].map(|()| {
        let event = &listening.next_of("received")["event"];
        (event["request"]["path"].as_str().unwrap().to_owned(), event["verdict"]["status"].as_str().unwrap().to_owned())
    });
    verdicts.sort();
    assert_eq!(verdicts[0], ("/".to_owned(), "unsigned".to_owned()));
    assert_eq!(verdicts[1], ("/signed".to_owned(), "valid".to_owned()));
}

#[test]
fn a_secret_in_the_wrong_form_is_told_and_nothing_is_sent() {
    let sandbox = Sandbox::new();
    let target = app(&[200]);
    let mock = sandbox.mock(&["standard-webhooks"]);
    let webhook = json!({ "url": target.url(), "secret": "whsec_not base64!" });
    assert_eq!(call(&mock, "/_mock/webhooks", &webhook).status, 201);
    let ended = sandbox.run(&["mock", "emit", "contact.created", "--api-url", &mock.url, "--json"]);
    assert_eq!((ended.code, ended.error()["code"].as_str()), (2, Some("cannot_sign")), "{}", ended.stderr);
    assert!(target.rest().is_empty() && told(&mock, "/_mock/log")["messages"] == json!([]));
}

#[test]
fn edits_change_what_they_name_and_a_slip_names_the_nearest() {
    let sandbox = Sandbox::new();
    let target = app(&[200]);
    let mock = sandbox.mock(&["prokeep", "--to", &target.url()]);
    let run = |set: &[&str]| {
        let args = ["mock", "emit", "message_received", "--api-url", &mock.url];
        sandbox.run(&[&args[..], set].concat())
    };
    let ended = run(&["--set", "data.id=mine", "--add", "--set", "data.extra:=3"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let sent = body(&target.next());
    assert_eq!((&sent["data"]["id"], &sent["data"]["extra"]), (&json!("mine"), &json!(3)));
    let ended = run(&["--set", "data.idd=x"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("has no `data.idd`") && ended.stderr.contains("data.id"), "{}", ended.stderr);
    let values = json!({ "event": "message_received", "set": { "data.id": "other" }, "wait": true });
    assert_eq!(call(&mock, "/_mock/emit", &values).status, 200);
    assert_eq!(body(&target.next())["data"]["id"], "other");
}

#[test]
fn every_event_has_ids_of_its_own() {
    let sandbox = Sandbox::new();
    let target = app(&[200]);
    let mock = sandbox.mock(&["prokeep", "--to", &target.url()]);
    emit(&mock, "message_received");
    emit(&mock, "message_received");
    let ids = [target.next(), target.next()].map(|seen| body(&seen)["data"]["id"].clone());
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn two_that_emit_at_once_are_both_served() {
    let sandbox = Sandbox::new();
    let target = app(&[200]);
    let mock = sandbox.mock(&["prokeep", "--to", &target.url()]);
    let args = ["mock", "emit", "thread_created", "--api-url", &mock.url, "--json"];
    let running = [sandbox.start(&args), sandbox.start(&args)];
    for child in running {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(statuses(&attempts(&mock, 2)), [Some(200), Some(200)]);
}

#[test]
fn a_target_that_hangs_does_not_hold_up_another() {
    let sandbox = Sandbox::new();
    let (_hanging, slow) = silent();
    let quick = app(&[200]);
    let mock = sandbox.mock(&["prokeep", "--to", &slow, "--to", &quick.url()]);
    for _ in 0..20 {
        emit(&mock, "message_received");
    }
    let made = attempts(&mock, 20);
    assert!(made.iter().all(|attempt| attempt["delivery"]["status"] == 200), "the slow one is not through yet");
}

#[test]
fn one_webhook_can_be_told_alone() {
    let sandbox = Sandbox::new();
    let (first, second) = (app(&[200]), app(&[200]));
    let mock = sandbox.mock(&["prokeep", "--to", &first.url()]);
    let id = register(&mock, &second.url(), &["thread_closed"]);
    let ended = sandbox.run(&["mock", "emit", "message_received", "--webhook", &id, "--api-url", &mock.url]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    second.next();
    assert!(first.rest().is_empty());
    let ended =
        sandbox.run(&["mock", "emit", "message_received", "--webhook", "wh_9", "--api-url", &mock.url, "--json"]);
    assert_eq!((ended.code, ended.error()["code"].as_str()), (2, Some("unknown_webhook")));
}

#[test]
fn the_answer_is_no_when_nobody_wants_it_or_a_first_attempt_fails() {
    let sandbox = Sandbox::new();
    let failing = app(&[500]);
    let mock = sandbox.mock(&["prokeep"]);
    register(&mock, &failing.url(), &["thread_closed"]);
    let run = |event: &str, more: &[&str]| {
        sandbox.run(&[&["mock", "emit", event, "--api-url", &mock.url, "--json"], more].concat())
    };
    let nobody = run("message_received", &[]);
    assert_eq!((nobody.code, nobody.error()["code"].as_str()), (1, Some("nothing_matched")));
    assert_eq!(run("thread_closed", &[]).code, 1);
    assert_eq!(run("thread_closed", &["--no-wait"]).code, 0);
}

#[test]
fn the_events_of_a_scenario_hang_together_and_come_in_order() {
    let sandbox = Sandbox::new();
    let target = app(&[200]);
    let mock = sandbox.mock(&["prokeep", "--to", &target.url(), "--time-scale", "100000"]);
    let play = || {
        let ended = sandbox.run(&["mock", "scenario", "thread_lifecycle", "--api-url", &mock.url]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let bodies = [(); 5].map(|()| body(&target.next()));
        let types: Vec<&str> = bodies.iter().map(|body| body["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["thread_created", "message_received", "thread_claimed", "message_sent", "thread_closed"]);
        let thread = |body: &serde_json::Value| body["data"].get("thread_id").unwrap_or(&body["data"]["id"]).clone();
        let threads: Vec<_> = bodies.iter().map(thread).collect();
        assert!(threads.iter().all(|id| *id == threads[0] && id.is_string()), "{threads:?}");
        threads[0].clone()
    };
    assert_ne!(play(), play(), "another run is about another thread");
    let unknown = sandbox.run(&["mock", "scenario", "thread_life", "--api-url", &mock.url]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("it has thread_lifecycle"), "{}", unknown.stderr);
}

#[test]
fn where_no_mock_answers_that_is_said() {
    let sandbox = Sandbox::new();
    let closed = format!("http://127.0.0.1:{}", closed_port());
    let ended = sandbox.run(&["mock", "emit", "message_received", "--api-url", &closed, "--json"]);
    assert_eq!((ended.code, ended.error()["code"].as_str()), (3, Some("no_mock")));
    assert!(ended.error()["hint"].as_str().unwrap().contains("hookctl mock PROVIDER"));
    for other in [App::answering("200 OK", "{}"), App::answering("404 Not Found", "<html>")] {
        let ended = sandbox.run(&["mock", "log", "--api-url", &other.url(), "--json"]);
        assert_eq!(ended.code, 3, "{}", ended.stderr);
        assert!(ended.stderr.contains("is no mock of hookctl"), "{}", ended.stderr);
    }
}

#[test]
fn a_mock_is_found_by_the_address_of_its_api_too() {
    let sandbox = Sandbox::new();
    let target = app(&[200]);
    let mock = sandbox.mock(&["prokeep", "--to", &target.url()]);
    let api_url = mock.ready["api_url"].as_str().unwrap();
    assert!(api_url.ends_with("/rest/v1"), "{api_url}");
    assert_eq!(sandbox.run(&["mock", "emit", "thread_created", "--api-url", api_url]).code, 0);
    assert_eq!(call(&mock, "/rest/v1/_mock/emit", &json!({ "event": "thread_created" })).status, 202);
}

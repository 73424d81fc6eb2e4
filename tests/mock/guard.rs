//! No web page drives a mock, and no call makes it grow without bound.

use serde_json::json;

use super::{app, call, register, told};
use crate::sandbox::Sandbox;
use crate::wire::{raw, request};

#[test]
fn what_a_web_page_could_send_is_refused_and_does_nothing() {
    let sandbox = Sandbox::new();
    let target = app(&[200]);
    let mock = sandbox.mock(&["prokeep", "--to", &target.url()]);
    let body = br#"{"event":"message_received"}"#;
    let kind = "content-type: application/json";
    for (headers, status) in [
        (&[kind, "origin: http://evil.test"][..], 403),
        (&[kind, "origin: null"], 403),
        (&[kind, "sec-fetch-site: cross-site"], 403),
        (&[kind, "sec-fetch-site: same-site"], 403),
        (&["content-type: text/plain"], 415),
        (&["content-type: application/x-www-form-urlencoded"], 415),
        (&[], 415),
    ] {
        let answered = raw(&mock.address(), request("POST", "/_mock/emit", headers, body));
        assert_eq!(answered.status, status, "{headers:?}: {}", answered.text());
        assert!(!answered.json()["reason"].as_str().unwrap().is_empty());
    }
    let log = raw(&mock.address(), request("GET", "/_mock/log", &["sec-fetch-site: cross-site"], b""));
    assert_eq!(log.status, 403);
    for path in ["/_mock/emit", "/rest/v1/_mock/emit"] {
        let rebound = format!(
            "POST {path} HTTP/1.1\r\nhost: evil.test:4001\r\n{kind}\r\ncontent-length: {}\r\n\r\n{}",
            body.len(),
            String::from_utf8_lossy(body)
        );
        assert_eq!(raw(&mock.address(), rebound).status, 403, "a name that was bound anew to this machine");
    }
    assert_eq!(told(&mock, "/_mock/log")["messages"], json!([]));
    assert!(target.rest().is_empty());
}

#[test]
fn no_answer_of_the_control_calls_holds_a_credential() {
    let sandbox = Sandbox::new();
    let mock = sandbox.mock(&["prokeep"]);
    let secret = "a-secret-of-a-webhook";
    let made = call(&mock, "/_mock/webhooks", &json!({ "url": "http://127.0.0.1:9/", "secret": secret }));
    let password = mock.ready["password"].as_str().unwrap();
    let answers = [made.text(), told(&mock, "/_mock").to_string(), told(&mock, "/_mock/webhooks").to_string()];
    for answer in answers {
        assert!(!answer.contains(secret) && !answer.contains(password), "{answer}");
    }
}

#[test]
fn what_cannot_be_is_answered_with_a_reason() {
    let sandbox = Sandbox::new();
    let mock = sandbox.mock(&["prokeep"]);
    let url = "http://127.0.0.1:9/";
    for (path, body, status, words) in [
        ("/_mock/emit", json!({ "event": "message_recieved" }), 404, "message_received"),
        ("/_mock/emit", json!({ "evnt": "x" }), 422, "evnt"),
        ("/_mock/emit", json!([]), 422, "the body"),
        ("/_mock/webhooks", json!({ "url": "ftp://x" }), 422, "not an http or https URL"),
        ("/_mock/webhooks", json!({ "url": "4000" }), 422, "not an http or https URL"),
        ("/_mock/webhooks", json!({ "url": "http://u:p@x/" }), 422, "credentials"),
        ("/_mock/webhooks", json!({ "url": url, "events": ["mesage_*"] }), 422, "no event of prokeep"),
        ("/_mock/redeliver", json!({ "message": "x" }), 404, "no message `x`"),
        ("/_mock/scenario", json!({ "name": "x" }), 404, "thread_lifecycle"),
        ("/_mock/nothing", json!({}), 404, "no control call"),
    ] {
        let answered = call(&mock, path, &body);
        assert_eq!(answered.status, status, "{path} {body}: {}", answered.text());
        assert!(answered.text().contains(words), "{path} {body}: {}", answered.text());
    }
    assert_eq!(raw(&mock.address(), request("GET", "/_mock/emit", &[], b"")).status, 405);
    assert_eq!(raw(&mock.address(), request("GET", "/_mock/log?limit=x", &[], b"")).status, 422);
}

#[test]
fn a_request_of_more_than_a_mebibyte_is_refused() {
    let sandbox = Sandbox::new();
    let mock = sandbox.mock(&["prokeep"]);
    let answered = call(&mock, "/_mock/emit", &json!({ "event": "x".repeat(1 << 20) }));
    assert_eq!(answered.status, 413, "{}", answered.text());
    assert_eq!(mock.next_of("refused")["status"], 413);
}

#[test]
fn there_are_only_so_many_webhooks() {
    let sandbox = Sandbox::new();
    let mock = sandbox.mock(&["generic"]);
    for _ in 0..1000 {
        register(&mock, "http://127.0.0.1:9/", &[]);
    }
    let answered = call(&mock, "/_mock/webhooks", &json!({ "url": "http://127.0.0.1:9/" }));
    assert_eq!(answered.status, 507, "{}", answered.text());
    assert!(answered.text().contains("1000 webhooks are registered already"));
    let delete = raw(&mock.address(), request("DELETE", "/_mock/webhooks/wh_7", &[], b""));
    assert_eq!(delete.status, 200, "{}", delete.text());
    register(&mock, "http://127.0.0.1:9/", &[]);
    let again = raw(&mock.address(), request("DELETE", "/_mock/webhooks/wh_7", &[], b""));
    assert_eq!(again.status, 404);
}

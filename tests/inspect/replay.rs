//! Sending events again from the page: as they came, changed, signed anew, and never to the page itself.

use serde_json::{Value, json};

use super::{Inspector, alone, deliveries, listen, next_id, receive};
use crate::app::closed_port;
use crate::sandbox::Sandbox;
use crate::target::{OK, Sent, Target};

const CHECKED: [&str; 4] = ["--provider", "prospektr", "--secret-env", "HOOK_SECRET"];

fn replay(inspector: &Inspector, id: &str, wish: &Value) -> Value {
    let answered = inspector.post(&format!("/api/events/{id}/replay"), wish);
    assert_eq!(answered.status, 200, "{}", answered.text());
    answered.json()
}

fn refused(inspector: &Inspector, id: &str, wish: &Value) -> (u16, String) {
    let answered = inspector.post(&format!("/api/events/{id}/replay"), wish);
    (answered.status, answered.json()["code"].as_str().unwrap_or_default().to_owned())
}

fn named<'s>(sent: &'s Sent, name: &str) -> Vec<&'s str> {
    sent.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
}

#[test]
fn an_event_goes_again_as_it_came_and_the_history_knows() {
    let sandbox = Sandbox::new();
    let app = Target::start(&[OK]);
    let (listening, inspector) = listen(&sandbox, &["-f", &format!("{}/base", app.url())]);
    let headers = ["x-key: a", "x-key: b", "authorization: Bearer abc", "content-type: application/json"];
    let id = receive(&listening, "/one?x=%2B", &headers, b"{ \"n\":1.0 }");
    app.next();
    deliveries(&inspector, &id, 1);
    let told = replay(&inspector, &id, &json!({}));
    let sent = app.next();
    assert_eq!((sent.line.as_str(), sent.body.as_slice()), ("POST /base/one?x=%2B HTTP/1.1", &b"{ \"n\":1.0 }"[..]));
    assert_eq!((named(&sent, "x-key"), sent.header("authorization")), (vec!["a", "b"], Some("Bearer abc")));
    assert_eq!((sent.header("hookctl-event-id"), sent.header("hookctl-attempt")), (Some(id.as_str()), Some("2")));
    assert_eq!((&told["event_id"], &told["deliveries"][0]["delivery"]["status"]), (&id.as_str().into(), &200.into()));
    let past = inspector.get(&format!("/api/events/{id}")).json();
    let attempts: Vec<&Value> =
        past["deliveries"].as_array().unwrap().iter().map(|one| &one["delivery"]["attempt"]).collect();
    assert_eq!(attempts, [1, 2]);
    // The URL that the page shows is where it goes: its path is not put behind itself.
    let target = past["deliveries"][0]["delivery"]["target"].as_str().unwrap();
    replay(&inspector, &id, &json!({ "to": target }));
    assert_eq!(app.next().line, "POST /base/one?x=%2B HTTP/1.1");
}

#[test]
fn without_a_target_of_its_own_an_event_goes_to_the_app_or_else_to_the_listener() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let id = receive(&listening, "/one", &[], b"{\"n\":1}");
    let told = replay(&inspector, &id, &json!({ "to": null }));
    assert_eq!(told["deliveries"][0]["delivery"]["status"], 200, "{told}");
    let again = next_id(&listening);
    let event = inspector.get(&format!("/api/events/{again}")).json()["event"].clone();
    assert_eq!((&event["request"]["path"], &event["request"]["body"]), (&"/one".into(), &"{\"n\":1}".into()));
    let app = Target::start(&[OK]);
    replay(&inspector, &again, &json!({ "to": app.url() }));
    assert_eq!(app.next().line, "POST /one HTTP/1.1");
    listening.interrupt();
    // Alone, without a listener, there is nowhere to go.
    let alone = alone(&sandbox);
    let fresh = sandbox.listen(&[]);
    let id = receive(&fresh, "/", &[], b"{}");
    assert_eq!(refused(&alone.inspector, &id, &json!({})), (422, "no_target".into()));
}

#[test]
fn what_is_edited_and_signed_anew_is_valid_for_a_listener() {
    let sandbox = Sandbox::new().env("HOOK_SECRET", "s3cret");
    let (listening, inspector) = listen(&sandbox, &CHECKED);
    let body = br#"{"event":"prospect.added","prospect":{"id":"p1"}}"#;
    let id = receive(&listening, "/", &["content-type: application/json"], body);
    let edited = r#"{"event":"prospect.added","prospect":{"id":"p2","amount":1.0}}"#;
    // Without signing it is what it is: unsigned.
    replay(&inspector, &id, &json!({ "to": listening.url, "body": edited }));
    assert_eq!(listening.next_of("received")["event"]["verdict"]["status"], "unsigned");
    let told = replay(&inspector, &id, &json!({ "to": listening.url, "body": edited, "resign": true }));
    assert_eq!(told["deliveries"][0]["delivery"]["status"], 200, "{told}");
    let event = listening.next_of("received")["event"].clone();
    assert_eq!((&event["verdict"]["status"], &event["request"]["body"]), (&"valid".into(), &edited.into()));
    // The one it was made from keeps its own body.
    assert_eq!(inspector.get(&format!("/api/events/{id}/body")).body, body);
    // The credential is no part of any answer.
    assert!(!told.to_string().contains("s3cret"));
    // An old signature over another body is pointed out.
    let valid = event["id"].as_str().unwrap();
    let told = replay(&inspector, valid, &json!({ "to": listening.url, "body": "{}" }));
    assert!(told["notes"][0].as_str().unwrap().contains("no longer holds"), "{told}");
    let told = replay(&inspector, valid, &json!({ "to": listening.url, "body": edited }));
    assert_eq!(told["notes"], json!([]), "the body is the same");
    let label = inspector.get("/api/providers").json()["providers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|provider| provider["id"] == "prospektr")
        .unwrap()["secrets"][0]
        .clone();
    replay(&inspector, &id, &json!({ "to": listening.url, "sign_as": "prospektr", "secret": label }));
    let wrong = |wish: Value| refused(&inspector, &id, &wish);
    assert_eq!(wrong(json!({ "to": listening.url, "sign_as": "none" })), (422, "unknown_provider".into()));
    assert_eq!(wrong(json!({ "to": listening.url, "secret": "none" })), (422, "unknown_secret".into()));
    assert_eq!(wrong(json!({ "to": listening.url, "sign_as": "stripe" })), (422, "no_secret".into()));
}

#[test]
fn headers_are_just_those_of_the_page_and_what_it_cannot_see_stays() {
    let sandbox = Sandbox::new();
    let app = Target::start(&[OK]);
    let (listening, inspector) = listen(&sandbox, &[]);
    let headers = ["x-key: a", "x-key: b", "authorization: Bearer abc", "x-gone: 1", "x-forwarded-for: 127.0.0.1"];
    let id = receive(&listening, "/", &headers, b"{}");
    let event = inspector.get(&format!("/api/events/{id}?body=false")).json()["event"].clone();
    let mut wanted = event["request"]["headers"].as_array().unwrap().clone();
    wanted.retain(|pair| pair[0] != "x-gone");
    wanted.push(json!(["x-new", "caf\u{e9}"]));
    wanted.push(json!(["transfer-encoding", "chunked"]));
    let wish =
        json!({ "to": app.url(), "headers": wanted, "method": "PUT", "body": "aGk=", "body_encoding": "base64" });
    let told = replay(&inspector, &id, &wish);
    let sent = app.next();
    assert_eq!((sent.line.as_str(), sent.body.as_slice()), ("PUT / HTTP/1.1", &b"hi"[..]));
    assert_eq!((named(&sent, "x-key"), sent.header("authorization")), (vec!["a", "b"], Some("Bearer abc")));
    assert_eq!((sent.header("x-gone"), sent.header("x-new")), (None, Some("caf\u{e9}")));
    assert_eq!((sent.header("transfer-encoding"), sent.header("content-length")), (None, Some("2")));
    assert_eq!(
        (sent.header("x-forwarded-for"), sent.header("x-hookctl-received-x-forwarded-for")),
        (None, Some("127.0.0.1"))
    );
    assert_eq!(sent.header("host"), Some(app.url().trim_start_matches("http://")));
    assert!(!told.to_string().contains("Bearer abc"), "{told}");
    for (wish, code) in [
        (json!({ "headers": [["a b", "1"]] }), "bad_header"),
        (json!({ "headers": [["x-a", "1\r\nx-b: 2"]] }), "bad_header"),
        (json!({ "headers": [["x-other", "***"]] }), "bad_header"),
        (json!({ "method": "A B" }), "bad_method"),
    ] {
        assert_eq!(refused(&inspector, &id, &wish), (422, code.to_owned()), "{wish}");
    }
    for wish in
        [json!({ "body": "%%", "body_encoding": "base64" }), json!({ "unknown": 1 }), json!([]), json!({ "to": 1 })]
    {
        assert_eq!(refused(&inspector, &id, &wish).0, 400, "{wish}");
    }
    assert!(app.rest().is_empty(), "nothing else went out");
}

/// The credential that a valid request carries is not in the history: it comes from the secret.
#[test]
fn a_credential_that_is_not_kept_is_put_back() {
    let sandbox = Sandbox::new();
    let secret = sandbox.write("secret", "s3cret-token");
    #[cfg(unix)]
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let app = Target::start(&[OK]);
    let (listening, inspector) = listen(&sandbox, &["--provider", "gitlab", "--secret-file", "secret"]);
    let headers = ["x-gitlab-token: s3cret-token", "x-gitlab-event: Push Hook"];
    let id = receive(&listening, "/", &headers, b"{}");
    let event = inspector.get(&format!("/api/events/{id}?show_secrets=true")).json();
    assert_eq!(event["event"]["verdict"]["status"], "valid");
    assert!(!event.to_string().contains("s3cret-token"));
    let shown = event["event"]["request"]["headers"].clone();
    for wish in [json!({ "to": app.url() }), json!({ "to": app.url(), "headers": shown })] {
        let told = replay(&inspector, &id, &wish);
        assert_eq!(app.next().header("x-gitlab-token"), Some("s3cret-token"));
        assert!(!told.to_string().contains("s3cret-token"), "{told}");
    }
}

#[test]
fn nothing_goes_to_the_page_itself_by_any_name() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let id = receive(&listening, "/api/send", &[], b"{}");
    let port = inspector.address.rsplit(':').next().unwrap();
    for host in [
        "127.0.0.1",
        "localhost",
        "LOCALHOST.",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "[::ffff:0.0.0.0]",
        "127.1",
        "2130706433",
        "0x7f000001",
        "app.localhost",
    ] {
        let to = format!("http://{host}:{port}");
        assert_eq!(refused(&inspector, &id, &json!({ "to": to })), (422, "own_address".into()), "{to}");
        let wish = json!({ "event": "generic/message", "to": to, "body": "{}", "secret": null });
        let sent = inspector.post("/api/send", &wish);
        assert_eq!((sent.status, sent.json()["code"].clone()), (422, "own_address".into()), "{to}");
    }
    // A redirect is an answer to show, never to follow.
    let there = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{}/api/status\r\ncontent-length: 0\r\n\r\n",
        inspector.address
    );
    let app = Target::start(&[&there]);
    let told = replay(&inspector, &id, &json!({ "to": app.url() }));
    assert_eq!(told["deliveries"][0]["delivery"]["status"], 307);
    let past = inspector.get(&format!("/api/events/{id}")).json();
    assert_eq!(past["deliveries"].as_array().unwrap().len(), 1, "what never left is no attempt");
}

#[test]
fn a_target_that_is_not_there_is_an_attempt_that_failed() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let id = receive(&listening, "/..%2fx", &[], b"{}");
    let to = format!("127.0.0.1:{}/hook", closed_port());
    assert_eq!(refused(&inspector, &id, &json!({ "to": to })), (422, "bad_target".into()), "the path leads out of it");
    let id = receive(&listening, "/", &[], b"{}");
    let told = replay(&inspector, &id, &json!({ "to": to }));
    assert_eq!(told["deliveries"][0]["delivery"]["error"]["kind"], "refused", "{told}");
    assert_eq!(inspector.get(&format!("/api/events/{id}")).json()["deliveries"].as_array().unwrap().len(), 1);
    for to in ["ftp://x", "http://u:p@x/", "99999999"] {
        assert_eq!(refused(&inspector, &id, &json!({ "to": to })), (422, "bad_target".into()), "{to}");
    }
}

#[test]
fn the_largest_bodies_can_be_edited_and_sent() {
    let sandbox = Sandbox::new();
    let app = Target::start(&[OK]);
    let (listening, inspector) = listen(&sandbox, &[]);
    let id = receive(&listening, "/", &[], b"{}");
    let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, vec![0xff; 25 * 1024 * 1024]);
    replay(&inspector, &id, &json!({ "to": app.url(), "body": body, "body_encoding": "base64" }));
    let sent = app.next();
    assert!(sent.body.len() == 25 * 1024 * 1024 && sent.body.iter().all(|byte| *byte == 0xff));
}

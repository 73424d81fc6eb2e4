//! Sending fixtures from the page, and what it can be told about them.

use serde_json::{Value, json};

use super::{Inspector, listen};
use crate::sandbox::Sandbox;
use crate::target::{OK, Target};

const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn send(inspector: &Inspector, wish: &Value) -> Value {
    let answered = inspector.post("/api/send", wish);
    assert_eq!(answered.status, 200, "{}", answered.text());
    answered.json()
}

fn provider(inspector: &Inspector, id: &str) -> Value {
    let known = inspector.get("/api/providers").json()["providers"].as_array().unwrap().clone();
    known.into_iter().find(|provider| provider["id"] == id).unwrap()
}

#[test]
fn providers_tell_what_can_be_sent_and_signed_with_what() {
    let sandbox = Sandbox::new().env("NEW", SECRET).env("OLD", "another");
    sandbox.write("hookctl.toml", "[provider.prospektr]\nsecret = { current = \"env:NEW\", previous = \"env:OLD\" }\n");
    let (listening, inspector) = listen(&sandbox, &["-f", "3999"]);
    let prospektr = provider(&inspector, "prospektr");
    assert_eq!((&prospektr["signs"], &prospektr["secrets"]), (&true.into(), &json!(["current", "previous"])));
    let events = prospektr["events"].as_array().unwrap();
    assert!(events.iter().any(|event| event["name"] == "prospect.added"), "{events:?}");
    let targets = inspector.get("/api/providers").json()["targets"].clone();
    assert_eq!(targets[0], json!({ "url": format!("{}/", listening.url), "label": "this listener" }));
    assert_eq!(targets[1], json!({ "url": "http://localhost:3999/", "label": "forward target" }));
    let text = inspector.get("/api/providers").text();
    assert!(!text.contains("MDEyMzQ1"), "a label is no secret");
}

#[test]
fn a_fixture_is_shown_to_the_letter_or_fresh() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = listen(&sandbox, &[]);
    let exact = inspector.get("/api/fixtures/prospektr/prospect.added").json();
    let kept = include_str!("../../fixtures/prospektr/prospect.added.json");
    assert_eq!((exact["body"].as_str(), exact["body_encoding"].as_str()), (Some(kept), Some("utf8")));
    assert_eq!(exact["content_type"].as_str().map(|kind| kind.contains("json")), Some(true));
    let fresh = inspector.get("/api/fixtures/stripe/invoice.paid?fresh=true").json()["body"].clone();
    let old = inspector.get("/api/fixtures/stripe/invoice.paid").json()["body"].clone();
    assert_ne!(fresh, old);
    for (path, code) in [("stripe/none", "unknown_event"), ("none/x", "unknown_provider")] {
        let refused = inspector.get(&format!("/api/fixtures/{path}"));
        assert_eq!((refused.status, refused.json()["code"].clone()), (404, code.into()));
    }
}

#[test]
fn what_is_sent_with_a_secret_is_valid_for_the_listener() {
    let sandbox = Sandbox::new().env("STRIPE", SECRET);
    let (listening, inspector) = listen(&sandbox, &["--provider", "stripe", "--secret-env", "STRIPE"]);
    let label = provider(&inspector, "stripe")["secrets"][0].clone();
    let wish = json!({ "event": "stripe/invoice.paid", "to": listening.url, "secret": label });
    let told = send(&inspector, &wish);
    assert_eq!((&told["delivery"]["status"], &told["request"]["method"]), (&200.into(), &"POST".into()));
    let received = listening.next_of("received")["event"].clone();
    assert_eq!((&received["verdict"]["status"], &received["event_type"]), (&"valid".into(), &"invoice.paid".into()));
    assert_eq!(told["event_id"], received["id"], "so that the page can show it");
    assert_ne!(
        received["request"]["body"].as_str().unwrap(),
        include_str!("../../fixtures/stripe/invoice.paid.json"),
        "ids and times are fresh"
    );
    // To the letter, where a body is given.
    let body = r#"{"id":"evt_1","type":"invoice.paid","n":1.0}"#;
    let mut own = wish.clone();
    own["body"] = body.into();
    send(&inspector, &own);
    let received = listening.next_of("received")["event"].clone();
    assert_eq!((&received["verdict"]["status"], &received["request"]["body"]), (&"valid".into(), &body.into()));
    // Spoiled in every way it is refused, and says why.
    for kind in ["body", "signature", "timestamp", "missing", "secret"] {
        let mut spoiled = wish.clone();
        spoiled["tamper"] = kind.into();
        let told = send(&inspector, &spoiled);
        assert_eq!(told["delivery"]["status"], 401, "{kind}: {told}");
        assert_ne!(listening.next_of("received")["event"]["verdict"]["status"], "valid", "{kind}");
    }
    // Without a secret it is unsigned, and that is said.
    let told = send(&inspector, &json!({ "event": "stripe/invoice.paid", "to": listening.url, "secret": null }));
    assert!(told["notes"].to_string().contains("not signed"), "{told}");
    assert_eq!(listening.next_of("received")["event"]["verdict"]["status"], "unsigned");
}

#[test]
fn the_labelled_secret_is_the_one_that_signs() {
    let sandbox = Sandbox::new().env("NEW", "new-secret-value").env("OLD", "old-secret-value");
    sandbox.write("hookctl.toml", "[provider.prospektr]\nsecret = { current = \"env:NEW\", previous = \"env:OLD\" }\n");
    let (listening, inspector) = listen(&sandbox, &["--provider", "prospektr"]);
    for label in ["previous", "current"] {
        send(&inspector, &json!({ "event": "prospektr/prospect.added", "to": listening.url, "secret": label }));
        let verdict = listening.next_of("received")["event"]["verdict"].clone();
        assert_eq!((&verdict["status"], &verdict["secret"]), (&"valid".into(), &label.into()));
    }
}

#[test]
fn what_goes_out_is_told_without_credentials() {
    let sandbox = Sandbox::new().env("TOKEN", "s3cret-token");
    let app = Target::start(&[OK]);
    let (_listening, inspector) = listen(&sandbox, &["--provider", "gitlab", "--secret-env", "TOKEN"]);
    let label = provider(&inspector, "gitlab")["secrets"][0].clone();
    let event = provider(&inspector, "gitlab")["events"][0]["name"].as_str().unwrap().to_owned();
    let to = format!("{}/hook?api_key=k1&a=1", app.url());
    let wish = json!({ "event": format!("gitlab/{event}"), "to": to, "secret": label, "headers": [["x-own", "1"], ["x-own", "2"]] });
    let told = send(&inspector, &wish);
    let sent = app.next();
    assert_eq!(sent.header("x-gitlab-token"), Some("s3cret-token"));
    assert_eq!(sent.headers.iter().filter(|(name, _)| name == "x-own").count(), 2);
    assert!(sent.line.contains("api_key=k1"), "{}", sent.line);
    let text = told.to_string();
    assert!(!text.contains("s3cret-token") && !text.contains("k1"), "{text}");
    assert_eq!(told["request"]["body_bytes"], sent.body.len());
    assert_eq!(told["event_id"], Value::Null, "what an app received is no event");
}

#[test]
fn the_signature_that_went_out_is_the_targets_alone() {
    let sandbox = Sandbox::new().env("SECRET", SECRET);
    let app = Target::start(&[OK]);
    for (provider, event) in [("stripe", "invoice.paid"), ("prospektr", "prospect.added"), ("shopify", "orders/create")]
    {
        let (_listening, inspector) = listen(&sandbox, &["--provider", provider, "--secret-env", "SECRET"]);
        let wish = json!({ "event": format!("{provider}/{event}"), "to": app.url(), "secret": "env:SECRET" });
        let told = send(&inspector, &wish).to_string();
        let sent = app.next();
        let signatures: Vec<&str> = sent
            .headers
            .iter()
            .filter(|(name, _)| name.contains("sig") || name.contains("hmac"))
            .map(|(_, value)| value.as_str())
            .collect();
        assert!(!signatures.is_empty() && signatures.iter().all(|signature| !told.contains(signature)), "{told}");
    }
}

#[test]
fn what_cannot_be_made_is_refused_and_nothing_goes_out() {
    let sandbox = Sandbox::new();
    let app = Target::start(&[OK]);
    let (_listening, inspector) = listen(&sandbox, &[]);
    let to = app.url();
    for (wish, status, code) in [
        (json!({ "event": "stripe/none", "to": to }), 404, "unknown_event"),
        (json!({ "event": "none/none", "to": to }), 404, "unknown_event"),
        (json!({ "event": "stripe/invoice.paid", "to": "ftp://x" }), 422, "bad_target"),
        (json!({ "event": "stripe/invoice.paid", "to": to, "secret": "x" }), 422, "unknown_secret"),
        (json!({ "event": "stripe/invoice.paid", "to": to, "tamper": "body" }), 422, "no_secret"),
        (json!({ "event": "stripe/invoice.paid", "to": to, "tamper": "all" }), 422, "cannot_tamper"),
        (json!({ "event": "stripe/invoice.paid", "to": to, "headers": [["", ""]] }), 422, "bad_header"),
        (json!({ "event": "stripe/invoice.paid", "to": to, "set": [] }), 400, "invalid"),
        (json!({ "to": to }), 400, "invalid"),
    ] {
        let answered = inspector.post("/api/send", &wish);
        let code_there = answered.json()["code"].clone();
        assert_eq!((answered.status, code_there), (status, code.into()), "{wish}: {}", answered.text());
    }
    assert!(app.rest().is_empty());
    // A body of one's own may go by any event name of a known provider.
    let own = json!({ "event": "stripe/my.own", "to": to, "body": "{}", "exact": true });
    assert_eq!(inspector.post("/api/send", &own).status, 200);
    assert_eq!(app.next().body, b"{}");
}

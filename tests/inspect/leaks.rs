//! A secret that hookctl knows is in no answer, whatever is asked.

use serde_json::{Value, json};

use super::{Inspector, deliveries, listen, next_id};
use crate::sandbox::Sandbox;
use crate::target::{OK, Target};

/// Right for every kind of key, and odd enough to be found.
const SENTINEL: &str = "c2VudGluZWwtc2VjcmV0LTAwMDEtc2VudGluZWw=";

fn is_clean(what: &str, text: &str) {
    assert!(!text.contains(SENTINEL) && !text.contains("sentinel-secret-0001"), "{what}: {text}");
}

fn get(inspector: &Inspector, target: &str) -> String {
    let answered = inspector.get(target);
    let headers: String = answered.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    is_clean(target, &(headers + &answered.text()));
    answered.text()
}

fn post(inspector: &Inspector, target: &str, wish: &Value) -> String {
    let text = inspector.post(target, wish).text();
    is_clean(&format!("{target} {wish}"), &text);
    text
}

#[test]
fn no_answer_of_any_call_holds_a_secret_of_this_machine() {
    for (provider, secret) in [
        ("gitlab", SENTINEL.to_owned()),
        ("stripe", format!("whsec_{SENTINEL}")),
        ("prospektr", SENTINEL.to_owned()),
        ("telegram", SENTINEL.to_owned()),
    ] {
        let sandbox = Sandbox::new().env("SECRET", &secret);
        let app = Target::start(&[OK]);
        let (listening, inspector) =
            listen(&sandbox, &["--provider", provider, "--secret-env", "SECRET", "-f", &app.url()]);
        let known: Value = serde_json::from_str(&get(&inspector, "/api/providers")).unwrap();
        let known = known["providers"].as_array().unwrap().iter().find(|one| one["id"] == provider).unwrap().clone();
        let event = format!("{provider}/{}", known["events"][0]["name"].as_str().unwrap());
        let wish = json!({ "event": event, "to": listening.url, "secret": known["secrets"][0] });
        post(&inspector, "/api/send", &wish);
        let valid = next_id(&listening);
        deliveries(&inspector, &valid, 1);
        let mut spoiled = wish.clone();
        spoiled["tamper"] = "signature".into();
        post(&inspector, "/api/send", &spoiled);
        let refused = next_id(&listening);
        for id in [&valid, &refused] {
            let path = format!("/api/events/{id}");
            for query in ["", "?body=false", "?show_secrets=true"] {
                get(&inspector, &format!("{path}{query}"));
            }
            for below in ["body", "body?form=pretty", "body?form=decoded", "deliveries/1/body"] {
                get(&inspector, &format!("{path}/{below}"));
            }
            for format in ["har", "jsonl", "http", "curl", "fixture"] {
                get(&inspector, &format!("{path}/export?format={format}"));
                get(&inspector, &format!("{path}/export?format={format}&show_secrets=true"));
            }
            for wish in [json!({}), json!({ "resign": true }), json!({ "body": "{}" }), json!({ "secret": "none" })] {
                post(&inspector, &format!("{path}/replay"), &wish);
            }
            get(&inspector, &path);
        }
        get(&inspector, &format!("/api/diff?before={valid}&after={refused}"));
        for target in
            ["/api/status", "/api/events", "/api/stats", "/api/openapi.json", &format!("/api/fixtures/{event}")]
        {
            get(&inspector, target);
        }
    }
}

#[test]
fn the_secret_of_a_target_is_not_shown_and_sent_all_the_same() {
    let sandbox = Sandbox::new();
    let app = Target::start(&[OK]);
    let secret = format!("{}/hook?token=sentinel-secret-0001", app.url().trim_end_matches('/'));
    let (listening, inspector) = listen(&sandbox, &["-f", &secret]);
    get(&inspector, "/api/status");
    let known: Value = serde_json::from_str(&get(&inspector, "/api/providers")).unwrap();
    let shown = known["targets"][1]["url"].as_str().unwrap();
    assert!(shown.ends_with("/hook?token=***"), "{shown}");
    post(&inspector, "/api/send", &json!({ "event": "github/push", "to": shown }));
    assert!(app.next().line.contains("/hook?token=sentinel-secret-0001"));
    post(&inspector, "/api/send", &json!({ "event": "github/push", "to": listening.url }));
    let id = next_id(&listening);
    assert!(app.next().line.contains("/hook?token=sentinel-secret-0001"));
    deliveries(&inspector, &id, 1);
    for to in [Value::Null, shown.into()] {
        let answered = post(&inspector, &format!("/api/events/{id}/replay"), &json!({ "to": to }));
        assert!(app.next().line.contains("/hook?token=sentinel-secret-0001"), "{answered}");
    }
    let other = json!({ "event": "github/push", "to": "http://127.0.0.1:1/?token=***" });
    assert_eq!(inspector.post("/api/send", &other).json()["code"], "bad_target");
    for target in ["/api/events", &format!("/api/events/{id}")] {
        get(&inspector, target);
    }
}

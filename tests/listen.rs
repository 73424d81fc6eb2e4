//! `listen`: whose request it is, what its signature is worth, and what is answered.

use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use hookctl::model::Secret;
use hookctl::provider::{Catalogue, Provider};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::catalogue::NAMELESS;
use crate::sandbox::{Listening, Sandbox};
use crate::senders;
use crate::wire::{Answered, post, raw, request};

pub const SECRET: &str = "prospektr-test-secret";
const BODY: &[u8] = br#"{"type":"prospect.added","tenant":"t","prospect":{"id":"p-1"}}"#;

/// The header that Prospektr sends with a body.
pub fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    format!("X-Prospektr-Signature: sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn wrong_signature() -> String {
    format!("X-Prospektr-Signature: sha256={}", "0".repeat(64))
}

fn sandbox() -> Sandbox {
    Sandbox::new().env("HOOK_SECRET", SECRET)
}

/// A listener for Prospektr that knows the secret.
fn listen(sandbox: &Sandbox, more: &[&str]) -> Listening {
    let mut args = vec!["--provider", "prospektr", "--secret-env", "HOOK_SECRET"];
    args.extend(more);
    sandbox.listen(&args)
}

fn send(listening: &Listening, headers: &[&str]) -> (Answered, Value) {
    let answered = post(&listening.address(), "/hook?a=1", headers, BODY);
    (answered, listening.next_of("received")["event"].clone())
}

#[test]
fn a_good_signature_is_valid_and_every_field_is_there() {
    let sandbox = sandbox();
    let listening = listen(&sandbox, &[]);
    let signature = signature(BODY);
    let (answered, event) = send(&listening, &["Content-Type: application/json", &signature]);
    assert_eq!((answered.status, answered.text().as_str()), (200, ""));
    assert_eq!(event["verdict"], json!({"status": "valid", "scheme": "sha256", "reason": null, "hint": null}));
    assert_eq!((&event["provider"], &event["event_type"]), (&json!("prospektr"), &json!("prospect.added")));
    let request = &event["request"];
    assert_eq!(
        (&request["method"], &request["path"], &request["query"]),
        (&json!("POST"), &json!("/hook"), &json!("a=1"))
    );
    let sent = signature.split_once(": ").unwrap().1;
    let expected = json!([
        ["host", "localhost"],
        ["content-type", "application/json"],
        ["x-prospektr-signature", sent],
        ["content-length", BODY.len().to_string()]
    ]);
    assert_eq!(request["headers"], expected);
    assert_eq!(request["body"], String::from_utf8_lossy(BODY).as_ref());
    assert_eq!((&request["body_encoding"], &request["body_bytes"]), (&json!("utf8"), &json!(BODY.len())));
    assert!(request["remote"].as_str().unwrap().starts_with("127.0.0.1:"));
}

#[test]
fn a_wrong_signature_is_answered_401_and_never_with_the_right_one() {
    let sandbox = sandbox();
    let listening = listen(&sandbox, &[]);
    let (answered, event) = send(&listening, &[&wrong_signature()]);
    assert_eq!(answered.status, 401);
    assert_eq!(answered.all("content-type"), ["application/json"]);
    assert_eq!(answered.json()["error"], "invalid_signature");
    assert!(answered.json()["reason"].as_str().unwrap().starts_with("digest mismatch"), "{}", answered.text());
    assert_eq!((&event["verdict"]["status"], &event["verdict"]["scheme"]), (&json!("invalid"), &json!("sha256")));
    let right = signature(BODY);
    let right = right.rsplit('=').next().unwrap();
    assert!(!format!("{answered:?}{}{event}", answered.text()).contains(right));
}

#[test]
fn what_was_changed_is_explained_to_the_listener_and_not_to_the_sender() {
    let sandbox = sandbox();
    let listening = listen(&sandbox, &[]);
    let trimmed = signature(&[BODY, b"\n"].concat());
    let (answered, event) = send(&listening, &[&trimmed]);
    let verdict = &event["verdict"];
    assert_eq!((answered.status, &verdict["explanation"]["change"]["id"]), (401, &json!("body.newline_trimmed")));
    let hint = "the signed body ends with a newline that this one lacks: something trimmed it; pass the raw bytes on";
    assert_eq!(verdict["hint"], hint);
    assert!(!answered.text().contains("newline"), "{}", answered.text());
    let (_, event) = send(&listening, &[&wrong_signature()]);
    let explanation = &event["verdict"]["explanation"];
    assert!(explanation["change"].is_null() && !explanation["ruled_out"].as_array().unwrap().is_empty(), "{event}");
}

#[test]
fn a_malformed_signature_says_what_is_wrong_with_it() {
    let sandbox = sandbox();
    let listening = listen(&sandbox, &[]);
    for value in ["sha256=", "sha256=zz", "sha1=00", "sha256=00", "", "sha256"] {
        let (answered, event) = send(&listening, &[&format!("X-Prospektr-Signature: {value}")]);
        assert_eq!((answered.status, &event["verdict"]["status"]), (401, &json!("invalid")), "`{value}`: {event}");
    }
    let doubled = [signature(BODY), signature(BODY)];
    let (answered, _) = send(&listening, &[&doubled[0], &doubled[1]]);
    assert_eq!(answered.status, 401, "two signature headers are one too many");
}

#[test]
fn a_missing_signature_is_unsigned() {
    let sandbox = sandbox();
    let listening = listen(&sandbox, &[]);
    let (answered, event) = send(&listening, &[]);
    assert_eq!((answered.status, &answered.json()["error"]), (401, &json!("unsigned")));
    assert_eq!(event["verdict"]["status"], "unsigned");
    let reason = event["verdict"]["reason"].as_str().unwrap().to_lowercase();
    assert!(reason.contains("x-prospektr-signature"), "{reason}");
}

#[test]
fn without_a_secret_a_request_is_unchecked_and_told_how_to_check_it() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--provider", "prospektr"]);
    let (answered, event) = send(&listening, &[&signature(BODY)]);
    assert_eq!(answered.status, 200);
    assert_eq!(event["verdict"]["status"], "unchecked");
    assert_eq!(event["verdict"]["reason"], "no secret is configured for prospektr");
    assert!(event["verdict"]["hint"].as_str().unwrap().contains("PROSPEKTR_WEBHOOK_SECRET"));
}

#[test]
fn the_providers_own_variable_is_taken() {
    let sandbox = Sandbox::new().env("PROSPEKTR_WEBHOOK_SECRET", SECRET);
    let listening = sandbox.listen(&[]);
    assert_eq!(send(&listening, &[&signature(BODY)]).1["verdict"]["status"], "valid");
    assert_eq!(send(&listening, &[&wrong_signature()]).1["verdict"]["status"], "invalid");
}

#[test]
fn accept_invalid_answers_as_usual_and_still_says_invalid() {
    let sandbox = sandbox();
    let listening = listen(&sandbox, &["--accept-invalid", "--status", "202"]);
    for (headers, status) in [(vec![wrong_signature()], "invalid"), (vec![], "unsigned")] {
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let (answered, event) = send(&listening, &headers);
        assert_eq!((answered.status, &event["verdict"]["status"]), (202, &json!(status)));
    }
}

#[test]
fn no_verify_checks_nothing() {
    let sandbox = sandbox();
    let listening = listen(&sandbox, &["--no-verify"]);
    let (answered, event) = send(&listening, &[&wrong_signature()]);
    assert_eq!((answered.status, &event["verdict"]["status"]), (200, &json!("unchecked")));
    assert_eq!(event["verdict"]["reason"], "verification is switched off");
}

#[test]
fn every_built_in_event_is_recognised_and_verified() {
    let sandbox = Sandbox::new();
    let (providers, _) = Catalogue::default().all();
    // Each sends with a secret of the form that its scheme takes; the listener knows them all.
    let secret_of = |provider: &Provider| {
        let secret = senders::secret(provider, provider.signatures().first()?.id());
        let known = senders::verifying(&secret);
        let name = |secret: &Secret| format!("{}.secret", hex::encode(&Sha256::digest(secret.expose())[..8]));
        let path = |secret: &Secret| sandbox.write(&name(secret), secret.expose()).to_str().unwrap().to_owned();
        Some((path(&secret), path(&known)))
    };
    let secrets: std::collections::BTreeMap<String, (String, String)> =
        providers.iter().filter_map(|provider| Some((provider.id().to_string(), secret_of(provider)?))).collect();
    let known: std::collections::BTreeSet<&str> = secrets.values().map(|(_, known)| known.as_str()).collect();
    let variables = providers.iter().flat_map(|provider| {
        let given =
            provider.variables().iter().filter_map(|variable| Some((&variable.name, variable.example.as_ref()?)));
        given.map(|(name, example)| format!("provider.{}.vars.{name} = {example:?}\n", provider.id()))
    });
    sandbox.write("hookctl.toml", variables.collect::<String>());
    let schemes: std::collections::BTreeMap<String, usize> = sandbox
        .run(&["providers", "list", "--json"])
        .lines()
        .iter()
        .map(|line| (line["id"].as_str().unwrap().to_owned(), line["schemes"].as_array().unwrap().len()))
        .collect();
    let fixtures = sandbox.run(&["fixtures", "list", "--json"]).lines();
    assert!(fixtures.len() > 40, "{}", fixtures.len());
    let listening = sandbox.listen(&known.iter().flat_map(|path| ["--secret-file", path]).collect::<Vec<_>>());
    for fixture in fixtures.iter().filter(|fixture| fixture["provider"] != "generic") {
        let [provider, event] = ["provider", "event"].map(|key| fixture[key].as_str().unwrap());
        let name = format!("{provider}/{event}");
        let mut args = vec!["send", &name, "--to", &listening.url, "--json"];
        args.extend(secrets.get(provider).iter().flat_map(|(secret, _)| ["--secret-file", secret]));
        let sent = sandbox.run(&args);
        assert_eq!(sent.code, 0, "{name}: {}{}", sent.stdout, sent.stderr);
        let received = listening.next_of("received")["event"].clone();
        assert_eq!(received["provider"], provider, "{name}: {received}");
        assert_eq!(received["event_type"].is_null(), NAMELESS.contains(&name.as_str()), "{name}: {received}");
        let expected = if schemes[provider] == 0 { "unchecked" } else { "valid" };
        assert_eq!(received["verdict"]["status"], expected, "{name}: {received}");
    }
}

#[test]
fn another_providers_event_is_answered_but_not_forwarded() {
    let (sandbox, app) = (sandbox(), App::answering("201 Created", ""));
    let listening = listen(&sandbox, &["-f", &app.url()]);
    let sent = sandbox.run(&["send", "message_received", "--to", &listening.url, "--json"]);
    assert_eq!(sent.code, 0, "{}", sent.stdout);
    assert_eq!(sent.lines()[0]["delivery"]["status"], 200);
    let event = &listening.next_of("received")["event"];
    assert_eq!((&event["provider"], &event["verdict"]["status"]), (&json!("prokeep"), &json!("unchecked")));
    assert_eq!(send(&listening, &[&signature(BODY)]).0.status, 201, "what was asked for is forwarded");
    app.next();
    assert_eq!(app.rest().len(), 0);
}

#[test]
fn of_several_named_providers_the_one_whose_signature_is_there_is_meant() {
    let sandbox = sandbox();
    let listening = listen(&sandbox, &["--provider", "github"]);
    let answered = post(&listening.address(), "/", &[&signature(b"{}")], b"{}");
    let event = &listening.next_of("received")["event"];
    assert_eq!((&event["provider"], &event["verdict"]["status"]), (&json!("prospektr"), &json!("valid")), "{event}");
    assert_eq!(answered.status, 200);
    assert_eq!(post(&listening.address(), "/", &[], b"{}").status, 401);
    let reason = listening.next_of("received")["event"]["verdict"]["reason"].to_string();
    assert!(reason.contains("prospektr or github"), "{reason}");
}

#[test]
fn an_unknown_sender_is_received_all_the_same() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    let answered = post(&listening.address(), "/", &[], b"hello");
    let event = &listening.next_of("received")["event"];
    assert_eq!((answered.status, &event["provider"]), (200, &json!("unknown")));
    assert_eq!(event["verdict"]["reason"], "no known provider matches this request");
    assert_eq!((&event["event_type"], &event["delivery_id"]), (&Value::Null, &Value::Null));
}

#[test]
fn globs_choose_what_is_shown_and_counted() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["-e", "invoice.*, prospect.?dded", "-e", "thread_*"]);
    let address = listening.address();
    let prospect = |kind: &str| format!(r#"{{"type":"{kind}","tenant":"t"}}"#);
    let prokeep = |event: &str| format!(r#"{{"source":"https://prokeep.com","event":"{event}"}}"#);
    for body in ["{}".to_owned(), prokeep("message_sent"), prospect("prospect.added"), prokeep("thread_closed")] {
        assert_eq!(post(&address, "/", &[], body.as_bytes()).status, 200, "{body}");
    }
    let kinds = [(); 2].map(|()| listening.next_of("received")["event"]["event_type"].clone());
    assert_eq!(kinds, [json!("prospect.added"), json!("thread_closed")]);
    let (_, rest, _) = listening.interrupt();
    assert_eq!((rest.len(), &rest[0]["received"]), (1, &json!(2)));
}

#[test]
fn the_configured_answer_is_given() {
    let sandbox = Sandbox::new();
    sandbox.write("answer.xml", "<ok/>\n");
    let args =
        ["--status", "418", "--body", "@answer.xml", "-H", "X-A: 1, 2", "-H", "X-A: 3", "-H", "Content-Type: text/xml"];
    let listening = sandbox.listen(&args);
    let answered = post(&listening.address(), "/", &[], b"");
    assert_eq!((answered.status, answered.text().as_str()), (418, "<ok/>\n"));
    assert_eq!((answered.all("x-a"), answered.all("content-type")), (vec!["1, 2", "3"], vec!["text/xml"]));
    let head = raw(&listening.address(), request("HEAD", "/", &[], b""));
    assert_eq!((head.status, head.body.len(), head.all("content-length")), (418, 0, vec!["6"]));
    assert_eq!(sandbox.run(&["listen", "--port", "0", "-H", "no colon"]).code, 2);
    assert_eq!(sandbox.run(&["listen", "--port", "0", "--body", "@nowhere"]).code, 2);
}

#[test]
fn a_delay_holds_back_the_answer_and_not_the_event() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--delay", "400ms", "--body", "late"]);
    let start = Instant::now();
    let address = listening.address();
    let sender = std::thread::spawn(move || (post(&address, "/", &[], b"{}"), start.elapsed()));
    listening.next_of("received");
    assert!(!sender.is_finished(), "the event is shown while the answer waits");
    let (answered, waited) = sender.join().unwrap();
    assert_eq!(answered.text(), "late");
    assert!(waited >= Duration::from_millis(400), "{waited:?}");
}

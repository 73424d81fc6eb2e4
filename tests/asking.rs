//! `send --handshake`: an endpoint is asked as the provider does, and its answer is checked.

use serde_json::{Value, json};

use crate::app::{App, Seen};
use crate::sandbox::{Ended, Sandbox};

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

fn answer(status: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

fn json_of(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).unwrap_or_default()
}

fn slack() -> Sandbox {
    Sandbox::new().env("SLACK_SIGNING_SECRET", SECRET)
}

fn ask(sandbox: &Sandbox, app: &App, more: &[&str]) -> Ended {
    sandbox.run(&[&["send", "--to", &app.url(), "--json", "--handshake"], more].concat())
}

#[test]
fn an_endpoint_that_echoes_is_right() {
    let app = App::start(|seen| answer("200 OK", "text/plain", json_of(seen)["challenge"].as_str().unwrap()));
    let ended = ask(&slack(), &app, &["--provider", "slack"]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    let line = &ended.lines()[0];
    assert_eq!((&line["provider"], &line["handshake"]), (&json!("slack"), &json!("url_verification")));
    assert_eq!((&line["right"], &line["problem"]), (&json!(true), &Value::Null));
    let seen = app.next();
    assert_eq!(seen.all("x-slack-signature").len(), 1, "it is signed");
    assert_eq!(line["expected"]["body"][0], json_of(&seen)["challenge"]);
}

#[test]
fn a_challenge_is_fresh_each_time_unless_it_is_seeded() {
    let app = App::start(|seen| {
        answer("200 OK", "application/json", &json!({ "challenge": json_of(seen)["challenge"], "more": 1 }).to_string())
    });
    let challenge = |more: &[&str]| {
        assert_eq!(ask(&slack(), &app, &[&["--provider", "slack"], more].concat()).code, 0);
        json_of(&app.next())["challenge"].clone()
    };
    assert_ne!(challenge(&[]), challenge(&[]));
    assert_eq!(challenge(&["--seed", "7"]), challenge(&["--seed", "7"]));
}

#[test]
fn a_wrong_answer_is_told_with_what_was_expected() {
    let app = App::start(|seen| answer("200 OK", "application/json", &json_of(seen)["challenge"].to_string()));
    let ended = ask(&slack(), &app, &["url_verification", "--provider", "slack"]);
    assert_eq!(ended.code, 1);
    let line = &ended.lines()[0];
    assert_eq!(line["right"], false);
    assert!(line["hint"].as_str().unwrap().contains("quotes"), "{line}");
    let human = slack().run(&["send", "--to", &app.url(), "--handshake", "--provider", "slack"]);
    assert_eq!(human.code, 1);
    let lines: Vec<&str> =
        human.stdout.lines().filter(|line| line.starts_with("    ") && !line.contains('│')).collect();
    assert!(lines[0].contains("url_verification: the body is not the one"), "{}", human.stdout);
    assert!(lines[1].contains("expected: status 200, body `"), "{}", human.stdout);
    assert!(lines[2].contains("hint: it stands in quotes"), "{}", human.stdout);
}

#[test]
fn an_endpoint_that_is_not_there_is_the_networks_fault() {
    let port = crate::app::closed_port().to_string();
    let ended = slack().run(&["send", "--to", &port, "--json", "--handshake", "--provider", "slack"]);
    assert_eq!((ended.code, &ended.lines()[0]["right"]), (3, &json!(false)));
}

#[test]
fn a_provider_that_spoils_requests_on_purpose_wants_them_refused() {
    let sandbox = Sandbox::new().env("S", SECRET);
    let manifest = r#"
        [provider]
        id = "itr"
        name = "ITR"
        [[signature]]
        scheme = "hmac"
        source = "header:X-Itr-Signature"
        encoding = "hex"
        signed = "{body}"
        [[handshake]]
        name = "intent"
        when = ["json:/entropy exists"]
        signed = true
        send = { body = '{{"events":[],"entropy":"{challenge}"}}' }
        reply = { body = "" }
        [[probe]]
        name = "intent-spoiled"
        mutate = "signature"
        expect_status = [401]
        [fixture."ping"]
        documented = false
    "#;
    sandbox.write(".hookctl/providers/itr/provider.toml", manifest);
    sandbox.write(".hookctl/providers/itr/ping.json", "{}");
    let listening = sandbox.listen(&["--provider", "itr", "--secret-env", "S"]);
    let with = ["send", "--handshake", "--provider", "itr", "--secret-env", "S", "--json", "--to"];
    let ended = sandbox.run(&[with.as_slice(), &[&listening.url]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    let statuses: Vec<Value> = ended.lines().iter().map(|line| line["delivery"]["status"].clone()).collect();
    assert_eq!(statuses, [json!(200), json!(401)]);
    assert!(ended.lines().iter().all(|line| line["delivery"]["response"]["body"] == ""), "{}", ended.stdout);
    let credulous = App::answering("200 OK", "");
    let ended = sandbox.run(&[with.as_slice(), &[&credulous.url()]].concat());
    assert_eq!(ended.code, 1);
    assert!(ended.lines()[1]["hint"].as_str().unwrap().contains("must check signatures"), "{}", ended.stdout);
    let talkative = App::answering("200 OK", "thanks");
    let ended = sandbox.run(&[with.as_slice(), &[&talkative.url()]].concat());
    assert_eq!(ended.lines()[0]["hint"], "answer without any body");
}

#[test]
fn what_is_asked_can_be_looked_at_before() {
    let sandbox = slack();
    let dry = sandbox.run(&["send", "--to", "4000", "--handshake", "--provider", "slack", "--dry-run", "--json"]);
    assert_eq!((dry.code, &dry.lines()[0]["method"]), (0, &json!("POST")));
    let curl = sandbox.run(&["send", "--to", "4000", "--handshake=slack/url_verification", "--curl"]);
    assert!(curl.stdout.starts_with("curl"), "{}{}", curl.stdout, curl.stderr);
}

#[test]
fn names_that_lead_nowhere_are_told() {
    let sandbox = slack();
    for (args, part) in [
        (&["--handshake", "nope", "--provider", "slack"][..], "it has url_verification"),
        (&["--handshake", "--provider", "prokeep"], "no handshake of prokeep is known"),
        (&["--handshake"], "--provider NAME"),
        (&["--handshake", "--provider", "slack", "--count", "2"], "cannot be used with"),
        (&["--handshake", "--provider", "slack", "--tamper", "body"], "cannot be used with"),
    ] {
        let ended = sandbox.run(&[&["send", "--to", "1"], args].concat());
        assert_eq!(ended.code, 2, "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(part), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn what_the_answer_is_made_with_must_be_known() {
    let ended = Sandbox::new().run(&["send", "--to", "1", "--handshake", "--provider", "zoom"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("made with the secret") && ended.stderr.contains("--secret-env"), "{}", ended.stderr);
}

/// A line of `send --handshake`.
pub fn asked() -> Value {
    ask(&slack(), &App::answering("200 OK", "no"), &["--provider", "slack"]).lines().swap_remove(0)
}

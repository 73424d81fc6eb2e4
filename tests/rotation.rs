//! Several secrets for one provider, as while one is replaced; and values that are signed and never sent.

use serde_json::Value;

use crate::sandbox::{Listening, Sandbox};

/// Base64, which some schemes demand and others take as text.
const NEW: &str = "dGhlIG5ldyBzZWNyZXQgb2YgdHdlbnR5LWZvdXI=";

fn sandbox() -> Sandbox {
    Sandbox::new()
        .env("NEW", NEW)
        .env("OLD", "dGhlIG9sZCBzZWNyZXQgb2YgdHdlbnR5LWZvdXI=")
        .env("OTHER", "cXVpdGUgYW5vdGhlciBzZWNyZXQgZm9yIHRlc3Q=")
}

/// What a listener makes of a request sent with these flags: the exit code of `send`, and the verdict.
fn verdict(sandbox: &Sandbox, listener: &Listening, what: &str, flags: &[&str]) -> (i32, Value) {
    let address = listener.address();
    let sent = sandbox.run(&[&["send", what, "--to", &address], flags].concat());
    (sent.code, listener.next_of("received")["event"]["verdict"].clone())
}

#[test]
fn any_of_several_secrets_may_match_and_the_verdict_names_it() {
    let sandbox = sandbox();
    let listener = sandbox.listen(&["--provider", "stripe", "--secret-env", "NEW", "--secret-env", "OLD"]);
    for (name, label) in [("NEW", "env:NEW"), ("OLD", "env:OLD")] {
        let (code, verdict) = verdict(&sandbox, &listener, "stripe/invoice.paid", &["--secret-env", name]);
        assert_eq!((code, verdict["status"].as_str()), (0, Some("valid")), "{verdict}");
        assert_eq!(verdict["secret"], label);
    }
    let (code, verdict) = verdict(&sandbox, &listener, "stripe/invoice.paid", &["--secret-env", "OTHER"]);
    assert_eq!((code, verdict["status"].as_str()), (1, Some("invalid")));
    assert!(verdict.get("secret").is_none(), "{verdict}");
    listener.interrupt();
    let kept = sandbox.run(&["events", "list", "--json"]);
    assert!(kept.stdout.contains("\"secret\":\"env:OLD\""), "{}", kept.stdout);
}

#[test]
fn the_configuration_names_its_secrets() {
    let sandbox = sandbox();
    sandbox.write("hookctl.toml", "[provider.github]\nsecret = { current = \"env:NEW\", previous = \"env:OLD\" }\n");
    let listener = sandbox.listen(&[]);
    let (_, valid) = verdict(&sandbox, &listener, "github/push", &["--secret-env", "OLD"]);
    assert_eq!((&valid["status"], &valid["secret"]), (&"valid".into(), &"previous".into()), "{valid}");
    // The first of them signs.
    let (_, valid) = verdict(&sandbox, &listener, "github/push", &[]);
    assert_eq!(valid["secret"], "current", "{valid}");
    let shown = sandbox.run(&["config"]);
    assert!(shown.stdout.contains("env:NEW, env:OLD"), "{}", shown.stdout);
    assert!(!shown.stdout.contains(NEW));
    sandbox.write("hookctl.toml", "[provider.github]\nsecret = []\n");
    assert_eq!(sandbox.run(&["config"]).code, 2);
    sandbox.write("hookctl.toml", "[provider.github]\nsecret = [\"env:NEW\", \"hunter2\"]\n");
    let refused = sandbox.run(&["config"]);
    assert!(refused.code == 2 && !refused.stderr.contains("hunter2"), "{}", refused.stderr);
}

#[test]
fn send_signs_with_two_secrets_where_the_scheme_has_room() {
    let sandbox = sandbox();
    for (what, provider) in
        [("stripe/invoice.paid", "stripe"), ("standard-webhooks/contact.created", "standard-webhooks")]
    {
        for known in ["NEW", "OLD"] {
            let listener = sandbox.listen(&["--provider", provider, "--secret-env", known]);
            let both = ["--secret-env", "NEW", "--secret-env", "OLD", "--rotate"];
            let (code, found) = verdict(&sandbox, &listener, what, &both);
            assert_eq!((code, found["status"].as_str()), (0, Some("valid")), "{provider} {known}: {found}");
            listener.interrupt();
        }
    }
}

#[test]
fn two_secrets_are_refused_where_there_is_room_for_one_signature() {
    let sandbox = sandbox();
    let both = ["--secret-env", "NEW", "--secret-env", "OLD", "--rotate", "--to", "127.0.0.1:9"];
    let refused = sandbox.run(&[&["send", "github/push"], &both[..]].concat());
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("room for one signature"), "{}", refused.stderr);
    let one = sandbox.run(&["send", "stripe/invoice.paid", "--secret-env", "NEW", "--rotate", "--to", "127.0.0.1:9"]);
    assert_eq!(one.code, 2, "{}", one.stderr);
    assert!(one.stderr.contains("--secret-env NEW --secret-env OLD"), "{}", one.stderr);
}

/// A provider that signs a value which no request carries.
const MANIFEST: &str = r#"
[provider]
id = "acme"
name = "Acme"

[variable.webhook_id]
description = "The id of the webhook"
env = ["ACME_WEBHOOK_ID"]

[[signature]]
scheme = "hmac"
source = "header:X-Acme"
encoding = "hex"
signed = "{var:webhook_id}.{body}"

[fixture."made"]
documented = false
"#;

fn with_variable() -> Sandbox {
    let sandbox = sandbox();
    std::fs::create_dir_all(sandbox.path().join(".hookctl/providers/acme")).unwrap();
    sandbox.write(".hookctl/providers/acme/provider.toml", MANIFEST);
    sandbox.write(".hookctl/providers/acme/made.json", "{}");
    sandbox
}

#[test]
fn a_value_that_is_signed_comes_from_flag_configuration_or_environment() {
    let mut sandbox = with_variable();
    let listener = sandbox.listen(&["--provider", "acme", "--secret-env", "NEW", "--var", "webhook_id=w1"]);
    let flags = ["--secret-env", "NEW", "--var", "webhook_id=w1"];
    let (_, valid) = verdict(&sandbox, &listener, "acme/made", &flags);
    assert_eq!(valid["status"], "valid", "{valid}");
    let (_, wrong) = verdict(&sandbox, &listener, "acme/made", &["--secret-env", "NEW", "--var", "webhook_id=w2"]);
    assert_eq!(wrong["status"], "invalid", "{wrong}");
    sandbox.write("hookctl.toml", "[provider.acme]\nvars = { webhook_id = \"w1\" }\n");
    let (_, configured) = verdict(&sandbox, &listener, "acme/made", &["--secret-env", "NEW"]);
    assert_eq!(configured["status"], "valid", "{configured}");
    sandbox.write("hookctl.toml", "");
    sandbox = sandbox.env("ACME_WEBHOOK_ID", "w1");
    let (_, known) = verdict(&sandbox, &listener, "acme/made", &["--secret-env", "NEW"]);
    assert_eq!(known["status"], "valid", "{known}");
}

#[test]
fn without_the_value_nothing_can_be_checked_and_the_cure_is_named() {
    let sandbox = with_variable();
    let run = sandbox.run(&["send", "acme/made", "--secret-env", "NEW", "--to", "127.0.0.1:9"]);
    assert!(run.code == 2 && run.stderr.contains("--var webhook_id="), "{}", run.stderr);
    let header = format!("X-Acme: {}", crate::senders::hmac_sha256(NEW.as_bytes(), b"w1.{}"));
    let args = ["verify", "--provider", "acme", "--secret-env", "NEW", "-H", &header, "--json"];
    let unknown = sandbox.run_with(&args, b"{}");
    assert_eq!(unknown.code, 1);
    assert_eq!(unknown.lines()[0]["verdict"]["status"], "unchecked", "{}", unknown.stdout);
    assert!(unknown.stdout.contains("--var webhook_id=VALUE"), "{}", unknown.stdout);
    let known = sandbox.run_with(&[&args[..], &["--var", "webhook_id=w1"]].concat(), b"{}");
    assert_eq!(known.lines()[0]["verdict"]["status"], "valid", "{}", known.stdout);
}

#[test]
fn an_unknown_variable_is_refused_with_the_known_ones() {
    let sandbox = with_variable();
    let args = ["send", "acme/made", "--secret-env", "NEW", "--to", "127.0.0.1:9", "--var", "webhok=1"];
    let refused = sandbox.run(&args);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("webhook_id, public_url"), "{}", refused.stderr);
    let listen = sandbox.run(&["listen", "--provider", "acme", "--var", "webhok=1"]);
    assert!(listen.code == 2 && listen.stderr.contains("webhok"), "{}", listen.stderr);
    assert_eq!(sandbox.run(&["listen", "--provider", "acme", "--var", "webhook_id"]).code, 2);
    let shown = sandbox.run(&["providers", "show", "acme"]);
    assert!(shown.stdout.contains("webhook_id: The id of the webhook (--var webhook_id=…, or ACME_WEBHOOK_ID)"));
}

#[test]
fn the_public_url_is_what_both_sides_sign() {
    let sandbox = sandbox();
    let url = "public_url=https://hooks.example.test";
    let listener = sandbox.listen(&["--provider", "twilio", "--secret-env", "NEW", "--var", url]);
    let (_, valid) = verdict(&sandbox, &listener, "twilio/message.received", &["--secret-env", "NEW", "--var", url]);
    assert_eq!(valid["status"], "valid", "{valid}");
    let (_, other) = verdict(&sandbox, &listener, "twilio/message.received", &["--secret-env", "NEW"]);
    assert_eq!(other["status"], "invalid", "{other}");
}

#[test]
fn a_variable_that_no_table_declares_is_refused_with_its_place() {
    let text = MANIFEST.replace("{var:webhook_id}", "{var:webhok_id}");
    let error = hookctl::provider::compile("acme/provider.toml", &text).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("acme/provider.toml:14:") && error.contains("[variable.webhok_id]"), "{error}");
    let reserved = MANIFEST.replace("[variable.webhook_id]", "[variable.public_url]");
    assert!(hookctl::provider::compile("acme/provider.toml", &reserved).is_err());
}

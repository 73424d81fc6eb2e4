//! `providers new --from`: one signed request and its secret make a provider.

use crate::sandbox::Sandbox;
use crate::senders::hmac_sha256;

const SECRET: &str = "the secret of acme";
const BODY: &str = r#"{"type":"order.paid","id":"o_1","email":"ann.lee@corp.co"}"#;

/// A request as HTTP writes it, signed over time and body.
fn request() -> String {
    let signature = hmac_sha256(SECRET.as_bytes(), format!("1767225600:{BODY}").as_bytes());
    format!(
        "POST /hooks HTTP/1.1\r\nHost: a.test\r\nContent-Type: application/json\r\nX-Acme-Time: 1767225600\r\n\
         X-Acme-Signature: v1={signature}\r\nContent-Length: {}\r\n\r\n{BODY}\n",
        BODY.len()
    )
}

fn sandbox() -> Sandbox {
    Sandbox::new().env("ACME", SECRET)
}

#[test]
fn a_file_with_a_request_makes_a_provider_that_listens_and_sends() {
    let sandbox = sandbox();
    sandbox.write("request.http", request());
    let made = sandbox.run(&["providers", "new", "acme", "--from", "request.http", "--secret-env", "ACME"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    for words in ["header x-acme-signature holds HMAC-SHA-256 in hex", "`{timestamp}:{body}`", "the secret as it is"] {
        assert!(made.stderr.contains(words), "{words}: {}", made.stderr);
    }
    let folder = sandbox.path().join(".hookctl/providers/acme");
    let manifest = std::fs::read_to_string(folder.join("provider.toml")).unwrap();
    let fixture = std::fs::read_to_string(folder.join("order.paid.json")).unwrap();
    assert!(!manifest.contains(SECRET) && !made.stderr.contains(SECRET));
    assert!(!fixture.contains("ann.lee"), "{fixture}");
    let listener = sandbox.listen(&["--secret-env", "ACME"]);
    let sent = sandbox.run(&["send", "order.paid", "--to", &listener.address(), "--secret-env", "ACME"]);
    assert_eq!(sent.code, 0, "{}{}", sent.stdout, sent.stderr);
    let event = &listener.next_of("received")["event"];
    assert_eq!((&event["provider"], &event["verdict"]["status"]), (&"acme".into(), &"valid".into()), "{event}");
    assert_eq!(event["event_type"], "order.paid");
}

#[test]
fn a_captured_event_makes_a_provider_and_verifies_again_under_it() {
    let sandbox = sandbox();
    let listener = sandbox.listen(&[]);
    let signature = hmac_sha256(SECRET.as_bytes(), BODY.as_bytes());
    let header = format!("X-Sig: {signature}");
    sandbox.run(&["send", "--data", BODY, "-H", &header, "--to", &listener.address()]);
    listener.interrupt();
    let made = sandbox.run(&["providers", "new", "acme", "--from", "@last", "--secret-env", "ACME", "--json"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let line = &made.lines()[0];
    assert_eq!((&line["source"], &line["signed"]), (&"header:x-sig".into(), &"{body}".into()), "{line}");
    let verified = sandbox.run(&["verify", "@last", "--provider", "acme", "--secret-env", "ACME"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}

#[test]
fn an_exported_http_file_makes_a_provider_too() {
    let sandbox = sandbox();
    let listener = sandbox.listen(&[]);
    let header = format!("X-Sig: {}", hmac_sha256(SECRET.as_bytes(), BODY.as_bytes()));
    sandbox.run(&["send", "--data", BODY, "-H", &header, "--to", &listener.address()]);
    sandbox.run(&["send", "--data", BODY, "-H", &header, "--to", &listener.address()]);
    listener.interrupt();
    let exported = sandbox.run(&["events", "export", "--reveal", "-o", "events.http"]);
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    let made = sandbox.run(&["providers", "new", "acme", "--from", "events.http", "--secret-env", "ACME"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(made.stderr.contains("header x-sig holds HMAC-SHA-256 in hex"), "{}", made.stderr);
}

#[test]
fn what_cannot_be_explained_leaves_no_folder_and_says_what_was_tried() {
    let sandbox = sandbox().env("OTHER", "another secret");
    sandbox.write("request.http", request());
    let new = ["providers", "new", "acme", "--from", "request.http"];
    let other = sandbox.run(&[&new[..], &["--secret-env", "OTHER"]].concat());
    assert_eq!(other.code, 1, "{}", other.stderr);
    assert!(other.stderr.contains("header x-acme-signature") && other.stderr.contains("--url"), "{}", other.stderr);
    assert!(!other.stderr.contains("another secret"));
    let without = sandbox.run(&new);
    assert!(without.code == 2 && without.stderr.contains("--secret-env"), "{}", without.stderr);
    sandbox.write("request.http", "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let unsigned = sandbox.run(&[&new[..], &["--secret-env", "ACME"]].concat());
    assert!(unsigned.code == 1 && unsigned.stderr.contains("looks like a signature"), "{}", unsigned.stderr);
    sandbox.write("request.http", "not a request");
    assert_eq!(sandbox.run(&[&new[..], &["--secret-env", "ACME"]].concat()).code, 2);
    assert!(!sandbox.path().join(".hookctl").exists());
}

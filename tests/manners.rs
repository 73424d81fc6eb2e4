//! How a listener treats what is late, filtered, a stranger's or a secret, and which of several words counts.

use std::io::Write as _;
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::json;

use crate::app::App;
use crate::sandbox::{Sandbox, signal};
use crate::wire::post;

const SECRET: &str = "s3cret-of-this-test";

#[test]
fn a_second_ctrl_c_ends_at_once_and_what_waited_is_said_to_be_given_up() {
    let sandbox = Sandbox::new();
    // It takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("http://{}", silent.local_addr().unwrap());
    let mut listening = sandbox.listen(&["-f", &target, "--respond", "now", "--no-store"]);
    for _ in 0..3 {
        assert_eq!(post(&listening.address(), "/", &[], b"{}").status, 200);
    }
    signal(listening.pid(), "INT");
    // The second is taken as such once the first has been: it is sent until the process has gone.
    while listening.is_running() {
        signal(listening.pid(), "INT");
        std::thread::yield_now();
    }
    let (code, lines, stderr) = listening.wait();
    assert_eq!(code, 0);
    let stopped = lines.last().unwrap();
    assert_eq!((&stopped["received"], &stopped["failed"]), (&json!(3), &json!(3)));
    assert!(stderr.contains("3 deliveries were given up"), "{stderr}");
}

#[test]
fn a_filter_hides_no_request_that_is_refused() {
    let sandbox = Sandbox::new().env("HOOK_SECRET", SECRET);
    let args = ["--provider", "prospektr", "--secret-env", "HOOK_SECRET", "-e", "invoice.*"];
    let listening = sandbox.listen(&args);
    let forged = ["X-Prospektr-Signature: sha256=0000000000000000000000000000000000000000000000000000000000000000"];
    assert_eq!(post(&listening.address(), "/", &forged, b"{\"type\":\"prospect.added\"}").status, 401);
    assert_eq!(listening.next_of("received")["event"]["verdict"]["status"], "invalid");
}

#[test]
fn a_malformed_signature_is_refused_whatever_provider_the_body_names() {
    let sandbox = Sandbox::new().env("HOOK_SECRET", SECRET);
    let listening = sandbox.listen(&["--provider", "prospektr", "--secret-env", "HOOK_SECRET"]);
    let body = br#"{"type":"message_received","source":"https://prokeep.com"}"#;
    assert_eq!(post(&listening.address(), "/", &["X-Prospektr-Signature: garbage"], body).status, 401);
    let received = listening.next_of("received");
    assert_eq!(received["event"]["provider"], "prospektr");
    assert!(received["event"]["verdict"]["reason"].as_str().unwrap().starts_with("malformed signature"));
}

#[test]
fn an_unmet_expectation_counts_what_the_filter_left_out() {
    let sandbox = Sandbox::new();
    let mut listening = sandbox.listen(&["-e", "invoice.*", "--expect", "1", "--timeout", "2s"]);
    assert_eq!(sandbox.run(&["send", "message_received", "--to", &listening.url]).code, 0);
    let (code, _, stderr) = listening.wait();
    assert_eq!(code, 1);
    assert!(stderr.contains("1 others do not match --events"), "{stderr}");
    assert!(stderr.contains("none that --events asks for"), "{stderr}");
}

#[test]
fn a_right_credential_is_masked_wherever_events_are_shown() {
    let sandbox = Sandbox::new().env("TOKEN", SECRET);
    let args = ["--provider", "customertext", "--secret-env", "TOKEN"];
    let header = format!("Authorization: Bearer {SECRET}");
    let body = br#"{"event":"new_contact","timestamp":"2026-04-25T14:30:00Z","data":{}}"#;
    let listening = sandbox.listen(&args);
    assert_eq!(post(&listening.address(), "/", &[&header], body).status, 200);
    let received = listening.next_of("received");
    assert_eq!(received["event"]["verdict"]["status"], "valid");
    assert!(!received.to_string().contains(SECRET) && received.to_string().contains(r#"["authorization","***"]"#));
    let dry = sandbox.run(&["send", "new_contact", "--to", "9", "--secret-env", "TOKEN", "--dry-run", "--json"]);
    assert!(dry.stdout.contains("***") && !dry.stdout.contains(SECRET), "{}", dry.stdout);
}

#[test]
fn a_right_credential_is_forwarded_as_it_is() {
    let (sandbox, app) = (Sandbox::new().env("TOKEN", SECRET), App::answering("200 OK", ""));
    let listening = sandbox.listen(&["--provider", "customertext", "--secret-env", "TOKEN", "-f", &app.url()]);
    let header = format!("Authorization: Bearer {SECRET}");
    assert_eq!(post(&listening.address(), "/", &[&header], b"{}").status, 200);
    assert_eq!(app.next().all("authorization"), [format!("Bearer {SECRET}")]);
}

#[test]
fn characters_that_steer_a_terminal_are_escaped_in_json_and_say_the_same() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    let body = "a\u{9b}b\u{7f}c\u{202e}d\u{200b}e\u{feff}f\u{e0041}g ü 世";
    assert_eq!(post(&listening.address(), "/", &[], body.as_bytes()).status, 200);
    let (line, received) = listening.next_line();
    assert!(line.contains(r"a\u009bb\u007fc\u202ed\u200be\ufefff\udb40\udc41g ü 世"), "{line}");
    assert_eq!(received["event"]["request"]["body"], body);
}

#[test]
fn the_signature_of_an_id_is_the_only_one_that_counts() {
    let sandbox = Sandbox::new().env("S", "mysecret");
    let header = "X-Hub-Signature-256: sha256=4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3";
    let verify = |id: &str| {
        let args = ["verify", "--provider", "github", "--secret-env", "S", "-H", header, "--signature", id];
        sandbox.run_with(&args, br#"{"foo":"bar"}"#)
    };
    assert_eq!(verify("sha256").code, 0);
    assert_eq!(verify("sha1-legacy").code, 1);
    let unknown = verify("nosuch");
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("github has no signature `nosuch`"), "{}", unknown.stderr);
    assert_eq!(sandbox.run(&["listen", "--provider", "github", "--signature", "nosuch"]).code, 2);
}

#[test]
fn a_typed_secret_counts_before_one_of_the_environment_or_the_file() {
    let sandbox = Sandbox::new().env("GOOD", "mysecret").env("HOOKCTL_SECRET_FILE", "/nonexistent");
    sandbox.write("hookctl.toml", "[verify]\nsecret-env = \"NOT_SET\"\n");
    let header = "X-Hub-Signature-256: sha256=4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3";
    let args = ["verify", "--provider", "github", "-H", header, "--secret-env", "GOOD"];
    let ended = sandbox.run_with(&args, br#"{"foo":"bar"}"#);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

#[test]
fn settings_for_a_provider_that_there_is_not_are_refused_with_the_nearest() {
    let sandbox = Sandbox::new();
    sandbox.write("hookctl.toml", "[provider.githbu]\nsecret = \"env:X\"\n");
    let ended = sandbox.run(&["listen"]);
    assert_eq!(ended.code, 2);
    assert!(
        ended.stderr.contains("hookctl.toml:1:11: unknown provider `githbu` (nearest: `github`)"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_secret_that_is_not_there_stops_nobody_who_did_not_ask_for_its_provider() {
    let sandbox = Sandbox::new();
    sandbox.write("hookctl.toml", "[provider.github]\nsecret = \"env:NOT_SET\"\n");
    let listening = sandbox.listen(&["--provider", "prokeep"]);
    let (code, _, stderr) = listening.interrupt();
    assert_eq!(code, 0);
    assert!(stderr.contains("the secret of github") && stderr.contains("NOT_SET"), "{stderr}");
}

#[test]
fn an_invalid_signature_is_a_no_also_when_nobody_reads_it() {
    let sandbox = Sandbox::new().env("S", "mysecret");
    let zeros = format!("X-Hub-Signature-256: sha256={}", "0".repeat(64));
    let mut child = sandbox
        .command(&["verify", "--provider", "github", "--secret-env", "S", "-H", &zeros])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(b"{}").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_request_with_a_known_signature_is_recognised_by_it_alone() {
    let sandbox = Sandbox::new().env("S", "mysecret");
    let header = "X-Shopify-Hmac-Sha256: SGTSdZk4oVRotd+a3iC/Fh2ptPc36mF5QULzSEI2vaM=";
    let ended = sandbox.run_with(&["verify", "--secret-env", "S", "-H", header], br#"{"foo":"bar"}"#);
    assert_eq!((ended.code, ended.stdout.contains("valid shopify signature")), (0, true), "{}", ended.stderr);
}

#[test]
fn a_secret_is_printed_only_when_that_is_asked_for_by_name() {
    let sandbox = Sandbox::new().env("PROSPEKTR_WEBHOOK_SECRET", SECRET);
    let ended = sandbox.run(&["listen", "--provider", "prospektr", "--print-secret"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (0, format!("{SECRET}\n").as_str()));
    assert_eq!(sandbox.run(&["listen", "--print-secret"]).code, 2);
}

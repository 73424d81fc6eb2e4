//! `send`: what is sent, byte for byte and header for header.

use hookctl::provider::Catalogue;
use serde_json::Value;

use crate::manage::lines;
use crate::sandbox::{Ended, Sandbox};
use crate::target::{OK, Sent, Target};

/// Sends to a target that says yes, and gives what arrived there.
fn sent(sandbox: &Sandbox, args: &[&str], stdin: &[u8]) -> Sent {
    let target = Target::start(&[OK]);
    let ended = sandbox.run_with(&[&["send"], args, &["--to", &target.url()]].concat(), stdin);
    assert_eq!(ended.code, 0, "{args:?}: {}{}", ended.stdout, ended.stderr);
    target.next()
}

fn refused(args: &[&str]) -> Ended {
    let ended = Sandbox::new().run(&[&["send"], args, &["--to", "9", "--dry-run"]].concat());
    assert_eq!(ended.code, 2, "{args:?}: {}", ended.stdout);
    ended
}

fn fixture(id: &str, event: &str) -> Vec<u8> {
    Catalogue::default().fixture(id, event).unwrap().body
}

fn json(sent: &Sent) -> Value {
    serde_json::from_slice(&sent.body).unwrap()
}

#[test]
fn exact_sends_the_bytes_of_the_fixture() {
    let sandbox = Sandbox::new();
    for (id, event) in [("prokeep", "message_sent"), ("shopify", "orders/create"), ("twilio", "call.completed")] {
        let sent = sent(&sandbox, &[&format!("{id}/{event}"), "--exact"], b"");
        assert!(sent.body == fixture(id, event), "{id}/{event}");
    }
}

#[test]
fn ids_and_times_are_fresh_and_nothing_else_changes() {
    let sandbox = Sandbox::new();
    let (one, two) = (sent(&sandbox, &["message_received"], b""), sent(&sandbox, &["message_received"], b""));
    assert_ne!(json(&one)["id"], json(&two)["id"]);
    assert_ne!(json(&one)["data"]["thread_id"], json(&two)["data"]["thread_id"]);
    let mut renewed = json(&one);
    let original: Value = serde_json::from_slice(&fixture("prokeep", "message_received")).unwrap();
    for place in ["/id", "/data/id", "/data/thread_id"] {
        *renewed.pointer_mut(place).unwrap() = original.pointer(place).unwrap().clone();
    }
    assert_eq!(renewed, original);
    assert_eq!(one.body.len(), fixture("prokeep", "message_received").len());
}

#[test]
fn a_seed_makes_the_body_reproducible() {
    let sandbox = Sandbox::new();
    let seeded = |seed: &str, event: &str| sent(&sandbox, &[event, "--seed", seed], b"").body;
    for event in ["message_received", "prospect.added", "stripe/invoice.paid", "message/added", "contact.created"] {
        assert!(seeded("7", event) == seeded("7", event), "{event}");
        assert!(seeded("7", event) != seeded("8", event), "{event}");
    }
}

#[test]
fn a_body_of_ones_own_is_sent_as_it_is() {
    let sandbox = Sandbox::new();
    let own = b"{ \"id\":\"keep\",  \"n\": 1.10, \"n\": 2 }\r\n";
    sandbox.write("my body.json", own);
    sandbox.write("binary.bin", b"\0\xff\r\n");
    for args in [&["my body.json"][..], &["@my body.json"], &["-"], &["--data", "@my body.json"], &["--data", "-"]] {
        let sent = sent(&sandbox, args, own);
        assert!(sent.body == own, "{args:?}");
        assert_eq!(sent.header("content-type"), Some("application/json"), "{args:?}");
    }
    let binary = sent(&sandbox, &["./binary.bin"], b"");
    assert!(binary.body == b"\0\xff\r\n" && binary.header("content-type") == Some("application/octet-stream"));
    assert_eq!(sent(&sandbox, &["--data", "plain"], b"").text(), "plain");
    sandbox.write("note.txt", "a note");
    let note = sent(&sandbox, &["--data", "@note.txt"], b"");
    assert_eq!((note.text(), note.header("content-type")), ("a note", Some("text/plain; charset=utf-8")));
    let named = sent(&sandbox, &["push", "--provider", "github", "--data", "{\"mine\":1}"], b"");
    assert_eq!((named.text(), named.header("x-github-event")), ("{\"mine\":1}", Some("push")));
    assert!(sent(&sandbox, &["--data", ""], b"").body.is_empty());
}

#[test]
fn set_changes_one_value_and_no_other_byte() {
    let sandbox = Sandbox::new();
    let set = |edits: &[&str]| {
        let mut args = vec!["message_received", "--exact"];
        args.extend(edits.iter().flat_map(|edit| ["--set", edit]));
        sent(&sandbox, &args, b"").text().to_owned()
    };
    let original = String::from_utf8(fixture("prokeep", "message_received")).unwrap();
    let changed = original.replace("\"received\"", "\"a = \\\"b\\\"\"");
    assert_eq!(set(&["data.status=a = \"b\""]), changed);
    assert_eq!(set(&["data.status:=[1, 2.50]"]), original.replace("\"received\"", "[1, 2.50]"));
    let both = set(&["data.status=x", "specversion:=1e400"]);
    assert!(both.contains("\"x\"") && both.contains("1e400"), "{both}");
    let form = sent(&sandbox, &["twilio/message.received", "--exact", "--set", "Body=a b&c"], b"");
    assert!(form.text().contains("&Body=a+b%26c&") || form.text().ends_with("&Body=a+b%26c"), "{}", form.text());
}

#[test]
fn an_unknown_path_is_refused_with_the_nearest_unless_it_may_be_added() {
    let ended = refused(&["message_received", "--set", "data.txt=hi"]);
    assert!(ended.stderr.contains("hint: nearest: `data.text`; --add makes a new one"), "{}", ended.stderr);
    let ended = refused(&["twilio/message.received", "--set", "Bdy=hi"]);
    assert!(ended.stderr.contains("nearest: `Body`"), "{}", ended.stderr);
    let sandbox = Sandbox::new();
    let added = sent(&sandbox, &["message_received", "--add", "--set", "data.n:=3", "--set", "data.tag.deep=x"], b"");
    assert_eq!((&json(&added)["data"]["n"], &json(&added)["data"]["tag"]["deep"]), (&3.into(), &"x".into()));
    let form = sent(&sandbox, &["twilio/message.received", "--add", "--set", "New=1"], b"");
    assert!(form.text().ends_with("&New=1"));
}

#[test]
fn edits_that_cannot_be_made_are_refused() {
    assert!(refused(&["message_received", "--set", "data.text"]).stderr.contains("has no `=`"));
    assert!(refused(&["message_received", "--set", "data.text:={"]).stderr.contains("after := comes JSON"));
    assert!(refused(&["--data", "plain", "--set", "a=b"]).stderr.contains("--set edits JSON and form bodies"));
}

#[test]
fn typed_headers_replace_the_providers_and_repeats_are_kept() {
    let sandbox = Sandbox::new();
    let args =
        ["github/push", "-H", "user-agent: mine", "-H", "X-A: 1, 2", "-H", "X-A: 3", "-H", "X-GitHub-Event: other"];
    let sent = sent(&sandbox, &args, b"");
    let all = |name: &str| {
        sent.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(all("user-agent"), ["mine"]);
    assert_eq!(all("x-a"), ["1, 2", "3"]);
    assert_eq!(all("x-github-event"), ["other"]);
    assert!(
        refused(&["github/push", "-H", "no colon"])
            .stderr
            .contains("header `no colon` has no colon (write `Name: value`)")
    );
    assert!(refused(&["github/push", "-H", "a b: c"]).stderr.contains("`a b` is not a header name"));
}

#[test]
fn every_provider_sends_its_own_headers() {
    let secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let sandbox = Sandbox::new().env("HOOKCTL_SECRET", secret);
    let send = |event: &str| sent(&sandbox, &[event], b"");
    let github = send("github/issues.opened");
    assert_eq!(github.header("x-github-event"), Some("issues"));
    assert_eq!(github.header("x-github-delivery").unwrap().len(), 36);
    assert!(github.header("user-agent").unwrap().starts_with("GitHub-Hookshot/"));
    assert!(github.header("x-hub-signature-256").unwrap().starts_with("sha256="));
    assert_ne!(github.header("x-github-delivery"), send("github/issues.opened").header("x-github-delivery"));
    let slack = send("app_mention");
    assert!(slack.header("x-slack-signature").unwrap().starts_with("v0="));
    assert_eq!(slack.header("x-slack-request-timestamp").unwrap().len(), 10);
    let stripe = send("invoice.paid");
    let (time, signature) = stripe.header("stripe-signature").unwrap().split_once(",v1=").unwrap();
    assert!(time.starts_with("t=") && signature.len() == 64);
    let standard = send("contact.created");
    assert!(standard.header("webhook-id").unwrap().starts_with("msg_"));
    assert!(standard.header("webhook-signature").unwrap().starts_with("v1,"));
    assert!(standard.header("webhook-timestamp").is_some());
    assert_eq!(send("orders/create").header("x-shopify-topic"), Some("orders/create"));
    assert!(send("prospect.added").header("x-prospektr-signature").unwrap().starts_with("sha256="));
    let twilio = send("message.received");
    assert_eq!(twilio.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert!(twilio.header("x-twilio-signature").is_some() && twilio.text().contains("MessageSid="));
}

#[test]
fn a_header_with_nothing_to_say_is_left_out() {
    let sandbox = Sandbox::new();
    let unnamed = sent(&sandbox, &["--provider", "promptio", "--data", "x"], b"");
    assert_eq!(unnamed.header("prompt-eventtype"), None);
    assert_eq!(unnamed.header("content-type"), Some("text/plain; charset=utf-8"));
}

#[test]
fn a_path_rule_is_put_behind_the_targets_own_path() {
    let target = Target::start(&[OK]);
    let sandbox = Sandbox::new();
    let args = ["send", "message/added", "--to", &format!("{}/hooks/?a=1", target.url())];
    assert_eq!(sandbox.run(&args).code, 0);
    let sent = target.next();
    assert_eq!(sent.line, "POST /hooks/message/added?a=1 HTTP/1.1");
    assert_eq!(sent.header("prompt-eventtype"), Some("message/added"));
    let port = target.port.to_string();
    assert_eq!(sandbox.run(&["send", "message_received", "--to", &format!("{port}/x")]).code, 0);
    assert_eq!(target.next().line, "POST /x HTTP/1.1");
}

#[test]
fn names_that_lead_nowhere_or_to_several_places_are_refused() {
    let ambiguous = refused(&["ping"]);
    assert!(ambiguous.stderr.contains("generic/ping, github/ping"), "{}", ambiguous.stderr);
    assert!(ambiguous.stderr.contains("hint: write it as PROVIDER/EVENT, or add --provider"), "{}", ambiguous.stderr);
    assert!(refused(&["mesage_received"]).stderr.contains("did you mean `message_received`?"));
    assert!(refused(&["prokeep/mesage_received"]).stderr.contains("did you mean `message_received`?"));
    assert!(refused(&["x", "--provider", "prokep"]).stderr.contains("did you mean `prokeep`?"));
    let sandbox = Sandbox::new();
    assert_eq!(sent(&sandbox, &["ping", "--provider", "github"], b"").header("x-github-event"), Some("ping"));
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    for what in ["./none.json", "none.json", "none.txt", "no/such/0123456789", "@none", "/none", "../none"] {
        let ended = refused(&[what]);
        let name = what.trim_start_matches('@');
        let message = format!("error: cannot read {name}: no such file\n");
        assert!(ended.stderr.starts_with(&message) && !ended.stderr.contains("history"), "{}", ended.stderr);
    }
    for what in [".", "@.", "/"] {
        assert!(refused(&[what]).stderr.contains(": it is a directory\n"), "{what}");
    }
    assert!(refused(&["message_received.json"]).stderr.contains("hint: did you mean `message_received`?"));
    assert!(refused(&["githb/push"]).stderr.contains("did you mean `github/push`?"));
    for what in ["@last", "@2"] {
        let ended = Sandbox::new().run(&["send", what, "--to", "9", "--json"]);
        assert_eq!((ended.code, ended.error()["code"].as_str().unwrap()), (1, "no_history"), "{what}");
    }
}

#[test]
fn a_provider_in_place_of_an_event_lists_its_events() {
    let ended = refused(&["stripe"]);
    assert!(ended.stderr.starts_with("error: `stripe` is a provider, not an event\nhint: its events: stripe/"));
    assert!(ended.stderr.contains("stripe/invoice.paid"), "{}", ended.stderr);
    assert!(refused(&["stripe", "--provider", "github"]).stderr.contains("unknown event `stripe` of github"));
}

#[test]
fn an_illustrative_fixture_is_called_so_once() {
    let sandbox = Sandbox::new();
    let run = |more: &[&str]| sandbox.run(&[&["send", "contact_opt_out", "--to", "9", "--dry-run"], more].concat());
    let note = "note: customertext/contact_opt_out is illustrative: the provider does not document this payload\n";
    assert_eq!(run(&[]).stderr, note);
    assert_eq!(run(&["-q"]).stderr, "");
    assert!(!sandbox.run(&["send", "new_contact", "--to", "9", "--dry-run"]).stderr.contains("illustrative"));
}

#[test]
fn a_dry_run_prints_and_sends_nothing() {
    let target = Target::start(&[OK]);
    let url = target.url();
    let sandbox = Sandbox::new().env("HOOKCTL_SECRET", "s3cret");
    let human = sandbox.run(&["send", "prospect.added", "--to", &url, "--dry-run"]);
    assert_eq!(human.code, 0, "{}", human.stderr);
    for part in [&format!("POST {url}/"), "x-prospektr-signature: sha256=", "\"type\": \"prospect.added\""] {
        assert!(human.stdout.contains(part), "{part}: {}", human.stdout);
    }
    let json = sandbox.run(&["send", "prospect.added", "--to", &url, "--dry-run", "--json", "--exact"]);
    let line = &lines(&json)[0];
    assert_eq!(
        (&line["type"], &line["method"], &line["body_encoding"]),
        (&"request".into(), &"POST".into(), &"utf8".into())
    );
    assert_eq!(line["body"].as_str().unwrap().as_bytes(), fixture("prospektr", "prospect.added"));
    assert!(target.rest().is_empty());
}

#[test]
fn a_header_that_is_the_secret_itself_is_masked_where_it_is_printed() {
    let sandbox = Sandbox::new().env("HOOKCTL_SECRET", "hunter2");
    let send = ["send", "new_contact", "--to", "9"];
    for more in [&["--dry-run"][..], &["--dry-run", "--json"], &["--curl"], &["--dry-run", "-vv"]] {
        let ended = sandbox.run(&[&send, more].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert!(ended.stdout.contains("***") && !(ended.stdout + &ended.stderr).contains("hunter2"), "{more:?}");
    }
    assert_eq!(sent(&sandbox, &["new_contact"], b"").header("authorization"), Some("Bearer hunter2"));
}

#[test]
fn a_closed_stdout_ends_it_quietly() {
    let sandbox = Sandbox::new();
    let mut child = sandbox
        .command(&["fixtures", "list"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && !String::from_utf8_lossy(&output.stderr).contains("error"), "{output:?}");
}

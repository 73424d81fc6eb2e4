//! `events replay`: what was received goes out again, marked, recorded, and never by surprise.

use std::collections::BTreeMap;
use std::process::Stdio;

use serde_json::Value;

use crate::app::{App, Seen, closed_port};
use crate::history::receive;
use crate::sandbox::{Ended, Sandbox, signal};
use crate::target::{OK, Sent, Target};
use crate::wire;

fn replay(sandbox: &Sandbox, args: &[&str]) -> Ended {
    sandbox.run(&[&["events", "replay"], args].concat())
}

/// Deliveries of an event, as the history shows them.
fn deliveries(sandbox: &Sandbox, name: &str) -> Vec<Value> {
    let shown = sandbox.run(&["events", "show", name, "--json"]);
    let past = shown.lines()[0]["deliveries"].as_array().unwrap().clone();
    past.into_iter().map(|past| past["delivery"].clone()).collect()
}

fn named<'s>(sent: &'s Sent, name: &str) -> Vec<&'s str> {
    sent.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
}

/// A history of this many small events.
fn filled(count: usize) -> Sandbox {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    for number in 0..count {
        wire::post(&listening.address(), "/", &[], format!("{{\"n\":{number}}}").as_bytes());
    }
    listening.interrupt();
    sandbox
}

#[test]
fn an_event_goes_out_as_it_was_received_and_says_which_it_is() {
    let sandbox = Sandbox::new();
    let headers = ["X-Key: a", "X-Key: b", "Content-Type: application/json", "Hookctl-Hop: 1", "TE: trailers"];
    receive(&sandbox, &[], &[("/one?x=%2B", &headers, b"{ \"n\" : 1.0, \"n\":2 }")]);
    let target = Target::start(&[OK]);
    let to = format!("{}/base", target.url());
    assert_eq!(replay(&sandbox, &["@last", "--to", &to]).code, 0);
    let sent = target.next();
    assert_eq!(sent.line, "POST /base/one?x=%2B HTTP/1.1");
    assert_eq!(sent.body, b"{ \"n\" : 1.0, \"n\":2 }");
    assert_eq!(named(&sent, "x-key"), ["a", "b"]);
    assert_eq!((sent.header("hookctl-hop"), sent.header("te"), sent.header("hookctl-attempt")), (None, None, None));
    let id = sandbox.run(&["events", "show", "--json"]).lines()[0]["event"]["id"].as_str().unwrap().to_owned();
    assert_eq!(sent.header("hookctl-event-id"), Some(id.as_str()));
    // The alias, and the beginning of an id.
    assert_eq!(sandbox.run(&["resend", &id[..30], "--to", &to]).code, 0);
    assert_eq!(target.next().header("hookctl-attempt"), Some("2"));
    let attempts: Vec<Value> = deliveries(&sandbox, "@last").iter().map(|one| one["attempt"].clone()).collect();
    assert_eq!(attempts, [1, 2]);
}

#[test]
fn nothing_goes_out_that_was_not_meant() {
    let sandbox = filled(21);
    let target = Target::start(&[OK]);
    let to = ["--to", &target.url()];
    let refused = |args: &[&str], hint: &str| {
        let ended = replay(&sandbox, args);
        assert!(ended.code == 2 && ended.stderr.contains(hint), "{args:?}: {} {}", ended.code, ended.stderr);
    };
    refused(&to, "hint: name some (@last, @2, an id)");
    refused(&["@last"], "hint: name one: --to 3000");
    refused(&["@last", to[0], to[1], "--set", "m=1"], "--add makes a new one");
    refused(&["@last", to[0], to[1], "--resign"], "--sign-as NAME");
    refused(&["@last", to[0], to[1], "--resign", "--sign-as", "stripe"], "--secret-env NAME");
    refused(&["--event", "*", to[0], to[1]], "nobody is here to answer: send 21 requests for 21 events");
    refused(&["@1", "@2", "--edit", to[0], to[1]], "--edit takes one event, and 2 are chosen");
    assert_eq!(replay(&sandbox, &["--provider", "stripe", to[0], to[1]]).code, 1, "nothing matches");
    let dry = replay(&sandbox, &["--event", "*", to[0], to[1], "--dry-run"]);
    assert_eq!((dry.code, dry.stdout.lines().count()), (0, 21), "{}", dry.stderr);
    assert!(target.rest().is_empty() && deliveries(&sandbox, "@last").is_empty());
    let all = replay(&sandbox, &["--event", "*", to[0], to[1], "--yes"]);
    assert_eq!((all.code, all.stdout.as_str()), (0, "21 replayed: 21 ok, 0 failed\n"), "{}", all.stderr);
    let bodies: Vec<String> = target.rest().iter().map(|sent| sent.text().to_owned()).collect();
    let expected: Vec<String> = (0..21).map(|number| format!("{{\"n\":{number}}}")).collect();
    assert_eq!(bodies, expected, "oldest first");
}

#[test]
fn what_failed_goes_again_to_where_it_failed() {
    let sandbox = filled(2);
    let target = Target::start(&["HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", OK]);
    assert_eq!(replay(&sandbox, &["@2", "--to", &target.url()]).code, 1, "a 500 is no success");
    let again = replay(&sandbox, &["--failed", "--json"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    let lines = again.lines();
    assert_eq!((lines[0]["type"].as_str(), lines[0]["delivery"]["attempt"].as_u64()), (Some("sent"), Some(2)));
    assert_eq!((lines[1]["events"].as_u64(), lines[1]["left"].as_u64()), (Some(1), Some(0)));
    assert_eq!([target.next(), target.next()].map(|sent| sent.text().to_owned()), ["{\"n\":0}", "{\"n\":0}"]);
    assert_eq!(replay(&sandbox, &["--failed"]).code, 1, "nothing failed is left");
    let closed = closed_port().to_string();
    assert_eq!(replay(&sandbox, &["@last", "--to", &closed]).code, 3, "nobody answers");
    assert_eq!(deliveries(&sandbox, "@last")[0]["error"]["kind"], "refused");
    let expected = replay(&sandbox, &["@last", "--to", &target.url(), "--expect-status", "201"]);
    assert_eq!(expected.code, 1);
    target.rest();
    let only = replay(&sandbox, &["--failed", "--json"]);
    assert_eq!((only.code, only.lines().len()), (3, 2), "one attempt and the totals: {}", only.stdout);
    assert!(target.rest().is_empty(), "what arrived somewhere does not go there again");
}

#[test]
fn a_path_that_leads_out_of_the_target_is_a_failed_delivery() {
    let sandbox = Sandbox::new();
    receive(&sandbox, &[], &[("/..%2fadmin", &[], b"{}")]);
    let target = Target::start(&[OK]);
    let ended = replay(&sandbox, &["@last", "--to", &format!("{}/hook", target.url())]);
    assert!(ended.code != 0 && ended.stdout.contains("leads out of the target"), "{}", ended.stdout);
    assert!(target.rest().is_empty());
}

/// Secrets in the variables that the providers name; one text that each of them takes.
fn with_secrets(sandbox: Sandbox, secret: &str) -> Sandbox {
    let names = ["STRIPE_WEBHOOK_SECRET", "GITHUB_WEBHOOK_SECRET", "SLACK_SIGNING_SECRET", "SHOPIFY_API_SECRET"];
    let names = names.iter().chain(&["STANDARD_WEBHOOKS_SECRET", "PROSPEKTR_WEBHOOK_SECRET", "TWILIO_AUTH_TOKEN"]);
    names.fold(sandbox, |sandbox, name| sandbox.env(name, secret))
}

const OLD: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
const NEW: &str = "whsec_bmV3MzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
const SIGNED: [&str; 5] = [
    "stripe/invoice.paid",
    "github/push",
    "standard-webhooks/contact.created",
    "prospektr/prospect.added",
    "twilio/message.received",
];

#[test]
fn what_is_signed_anew_holds_for_the_secret_of_this_machine() {
    let before = with_secrets(Sandbox::new(), OLD);
    let listening = before.listen(&["--db", "h.db"]);
    for what in SIGNED {
        assert_eq!(before.run(&["send", what, "--to", &listening.url]).code, 0, "{what}");
        assert_eq!(listening.next()["event"]["verdict"]["status"], "valid", "{what}");
    }
    listening.interrupt();
    let db = before.path().join("h.db");
    let db = db.to_str().unwrap();
    let after = with_secrets(Sandbox::new(), NEW);
    // A listener that forwards refuses what went round: a replay is no such thing.
    let app = App::answering("200 OK", "");
    let listening = after.listen(&["-f", &app.url()]);
    let to = ["--db", db, "--event", "*", "--to", &listening.url];
    assert_eq!(replay(&after, &to).code, 1, "signatures of another secret");
    for what in SIGNED {
        assert_eq!(listening.next_of("received")["event"]["verdict"]["status"], "invalid", "{what}");
    }
    let signed = replay(&after, &[&to[..], &["--resign"]].concat());
    assert_eq!(signed.code, 0, "{}{}", signed.stdout, signed.stderr);
    for what in SIGNED {
        let line = listening.next_of("received");
        assert_eq!(line["event"]["verdict"]["status"], "valid", "{what}: {line}");
    }
    let stripe = ["--db", db, "--provider", "stripe", "--to", &listening.url, "--set", "data.object.currency=eur"];
    let edited = replay(&after, &[&stripe[..], &["--resign"]].concat());
    assert_eq!((edited.code, edited.stderr.as_str()), (0, ""), "{}", edited.stdout);
    let line = listening.next_of("received");
    assert_eq!(line["event"]["verdict"]["status"], "valid");
    assert!(line["event"]["request"]["body"].as_str().unwrap().contains("\"currency\": \"eur\""), "{line}");
    let broken = replay(&after, &stripe);
    assert!(broken.code == 1 && broken.stderr.contains("no longer holds: --resign signs anew"), "{}", broken.stderr);
}

#[test]
fn signing_anew_replaces_the_signature_and_nothing_else() {
    let sandbox = with_secrets(Sandbox::new(), OLD);
    let listening = sandbox.listen(&["--port", "0"]);
    let send = ["send", "standard-webhooks/contact.created", "--to", &listening.url, "-H", "X-Mine: 1"];
    assert_eq!(sandbox.run(&send).code, 0);
    let received = listening.next();
    listening.interrupt();
    let dry = replay(&sandbox, &["@last", "--to", "9", "--resign", "--dry-run", "--json"]).lines().remove(0);
    let pairs = |headers: &Value| -> BTreeMap<String, String> {
        let pair = |pair: &Value| (pair[0].as_str().unwrap().to_owned(), pair[1].as_str().unwrap().to_owned());
        headers.as_array().unwrap().iter().map(pair).collect()
    };
    let (mut old, mut new) = (pairs(&received["event"]["request"]["headers"]), pairs(&dry["headers"]));
    for name in ["host", "content-length", "webhook-signature", "webhook-timestamp"] {
        old.remove(name);
    }
    for name in ["webhook-signature", "webhook-timestamp", "hookctl-event-id"] {
        assert!(new.remove(name).is_some(), "{name}");
    }
    assert_eq!(old, new);
}

#[test]
fn a_credential_that_is_not_kept_comes_from_this_machine_or_is_left_out() {
    let sandbox = Sandbox::new().env("TOKEN", "t0ken-of-ours");
    let listening = sandbox.listen(&["--provider", "customertext", "--secret-env", "TOKEN"]);
    let send = ["send", "customertext/new_contact", "--to", &listening.url, "--secret-env", "TOKEN"];
    assert_eq!(sandbox.run(&send).code, 0);
    let header = listening.next()["event"]["verdict"]["status"].clone();
    assert_eq!(header, "valid");
    listening.interrupt();
    let target = Target::start(&[OK]);
    let without = replay(&sandbox, &["@last", "--to", &target.url()]);
    assert!(without.stderr.contains("is left out: its value was a credential"), "{}", without.stderr);
    let bare = target.next();
    assert!(!bare.headers.iter().any(|(_, value)| value.contains("t0ken")), "{bare:?}");
    let with = replay(&sandbox, &["@last", "--to", &target.url(), "--secret-env", "TOKEN"]);
    assert_eq!((with.code, with.stderr.as_str()), (0, ""));
    let whole = target.next();
    assert!(whole.headers.iter().any(|(_, value)| value.contains("t0ken-of-ours")), "{whole:?}");
    let dry = replay(&sandbox, &["@last", "--to", &target.url(), "--secret-env", "TOKEN", "--dry-run"]);
    assert!(dry.stdout.contains("***") && !dry.stdout.contains("t0ken"), "{}", dry.stdout);
    let verify = sandbox.run(&["verify", "@last", "--secret-env", "TOKEN"]);
    assert!(verify.code == 2 && verify.stderr.contains("does not keep"), "{}", verify.stderr);
}

#[cfg(unix)]
#[test]
fn an_editor_changes_the_body_of_one_event() {
    let sandbox = filled(1).env("EDITOR", "sh 'my editor.sh'");
    let script = "ls -l \"$1\" | cut -c1-10 > mode.txt\nprintf '{\"n\":\"edited\"}\\n' > \"$1\"\n";
    sandbox.write("my editor.sh", script);
    let target = Target::start(&[OK]);
    let args = ["@last", "--edit", "--to", &target.url()];
    let ended = replay(&sandbox, &args);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(target.next().text(), "{\"n\":\"edited\"}");
    let mode = std::fs::read_to_string(sandbox.path().join("mode.txt")).unwrap();
    assert_eq!(mode, "-rw-------\n", "nobody else reads it");
    for (script, why) in [("true", "left as it was"), (": > \"$1\"", "left as it was"), ("exit 3", "the editor ended")]
    {
        sandbox.write("my editor.sh", script);
        let ended = replay(&sandbox, &args);
        assert!(ended.code == 1 && ended.stderr.contains(why), "{script}: {}", ended.stderr);
    }
    assert!(target.rest().is_empty());
    let none = filled(1);
    assert!(replay(&none, &args).stderr.contains("neither VISUAL nor EDITOR is set"));
}

/// Starts a replay that will not be waited for.
fn start(sandbox: &Sandbox, args: &[&str]) -> std::process::Child {
    let mut command = sandbox.command(&[&["events", "replay"], args].concat());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[cfg(unix)]
#[test]
fn a_replay_that_is_killed_goes_on_where_it_stopped_and_marks_what_it_sends_twice() {
    const EVENTS: usize = 300;
    let sandbox = filled(EVENTS);
    let app = App::answering("200 OK", "");
    let args = ["--event", "*", "--to", &app.url(), "--missing", "--yes"];
    let mut seen: Vec<Seen> = Vec::new();
    for _ in 0..4 {
        let mut child = start(&sandbox, &args);
        seen.extend((0..40).map(|_| app.next()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(replay(&sandbox, &args).code, 0);
    seen.extend(app.rest());
    let mut times: BTreeMap<&[u8], Vec<&Seen>> = BTreeMap::new();
    for one in &seen {
        times.entry(one.body.as_slice()).or_default().push(one);
    }
    assert_eq!(times.len(), EVENTS, "every event arrived");
    let twice: Vec<&Seen> = times.values().flat_map(|all| all.iter().skip(1).copied()).collect();
    assert!(twice.len() <= 4, "at most one for each kill, not {}", twice.len());
    assert!(twice.iter().all(|one| !one.all("hookctl-attempt").is_empty()), "{twice:?}");
    let done = replay(&sandbox, &args);
    assert!(done.code == 0 && done.stderr.contains("nothing is missing"), "{}", done.stderr);
    assert!(app.rest().is_empty());
}

#[cfg(unix)]
#[test]
fn an_interrupted_replay_says_what_is_left_and_keeps_the_attempt_it_gave_up() {
    let sandbox = filled(4);
    let target = Target::start(&[OK, ""]);
    let child = start(&sandbox, &["--event", "*", "--to", &target.url()]);
    target.next();
    target.next();
    signal(child.id(), "INT");
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("2 events are left; the same command with --missing goes on"), "{stderr}");
    assert_eq!(deliveries(&sandbox, "@3")[0]["error"]["message"], "interrupted before the answer came");
    let next = Target::start(&[OK]);
    let dry = replay(&sandbox, &["--event", "*", "--to", &target.url(), "--missing", "--dry-run", "--json"]);
    assert_eq!(dry.lines().len(), 3, "the first one arrived");
    assert!(next.rest().is_empty());
}

#[test]
fn a_captured_event_is_a_payload_and_can_be_verified_later() {
    let sandbox = with_secrets(Sandbox::new(), OLD);
    let listening = sandbox.listen(&[]);
    assert_eq!(sandbox.run(&["send", "stripe/invoice.paid", "--to", &listening.url]).code, 0);
    let first = listening.next();
    assert_eq!(sandbox.run(&["send", "@last", "--to", &listening.url]).code, 0);
    let second = listening.next();
    assert_eq!(second["event"]["verdict"]["status"], "valid");
    assert_eq!(first["event"]["request"]["body"], second["event"]["request"]["body"], "the same bytes");
    assert_eq!(second["event"]["event_type"], "invoice.paid");
    let id = format!("@{}", first["event"]["id"].as_str().unwrap());
    let dry = sandbox.run(&["send", &id, "--to", "9", "--dry-run", "--json", "--set", "data.object.currency=eur"]);
    assert!(dry.lines()[0]["body"].as_str().unwrap().contains("\"eur\""), "{}", dry.stderr);
    listening.interrupt();
    let verify = sandbox.run(&["verify", "@2"]);
    assert!(verify.code == 0 && verify.stderr.contains("note: checked as of"), "{}{}", verify.stdout, verify.stderr);
    let late = sandbox.run(&["verify", "@last", "--at", "2030-01-01T00:00:00Z"]);
    assert!(late.code == 1 && late.stdout.contains("too old"), "{}", late.stdout);
    sandbox.write("other", "whsec_another");
    assert_eq!(sandbox.run(&["verify", "@last", "--secret-file", "other"]).code, 1);
    sandbox.write("2", "a file's bytes");
    sandbox.write("abc", "named like an id");
    for (what, is_event) in [("@2", true), ("@abc", false), ("@./2", false)] {
        let dry = sandbox.run(&["send", what, "--to", "9", "--dry-run", "--json"]);
        let body = dry.lines()[0]["body"].as_str().unwrap().to_owned();
        assert_eq!(body.contains("invoice"), is_event, "{what}: {body}");
    }
    assert_eq!(sandbox.run(&["send", "@9", "--to", "9"]).code, 1, "there is no such event");
}

#[test]
fn an_event_that_waits_for_a_target_waits_no_longer_once_it_arrived() {
    use hookctl::model::{Event, Request, Verdict};
    use hookctl::store::{Retention, Writer};
    let sandbox = Sandbox::new();
    let target = Target::start(&["HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n", OK]);
    let event = Event {
        id: uuid::Uuid::now_v7(),
        received_at: jiff::Timestamp::now(),
        provider: "unknown".into(),
        event_type: None,
        delivery_id: None,
        verdict: Verdict::unchecked(hookctl::model::Reason::UnknownProvider),
        request: Request { uri: "/below".parse().unwrap(), ..Request::default() },
        remote: ([127, 0, 0, 1], 1).into(),
        handshake: None,
        repeat: None,
    };
    let writer = Writer::open(&sandbox.path().join("h.db"), Retention::default()).unwrap();
    let waits: std::sync::Arc<str> = format!("{}/hook", target.url()).into();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(writer.append(event.into(), [waits].into())).unwrap();
    drop(writer);
    let waiting = || sandbox.run(&["events", "show", "--db", "h.db", "--json"]).lines()[0]["waiting"].clone();
    assert_eq!(replay(&sandbox, &["@last", "--db", "h.db"]).code, 1);
    assert_eq!(waiting().as_array().unwrap().len(), 1, "a 503 leaves it waiting");
    assert_eq!(replay(&sandbox, &["@last", "--db", "h.db"]).code, 0);
    assert!(waiting().as_array().unwrap().is_empty());
    let lines = [target.next(), target.next()].map(|sent| sent.line);
    assert_eq!(lines, ["GET /hook/below HTTP/1.1", "GET /hook/below HTTP/1.1"]);
}

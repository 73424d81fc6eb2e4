//! `send` against targets that answer, refuse, redirect, stay silent or are not there.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hookctl::provider::Catalogue;
use serde_json::Value;

use crate::manage::lines;
use crate::sandbox::{Ended, Sandbox};
use crate::target::{OK, Sent, Target};

const NO: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy";

fn send(sandbox: &Sandbox, to: &str, more: &[&str]) -> Ended {
    sandbox.run(&[&["send", "message_received", "--to", to], more].concat())
}

fn delivery(ended: &Ended) -> Value {
    lines(ended).into_iter().find(|line| line["type"] == "sent").unwrap_or_else(|| panic!("{}", ended.stderr))["delivery"].clone()
}

#[test]
fn the_answer_is_shown_and_decides_the_exit_code() {
    let sandbox = Sandbox::new();
    let target = Target::start(&[OK, NO, NO, OK]);
    let yes = send(&sandbox, &target.url(), &[]);
    assert_eq!(yes.code, 0);
    assert!(yes.stdout.contains("<--  [200] POST") && yes.stdout.contains("│ ok"), "{}", yes.stdout);
    let no = send(&sandbox, &target.url(), &[]);
    assert_eq!(no.code, 1);
    assert!(no.stdout.contains("[503]") && no.stdout.contains("busy"), "{}", no.stdout);
    assert_eq!(send(&sandbox, &target.url(), &["--expect-status", "5xx"]).code, 0);
    assert_eq!(send(&sandbox, &target.url(), &["--expect-status", "204,400-499"]).code, 1);
    let json = delivery(&send(&sandbox, &target.url(), &["--json"]));
    assert_eq!((&json["status"], &json["attempt"], &json["error"]), (&200.into(), &1.into(), &Value::Null));
    assert_eq!(json["response"]["body"], "ok");
}

#[test]
fn an_answer_that_is_not_kept_whole_says_so() {
    let sandbox = Sandbox::new();
    let answer = |length: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{}", "x".repeat(length));
    let (whole, long) = (answer(1 << 20), answer((1 << 20) + 1));
    for (answer, is_cut) in [(&whole, false), (&long, true)] {
        let target = Target::start(&[answer]);
        let response = delivery(&send(&sandbox, &target.url(), &["--json"]))["response"].clone();
        assert_eq!((response["body"].as_str().unwrap().len(), &response["truncated"]), (1 << 20, &is_cut.into()));
        let shown = send(&sandbox, &target.url(), &[]);
        assert_eq!(shown.stdout.contains("… answer cut at 1 MiB"), is_cut);
    }
}

#[test]
fn every_way_to_tamper_is_refused_by_a_listener() {
    let secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let sandbox = Sandbox::new().env("HOOKCTL_SECRET", secret);
    for (event, kinds) in [
        ("prospect.added", &["body", "signature", "missing", "secret"][..]),
        ("stripe/invoice.paid", &["body", "signature", "timestamp", "missing", "secret"]),
        ("standard-webhooks/contact.created", &["body", "signature", "timestamp", "missing", "secret"]),
        ("twilio/message.received", &["body", "signature", "missing", "secret"]),
    ] {
        let provider = Catalogue::default().find_fixture(event, None).unwrap().provider;
        let listening = sandbox.listen(&["--provider", provider.id()]);
        let run = |more: &[&str]| sandbox.run(&[&["send", event, "--to", &listening.url, "--json"], more].concat());
        assert_eq!(run(&[]).code, 0, "{event}");
        assert_eq!(listening.next_of("received")["event"]["verdict"]["status"], "valid", "{event}");
        for kind in kinds {
            let refused = run(&["--tamper", kind]);
            assert_eq!((refused.code, &delivery(&refused)["status"]), (0, &401.into()), "{event} {kind}: as it must");
            let status = listening.next_of("received")["event"]["verdict"]["status"].clone();
            assert_eq!(status, if *kind == "missing" { "unsigned" } else { "invalid" }, "{event} {kind}");
            for (expected, code) in [("401", 0), ("2xx", 1)] {
                assert_eq!(run(&["--tamper", kind, "--expect-status", expected]).code, code, "{event} {kind}");
                listening.next_of("received");
            }
        }
    }
}

#[test]
fn an_app_that_takes_a_spoiled_request_is_found_out() {
    let sandbox = Sandbox::new().env("HOOKCTL_SECRET", "s3cret");
    let careless = Target::start(&[OK]);
    let run = |more: &[&str]| sandbox.run(&[&["send", "prospect.added", "--to", &careless.url()], more].concat()).code;
    assert_eq!(run(&["--tamper", "signature"]), 1);
    assert_eq!(run(&["--tamper", "signature", "--expect-status", "200"]), 0);
    assert_eq!(run(&[]), 0);
}

#[test]
fn what_cannot_be_tampered_with_is_said() {
    let sandbox = Sandbox::new();
    let run = |args: &[&str]| sandbox.run(&[&["send", "--to", "9"], args].concat());
    let unsigned = run(&["message_received", "--tamper", "signature"]);
    assert!(unsigned.code == 2 && unsigned.stderr.contains("prokeep signs nothing"), "{}", unsigned.stderr);
    let secretless = run(&["prospect.added", "--tamper", "body"]);
    assert!(secretless.code == 2 && secretless.stderr.contains("--tamper needs a secret"), "{}", secretless.stderr);
    let basic = ["generic/ping", "--signature-scheme", "basic", "--signature-header", "authorization"];
    let unbound = ["prospect.added", "--signed", "{method}"];
    for event in [&["new_contact"][..], &basic, &unbound] {
        let uncovered = run(&[event, &["--tamper", "body", "--secret", "s:p"]].concat());
        assert!(uncovered.code == 2 && uncovered.stderr.contains("does not cover the body"), "{}", uncovered.stderr);
    }
    let timeless = run(&["prospect.added", "--tamper", "timestamp", "--secret", "s"]);
    assert!(timeless.code == 2 && timeless.stderr.contains("signs no timestamp"), "{}", timeless.stderr);
}

#[test]
fn many_are_counted_and_summed_up() {
    let sandbox = Sandbox::new();
    let target = Target::start(&[OK]);
    let ended = send(&sandbox, &target.url(), &["--count", "60", "--concurrency", "4", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let lines = lines(&ended);
    let summary = lines.last().unwrap();
    assert_eq!(
        (&summary["type"], &summary["sent"], &summary["succeeded"]),
        (&"summary".into(), &60.into(), &60.into())
    );
    assert_eq!((lines.len(), &summary["outcomes"]["200"]), (61, &60.into()));
    let requests = target.rest();
    let ids: std::collections::BTreeSet<&[u8]> = requests.iter().map(|request| &request.body[..]).collect();
    assert_eq!((requests.len(), ids.len()), (60, 60), "each has its own ids");
    let human = send(&sandbox, &target.url(), &["--count", "3"]);
    assert!(human.stdout.contains("3 sent: 3 as expected, 0 not (3 × 200)"), "{}", human.stdout);
}

#[test]
fn a_rate_is_an_upper_bound() {
    let sandbox = Sandbox::new();
    let target = Target::start(&[OK]);
    let start = Instant::now();
    assert_eq!(send(&sandbox, &target.url(), &["--count", "5", "--rate", "20/s"]).code, 0);
    assert!(start.elapsed() >= Duration::from_millis(200), "{:?}", start.elapsed());
    assert_eq!(target.rest().len(), 5);
}

#[test]
fn a_rate_too_small_to_mean_is_refused() {
    for rate in ["1e-300/s", "0.5/h", "0/s"] {
        let ended = send(&Sandbox::new(), "9", &["--rate", rate, "--count", "2"]);
        assert!(ended.code == 2 && ended.stderr.starts_with("error: "), "{rate}: {}", ended.stderr);
    }
}

#[test]
fn what_is_due_after_the_end_is_not_sent() {
    let sandbox = Sandbox::new();
    let target = Target::start(&[OK]);
    let start = Instant::now();
    let args = ["--rate", "10/s", "--duration", "300ms", "--concurrency", "100", "--json"];
    let ended = send(&sandbox, &target.url(), &args);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    assert_eq!(lines(&ended).last().unwrap()["sent"], 3);
}

#[test]
fn a_duration_ends_it() {
    let sandbox = Sandbox::new();
    let target = Target::start(&[OK]);
    let start = Instant::now();
    let ended = send(&sandbox, &target.url(), &["--duration", "300ms", "--rate", "50/s", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(start.elapsed() >= Duration::from_millis(250));
    let sent = lines(&ended).last().unwrap()["sent"].as_u64().unwrap();
    assert!((1..=16).contains(&sent), "{sent}");
}

#[test]
fn failures_are_tried_again_after_the_time_the_target_asks_for() {
    let sandbox = Sandbox::new();
    let busy = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 2\r\ncontent-length: 0\r\n\r\n";
    let target = Target::start(&[busy, OK]);
    let start = Instant::now();
    let ended = send(&sandbox, &target.url(), &["--retry", "3", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert!(start.elapsed() >= Duration::from_secs(2), "{:?}", start.elapsed());
    let attempts: Vec<Value> = lines(&ended).iter().map(|line| line["delivery"]["attempt"].clone()).collect();
    assert_eq!(attempts, [1, 2]);
    let requests = target.rest();
    assert!(requests[0].body == requests[1].body, "a retry is the same event");
    let none = Target::start(&[NO]);
    assert_eq!(send(&sandbox, &none.url(), &["--retry", "none"]).code, 1);
    assert_eq!(none.rest().len(), 1);
    assert_eq!(send(&sandbox, "9", &["--retry", "often"]).code, 2);
}

/// Starts `send` with these arguments, waits for the first request, interrupts, and gives how it ended.
fn interrupted(target: &Target, args: &[&str]) -> (Option<i32>, Value, Duration) {
    let sandbox = Sandbox::new();
    let url = target.url();
    let mut command = sandbox.command(&[&["send", "message_received", "--json", "--to", &url], args].concat());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    target.next();
    let start = Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let last = String::from_utf8(output.stdout).unwrap().lines().last().map(|line| serde_json::from_str(line).unwrap());
    (output.status.code(), last.unwrap_or_default(), start.elapsed())
}

#[test]
fn an_interrupted_run_reports_what_it_did() {
    let target = Target::start(&[OK]);
    let (code, summary, took) = interrupted(&target, &["--count", "3", "--rate", "1/m", "--concurrency", "3"]);
    assert_eq!((code, &summary["type"], &summary["sent"]), (Some(130), &"summary".into(), &1.into()), "{summary}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    let busy = Target::start(&["HTTP/1.1 503 No\r\nretry-after: 60\r\ncontent-length: 0\r\n\r\n"]);
    let (code, summary, took) = interrupted(&busy, &["--count", "2", "--retry", "3"]);
    assert_eq!((code, &summary["failed"], &summary["outcomes"]["503"]), (Some(130), &1.into(), &1.into()));
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn an_interrupted_run_does_not_wait_long_for_an_answer() {
    let silent = Target::start(&[OK, ""]);
    let (code, summary, took) = interrupted(&silent, &["--count", "3"]);
    assert_eq!((code, &summary["sent"]), (Some(130), &1.into()), "{summary}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn nothing_more_is_sent_when_nobody_reads() {
    let sandbox = Sandbox::new();
    let target = Target::start(&[OK]);
    let url = target.url();
    for form in [&["--json"][..], &[]] {
        let args = [&["send", "message_received", "--to", &url, "--count", "20", "--rate", "10/s"], form].concat();
        let mut child = sandbox.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{output:?}");
        let sent = target.rest().len();
        assert!((1..20).contains(&sent), "{sent}");
    }
}

#[test]
fn a_retry_is_the_same_event_signed_anew_where_the_provider_does_so() {
    let sandbox = Sandbox::new().env("HOOKCTL_SECRET", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
    let again = |event: &str| {
        let target = Target::start(&[NO, OK]);
        let ended = sandbox.run(&["send", event, "--to", &target.url(), "--retry", "1"]);
        assert_eq!(ended.code, 0, "{}", ended.stdout);
        let requests = (target.next(), target.next());
        assert!(requests.0.body == requests.1.body, "{event}");
        move |name: &str| [&requests.0, &requests.1].map(|request| request.header(name).map(str::to_owned))
    };
    let is_same = |[first, second]: [Option<String>; 2]| first.is_some() && first == second;
    let slack = again("slack/app_mention");
    assert!(!is_same(slack("x-slack-signature")) && !is_same(slack("x-slack-request-timestamp")));
    assert_eq!(slack("x-slack-retry-num"), [None, Some("1".into())]);
    let standard = again("standard-webhooks/contact.created");
    assert!(!is_same(standard("webhook-signature")) && is_same(standard("webhook-id")));
    let github = again("github/issues.opened");
    assert!(is_same(github("x-hub-signature-256")) && is_same(github("x-github-delivery")));
}

#[test]
fn a_manifest_says_what_changes_from_attempt_to_attempt() {
    let sandbox = Sandbox::new();
    let manifest = "[provider]\nid = \"mine\"\nname = \"Mine\"\n\
        [delivery]\nsame_id_on_retry = false\nretry_headers = { X-Again = \"retry {attempt}\" }\n\
        [delivery.headers]\nX-Attempt = \"{attempt}\"\nX-Id = \"{$uuid7}\"\n";
    sandbox.write(".hookctl/providers/mine/provider.toml", manifest);
    sandbox.write(".hookctl/providers/mine/ping.json", "{}");
    let target = Target::start(&[NO, OK]);
    assert_eq!(sandbox.run(&["send", "mine/ping", "--to", &target.url(), "--retry", "1"]).code, 0);
    let (first, second) = (target.next(), target.next());
    assert_eq!((first.header("x-attempt"), first.header("x-again")), (Some("1"), None));
    assert_eq!((second.header("x-attempt"), second.header("x-again")), (Some("2"), Some("retry 1")));
    assert_ne!(first.header("x-id"), second.header("x-id"));
}

#[test]
fn a_silent_target_is_given_up_after_the_timeout() {
    let sandbox = Sandbox::new();
    let silent = Target::start(&[""]);
    let ended = send(&sandbox, &silent.url(), &["--timeout", "200ms"]);
    assert_eq!(ended.code, 3, "{}", ended.stdout);
    assert!(ended.stdout.contains("within 200ms") && ended.stdout.contains("hint: answer sooner, or raise --timeout"));
    let json = send(&sandbox, &silent.url(), &["--timeout", "200ms", "--json"]);
    assert_eq!(delivery(&json)["error"]["kind"], "timeout");
}

#[test]
fn a_port_where_nothing_listens_is_named_with_a_cure() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ended = send(&Sandbox::new(), &format!("http://127.0.0.1:{port}/x"), &[]);
    assert_eq!(ended.code, 3);
    assert!(ended.stdout.contains(&format!("error: connection refused by 127.0.0.1:{port}")), "{}", ended.stdout);
    assert!(ended.stdout.contains("hint: start your app, or check the port"), "{}", ended.stdout);
}

/// `.invalid` never resolves: RFC 2606 section 2.
#[test]
fn a_name_that_does_not_resolve_is_named() {
    let ended = send(&Sandbox::new(), "http://hooks.invalid/x", &["--json"]);
    assert_eq!((ended.code, &delivery(&ended)["error"]["kind"]), (3, &"dns".into()));
    assert!(delivery(&ended)["error"]["message"].as_str().unwrap().starts_with("cannot resolve hooks.invalid"));
}

#[test]
fn a_redirect_is_a_failed_delivery_and_is_not_followed() {
    let sandbox = Sandbox::new();
    let elsewhere = Target::start(&[OK]);
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let answer = format!("HTTP/1.1 {status}\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", elsewhere.url());
        let target = Target::start(&[&answer]);
        assert_eq!(send(&sandbox, &target.url(), &[]).code, 1, "{status}");
        assert_eq!(send(&sandbox, &target.url(), &["--expect-status", "3xx"]).code, 0, "{status}");
        assert_eq!(target.rest().len(), 2);
    }
    assert!(elsewhere.rest().is_empty());
}

#[test]
fn targets_that_are_none_are_refused() {
    let sandbox = Sandbox::new();
    for to in ["ftp://a/", "http://", "http://user:pw@a/", "http://a b/", ""] {
        let ended = send(&sandbox, to, &[]);
        assert_eq!(ended.code, 2, "{to}: {}", ended.stdout);
        assert!(!ended.stderr.contains("user:pw"), "{}", ended.stderr);
    }
}

#[test]
fn the_curl_command_sends_the_same_valid_request() {
    let sandbox = Sandbox::new().env("HOOKCTL_SECRET", "it's $HOME");
    sandbox.write("odd.json", "{\"type\":\"prospect.added\",\"tenant\":{},\"t\":\"it's $HOME `id` \\\\ \u{1b} ü\"}\n");
    for (what, provider) in [
        ("prospect.added", "prospektr"),
        ("./odd.json", "prospektr"),
        ("app_mention", "slack"),
        ("message.received", "twilio"),
        ("pull_request.opened", "github"),
    ] {
        let listening = sandbox.listen(&["--provider", provider]);
        let args = ["send", what, "--provider", provider, "--to", &listening.url, "--curl"];
        let script = sandbox.run(&args);
        assert_eq!(script.code, 0, "{}", script.stderr);
        let run = Command::new("bash").args(["--norc", "-c", &script.stdout]).stdin(Stdio::null()).output().unwrap();
        assert!(run.status.success(), "{what}: {}", String::from_utf8_lossy(&run.stderr));
        let event = listening.next_of("received")["event"].clone();
        assert_eq!(event["verdict"]["status"], "valid", "{what}: {event}");
        assert_eq!(event["provider"], provider);
    }
}

fn id(sent: &Sent) -> Value {
    serde_json::from_slice::<Value>(&sent.body).unwrap()["id"].clone()
}

#[test]
fn watch_is_not_moved_by_reading_or_by_the_same_content() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("own.json", "{\"n\":1}");
    let target = Target::start(&[OK]);
    let mut child = sandbox
        .command(&["send", "own.json", "--to", &target.url(), "--watch"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(target.next().text(), "{\"n\":1}");
    // Nothing comes of these, so there is nothing to wait for but the time in which it would come.
    std::fs::read(&file).unwrap();
    std::thread::sleep(Duration::from_millis(400));
    std::fs::write(&file, "{\"n\":1}").unwrap();
    std::thread::sleep(Duration::from_millis(400));
    std::fs::write(&file, "{\"n\":2}").unwrap();
    assert_eq!(target.next().text(), "{\"n\":2}");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(target.rest().is_empty());
}

#[test]
fn a_watched_dry_run_prints_again() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("own.json", "{\"n\":1}");
    let mut child = sandbox
        .command(&["send", "own.json", "--to", "9", "--watch", "--dry-run", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        line["body"].as_str().unwrap().to_owned()
    });
    assert_eq!(printed.next().unwrap(), "{\"n\":1}");
    std::fs::write(&file, "{\"n\":2}").unwrap();
    assert_eq!(printed.next().unwrap(), "{\"n\":2}");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(printed.next(), None);
}

#[test]
fn watch_sends_again_when_the_fixture_changes() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["fixtures", "save", "message_received"]).code, 0);
    let file = sandbox.path().join(".hookctl/providers/prokeep/message_received.json");
    let target = Target::start(&[OK]);
    let url = target.url();
    let mut child = sandbox
        .command(&["send", "message_received", "--to", &url, "--watch", "--set", "data.status=set"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let first = target.next();
    assert!(first.text().contains("heavy duty widgets"));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("heavy duty", "light")).unwrap();
    let again = target.next();
    assert!(again.text().contains("two light widgets") && again.text().contains("\"set\""), "{}", again.text());
    assert_ne!(id(&first), id(&again), "each is an event of its own");
    // Editors write a new file and put it in the place of the old one.
    let new = sandbox.write("new.json", text.replace("heavy duty", "blue"));
    std::fs::rename(new, &file).unwrap();
    assert!(target.next().text().contains("two blue widgets"));
    // A file that cannot be edited is said, and the watch goes on.
    std::fs::write(&file, "{").unwrap();
    std::fs::write(&file, text.replace("heavy duty", "red")).unwrap();
    assert!(target.next().text().contains("two red widgets"));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn only_a_file_can_be_watched() {
    let ended = Sandbox::new().run(&["send", "--data", "{}", "--to", "9", "--watch"]);
    assert_eq!((ended.code, ended.stderr.ends_with("hint: give a file with @FILE\n")), (2, true), "{}", ended.stderr);
    let ended = send(&Sandbox::new(), "9", &["--watch"]);
    assert_eq!(ended.code, 2);
    assert!(
        ended.stderr.contains("hint: `hookctl fixtures save prokeep/message_received` makes a copy to edit"),
        "{}",
        ended.stderr
    );
}

//! Forwarding that survives: what a target cannot take waits in the history, and nothing goes out twice
//! unmarked.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::app::{App, Seen, closed_port};
use crate::history::receive;
use crate::sandbox::{Listening, Sandbox, signal};
use crate::wire::post;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// An app at this port that takes everything.
fn up(port: u16) -> App {
    App::start_on(port, |_| OK.to_vec())
}

/// An app that gives these answers in turn; the last one repeats.
fn in_turn(answers: &'static [&'static str]) -> App {
    let given = AtomicUsize::new(0);
    App::start(move |_| {
        let answer = answers[given.fetch_add(1, Relaxed).min(answers.len() - 1)];
        format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n").into_bytes()
    })
}

fn send(listening: &Listening, bodies: impl IntoIterator<Item = u32>) {
    for body in bodies {
        assert_eq!(post(&listening.address(), "/", &[], body.to_string().as_bytes()).status, 200);
    }
}

fn body(seen: &Seen) -> u32 {
    std::str::from_utf8(&seen.body).unwrap().parse().unwrap()
}

fn id(seen: &Seen) -> String {
    seen.all("hookctl-event-id")[0].to_owned()
}

fn kill(mut listening: Listening) {
    signal(listening.pid(), "KILL");
    listening.wait();
}

fn shown(sandbox: &Sandbox, event: &str) -> Value {
    sandbox.run(&["events", "show", event, "--json"]).lines().remove(0)
}

#[test]
fn events_for_a_target_that_is_down_go_out_in_order_once_it_is_back() {
    let (sandbox, port) = (Sandbox::new(), closed_port());
    let listening = sandbox.listen(&["-f", &port.to_string(), "--respond", "now"]);
    send(&listening, 0..5);
    let failed = listening.next_of("forwarded");
    assert_eq!(failed["delivery"]["error"]["kind"], "refused");
    let down = listening.next_of("target");
    assert_eq!((&down["state"], &down["target"]), (&json!("down"), &json!(format!("http://localhost:{port}/"))));
    assert!(down["reason"].as_str().unwrap().contains("refused"), "{down}");
    assert_eq!(shown(&sandbox, "@1")["waiting"], json!([format!("http://localhost:{port}/")]));
    let app = up(port);
    let came: Vec<Seen> = (0..5).map(|_| app.next()).collect();
    assert_eq!(came.iter().map(body).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    let marks: Vec<_> = came.iter().map(|seen| !seen.all("hookctl-attempt").is_empty()).collect();
    assert_eq!(marks, [true, false, false, false, false], "only the first was tried before");
    let back = listening.next_of("target");
    assert_eq!((&back["state"], &back["reason"]), (&json!("up"), &Value::Null));
    let (code, lines, _) = listening.interrupt();
    let stopped = lines.last().unwrap();
    assert_eq!(code, 0);
    assert_eq!((&stopped["forwarded"], &stopped["failed"], &stopped["waiting"]), (&json!(5), &json!(0), &json!(0)));
    let lines = lines.iter().filter(|line| line["type"] == "forwarded").count();
    assert!(lines <= 5, "failures to connect are not told one by one: {lines}");
    assert!(app.rest().is_empty(), "each once");
    let first = shown(&sandbox, "@5");
    let attempts: Vec<&Value> =
        first["deliveries"].as_array().unwrap().iter().map(|delivery| &delivery["delivery"]["attempt"]).collect();
    assert_eq!((attempts, &first["waiting"]), (vec![&json!(1), &json!(2)], &json!([])), "{first}");
}

#[test]
fn what_waits_survives_a_kill_and_goes_out_first_with_resume() {
    let (sandbox, port) = (Sandbox::new(), closed_port());
    let args = ["-f", &port.to_string(), "--respond", "now"];
    let listening = sandbox.listen(&args);
    send(&listening, 0..4);
    kill(listening);
    let app = up(port);
    let noted = sandbox.listen(&args);
    send(&noted, 9..10);
    assert_eq!(body(&app.next()), 9);
    let (_, lines, stderr) = noted.interrupt();
    assert!(stderr.contains("4 events of an earlier run wait for") && stderr.contains("--resume"), "{stderr}");
    assert_eq!(lines.last().unwrap()["waiting"], 0, "they are not this run's");
    assert!(app.rest().is_empty(), "without --resume they stay");
    let resumed = sandbox.listen(&[&args[..], &["--resume"]].concat());
    let came: Vec<Seen> = (0..4).map(|_| app.next()).collect();
    assert_eq!(came.iter().map(body).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert!(!came[0].all("hookctl-attempt").is_empty(), "it may have been sent by the run that was killed");
    assert!(came[1..].iter().all(|seen| seen.all("hookctl-attempt").is_empty()), "the others cannot have been");
    let (_, _, stderr) = resumed.interrupt();
    assert!(stderr.contains("4 events of an earlier run go to"), "{stderr}");
    let (_, _, stderr) = sandbox.listen(&args).interrupt();
    assert_eq!(stderr, "", "nothing is left");
}

#[test]
fn a_listener_that_is_killed_under_load_loses_nothing_and_repeats_nothing_unmarked() {
    let (sandbox, app) = (Sandbox::new(), App::start(|_| OK.to_vec()));
    let args = ["-f", &app.url(), "--respond", "now", "--resume"];
    let mut acknowledged = HashSet::new();
    for round in 0..4_u32 {
        let listening = sandbox.listen(&args);
        let (address, pid) = (listening.address(), listening.pid());
        let sender = std::thread::spawn(move || {
            (round * 1000..).map_while(|number| send_one(&address, number).then_some(number)).collect::<Vec<_>>()
        });
        let until = Instant::now() + Duration::from_millis(150 + u64::from(round) * 60);
        while Instant::now() < until {
            std::thread::yield_now();
        }
        signal(pid, "KILL");
        acknowledged.extend(sender.join().unwrap());
        kill_remains(listening);
    }
    let (code, lines, _) = sandbox.listen(&args).interrupt();
    assert_eq!((code, &lines.last().unwrap()["waiting"]), (0, &json!(0)));
    let came = app.rest();
    let missing: Vec<_> = acknowledged.difference(&came.iter().map(body).collect()).copied().collect();
    assert!(missing.is_empty() && !acknowledged.is_empty(), "{missing:?} of {}", acknowledged.len());
    let mut times: HashMap<String, usize> = HashMap::new();
    for seen in &came {
        let count = times.entry(id(seen)).or_default();
        *count += 1;
        assert!(*count == 1 || !seen.all("hookctl-attempt").is_empty(), "repeated unmarked: {}", seen.head);
    }
}

/// Whether it was acknowledged; the listener may be killed meanwhile.
fn send_one(address: &str, number: u32) -> bool {
    use std::io::{Read as _, Write as _};
    let Ok(mut stream) = std::net::TcpStream::connect(address) else { return false };
    let request = crate::wire::request("POST", "/", &["connection: close"], number.to_string().as_bytes());
    let mut answer = String::new();
    let _ = stream.write_all(&request).and_then(|()| stream.read_to_string(&mut answer));
    answer.starts_with("HTTP/1.1 200")
}

fn kill_remains(mut listening: Listening) {
    listening.wait();
}

#[test]
fn a_target_is_left_alone_as_long_as_it_asks() {
    let (sandbox, app) = (Sandbox::new(), in_turn(&["503 Busy\r\nretry-after: 1", "200 OK"]));
    let listening = sandbox.listen(&["-f", &app.url(), "--respond", "now"]);
    send(&listening, 0..2);
    assert_eq!(body(&app.next()), 0);
    let asked = Instant::now();
    let second = app.next();
    assert!(asked.elapsed() >= Duration::from_millis(900), "{:?}", asked.elapsed());
    assert_eq!((body(&second), second.all("hookctl-attempt")), (0, vec!["2"]));
    assert_eq!(body(&app.next()), 1, "those behind it wait too");
    let reason = listening.next_of("target")["reason"].clone();
    assert_eq!(reason, "it answers 503 and asks to wait");
}

#[test]
fn a_failure_is_final_unless_retries_are_asked_for() {
    let sandbox = Sandbox::new();
    let app = in_turn(&["500 Oops", "200 OK"]);
    let listening = sandbox.listen(&["-f", &app.url(), "--respond", "now"]);
    send(&listening, 0..2);
    assert_eq!([body(&app.next()), body(&app.next())], [0, 1]);
    let (_, lines, _) = listening.interrupt();
    let stopped = lines.last().unwrap();
    assert_eq!((&stopped["forwarded"], &stopped["failed"], &stopped["waiting"]), (&json!(1), &json!(1), &json!(0)));
    let failed = sandbox.run(&["events", "list", "--failed", "--json"]).lines();
    assert_eq!((failed.len(), &failed[0]["deliveries"][0]["delivery"]["status"]), (1, &json!(500)));
    let app = in_turn(&["500 Oops", "502 Oops", "200 OK"]);
    let listening = sandbox.listen(&["-f", &app.url(), "--respond", "now", "--forward-retries", "1"]);
    send(&listening, 0..2);
    let came: Vec<Seen> = (0..3).map(|_| app.next()).collect();
    assert_eq!(came.iter().map(body).collect::<Vec<_>>(), [0, 0, 1], "one retry, and the lane goes on");
    assert_eq!((id(&came[0]), came[1].all("hookctl-attempt")), (id(&came[1]), vec!["2"]));
    let (_, lines, _) = listening.interrupt();
    let stopped = lines.last().unwrap();
    assert_eq!((&stopped["forwarded"], &stopped["failed"]), (&json!(1), &json!(1)));
}

#[test]
fn what_waits_at_the_end_is_counted_and_said_and_has_not_failed() {
    let (sandbox, port) = (Sandbox::new(), closed_port().to_string());
    let listening = sandbox.listen(&["-f", &port, "--respond", "now"]);
    send(&listening, 0..3);
    listening.next_of("target");
    let (code, lines, _) = listening.interrupt();
    let stopped = lines.last().unwrap();
    assert_eq!((code, &stopped["waiting"], &stopped["failed"]), (0, &json!(3), &json!(0)));
    let talking = sandbox.listen_human(&["-f", &port, "--resume"]);
    let (_, _, stderr) = talking.interrupt();
    assert!(stderr.contains("3 wait for their targets: `hookctl listen --resume` goes on"), "{stderr}");
    let ended = sandbox.run(&["listen", "--port", "0", "--resume", "--json"]);
    assert_eq!((ended.code, &ended.error()["code"]), (2, &json!("usage")), "resume what?");
}

#[test]
fn two_listeners_on_one_history_leave_each_others_events_alone() {
    let (sandbox, port) = (Sandbox::new(), closed_port());
    let args = ["-f", &port.to_string(), "--respond", "now", "--resume"];
    let first = sandbox.listen(&args);
    send(&first, 0..3);
    first.next_of("target");
    let second = sandbox.listen(&args);
    let (_, lines, stderr) = second.interrupt();
    assert_eq!((stderr.as_str(), &lines.last().unwrap()["waiting"]), ("", &json!(0)), "the first one lives");
    let app = up(port);
    assert_eq!((0..3).map(|_| body(&app.next())).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(first.interrupt().1.last().unwrap()["waiting"], 0);
    assert!(app.rest().is_empty());
}

#[test]
fn a_target_that_hangs_delays_neither_the_sender_nor_another_target() {
    let (sandbox, quick) = (Sandbox::new(), App::start(|_| OK.to_vec()));
    let hanging = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = hanging.local_addr().unwrap().to_string();
    let listening = sandbox.listen(&["-f", &target, "-f", &quick.url(), "--forward-timeout", "0"]);
    let start = Instant::now();
    send(&listening, 0..20);
    assert_eq!((0..20).map(|_| body(&quick.next())).collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[test]
fn every_attempt_is_kept_with_its_answer_and_every_request_names_its_event() {
    let sandbox = Sandbox::new();
    let app = App::answering("422 No", "why");
    let listening = sandbox.listen(&["-f", &app.url()]);
    let forged = ["Hookctl-Event-Id: forged", "Hookctl-Attempt: 7"];
    assert_eq!(post(&listening.address(), "/", &forged, b"{}").status, 422);
    let received = listening.next_of("received");
    let seen = app.next();
    assert_eq!(seen.all("hookctl-event-id"), [received["event"]["id"].as_str().unwrap()]);
    assert!(seen.all("hookctl-attempt").is_empty());
    listening.interrupt();
    let event = shown(&sandbox, "@1");
    let delivery = &event["deliveries"][0]["delivery"];
    assert_eq!((&delivery["status"], &delivery["response"]["body"]), (&json!(422), &json!("why")));
    assert_eq!(event["event"]["request"]["headers"].to_string().matches("forged").count(), 1, "kept as it came");
}

#[test]
fn a_credential_is_not_in_the_history_and_still_reaches_the_target() {
    let (sandbox, app) = (Sandbox::new().env("TOKEN", "s3cret-token"), App::answering("200 OK", ""));
    let args = ["--provider", "customertext", "--secret-env", "TOKEN", "-f", &app.url(), "--respond", "now"];
    let listening = sandbox.listen(&args);
    let header = "Authorization: Bearer s3cret-token";
    assert_eq!(post(&listening.address(), "/", &[header], b"{}").status, 200);
    assert_eq!(app.next().all("authorization"), ["Bearer s3cret-token"]);
}

#[test]
fn a_delivery_that_comes_again_is_shown_as_a_retry_everywhere() {
    let sandbox = Sandbox::new();
    let args = ["--provider", "github", "--no-verify"];
    let headers = ["X-GitHub-Delivery: d-1", "X-GitHub-Event: push"];
    receive(&sandbox, &args, &[("/", &headers, b"{}"), ("/", &headers, b"{}")]);
    let talking = sandbox.listen_human(&args);
    post(&talking.address, "/", &headers, b"{}");
    let (_, stdout, _) = talking.interrupt();
    let live = String::from_utf8(stdout).unwrap();
    assert!(live.contains("retry: 2 of d-1"), "{live}");
    let list = sandbox.run(&["events", "list"]).stdout;
    assert!(list.contains("(retry 1)") && list.contains("(retry 2)"), "{list}");
    let shown = sandbox.run(&["events", "show", "@2"]).stdout;
    assert!(shown.contains("retry: 1 of d-1"), "{shown}");
}

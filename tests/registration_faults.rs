//! Registration APIs that fail, lie or lead astray: nothing is made twice, no credential leaves its origin,
//! and each error says what is known.

use std::io::{BufRead as _, BufReader, Read as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api_server::{TOKEN, acme, acme_with, answer, call, count, create, hook, in_turn, json as answer_json};
use crate::app::{App, Seen, closed_port};
use crate::sandbox::{Ended, Sandbox};
use crate::secure::Secured;

/// Comes back at once.
const AGAIN: &str = "retry-after: 0";

fn page(ids: &[&str]) -> Value {
    json!({ "data": ids.iter().map(|id| hook(id)).collect::<Vec<Value>>() })
}

/// How it ended, after nothing of it held the token.
fn checked(ended: Ended) -> Ended {
    for text in [&ended.stdout, &ended.stderr] {
        assert!(!text.contains(TOKEN), "the token is shown: {text}");
        assert!(!text.contains('\u{1b}'), "an escape reaches the terminal: {text:?}");
    }
    ended
}

fn list(sandbox: &Sandbox, app: &App, args: &[&str]) -> Ended {
    checked(call(sandbox, app, &[&["list"], args].concat()))
}

/// Answers every request so, and gives the error of a `list` without retries.
fn error_of(status: u16, headers: &[&str], body: &str) -> (i32, Value) {
    let bytes = answer(status, headers, body);
    let app = App::start(move |_| bytes.clone());
    let ended = list(&acme(), &app, &["--retries", "0", "--json"]);
    (ended.code, ended.error())
}

#[test]
fn wrong_credentials_are_told_by_where_they_came_from() {
    let body = json!({ "message": format!("no such key: {TOKEN} \u{1b}]0;x\u{7}") }).to_string();
    let (code, error) = error_of(401, &["x-request-id: req_1"], &body);
    assert_eq!((code, &error["code"]), (1, &json!("unauthorized")));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("token from env:ACME_TOKEN"), "{message}");
    assert!(message.contains("no such key: *** \\u{1b}") && message.contains("(request id req_1)"), "{message}");
    let sandbox = Sandbox::new().env("PU", "jo").env("PP", "pass word");
    let app = App::start(|_| answer(401, &[], r#"{"error":"Basic am86cGFzcyB3b3Jk is wrong, pass word too"}"#));
    let url = app.url();
    let args = [
        "webhooks",
        "list",
        "--provider",
        "prokeep",
        "--username-env",
        "PU",
        "--password-env",
        "PP",
        "--api-url",
        &url,
    ];
    let ended = sandbox.run(&args);
    assert!(ended.stderr.contains("user name from env:PU, password from env:PP"), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("Basic *** is wrong, *** too") && !ended.stderr.contains("pass word"),
        "{}",
        ended.stderr
    );
    assert_eq!(app.rest().len(), 1, "wrong credentials are not tried again");
}

#[test]
fn each_refusal_says_what_it_is_about() {
    let (code, error) = error_of(403, &[], r#"{"message":"needs admin"}"#);
    assert_eq!((code, &error["code"]), (1, &json!("forbidden")));
    assert!(error["message"].as_str().unwrap().contains("does not allow this (403)"), "{error}");
    let (code, error) = error_of(422, &[], "{\"message\":\"url is\\nnot reachable\"}");
    assert_eq!((code, &error["code"]), (1, &json!("refused")));
    assert_eq!(error["message"], "acme refused to list the webhooks (422): url is\\nnot reachable");
    let app = App::answering("404 Not Found", r#"{"message":"Not Found"}"#);
    let ended = checked(call(&acme(), &app, &["get", "wh_9", "--json"]));
    assert_eq!((ended.code, &ended.error()["code"]), (1, &json!("unknown_webhook")));
    assert_eq!(ended.error()["message"], "acme has no webhook `wh_9` (404): Not Found");
    assert!(ended.error()["hint"].as_str().unwrap().contains("webhooks list --provider acme"));
}

#[test]
fn an_answer_that_is_not_json_is_shown_by_its_beginning() {
    for (headers, body, wanted) in [
        (
            &["content-type: text/html"][..],
            "<h1>Sign in</h1>\u{1b}[2J",
            "text/html) is not JSON: <h1>Sign in</h1>\\u{1b}[2J",
        ),
        (&[], "", "no content type) is not JSON: it is empty"),
        (&["content-type: application/json"], "{\"data\":[{\"id\"", "is not JSON: {\"data\":[{\"id\""),
        (&["content-type: application/json"], "{\"items\":[]}", "is not what is documented"),
        (&[], &format!("{{\"data\": 7, \"token\": \"{TOKEN}\"}}"), "***"),
    ] {
        let (code, error) = error_of(200, headers, body);
        assert_eq!((code, &error["code"]), (3, &json!("unreadable_answer")));
        assert!(error["message"].as_str().unwrap().contains(wanted), "{wanted}: {error}");
    }
    let (_, error) = error_of(200, &[], &"x".repeat(100_000));
    assert!(error["message"].as_str().unwrap().len() < 400, "{error}");
}

#[test]
fn a_server_in_trouble_is_asked_again_and_each_wait_is_told() {
    let trouble =
        answer(503, &[AGAIN, "content-type: text/html", "x-request-id: r9"], "<title>We are\u{7} down</title>");
    let app = App::start(in_turn(vec![trouble.clone()]));
    let ended = list(&acme(), &app, &[]);
    assert_eq!((ended.code, app.rest().len()), (3, 4));
    let address = app.url().replace("http://", "");
    for attempt in 2..=4 {
        let told = format!("{address} answered 503; waiting 0 ms, then try {attempt} of 4 …\n");
        assert!(ended.stderr.contains(&told), "{told}{}", ended.stderr);
    }
    let last = "error: acme failed to list the webhooks (503): We are\\u{07} down (request id r9; 4 tries)\n";
    assert!(ended.stderr.contains(last), "{}", ended.stderr);
    let app = App::start(in_turn(vec![trouble.clone(), trouble.clone(), answer_json(200, &page(&["a"]))]));
    assert_eq!((list(&acme(), &app, &[]).code, app.rest().len()), (0, 3));
    let app = App::start(in_turn(vec![trouble]));
    let quiet = list(&acme(), &app, &["-q", "--retries", "1"]);
    assert_eq!((quiet.stderr.lines().count(), app.rest().len()), (2, 2), "{}", quiet.stderr);
}

#[test]
fn who_asks_to_be_left_alone_for_long_is_left_alone() {
    for header in ["retry-after: 3600", "retry-after: Fri, 01 Jan 2100 00:00:00 GMT"] {
        let app = App::start(move |_| answer(429, &[header], "{}"));
        let start = Instant::now();
        let ended = list(&acme(), &app, &["--json"]);
        assert_eq!((ended.code, &ended.error()["code"], app.rest().len()), (3, &json!("rate_limited"), 1));
        assert!(ended.error()["hint"].as_str().unwrap().starts_with("come back in "), "{}", ended.stderr);
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn a_silent_server_does_not_keep_anyone_for_ever() {
    let app = App::start(|_| {
        std::thread::sleep(Duration::from_secs(3));
        Vec::new()
    });
    let ended = list(&acme(), &app, &["--timeout", "300ms", "--retries", "0", "--json"]);
    assert_eq!((ended.code, &ended.error()["code"]), (3, &json!("timeout")));
    assert!(ended.error()["message"].as_str().unwrap().contains("within 300ms"), "{}", ended.stderr);
    let never = list(&acme(), &app, &["--timeout", "0"]);
    assert_eq!(never.code, 2, "a wait without a limit is refused");
}

#[test]
fn an_api_that_cannot_be_reached_is_named() {
    let sandbox = acme();
    let port = closed_port();
    let api = |url: &str, args: &[&str]| {
        let all = [&["webhooks", "list", "--provider", "acme", "--api-url", url, "--json"], args].concat();
        checked(sandbox.run(&all))
    };
    let refused = api(&format!("http://127.0.0.1:{port}"), &["--retries", "1"]);
    assert_eq!((refused.code, &refused.error()["code"]), (3, &json!("refused")));
    let message = refused.error()["message"].as_str().unwrap().to_owned();
    assert_eq!(message, format!("connection refused by 127.0.0.1:{port} (2 tries)"));
    let unknown = api("https://no-such-host.invalid", &["--retries", "0"]);
    // A resolver without a network may take longer than a connection is waited for.
    let code = unknown.error()["code"].as_str().unwrap().to_owned();
    assert!(unknown.code == 3 && ["dns", "timeout"].contains(&code.as_str()), "{}", unknown.stderr);
}

/// Every way to send a caller elsewhere, from an API at `own` to a server at `other`.
fn elsewhere(own: &str, other: &str) -> Vec<String> {
    let (own_port, other_port) = (own.rsplit(':').next().unwrap(), other.rsplit(':').next().unwrap());
    vec![
        format!("{other}/v1/hooks?key={TOKEN}"),
        format!("//127.0.0.1:{other_port}/v1/hooks"),
        format!("http://localhost:{other_port}/"),
        format!("http://localhost:{own_port}/v1/hooks"),
        format!("https://127.0.0.1:{own_port}/v1/hooks"),
        format!("http://127.0.0.1:{own_port}@127.0.0.1:{other_port}/"),
        format!("http://user:pass@127.0.0.1:{own_port}/"),
        format!("http://[::ffff:127.0.0.1]:{other_port}/"),
        format!("\\\\127.0.0.1:{other_port}\\x"),
        "javascript:alert(1)".to_owned(),
        "http://".to_owned(),
    ]
}

#[test]
fn no_redirect_takes_the_credential_elsewhere() {
    let other = App::start(|_| answer_json(200, &json!({ "data": [] })));
    let heads = [
        "auth = { kind = \"bearer\", env = [\"ACME_TOKEN\"] }",
        "auth = { kind = \"header\", name = \"X-Api-Key\", env = [\"ACME_TOKEN\"] }",
        "auth = { kind = \"query\", name = \"key\", env = [\"ACME_TOKEN\"] }",
    ];
    let sandboxes = heads.map(acme_with);
    let location = Arc::new(Mutex::new((302, String::new())));
    let told = Arc::clone(&location);
    let app = App::start(move |_| {
        let (status, place) = told.lock().unwrap().clone();
        answer(status, &[&format!("location: {place}")], "")
    });
    let mut calls = 0;
    for (number, place) in elsewhere(&app.url(), &other.url()).into_iter().enumerate() {
        for (turn, status) in [301, 302, 303, 307, 308].into_iter().enumerate() {
            *location.lock().unwrap() = (status, place.clone());
            // Each way meets each status, and each kind of credential meets each way.
            let sandbox = &sandboxes[(number + turn) % sandboxes.len()];
            let ended = if turn % 2 == 0 {
                list(sandbox, &app, &["--json"])
            } else {
                checked(create(sandbox, &app, &["--json"]))
            };
            assert_eq!(
                (ended.code, &ended.error()["code"]),
                (3, &json!("redirect")),
                "{status} {place}: {}",
                ended.stderr
            );
            assert!(ended.error()["hint"].as_str().unwrap().contains("--api-url"));
            calls += 1;
        }
    }
    assert_eq!(app.rest().len(), calls, "each was asked once");
    assert!(other.rest().is_empty(), "the other server saw nothing");
}

#[test]
fn a_redirect_within_the_origin_is_followed_by_calls_that_only_read() {
    let moved = |seen: &Seen| match seen.line().split(' ').nth(1) {
        Some("/v1/hooks") => answer(308, &["location: /v2/hooks"], ""),
        Some("/v2/hooks") => answer_json(200, &page(&["a"])),
        _ => answer(302, &["location: /again"], ""),
    };
    let app = App::start(moved);
    let ended = list(&acme(), &app, &["--json"]);
    assert_eq!((ended.code, ended.lines().len()), (0, 1), "{}", ended.stderr);
    assert!(ended.stderr.contains("redirects to its own /v2/hooks"), "{}", ended.stderr);
    assert!(app.rest().iter().all(|seen| seen.all("authorization") == [format!("Bearer {TOKEN}")]));
    let made = checked(create(&acme(), &app, &["--json"]));
    assert_eq!((made.code, &made.error()["code"], count(&app.rest(), "POST")), (3, &json!("redirect"), 1));
    let circle = checked(call(&acme(), &app, &["get", "x", "--json"]));
    assert_eq!((circle.code, &circle.error()["code"], app.rest().len()), (3, &json!("redirect"), 4));
}

/// What a server does with a create after it has carried it out.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    Hang,
    Status(u16),
    Truncated,
    Page,
    Huge,
    Chunked,
}

/// A server that carries out every create, and then fails; its list tells the truth.
fn committing(then: Then) -> (App, Arc<Mutex<Vec<Value>>>) {
    let hooks = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&hooks);
    let app = App::start(move |seen| {
        let mut hooks = kept.lock().unwrap();
        if !seen.line().starts_with("POST ") {
            return answer_json(200, &json!({ "data": *hooks }));
        }
        let id = format!("wh_{}", hooks.len() + 1);
        hooks.push(hook(&id));
        drop(hooks);
        match then {
            Then::Hang => std::thread::sleep(Duration::from_secs(6)),
            Then::Status(status) => return answer(status, &[AGAIN], "oops"),
            Then::Truncated => return answer_json(201, &hook(&id))[..120].to_vec(),
            Then::Page => return answer(201, &["content-type: text/html"], "<p>done</p>"),
            Then::Huge => return b"HTTP/1.1 201 X\r\ncontent-length: 2147483648\r\n\r\n{".to_vec(),
            Then::Chunked => {
                let mut bytes = b"HTTP/1.1 201 X\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
                (0..9).for_each(|_| {
                    bytes.extend(
                        [format!("{:x}\r\n", 1 << 20).into_bytes(), vec![b' '; 1 << 20], b"\r\n".to_vec()].concat(),
                    )
                });
                return bytes;
            }
        }
        Vec::new()
    });
    (app, hooks)
}

#[test]
fn nothing_is_made_twice_however_the_answer_is_lost() {
    for then in [
        Then::Hang,
        Then::Status(500),
        Then::Status(502),
        Then::Status(503),
        Then::Status(408),
        Then::Truncated,
        Then::Page,
        Then::Huge,
        Then::Chunked,
    ] {
        let (app, hooks) = committing(then);
        let ended = checked(create(&acme(), &app, &["--timeout", "3s", "--json"]));
        assert_eq!(hooks.lock().unwrap().len(), 1, "{then:?}: {}", ended.stderr);
        assert_eq!((ended.code, &ended.error()["code"]), (3, &json!("uncertain")), "{then:?}: {}", ended.stderr);
        let message = ended.error()["message"].as_str().unwrap().to_owned();
        let known =
            "the API lists webhook wh_1 (of 2026-11-20T10:00:00Z) for https://app.test/hooks, made now or before";
        assert!(message.contains(known), "{then:?}: {message}");
        assert!(ended.stdout.is_empty());
    }
}

#[test]
fn a_connection_that_ends_behind_the_request_is_no_reason_to_make_another() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let posts = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&posts);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut stream = std::io::BufReader::new(stream);
            let Some(request) = crate::target::read(&mut stream) else { continue };
            if request.line.starts_with("POST ") {
                *counted.lock().unwrap() += 1;
            } else {
                let _ = std::io::Write::write_all(stream.get_mut(), &answer_json(200, &page(&["wh_1"])));
            }
        }
    });
    let args = [
        "webhooks",
        "create",
        "--provider",
        "acme",
        "--api-url",
        &url,
        "--target",
        "https://app.test/hooks",
        "--events",
        "order.paid",
        "--json",
    ];
    let ended = checked(acme().run(&args));
    assert_eq!((ended.code, &ended.error()["code"], *posts.lock().unwrap()), (3, &json!("uncertain"), 1));
    let message = ended.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("closed the connection") && message.contains("webhook wh_1"), "{message}");
    assert!(ended.stderr.contains("not sent again: looking whether the webhook was made"), "{}", ended.stderr);
}

#[test]
fn an_api_that_answers_nothing_any_more_is_looked_at_for_one_time_limit_only() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", silent.local_addr().unwrap());
    let mut args = vec!["webhooks", "create", "--provider", "acme", "--api-url", &url, "--timeout", "1s"];
    args.extend(["--target", "https://app.test/hooks", "--events", "order.paid", "--json"]);
    let began = std::time::Instant::now();
    let ended = checked(acme().run(&args));
    assert_eq!((ended.code, &ended.error()["code"]), (3, &json!("uncertain")));
    // Three more attempts to list would take three more limits and their waits.
    assert!(!ended.stderr.contains("try 3 of 4"), "{}", ended.stderr);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

#[test]
fn what_was_surely_not_made_is_made_once_the_api_lets_it() {
    for first in [answer(429, &[AGAIN], ""), answer(403, &[AGAIN], "")] {
        let app = App::start(in_turn(vec![first.clone(), first, answer_json(201, &hook("wh_1"))]));
        let ended = checked(create(&acme(), &app, &["--json"]));
        assert_eq!((ended.code, ended.lines().len(), count(&app.rest(), "POST")), (0, 1, 3), "{}", ended.stderr);
    }
    let (sandbox, port) = (acme(), closed_port());
    let url = format!("http://127.0.0.1:{port}/v1");
    let args = [
        "webhooks",
        "create",
        "--provider",
        "acme",
        "--target",
        "https://a.test/",
        "--events",
        "order.paid",
        "--retries",
        "10",
        "--api-url",
        &url,
    ];
    let mut child = sandbox.start(&args);
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    assert!(line.contains("connection refused") && line.contains("then try 2 of 11 …"), "{line}");
    let app = App::start_on(port, |_| answer_json(201, &hook("wh_1")));
    told.read_to_string(&mut line).unwrap();
    let stdout = std::io::read_to_string(child.stdout.take().unwrap()).unwrap();
    let ended = checked(Ended { code: child.wait().unwrap().code().unwrap(), stdout, stderr: line });
    assert_eq!((ended.code, app.rest().len()), (0, 1), "{}", ended.stderr);
}

#[test]
fn what_is_known_of_a_lost_create_is_told_in_each_case() {
    let lost = |pages: Value| {
        let app = App::start(move |seen| match seen.line().starts_with("POST ") {
            true => answer(500, &[], ""),
            false => answer_json(200, &pages),
        });
        let ended = checked(create(&acme(), &app, &["--json"]));
        assert_eq!((ended.code, count(&app.rest(), "POST")), (3, 1));
        (ended.error()["message"].as_str().unwrap().to_owned(), ended.error()["hint"].as_str().unwrap().to_owned())
    };
    let mut other = page(&["a"]);
    other["data"][0]["url"] = json!("https://app.test/other");
    let (message, hint) = lost(other);
    assert!(message.ends_with("the API lists no webhook for https://app.test/hooks so far"), "{message}");
    assert!(hint.starts_with("it may still come: look again in a moment"), "{hint}");
    let mut spelt = page(&["a"]);
    spelt["data"][0]["url"] = json!("HTTPS://App.Test:443/hooks");
    let (message, _) = lost(spelt);
    assert!(message.contains("lists webhook a (of 2026"), "the same address in another spelling: {message}");
    let (message, _) = lost(page(&["a", "b"]));
    assert!(message.contains("lists 2 webhooks") && message.contains("a (of 2026"), "{message}");
    let (message, hint) = lost(json!({ "wrong": 1 }));
    assert!(message.ends_with("whether the webhook was made is not known"), "{message}");
    assert!(hint.contains("before it is made again"), "{hint}");
}

#[test]
fn with_an_idempotency_key_a_create_is_repeated_under_the_same_key() {
    let sandbox = acme_with("idempotency = \"Idempotency-Key\"\nauth = { kind = \"bearer\", env = [\"ACME_TOKEN\"] }");
    let trouble = answer(500, &[AGAIN], "");
    let app = App::start(in_turn(vec![trouble.clone(), trouble, answer_json(201, &hook("wh_1"))]));
    assert_eq!(checked(create(&sandbox, &app, &[])).code, 0);
    let keys: Vec<String> = app.rest().iter().map(|seen| seen.all("idempotency-key")[0].to_owned()).collect();
    assert!(keys.len() == 3 && keys.iter().all(|key| *key == keys[0] && key.len() == 36), "{keys:?}");
    assert_eq!(checked(create(&sandbox, &app, &[])).code, 0);
    assert_ne!(app.next().all("idempotency-key")[0], keys[0], "another create has another key");
}

#[test]
fn a_ping_is_not_sent_twice_and_a_lost_delete_counts_as_done() {
    let app = App::start(|_| answer(500, &[AGAIN], ""));
    let ended = checked(call(&acme(), &app, &["ping", "x"]));
    assert_eq!((ended.code, app.rest().len()), (3, 1), "{}", ended.stderr);
    let app = App::start(in_turn(vec![answer(502, &[AGAIN], ""), answer(404, &[], "")]));
    let ended = checked(call(&acme(), &app, &["delete", "x"]));
    assert_eq!((ended.code, app.rest().len()), (0, 2), "{}", ended.stderr);
}

#[test]
fn an_answer_without_end_is_not_read_to_it() {
    let app = App::start(|_| b"HTTP/1.1 200 X\r\ncontent-length: 2147483648\r\n\r\n{".to_vec());
    let ended = list(&acme(), &app, &["--json"]);
    assert_eq!((ended.code, &ended.error()["code"], app.rest().len()), (3, &json!("too_large"), 1));
    assert!(ended.error()["message"].as_str().unwrap().contains("larger than 8 MiB"), "{}", ended.stderr);
}

#[test]
fn what_is_no_http_is_said_to_be_none() {
    let app = App::start(|_| b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec());
    let ended = list(&acme(), &app, &["--json"]);
    assert_eq!((ended.code, &ended.error()["code"]), (3, &json!("protocol")), "{}", ended.stderr);
}

#[test]
fn a_certificate_that_nobody_vouches_for_ends_the_call_with_the_cure() {
    let server = Secured::start(&["localhost"]);
    let api = server.url.replace("/hook", "/v1");
    let sandbox = acme();
    sandbox.write("ca.pem", &server.certificate);
    let list = |args: &[&str]| {
        let all = [&["webhooks", "list", "--provider", "acme", "--api-url", &api, "--json"], args].concat();
        checked(sandbox.run(&all))
    };
    let refused = list(&[]);
    assert_eq!((refused.code, &refused.error()["code"]), (3, &json!("tls")), "{}", refused.stderr);
    assert!(refused.error()["hint"].as_str().unwrap().contains("--ca-cert FILE"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("waiting"), "it would end the same");
    let unchecked = list(&["--insecure"]);
    assert_eq!((unchecked.code, &unchecked.error()["code"]), (2, &json!("insecure_credential")));
    assert!(server.requests.try_recv().is_err(), "nothing was sent");
    let trusted = list(&["--ca-cert", "ca.pem"]);
    assert_eq!(&trusted.error()["code"], &json!("unreadable_answer"), "{}", trusted.stderr);
    assert_eq!(server.requests.recv().unwrap().header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    let warning = "warning: --insecure: nobody checks who answers as https://localhost:";
    for quiet in [&[][..], &["-q"]] {
        let sent = list(&[&["--insecure", "--insecure-send-token"], quiet].concat());
        assert!(sent.stderr.starts_with(warning) && server.requests.recv().is_ok(), "{}", sent.stderr);
    }
    let missing = list(&["--ca-cert", "none.pem"]);
    assert_eq!((missing.code, &missing.error()["code"]), (2, &json!("bad_certificate_file")));
}

#[test]
fn a_credential_does_not_go_over_an_open_way() {
    let sandbox = acme();
    for url in ["http://api.test/v1", "http://10.0.0.7/v1", "http://127.0.0.1.evil.test/v1"] {
        let ended = checked(sandbox.run(&["webhooks", "list", "--provider", "acme", "--api-url", url, "--json"]));
        assert_eq!((ended.code, &ended.error()["code"]), (2, &json!("insecure_credential")), "{url}");
    }
}

#[test]
fn proxies_of_the_environment_are_used_but_not_for_this_machine() {
    let proxy = App::start(|_| answer_json(200, &page(&["a"])));
    let sandbox = acme().env("HTTP_PROXY", &proxy.url()).env("http_proxy", &proxy.url());
    let app = App::start(|_| answer_json(200, &page(&["a"])));
    assert_eq!((list(&sandbox, &app, &[]).code, proxy.rest().len()), (0, 0));
    let url = ["--api-url", "http://api.test/v1", "--insecure-send-token"];
    let ended = checked(sandbox.run(&[&["webhooks", "list", "--provider", "acme"][..], &url].concat()));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(proxy.next().line(), "GET http://api.test/v1/hooks HTTP/1.1");
}

#[test]
fn no_file_keeps_the_token() {
    let sandbox = acme();
    let app = App::start(|_| answer_json(201, &hook("wh_1")));
    for args in [&["create", "--target", "https://a.test/", "--events", "*"][..], &["get", "x"], &["ping", "x"]] {
        assert_eq!(checked(call(&sandbox, &app, &[args, &["-vvv"]].concat())).code, 0);
    }
    let mut folders = vec![sandbox.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.path().is_dir() {
                true => folders.push(entry.path()),
                false => {
                    let bytes = std::fs::read(entry.path()).unwrap();
                    assert!(!String::from_utf8_lossy(&bytes).contains(TOKEN), "{}", entry.path().display());
                }
            }
        }
    }
}

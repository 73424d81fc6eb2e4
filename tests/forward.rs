//! `listen --forward-to`: what reaches the app, in which order, and whose answer the sender gets.

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::app::{App, closed_port};
use crate::sandbox::Sandbox;
use crate::wire::{Line, post, raw, request};

#[test]
fn the_targets_answer_is_the_answer() {
    let answer = "HTTP/1.1 422 Unprocessable Entity\r\nX-App: a\r\nX-App: b\r\nSet-Cookie: s=1\r\nKeep-Alive: timeout=5\r\n\
        Connection: keep-alive\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nno\x01\n";
    let (sandbox, app) = (Sandbox::new(), App::start(move |_| answer.as_bytes().to_vec()));
    let listening = sandbox.listen(&["-f", &app.url(), "--status", "204", "--body", "not this"]);
    let answered = post(&listening.address(), "/", &[], b"{}");
    assert_eq!((answered.status, answered.body.as_slice()), (422, &b"no\x01\n"[..]));
    assert_eq!((answered.all("x-app"), answered.all("set-cookie")), (vec!["a", "b"], vec!["s=1"]));
    assert_eq!((answered.all("content-length"), answered.all("keep-alive")), (vec!["4"], vec![]));
    let id = listening.next_of("received")["event"]["id"].clone();
    let line = listening.next_of("forwarded");
    let delivery = &line["delivery"];
    assert_eq!((&line["event_id"], &delivery["status"], &delivery["attempt"]), (&id, &json!(422), &json!(1)));
    assert_eq!((&delivery["error"], &delivery["response"]["body"]), (&Value::Null, &json!("no\u{1}\n")));
    assert_eq!(delivery["target"], format!("{}/", app.url()));
    let (_, lines, _) = listening.interrupt();
    assert_eq!((&lines[0]["forwarded"], &lines[0]["failed"]), (&json!(0), &json!(1)));
}

#[test]
fn a_chunked_answer_and_one_without_a_body_come_through() {
    let sandbox = Sandbox::new();
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x\r\n\r\n3\r\nabc\r\n0\r\nx: 1\r\n\r\n";
    let app = App::start(move |seen| match seen.line().starts_with("HEAD") {
        true => b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n".to_vec(),
        false if seen.body.is_empty() => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
        false => chunked.as_bytes().to_vec(),
    });
    let listening = sandbox.listen(&["-f", &app.url()]);
    let address = listening.address();
    let answered = post(&address, "/", &[], b"{}");
    assert_eq!((answered.text().as_str(), answered.all("transfer-encoding")), ("abc", vec![]));
    assert_eq!(post(&address, "/", &[], b"").status, 204);
    assert_eq!(raw(&address, request("HEAD", "/", &[], b"")).status, 200);
}

#[test]
fn a_target_that_is_down_is_502_at_once() {
    let sandbox = Sandbox::new();
    let port = closed_port().to_string();
    let listening = sandbox.listen(&["-f", &port]);
    let start = Instant::now();
    let answered = post(&listening.address(), "/", &[], b"{}");
    assert_eq!((answered.status, &answered.json()["error"]), (502, &json!("refused")));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let delivery = listening.next_of("forwarded")["delivery"].clone();
    assert_eq!((&delivery["error"]["kind"], &delivery["status"]), (&json!("refused"), &Value::Null));
    let message = delivery["error"]["message"].as_str().unwrap();
    assert!(message.contains("127.0.0.1"), "says what was tried: {message}");
}

#[test]
fn a_target_that_never_answers_is_502_after_the_forward_timeout() {
    let sandbox = Sandbox::new();
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = deaf.local_addr().unwrap().to_string();
    let listening = sandbox.listen(&["-f", &target, "--forward-timeout", "300ms"]);
    let answered = post(&listening.address(), "/", &[], b"{}");
    assert_eq!((answered.status, &answered.json()["error"]), (502, &json!("timeout")));
    assert_eq!(listening.next_of("forwarded")["delivery"]["error"]["kind"], "timeout");
}

#[test]
fn a_target_that_does_not_speak_http_is_502() {
    let sandbox = Sandbox::new();
    for answer in ["SSH-2.0-OpenSSH\r\n\r\n", "", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort"] {
        let app = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let target = app.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            for mut stream in app.incoming().map_while(Result::ok) {
                let mut chunk = [0; 4096];
                let _ = std::io::Read::read(&mut stream, &mut chunk);
                let _ = std::io::Write::write_all(&mut stream, answer.as_bytes());
            }
        });
        let listening = sandbox.listen(&["-f", &target]);
        assert_eq!(post(&listening.address(), "/", &[], b"{}").status, 502, "{answer:?}");
        assert_ne!(listening.next_of("forwarded")["delivery"]["error"], Value::Null, "{answer:?}");
    }
}

#[test]
fn two_hundred_events_reach_one_target_in_their_order() {
    let (sandbox, app) = (Sandbox::new(), App::answering("200 OK", "ok"));
    let listening = sandbox.listen(&["-f", &app.url(), "--respond", "now"]);
    let mut line = Line::open(&listening.address());
    for number in 0..200 {
        line.write(&request("POST", &format!("/{number}"), &[], number.to_string().as_bytes()));
        assert_eq!(line.answer(false).unwrap().status, 200);
    }
    let came: Vec<String> = (0..200).map(|_| String::from_utf8(app.next().body).unwrap()).collect();
    let sent: Vec<String> = (0..200).map(|number: i32| number.to_string()).collect();
    assert_eq!(came, sent);
    let (_, lines, _) = listening.interrupt();
    assert_eq!(lines.last().unwrap()["forwarded"], 200);
}

#[test]
fn a_slow_target_delays_no_other() {
    let (release, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    let slow = App::start(move |_| {
        let _ = gate.lock().unwrap().recv();
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()
    });
    let (sandbox, quick) = (Sandbox::new(), App::answering("200 OK", ""));
    let listening = sandbox.listen(&["-f", &slow.url(), "-f", &quick.url(), "--body", "mine"]);
    for number in 0..5 {
        let answered = post(&listening.address(), &format!("/{number}"), &[], b"{}");
        assert_eq!(answered.text(), "mine", "with two targets the configured answer goes out at once");
    }
    for number in 0..5 {
        assert_eq!(quick.next().line(), format!("POST /{number} HTTP/1.1"));
    }
    assert_eq!(slow.next().line(), "POST /0 HTTP/1.1");
    assert!(slow.rest().is_empty(), "one after the other");
    drop(release);
    let (_, lines, _) = listening.interrupt();
    assert_eq!(lines.last().unwrap()["forwarded"], 10, "what waits goes out before the end");
}

#[test]
fn respond_chooses_whose_answer_counts() {
    let (sandbox, app, other) = (Sandbox::new(), App::answering("299 Odd", "app"), App::answering("200 OK", "other"));
    let now = sandbox.listen(&["-f", &app.url(), "--respond", "now", "--body", "mine"]);
    assert_eq!(post(&now.address(), "/", &[], b"{}").text(), "mine");
    app.next();
    let upstream = sandbox.listen(&["-f", &app.url(), "-f", &other.url(), "--respond", "upstream"]);
    let answered = post(&upstream.address(), "/", &[], b"{}");
    assert_eq!((answered.status, answered.text().as_str()), (299, "app"), "the first target's");
    other.next();
}

#[test]
fn paths_and_queries_are_joined_below_the_target() {
    let (sandbox, app) = (Sandbox::new(), App::answering("200 OK", ""));
    let listening = sandbox.listen(&["-f", &format!("{}/base?k=1", app.url())]);
    for (sent, expected) in [
        ("/", "/base?k=1"),
        ("/a/b", "/base/a/b?k=1"),
        ("/base", "/base?k=1"),
        ("/base/a", "/base/a?k=1"),
        ("/a?x=1&x=2&y=+%2B&z", "/base/a?k=1&x=1&x=2&y=+%2B&z"),
        ("//evil.test/x", "/base/evil.test/x?k=1"),
        ("/@evil.test", "/base/@evil.test?k=1"),
        ("http://evil.test/x", "/base/x?k=1"),
        ("/200/550e8400-e29b-41d4-a716-446655440000", "/base/200/550e8400-e29b-41d4-a716-446655440000?k=1"),
    ] {
        let answered = post(&listening.address(), sent, &[], b"{}");
        assert_eq!(answered.status, 200, "{sent}: {}", answered.text());
        let seen = app.next();
        assert_eq!(seen.line(), format!("POST {expected} HTTP/1.1"), "{sent}");
        assert_eq!(seen.all("host"), [app.url().trim_start_matches("http://")], "{sent}");
    }
}

#[test]
fn paths_that_lead_out_of_the_target_are_not_forwarded() {
    let (sandbox, app) = (Sandbox::new(), App::answering("200 OK", ""));
    let listening = sandbox.listen(&["-f", &format!("{}/base", app.url())]);
    for path in ["/../admin", "/%2e%2e/admin", "/a/%2E./b", "/..%2fadmin", "/..%5cadmin", "/base/../admin", "/./x"] {
        let answered = post(&listening.address(), path, &[], b"{}");
        assert_eq!(answered.status, 502, "{path}");
        assert_eq!(listening.next_of("forwarded")["delivery"]["error"]["kind"], "protocol", "{path}");
    }
    assert!(app.rest().is_empty());
}

#[test]
fn what_belongs_to_the_connection_is_dropped_and_what_can_be_forged_is_renamed() {
    let (sandbox, app) = (Sandbox::new(), App::answering("200 OK", ""));
    let listening = sandbox.listen(&["-f", &app.url()]);
    let headers = [
        "Connection: keep-alive, X-Hop",
        "Keep-Alive: timeout=9",
        "X-Hop: 1",
        "TE: trailers",
        "Upgrade: h2c",
        "Proxy-Authorization: Basic eA==",
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-Host: trusted.test",
        "Forwarded: for=127.0.0.1",
        "X-Real-IP: 127.0.0.1",
        "Cookie: a=1",
    ];
    assert_eq!(post(&listening.address(), "/", &headers, b"{}").status, 200);
    let mut came: Vec<String> = app.next().headers().iter().map(|line| line.to_lowercase()).collect();
    came.retain(|line| !line.starts_with("host: ") && !line.starts_with("hookctl-event-id: "));
    came.sort();
    let expected = [
        "content-length: 2",
        "cookie: a=1",
        "hookctl-hop: 1",
        "x-hookctl-received-forwarded: for=127.0.0.1",
        "x-hookctl-received-x-forwarded-for: 127.0.0.1",
        "x-hookctl-received-x-forwarded-host: trusted.test",
        "x-hookctl-received-x-real-ip: 127.0.0.1",
    ];
    assert_eq!(came, expected);
}

#[test]
fn bodies_and_repeated_headers_arrive_byte_for_byte() {
    let (sandbox, app) = (Sandbox::new(), App::answering("200 OK", ""));
    let listening = sandbox.listen(&["-f", &app.url()]);
    let large = vec![b'\xee'; 3 << 20];
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00";
    for body in [&b""[..], b"\xff\x00\xfe{\"a\":1.0}\r\n", gzip, &large] {
        let headers = ["X-Sig: b", "X_Under: 1", "X-Sig: a", "X.Dot: 2", "Content-Encoding: gzip", "X-Sig: b"];
        assert_eq!(post(&listening.address(), "/", &headers, body).status, 200);
        let seen = app.next();
        assert!(seen.body == body, "{} bytes came of {}", seen.body.len(), body.len());
        assert_eq!((seen.all("x-sig"), seen.all("content-encoding")), (vec!["b", "a", "b"], vec!["gzip"]));
        assert_eq!((seen.all("x_under"), seen.all("x.dot")), (vec!["1"], vec!["2"]));
        assert_eq!(seen.all("content-length"), [body.len().to_string()]);
    }
    let chunked =
        "PUT /c HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\nt: 1\r\n\r\n";
    assert_eq!(raw(&listening.address(), chunked).status, 200);
    let seen = app.next();
    assert_eq!((seen.line(), seen.body.as_slice()), ("PUT /c HTTP/1.1", &b"abcde"[..]));
    assert_eq!((seen.all("content-length"), seen.all("transfer-encoding")), (vec!["5"], vec![]));
}

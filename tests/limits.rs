//! Requests that a listener must turn away, and odd ones that it must take.

use std::process::Command;

use serde_json::{Value, json};

use crate::sandbox::{Listening, Sandbox};
use crate::wire::{Line, post, raw, request};

/// The process still receives, and its next event is this one.
fn assert_fine(listening: &Listening) {
    assert_eq!(post(&listening.address(), "/fine", &[], b"{}").status, 200);
    assert_eq!(listening.next_of("received")["event"]["request"]["path"], "/fine");
}

#[test]
fn a_body_over_the_limit_is_413_and_said() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--max-body", "1KiB"]);
    let address = listening.address();
    let chunked = format!(
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n401\r\n{}\r\n0\r\n\r\n",
        "x".repeat(0x401)
    );
    for bytes in [request("POST", "/", &[], &[b'x'; 1025]), chunked.into_bytes()] {
        let answered = raw(&address, bytes);
        assert_eq!((answered.status, answered.all("connection")), (413, vec!["close"]), "{}", answered.text());
        let refused = listening.next_of("refused");
        assert_eq!(refused["status"], 413);
        assert!(refused["reason"].as_str().unwrap().contains("1024"), "names the limit: {refused}");
    }
    assert_eq!(post(&address, "/", &[], &[b'x'; 1024]).status, 200, "the limit itself is within");
    assert_eq!(listening.next_of("received")["event"]["request"]["body_bytes"], 1024);
}

#[test]
fn people_are_told_of_a_refusal_on_stderr() {
    let sandbox = Sandbox::new();
    let talking = sandbox.listen_human(&["--max-body", "10"]);
    assert_eq!(post(&talking.address, "/", &[], b"12345678901").status, 413);
    let (_, stdout, stderr) = talking.interrupt();
    assert_eq!(stdout, b"");
    assert!(stderr.contains("refused [413]"), "{stderr}");
}

#[test]
fn twenty_five_mebibytes_are_taken_and_one_byte_more_is_not() {
    let sandbox = Sandbox::new();
    let talking = sandbox.listen_human(&[]);
    let mut body = vec![b'x'; 25 << 20];
    assert_eq!(post(&talking.address, "/", &[], &body).status, 200);
    body.push(b'x');
    assert_eq!(post(&talking.address, "/", &[], &body).status, 413);
    let (_, stdout, _) = talking.interrupt();
    let shown = String::from_utf8(stdout).unwrap();
    let first = shown.lines().next().unwrap();
    assert!(first.ends_with("] 25.0 MiB"), "{first}");
}

#[test]
fn malformed_http_is_400_and_the_process_is_fine() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    for bytes in [
        &b"NOT HTTP AT ALL\r\n\r\n"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\na: b\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\na: \x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\na b: 1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    ] {
        let mut line = Line::open(&listening.address());
        line.write(bytes);
        let shown = String::from_utf8_lossy(bytes);
        let status = line.answer(false).map(|answered| answered.status);
        assert_eq!(status, Some(400), "{shown:?}");
        assert!(line.is_closed(), "{shown:?}");
    }
    assert_fine(&listening);
}

#[test]
fn a_sender_that_speaks_tls_is_named() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    let mut line = Line::open(&listening.address());
    line.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    assert!(line.is_closed());
    let refused = listening.next_of("refused");
    assert!(refused["reason"].as_str().unwrap().contains("TLS"), "{refused}");
    assert_fine(&listening);
}

#[test]
fn a_flood_of_headers_is_431() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    let many: String = (0..10_000).map(|number| format!("x-{number}: 1\r\n")).collect();
    for flood in [many, format!("x: {}\r\n", "y".repeat(1 << 20)), (0..101).map(|n| format!("x-{n}: 1\r\n")).collect()]
    {
        let answered = raw(&listening.address(), format!("POST / HTTP/1.1\r\nhost: x\r\n{flood}\r\n"));
        assert_eq!(answered.status, 431, "{} bytes", flood.len());
        assert_eq!(listening.next_of("refused")["status"], 431, "{} bytes", flood.len());
    }
    let long = raw(&listening.address(), format!("POST /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(20_000)));
    assert_eq!(long.status, 414);
    assert_fine(&listening);
}

#[test]
fn a_header_of_48_kib_and_99_headers_are_taken() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    let long = format!("x-long: {}", "y".repeat(48 << 10));
    assert_eq!(post(&listening.address(), "/", &[&long], b"").status, 200);
    let headers: Vec<String> = (0..98).map(|number| format!("x-{number}: {number}")).collect();
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    assert_eq!(post(&listening.address(), "/", &headers, b"").status, 200);
    let long = listening.next_of("received")["event"]["request"]["headers"][1][1].as_str().unwrap().len();
    assert_eq!(
        (long, listening.next_of("received")["event"]["request"]["headers"].as_array().unwrap().len()),
        (48 << 10, 100)
    );
}

#[test]
fn a_sender_that_leaves_mid_body_does_no_harm() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    let mut line = Line::open(&listening.address());
    line.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf");
    drop(line);
    assert_fine(&listening);
}

#[test]
fn a_sender_that_asks_first_is_told_to_continue_or_not_to() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--max-body", "10"]);
    let head = |length: usize| {
        format!("POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n")
    };
    let mut line = Line::open(&listening.address());
    line.write(head(2).as_bytes());
    assert_eq!(line.answer(false).unwrap().status, 100);
    line.write(b"{}");
    assert_eq!(line.answer(false).unwrap().status, 200);
    assert_eq!(listening.next_of("received")["event"]["request"]["body"], "{}");
    let mut line = Line::open(&listening.address());
    line.write(head(11).as_bytes());
    assert_eq!(line.answer(false).unwrap().status, 413, "before a byte of the body was sent");
}

#[test]
fn requests_in_one_packet_are_answered_in_order() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    let mut line = Line::open(&listening.address());
    let packet: Vec<u8> = (0..20).flat_map(|number| request("POST", &format!("/{number}"), &[], b"{}")).collect();
    line.write(&packet);
    for number in 0..20 {
        assert_eq!(line.answer(false).unwrap().status, 200);
        assert_eq!(listening.next_of("received")["event"]["request"]["path"], format!("/{number}"));
    }
}

#[test]
fn http2_is_spoken_to_those_who_begin_with_it() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--body", "both", "-H", "X-A: 1"]);
    let args = ["-sS", "--http2-prior-knowledge", "-d", "a=1", "-H", "X-Two: 2", "-w", "|%{http_version} %{http_code}"];
    let output = Command::new("curl").args(args).arg(format!("{}/h2?q=1", listening.url)).output().expect("curl");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(shown, "both|2 200");
    let request = listening.next_of("received")["event"]["request"].clone();
    assert_eq!((&request["path"], &request["query"], &request["body"]), (&json!("/h2"), &json!("q=1"), &json!("a=1")));
    let headers = request["headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["x-two", "2"])), "{headers:?}");
    let host: Value = json!(["host", listening.address()]);
    assert!(headers.contains(&host), "the authority stands in host: {headers:?}");
}

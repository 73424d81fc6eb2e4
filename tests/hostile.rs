//! Bodies and requests that broke other tools: the JSON line holds every byte.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::sandbox::Sandbox;
use crate::wire::{post, raw, request};

/// The body that a line holds.
fn body_of(request: &Value) -> Vec<u8> {
    let text = request["body"].as_str().unwrap();
    match request["body_encoding"].as_str() {
        Some("base64") => BASE64_STANDARD.decode(text).unwrap(),
        _ => text.as_bytes().to_vec(),
    }
}

fn hostile_bodies() -> Vec<(&'static str, Vec<u8>)> {
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    vec![
        ("big integers", br#"{"id":12345678901234567890123,"f":1.0,"e":1E400,"z":-0}"#.to_vec()),
        ("duplicate keys", br#"{"a":1,"a":2,"b":{"a":1,"a":null}}"#.to_vec()),
        ("escaped slashes", br#"{"u":"https:\/\/x\u002fy"}"#.to_vec()),
        ("lone surrogates", br#"{"s":"\ud800 \udc00\ud800"}"#.to_vec()),
        ("a raw surrogate", b"{\"s\":\"\xed\xa0\x80\"}".to_vec()),
        ("invalid UTF-8", b"{\"s\":\"\xff\xfe\"}".to_vec()),
        ("NUL", b"{\"s\":\"\x00\"}\x00".to_vec()),
        ("escaped NUL", br#"{"s":"\u0000"}"#.to_vec()),
        ("nothing", Vec::new()),
        ("line ends", b"a\r\nb\rc\n\n".to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{\"a\":1}".to_vec()),
        ("separators of lines", "{\"a\":\"\u{2028}\u{2029}\u{85}\"}".into()),
        ("nesting", deep.clone()),
        ("nesting without an end", deep[..100_000].to_vec()),
        ("objects without an end", br#"{"a":"#.repeat(50_000)),
        ("not JSON", b"{'a': undefined,}".to_vec()),
        ("shell", b"'$(id)' `id` \"; rm -rf / #".to_vec()),
        ("a forged line", b"\n{\"v\":1,\"type\":\"received\"}\n".to_vec()),
        ("HTML", b"</script><svg onload=alert(1)>".to_vec()),
        ("every byte", (0..=255).collect()),
    ]
}

#[test]
fn every_body_is_in_its_line_byte_for_byte() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    for content_type in ["application/json", "text/plain", "application/x-www-form-urlencoded"] {
        for (name, body) in hostile_bodies() {
            let header = format!("Content-Type: {content_type}");
            assert_eq!(post(&listening.address(), "/", &[&header], &body).status, 200, "{name}");
            let request = listening.next_of("received")["event"]["request"].clone();
            assert!(body_of(&request) == body, "{name}: {request}");
            assert_eq!(request["body_sha256"], hex::encode(Sha256::digest(&body)), "{name}");
            assert_eq!(request["body_bytes"], body.len(), "{name}");
            let encoding = if std::str::from_utf8(&body).is_ok() { "utf8" } else { "base64" };
            assert_eq!(request["body_encoding"], encoding, "{name}");
        }
    }
}

#[test]
fn a_hostile_body_is_verified_as_it_came() {
    let sandbox = Sandbox::new().env("HOOK_SECRET", crate::listen::SECRET);
    let listening = sandbox.listen(&["--provider", "prospektr", "--secret-env", "HOOK_SECRET"]);
    for (name, body) in hostile_bodies() {
        let answered = post(&listening.address(), "/", &[&crate::listen::signature(&body)], &body);
        assert_eq!(answered.status, 200, "{name}");
        assert_eq!(listening.next_of("received")["event"]["verdict"]["status"], "valid", "{name}");
        let unsigned = post(&listening.address(), "/", &[&crate::listen::signature(b"x")], &body);
        assert_eq!(unsigned.status, 401, "{name}");
        assert_eq!(listening.next_of("received")["event"]["verdict"]["status"], "invalid", "{name}");
    }
}

#[test]
fn any_method_is_received() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--body", "ok"]);
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "M-SEARCH", "x"] {
        let answered = raw(&listening.address(), request(method, "/", &[], b"{}"));
        assert_eq!(answered.status, 200, "{method}");
        assert_eq!(answered.text(), if method == "HEAD" { "" } else { "ok" }, "{method}");
        assert_eq!(listening.next_of("received")["event"]["request"]["method"], method);
    }
    assert_eq!(raw(&listening.address(), "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n").status, 405);
}

#[test]
fn any_path_and_query_stays_as_it_was_written() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    for (target, path, query) in [
        ("/", "/", Value::Null),
        ("/?", "/", json!("")),
        ("/a?k=1&k=2&k", "/a", json!("k=1&k=2&k")),
        ("/?a=+%2B%20&b=%zz", "/", json!("a=+%2B%20&b=%zz")),
        ("//evil.test//x/", "//evil.test//x/", Value::Null),
        ("/../a/./%2e%2e", "/../a/./%2e%2e", Value::Null),
        ("/%00%0a%1b[2J", "/%00%0a%1b[2J", Value::Null),
        ("/404/550e8400-e29b-41d4-a716-446655440000", "/404/550e8400-e29b-41d4-a716-446655440000", Value::Null),
        ("/\"quoted\"|{x}", "/\"quoted\"|{x}", Value::Null),
    ] {
        assert_eq!(post(&listening.address(), target, &[], b"").status, 200, "{target}");
        let request = listening.next_of("received")["event"]["request"].clone();
        assert_eq!((&request["path"], &request["query"]), (&json!(path), &query), "{target}");
    }
}

#[test]
fn headers_keep_their_repeats_their_order_and_odd_names() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    let headers = ["X-Sig: b", "X_Under: 1", "X.Dot: 2", "x-sig: a", "X-Empty:", "X-Latin: caf\u{e9}", "X-Sig: b"];
    assert_eq!(post(&listening.address(), "/", &headers, b"").status, 200);
    let request = listening.next_of("received")["event"]["request"].clone();
    let all = request["headers"].as_array().unwrap();
    let values = |name: &str| all.iter().filter(|pair| pair[0] == name).map(|pair| pair[1].clone()).collect::<Vec<_>>();
    assert_eq!(values("x-sig"), [json!("b"), json!("a"), json!("b")]);
    assert_eq!((values("x_under"), values("x.dot")), (vec![json!("1")], vec![json!("2")]));
    assert_eq!((values("x-empty"), values("x-latin")), (vec![json!("")], vec![json!("café")]));
}

#[test]
fn chunks_trailers_and_compression_are_no_hindrance() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    let chunked = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n\
        3;ext=1\r\nabc\r\n1\r\n\n\r\n0\r\nx-t: 1\r\n\r\n";
    assert_eq!(raw(&listening.address(), chunked).status, 200);
    assert_eq!(listening.next_of("received")["event"]["request"]["body"], "abc\n");
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00";
    assert_eq!(post(&listening.address(), "/", &["Content-Encoding: gzip"], gzip).status, 200);
    let request = listening.next_of("received")["event"]["request"].clone();
    assert!(body_of(&request) == gzip && request["headers"].to_string().contains("gzip"));
}

#[test]
fn forms_parts_xml_and_binary_are_shown_for_what_they_are() {
    let sandbox = Sandbox::new();
    let talking = sandbox.listen_human(&[]);
    let parts = "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhi\r\n\
        --b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\u{1}\r\n--b--\r\n";
    for (kind, body) in [
        ("application/x-www-form-urlencoded", &b"a=1+2&a=3"[..]),
        ("multipart/form-data; boundary=b", parts.as_bytes()),
        ("application/xml", b"<a>\n  <b/>\n</a>"),
        ("application/octet-stream", b"\x00\xff"),
        ("application/json", br#"{"n":1.00,"n":2}"#),
    ] {
        post(&talking.address, "/", &[&format!("Content-Type: {kind}")], body);
    }
    let (_, stdout, _) = talking.interrupt();
    let shown = String::from_utf8(stdout).unwrap();
    for line in [
        "a = 1 2",
        "a = 3",
        "part 1: name note, 2 B",
        "part 2: name f, file a.png, image/png, 1 B",
        "<a>",
        "  <b/>",
        "\"n\": 1.00,",
        "\"n\": 2",
    ] {
        assert!(shown.lines().any(|shown| shown.contains("│ ") && shown.ends_with(line)), "{line}: {shown}");
    }
    assert!(shown.contains(&hex::encode(Sha256::digest(b"\x00\xff"))), "{shown}");
}

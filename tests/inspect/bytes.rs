//! Bodies: to the byte, in ranges, laid out without a change, and never as anything a browser would run.

use std::io::Write as _;

use super::{deliveries, listen, receive};
use crate::sandbox::Sandbox;
use crate::target::Target;

#[test]
fn a_body_comes_back_to_the_byte_and_as_nothing_that_runs() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let bytes: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    for (kind, body) in [
        ("text/html", b"<script>alert(1)</script>".to_vec()),
        ("image/svg+xml", b"<svg onload=alert(1)>".to_vec()),
        ("application/octet-stream", bytes),
        ("application/json", Vec::new()),
    ] {
        let id = receive(&listening, "/", &[&format!("content-type: {kind}")], &body);
        let answered = inspector.get(&format!("/api/events/{id}/body"));
        assert_eq!((answered.status, &answered.body), (200, &body), "{kind}");
        assert_eq!(answered.all("content-type"), ["application/octet-stream"]);
        assert!(answered.all("content-disposition")[0].starts_with("attachment; filename="));
        assert_eq!(answered.all("x-content-type-options"), ["nosniff"]);
        assert_eq!(answered.all("content-security-policy"), ["default-src 'none'; sandbox"]);
        assert_eq!(answered.all("hookctl-total-bytes"), [body.len().to_string()]);
    }
}

#[test]
fn a_range_is_just_its_bytes() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let id = receive(&listening, "/", &[], b"1234567890");
    let path = format!("/api/events/{id}/body");
    let part = inspector.get_with(&path, &["range: bytes=2-4"]);
    assert_eq!((part.status, part.text().as_str()), (206, "345"));
    assert_eq!((part.all("content-range"), part.all("hookctl-total-bytes")), (vec!["bytes 2-4/10"], vec!["10"]));
    let behind = inspector.get_with(&path, &["range: bytes=10-"]);
    assert_eq!((behind.status, behind.json()["code"].clone()), (416, "no_such_range".into()));
    let pretty = inspector.get_with(&format!("{path}?form=pretty"), &["range: bytes=0-2"]);
    assert_eq!(pretty.text(), "123", "a number is JSON");
}

#[test]
fn a_layout_changes_nothing_but_white_space() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let body = br#"{"n":1.0,"n":1e400,"big":12345678901234567890.10,"s":"\/\u00e9\ud800","e":[],"z":-0}"#;
    let id = receive(&listening, "/", &[], body);
    let pretty = inspector.get(&format!("/api/events/{id}/body?form=pretty"));
    let expected = "{\n  \"n\": 1.0,\n  \"n\": 1e400,\n  \"big\": 12345678901234567890.10,\n  \
                    \"s\": \"\\/\\u00e9\\ud800\",\n  \"e\": [],\n  \"z\": -0\n}";
    assert_eq!(pretty.text(), expected);
    assert_eq!(pretty.all("content-type"), ["text/plain; charset=utf-8"]);
    // The very text that a terminal shows.
    let shown = sandbox.run(&["events", "show", &id]).stdout;
    let shown: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("    │ ")).collect();
    assert!(shown.join("\n").contains(expected), "{shown:?}");
}

#[test]
fn what_is_no_json_says_where_it_stops_being_it() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    for (body, said) in [
        (&b"{\"a\":\n?}"[..], "line 2, column 1"),
        (b"", "line 1, column 1"),
        (b"{\"a\":1}x", "line 1, column 8"),
        (b"\x00\xff", "line 1, column 1"),
    ] {
        let id = receive(&listening, "/", &["content-type: application/json"], body);
        let refused = inspector.get(&format!("/api/events/{id}/body?form=pretty"));
        let error = refused.json();
        assert_eq!((refused.status, &error["code"]), (422, &"not_json".into()));
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    }
    let id = receive(&listening, "/", &[], b"{}");
    assert_eq!(inspector.get(&format!("/api/events/{id}/body?form=nice")).status, 400);
}

#[test]
fn hostile_json_is_answered_in_bounds() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    let id = receive(&listening, "/", &[], &deep);
    let pretty = inspector.get_with(&format!("/api/events/{id}/body?form=pretty"), &["range: bytes=0-9"]);
    assert_eq!((pretty.status, pretty.body.len()), (206, 10));
    // Each value of this one would become 66 times as long.
    let wide = [b"[".repeat(64), b"1,".repeat(900_000), b"1".to_vec(), b"]".repeat(64)].concat();
    let id = receive(&listening, "/", &[], &wide);
    let refused = inspector.get(&format!("/api/events/{id}/body?form=pretty"));
    assert_eq!((refused.status, refused.json()["code"].clone()), (422, "too_long".into()));
}

#[test]
fn a_coded_body_is_decoded_to_be_read_and_kept_as_it_came() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(b"{\"a\":1.0}").unwrap();
    let coded = encoder.finish().unwrap();
    let id = receive(&listening, "/", &["content-encoding: gzip"], &coded);
    assert_eq!(inspector.get(&format!("/api/events/{id}/body")).body, coded);
    assert_eq!(inspector.get(&format!("/api/events/{id}/body?form=decoded")).text(), "{\"a\":1.0}");
    assert_eq!(inspector.get(&format!("/api/events/{id}/body?form=pretty")).text(), "{\n  \"a\": 1.0\n}");
    let plain = receive(&listening, "/", &[], b"{}");
    assert_eq!(inspector.get(&format!("/api/events/{plain}/body?form=decoded")).json()["code"], "not_coded");
}

#[test]
fn the_answers_of_targets_have_their_bodies_too() {
    let sandbox = Sandbox::new();
    let app =
        Target::start(&["HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{\"a\":1}"]);
    let (listening, inspector) = listen(&sandbox, &["-f", &app.url()]);
    let id = receive(&listening, "/", &[], b"{}");
    deliveries(&inspector, &id, 1);
    let path = format!("/api/events/{id}/deliveries/1/body");
    assert_eq!(inspector.get(&path).text(), "{\"a\":1}");
    assert_eq!(inspector.get(&format!("{path}?form=pretty")).text(), "{\n  \"a\": 1\n}");
    for wrong in ["0", "2", "x", "-1"] {
        assert_eq!(inspector.get(&format!("/api/events/{id}/deliveries/{wrong}/body")).status, 404, "{wrong}");
    }
}

#[test]
fn the_largest_bodies_come_back_to_the_byte() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let body: Vec<u8> =
        (0..25 * 1024 * 1024_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let id = receive(&listening, "/", &["content-type: application/octet-stream"], &body);
    let whole = inspector.get(&format!("/api/events/{id}/body"));
    assert!(whole.body == body, "{} bytes came back", whole.body.len());
    let last = inspector.get_with(&format!("/api/events/{id}/body"), &["range: bytes=-3"]);
    assert_eq!(last.body, body[body.len() - 3..]);
    assert_eq!(
        inspector.get(&format!("/api/events/{id}?body=false")).json()["event"]["request"]["body_bytes"],
        body.len()
    );
}

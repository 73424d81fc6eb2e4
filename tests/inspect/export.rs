//! Events in the forms of other tools.

use std::process::Command;

use super::{listen, receive};
use crate::app::App;
use crate::sandbox::Sandbox;
use crate::wire;

#[test]
fn every_form_is_a_file_without_credentials() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let headers = ["authorization: Bearer abc", "content-type: application/json", "x-github-event: push"];
    let id = receive(&listening, "/?token=q1", &headers, b"{\"n\":1.0}");
    for (format, ending, holds) in [
        ("har", ".har", "\"version\":\"1.2\""),
        ("jsonl", ".jsonl", "{\"v\":1,\"type\":\"event\""),
        ("http", ".http", "POST http://"),
        ("curl", ".sh", "curl -X POST"),
    ] {
        let file = inspector.get(&format!("/api/events/{id}/export?format={format}"));
        let text = file.text();
        assert_eq!(file.status, 200, "{text}");
        assert!(file.all("content-disposition")[0].contains(ending), "{format}");
        assert!(text.contains(holds) && text.contains("1.0"), "{text}");
        assert!(!text.contains("abc") && !text.contains("q1"), "{text}");
        let shown = inspector.get(&format!("/api/events/{id}/export?format={format}&show_secrets=true")).text();
        assert!(shown.contains("abc") && shown.contains("q1"), "{shown}");
    }
    let fixture = inspector.get(&format!("/api/events/{id}/export?format=fixture"));
    assert_eq!(fixture.text(), "{\"n\":1.0}");
    assert_eq!(fixture.all("content-disposition"), ["attachment; filename=\"push.json\""]);
    for wrong in ["?format=csv", "?format=", ""] {
        assert_eq!(inspector.get(&format!("/api/events/{id}/export{wrong}")).status, 400, "{wrong}");
    }
}

#[test]
fn a_hostile_body_stays_data_where_its_curl_command_runs() {
    let sandbox = Sandbox::new();
    let app = App::start(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec());
    let (listening, inspector) = listen(&sandbox, &[]);
    let host = format!("host: {}", app.url().trim_start_matches("http://"));
    for body in [
        &b"'; touch pwned; echo '"[..],
        b"$(touch pwned)`touch pwned`",
        b"@/etc/passwd",
        b"\"\\\n\x00\xff'$'\\x41",
        b"{\"a\":\"\xe2\x80\xae\"}",
    ] {
        let headers = [host.as_str(), "x-hostile: '; touch pwned; '", "content-type: text/plain"].join("\r\n");
        let head =
            format!("POST /p?q=$(touch+pwned)[1] HTTP/1.1\r\n{headers}\r\ncontent-length: {}\r\n\r\n", body.len());
        wire::raw(&listening.address(), [head.as_bytes(), body].concat());
        let id = super::next_id(&listening);
        let command = inspector.get(&format!("/api/events/{id}/export?format=curl")).text();
        let ran = Command::new("bash").args(["-c", &command]).current_dir(sandbox.path()).output().unwrap();
        assert!(ran.status.success(), "{command}");
        let seen = app.next();
        assert_eq!((seen.body.as_slice(), seen.line()), (body, "POST /p?q=$(touch+pwned)[1] HTTP/1.1"), "{command}");
        assert_eq!(seen.all("x-hostile"), ["'; touch pwned; '"]);
        assert!(!sandbox.path().join("pwned").exists(), "{command}");
    }
}

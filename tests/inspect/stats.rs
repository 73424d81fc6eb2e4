//! Arrivals and deliveries by time.

use serde_json::Value;

use super::{Inspector, listen};
use crate::app::App;
use crate::sandbox::Sandbox;
use crate::wire;

fn sum(numbers: &Value) -> u64 {
    numbers.as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).sum()
}

fn stats(inspector: &Inspector, query: &str) -> Value {
    let answered = inspector.get(&format!("/api/stats?{query}"));
    assert_eq!(answered.status, 200, "{}", answered.text());
    answered.json()
}

#[test]
fn events_and_deliveries_are_counted_by_time() {
    let sandbox = Sandbox::new().env("HOOK_SECRET", "s3cret");
    let app = App::start(|seen| {
        let status = if seen.body == b"{\"bad\":1}" { "404 No" } else { "200 OK" };
        format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").into_bytes()
    });
    let url = app.url();
    let args = ["--provider", "github", "--secret-env", "HOOK_SECRET", "--accept-invalid", "-f", &url];
    let (listening, inspector) = listen(&sandbox, &args);
    for body in ["{}", "{\"bad\":1}", "{}"] {
        wire::post(
            &listening.address(),
            "/",
            &["X-GitHub-Event: ping", "X-Hub-Signature-256: sha256=00"],
            body.as_bytes(),
        );
    }
    let other = App::answering("301 Moved", "");
    sandbox.run(&["events", "replay", "@1", "--to", &other.url()]);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    sandbox.run(&["events", "replay", "@2", "--to", &closed]);
    for (query, arrivals, deliveries) in [
        ("", 3, [2, 1, 1, 0, 1]),
        ("window=1h&buckets=7", 3, [2, 1, 1, 0, 1]),
        ("window=24h&buckets=240", 3, [2, 1, 1, 0, 1]),
        ("window=all&buckets=1", 3, [2, 1, 1, 0, 1]),
        ("window=all", 3, [2, 1, 1, 0, 1]),
        ("event=ping", 3, [2, 1, 1, 0, 1]),
        ("event=none", 0, [0; 5]),
        ("filter=json:/bad=1", 1, [0, 0, 1, 0, 1]),
        ("filter=bad", 1, [0, 0, 1, 0, 1]),
        ("since=1h", 3, [2, 1, 1, 0, 1]),
        ("until=1h", 0, [2, 1, 1, 0, 1]),
        ("failed=true", 2, [1, 1, 1, 0, 1]),
    ] {
        let stats = stats(&inspector, query);
        let classes = ["2xx", "3xx", "4xx", "5xx", "failed"].map(|class| sum(&stats["deliveries"][class]));
        assert_eq!(sum(&stats["arrivals"]), arrivals, "{query}: {stats}");
        assert_eq!(sum(&stats["refused"]), arrivals, "{query}: all are");
        assert_eq!(classes, deliveries, "{query}");
        assert_eq!(stats["scanned_to"], Value::Null);
        let from: jiff::Timestamp = stats["from"].as_str().unwrap().parse().unwrap();
        let to: jiff::Timestamp = stats["to"].as_str().unwrap().parse().unwrap();
        let count = stats["arrivals"].as_array().unwrap().len() as i64;
        assert_eq!(to.as_millisecond() - from.as_millisecond(), stats["bucket_ms"].as_i64().unwrap() * count);
    }
}

#[test]
fn a_window_that_there_is_not_is_refused() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = listen(&sandbox, &[]);
    for query in ["window=2h", "buckets=0", "buckets=241", "x=1"] {
        assert_eq!(inspector.get(&format!("/api/stats?{query}")).status, 400, "{query}");
    }
    assert_eq!(sum(&stats(&inspector, "window=all")["arrivals"]), 0, "an empty history has a picture, too");
}

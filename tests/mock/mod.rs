//! `hookctl mock`: a provider on this machine, with real targets.

mod api;
mod drill;
mod failing;
mod guard;
mod happening;
mod kept;
mod manners;

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::app::{App, Seen};
use crate::sandbox::Listening;
use crate::wire::{Answered, raw, request};

/// A target that takes connections and never answers.
fn silent() -> (TcpListener, String) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    (silent, url)
}

/// A control call with a JSON body.
fn call(mock: &Listening, path: &str, body: &Value) -> Answered {
    let bytes = request("POST", path, &["content-type: application/json"], body.to_string().as_bytes());
    raw(&mock.address(), bytes)
}

/// What a control call tells.
fn told(mock: &Listening, path: &str) -> Value {
    let answered = raw(&mock.address(), request("GET", path, &[], b""));
    assert_eq!(answered.status, 200, "{}", answered.text());
    answered.json()
}

/// Registers a target for these events; gives the webhook's id.
fn register(mock: &Listening, url: &str, events: &[&str]) -> String {
    let answered = call(mock, "/_mock/webhooks", &json!({ "url": url, "events": events }));
    assert_eq!(answered.status, 201, "{}", answered.text());
    answered.json()["webhook"]["id"].as_str().unwrap().to_owned()
}

/// Makes an event happen without waiting for anything.
fn emit(mock: &Listening, event: &str) -> Value {
    let answered = call(mock, "/_mock/emit", &json!({ "event": event }));
    assert_eq!(answered.status, 202, "{}", answered.text());
    answered.json()
}

/// The next attempts that the mock tells of.
fn attempts(mock: &Listening, count: usize) -> Vec<Value> {
    (0..count).map(|_| mock.next_of("attempt")).collect()
}

/// The status of each attempt.
fn statuses(attempts: &[Value]) -> Vec<Option<u64>> {
    attempts.iter().map(|attempt| attempt["delivery"]["status"].as_u64()).collect()
}

fn states(attempts: &[Value]) -> Vec<&str> {
    attempts.iter().map(|attempt| attempt["state"].as_str().unwrap()).collect()
}

/// An app that answers with these statuses, one after the other, and then with the last one.
pub fn app(statuses: &[u16]) -> App {
    let statuses = statuses.to_vec();
    let count = std::sync::atomic::AtomicUsize::new(0);
    App::start(move |_| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let status = statuses[number.min(statuses.len() - 1)];
        format!("HTTP/1.1 {status} Status\r\ncontent-length: 0\r\n\r\n").into_bytes()
    })
}

fn body(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).unwrap()
}

/// The waits that the provider makes before the attempts.
fn waits(attempts: &[Value]) -> Vec<u64> {
    attempts.iter().map(|attempt| attempt["wait_ms"].as_f64().unwrap() as u64 / 1000).collect()
}

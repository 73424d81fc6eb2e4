//! The inspector's API, called by a program. Whatever it answers is held against its own description.

mod bytes;
mod contract;
mod event;
mod export;
mod guard;
mod leaks;
mod list;
mod replay;
mod send;
mod side_by_side;
mod start;
mod stats;
mod stream;

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::sandbox::{Listening, Sandbox};
use crate::wire::{self, Answered};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// An inspector as its caller knows it.
pub struct Inspector {
    /// `127.0.0.1:PORT`
    pub address: String,
    /// 32 hexadecimal digits.
    pub token: String,
}

impl Inspector {
    /// The one whose URL stands in a `ready` line.
    pub fn of(ready: &Value) -> Self {
        let url = ready["inspector"].as_str().unwrap_or_else(|| panic!("no inspector in {ready}"));
        let (address, token) = url.trim_start_matches("http://").split_once("/#token=").unwrap();
        Self { address: address.to_owned(), token: token.to_owned() }
    }

    /// `GET` with the token.
    pub fn get(&self, target: &str) -> Answered {
        self.get_with(target, &[])
    }

    /// `GET` with the token and other headers.
    pub fn get_with(&self, target: &str, headers: &[&str]) -> Answered {
        self.call("GET", target, headers, b"")
    }

    /// `POST` of JSON with the token.
    pub fn post(&self, target: &str, body: &Value) -> Answered {
        self.call("POST", target, &["content-type: application/json"], body.to_string().as_bytes())
    }

    fn call(&self, method: &str, target: &str, headers: &[&str], body: &[u8]) -> Answered {
        let (host, token) = (format!("host: {}", self.address), format!("hookctl-token: {}", self.token));
        let headers = [&[host.as_str(), &token], headers].concat();
        let answered = self.raw(method, target, &headers, body);
        contract::check(method, target, &answered);
        answered
    }

    /// A request with just these headers.
    pub fn raw(&self, method: &str, target: &str, headers: &[&str], body: &[u8]) -> Answered {
        let mut head = format!("{method} {target} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        wire::raw(&self.address, [head.as_bytes(), b"\r\n", body].concat())
    }
}

/// An inspector without a listener; killed on drop.
pub struct Alone {
    child: Child,
    pub inspector: Inspector,
}

/// `hookctl inspect` on a free port.
pub fn alone(sandbox: &Sandbox) -> Alone {
    let mut child = sandbox.start(&["inspect", "--json", "0"]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    Alone { inspector: Inspector::of(&serde_json::from_str(&line).unwrap()), child }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Posts a request to a listener; gives the id of the event that it became.
pub fn receive(listening: &Listening, target: &str, headers: &[&str], body: &[u8]) -> String {
    wire::post(&listening.address(), target, headers, body);
    next_id(listening)
}

/// The id of the next event.
pub fn next_id(listening: &Listening) -> String {
    listening.next_of("received")["event"]["id"].as_str().unwrap().to_owned()
}

/// The deliveries of an event, once there are so many: they are kept after the target has answered.
pub fn deliveries(inspector: &Inspector, id: &str, count: usize) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let past = inspector.get(&format!("/api/events/{id}")).json();
        let made = past["deliveries"].as_array().unwrap();
        if made.len() >= count {
            return made.clone();
        }
        assert!(began.elapsed() < PATIENCE, "{past}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A listener with an inspector beside it, on free ports.
pub fn listen(sandbox: &Sandbox, args: &[&str]) -> (Listening, Inspector) {
    let listening = sandbox.listen(&[&["--inspect=0"], args].concat());
    let inspector = Inspector::of(&listening.ready);
    (listening, inspector)
}

//! The inspector's API, called by a program. Whatever it answers is held against its own description.

mod contract;
mod guard;
mod start;

use serde_json::Value;

use crate::sandbox::{Listening, Sandbox};
use crate::wire::{self, Answered};

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

/// A listener with an inspector beside it, on free ports.
pub fn listen(sandbox: &Sandbox, args: &[&str]) -> (Listening, Inspector) {
    let listening = sandbox.listen(&[&["--inspect=0"], args].concat());
    let inspector = Inspector::of(&listening.ready);
    (listening, inspector)
}

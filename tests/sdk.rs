//! The vendors' own SDKs: what nobody here wrote must find the mock to be the provider, and verify what it sends.
//!
//! The scripts are in tests/interop/mock, and `tests/run` installs what they import.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// Longer than a script takes for a step on a busy machine; only a hang meets it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The npm project of the SDKs.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop")
}

/// A file of an installed package.
pub fn installed(file: &str) -> PathBuf {
    let path = folder().join("node_modules").join(file);
    assert!(path.exists(), "{} is not there: run tests/run once, it installs the SDKs", path.display());
    path
}

/// A running script; killed on drop.
struct Script {
    child: Child,
    lines: Receiver<String>,
    problem: Option<JoinHandle<String>>,
}

impl Script {
    fn start(provider: &str, part: &str, ready: &Value) -> Self {
        installed("stripe");
        let mut command = Command::new("node");
        command.arg(format!("mock/{provider}.mjs")).arg(part).current_dir(folder()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("MOCK", ready.to_string());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            lines.map(|line| send.send(line)).take_while(Result::is_ok).for_each(drop);
        });
        // Read along, so that a script with much to say does not wait for a reader.
        let problem = Some(std::thread::spawn(move || std::io::read_to_string(stderr).unwrap_or_default()));
        Self { child, lines, problem }
    }

    /// What it tells next; `None` at its end.
    fn next(&mut self) -> Option<Value> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                self.child.kill().unwrap();
                panic!("it says nothing for {PATIENCE:?}: {}", self.problem());
            }
        }
    }

    /// What it tells up to its end, which must be a good one.
    fn rest(mut self) -> Vec<Value> {
        let told: Vec<Value> = std::iter::from_fn(|| self.next()).collect();
        let problem = self.problem();
        assert!(self.child.wait().unwrap().success(), "{problem}");
        told
    }

    /// What it says on stderr, to its end.
    fn problem(&mut self) -> String {
        self.problem.take().and_then(|said| said.join().ok()).unwrap_or_default()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The SDK makes, lists, reads, changes and deletes webhooks, and knows the errors for its own.
fn manages(provider: &str) {
    let sandbox = Sandbox::new();
    let mock = sandbox.mock(&[provider]);
    assert_eq!(Script::start(provider, "register", &mock.ready).rest(), [json!({ "done": "register" })]);
}

/// The SDK verifies what `mock emit` delivers, and refuses it once it is tampered with.
fn verifies(provider: &str, event: &str, expected: &[&str]) {
    let sandbox = Sandbox::new();
    let mock = sandbox.mock(&[provider]);
    let mut script = Script::start(provider, "receive", &mock.ready);
    let Some(first) = script.next() else { panic!("it told nothing: {:?}", script.rest()) };
    assert_eq!(first["listening"], true, "{first}");
    let emitted = sandbox.run(&["mock", "emit", event, "--api-url", mock.ready["api_url"].as_str().unwrap()]);
    let mut told = script.rest();
    assert_eq!(told.pop(), Some(json!({ "done": "receive" })));
    let verified: Vec<&Value> = told.iter().map(|line| &line["verified"]).collect();
    assert_eq!(verified, expected);
    assert_eq!(emitted.code, 0, "{}{}", emitted.stdout, emitted.stderr);
}

#[test]
fn octokit_manages_repository_and_organisation_webhooks() {
    manages("github");
}

#[test]
fn octokit_verifies_the_ping_and_the_push() {
    verifies("github", "push", &["ping", "push"]);
}

#[test]
fn the_stripe_sdk_manages_webhook_endpoints() {
    manages("stripe");
}

#[test]
fn the_stripe_sdk_verifies_an_event() {
    verifies("stripe", "invoice.paid", &["invoice.paid"]);
}

#[test]
fn the_svix_sdk_manages_endpoints() {
    manages("svix");
}

#[test]
fn the_svix_sdk_verifies_a_message() {
    verifies("svix", "endpoint.disabled", &["svix.ping", "endpoint.disabled"]);
}

#[test]
fn the_lock_of_the_sdks_names_no_registry() {
    let lock = std::fs::read_to_string(folder().join("package-lock.json")).unwrap();
    for word in ["resolved", "http://", "registry"] {
        assert!(!lock.contains(word), "package-lock.json names a registry: {word}");
    }
}

//! The vendors' own SDKs: what nobody here wrote must find the mock to be the provider, and verify what it sends.
//!
//! The scripts are in tests/sdk, and `tests/run` installs what they import.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk")
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
    lines: BufReader<std::process::ChildStdout>,
}

impl Script {
    fn start(provider: &str, part: &str, ready: &Value) -> Self {
        installed("stripe");
        let mut command = Command::new("node");
        command.arg(format!("{provider}.mjs")).arg(part).current_dir(folder()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("MOCK", ready.to_string());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// What it tells next; `None` at its end.
    fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        (!line.is_empty()).then(|| serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    /// What it tells up to its end, which must be a good one.
    fn rest(mut self) -> Vec<Value> {
        let told: Vec<Value> = std::iter::from_fn(|| self.next()).collect();
        let mut problem = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut problem).unwrap();
        assert!(self.child.wait().unwrap().success(), "{problem}");
        told
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

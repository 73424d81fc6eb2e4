//! The whole walk of the README, with a provider on this machine: register, an event happens, receive
//! it verified, fail twice, see the retries, pass, unregister.

use serde_json::{Value, json};

use crate::mock::app;
use crate::sandbox::{Ended, Listening, Sandbox};

/// A mock and how to speak to it.
struct Walk {
    sandbox: Sandbox,
    mock: Listening,
    api: String,
}

impl Walk {
    fn begin(provider: &str, more: &[&str]) -> Self {
        let sandbox = Sandbox::new();
        let mock = sandbox.mock(&[&[provider], more].concat());
        let ready = mock.ready.clone();
        let text = |name: &str| ready[name].as_str().unwrap_or_default().to_owned();
        let (username, password, token) = (text("username"), text("password"), text("token"));
        let sandbox = sandbox.env("USERNAME", &username).env("PASSWORD", &password).env("TOKEN", &token);
        Self { api: text("api_url"), sandbox, mock }
    }

    fn run(&self, args: &[&str]) -> Ended {
        self.sandbox.run(&[args, &["--api-url", &self.api, "--json"]].concat())
    }

    /// The deliveries in the log, by state, with their attempts.
    fn log(&self) -> Vec<(String, usize)> {
        let lines = self.run(&["mock", "log"]).lines();
        let told = |line: &Value| {
            let state = line["state"].as_str().unwrap().to_owned();
            (state, line["attempts"].as_array().unwrap().len())
        };
        lines.iter().map(told).collect()
    }
}

#[test]
fn prokeep_registers_delivers_once_and_again_by_hand() {
    let walk = Walk::begin("prokeep", &[]);
    let webhooks = |words: &[&str]| {
        let credentials = ["--provider", "prokeep", "--username-env", "USERNAME", "--password-env", "PASSWORD"];
        walk.run(&[&["webhooks"], words, &credentials].concat())
    };
    let target = app(&[503, 503, 200]);
    let listening = walk.sandbox.listen(&["--provider", "prokeep", "-f", &target.url()]);
    let url = format!("http://{}", listening.address());
    let made = webhooks(&["create", "--target", &url, "--events", "message_received,thread_*"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let webhook = &made.lines()[0]["webhook"];
    assert_eq!(webhook["events"], json!(["message_received", "thread_created", "thread_claimed", "thread_closed"]));

    assert_eq!(walk.run(&["mock", "emit", "message_received", "--set", "data.text=hello"]).code, 1, "it failed");
    let received = listening.next_of("received");
    assert_eq!(received["event"]["event_type"], "message_received");
    assert_eq!(received["event"]["verdict"]["status"], "unchecked", "prokeep signs nothing");
    assert!(received["event"]["request"]["body"].as_str().unwrap().contains("\"hello\""));
    assert_eq!(walk.log(), [("failed".to_owned(), 1)], "prokeep documents no retries");

    let id = walk.run(&["mock", "log"]).lines()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(walk.run(&["mock", "redeliver", &id]).code, 1, "the second failure");
    assert_eq!(walk.run(&["mock", "redeliver", &id]).code, 0);
    assert_eq!(walk.log(), [("delivered".to_owned(), 3)]);
    assert_eq!(walk.run(&["mock", "emit", "company_created"]).code, 1, "nobody asked for it");

    let deleted = webhooks(&["delete", webhook["id"].as_str().unwrap()]);
    assert_eq!(deleted.code, 2);
    assert!(deleted.error()["message"].as_str().unwrap().contains("prokeep documents no call to delete a webhook"));
    assert_eq!(webhooks(&["list"]).lines().len(), 1);
}

#[test]
fn svix_registers_delivers_signed_retries_and_unregisters() {
    let walk = Walk::begin("svix", &["--time-scale", "10000"]);
    let webhooks = |words: &[&str]| {
        let credentials = ["--provider", "svix", "--token-env", "TOKEN", "--var", "app_id=app_1"];
        walk.run(&[&["webhooks"], words, &credentials].concat())
    };
    // The provider makes the secret, so the listener starts behind the registration, on its port.
    let port = crate::app::closed_port().to_string();
    let made = webhooks(&["create", "--target", &format!("http://127.0.0.1:{port}"), "--all-events"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let webhook = &made.lines()[0]["webhook"];
    let secret = webhook["secret_file"].as_str().unwrap();

    let target = app(&[503, 500, 200]);
    let forward = target.url();
    let args = ["--port", &port, "--provider", "svix", "--secret-file", secret, "-f", &forward];
    let listening = walk.sandbox.listen(&args);
    assert_eq!(walk.run(&["mock", "emit", "endpoint.created"]).code, 1, "the first attempt fails");
    let attempts: Vec<Value> = (0..3).map(|_| walk.mock.next_of("attempt")).collect();
    let statuses: Vec<_> = attempts.iter().map(|attempt| attempt["delivery"]["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [503, 500, 200]);
    assert_eq!(attempts[0]["retry_in_ms"], 5_000.0, "the published schedule: 5 s, then 5 min");
    assert_eq!(attempts[1]["retry_in_ms"], 300_000.0);
    for number in 1..=3_u64 {
        let received = listening.next_of("received");
        assert_eq!(received["event"]["verdict"]["status"], "valid", "{received}");
        let repeat = &received["event"]["retry"];
        assert_eq!(repeat["number"].as_u64().unwrap_or(0), number - 1, "one delivery id: {repeat}");
    }
    assert_eq!(walk.log(), [("delivered".to_owned(), 3)]);

    assert_eq!(webhooks(&["delete", webhook["id"].as_str().unwrap()]).code, 0);
    assert!(webhooks(&["list"]).lines().is_empty());
    assert_eq!(walk.run(&["mock", "emit", "endpoint.created"]).code, 1, "nobody is registered");
}

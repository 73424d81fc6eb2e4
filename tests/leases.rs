//! `listen --register`: a registration for as long as the listener lives, and what is left of it after a crash.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api_server;
use crate::app::{App, closed_port};
use crate::sandbox::{Ended, Listening, Sandbox, signal};

const REPO: [&str; 4] = ["--var", "owner=me", "--var", "repo=app"];

/// A mock, and a folder whose commands know its token; the arguments that lead to its API.
struct Provider {
    sandbox: Sandbox,
    mock: Listening,
    id: &'static str,
    api_url: String,
}

impl Provider {
    fn start(id: &'static str) -> Self {
        let sandbox = Sandbox::new();
        let mock = sandbox.mock(&[id]);
        let text = |name: &str| mock.ready[name].as_str().unwrap_or_default().to_owned();
        let api_url = text("api_url");
        let sandbox = sandbox.env("T", &text("token")).env("U", &text("username")).env("P", &text("password"));
        Self { sandbox, mock, id, api_url }
    }

    fn reach(&self) -> Vec<&str> {
        let mut args = vec!["--api-url", &self.api_url];
        match self.id {
            "prokeep" => args.extend(["--username-env", "U", "--password-env", "P"]),
            _ => args.extend(["--token-env", "T"]),
        }
        if self.id == "github" {
            args.extend(REPO);
        }
        args
    }

    /// A listener that is registered.
    fn listen(&self, more: &[&str]) -> Listening {
        let port = closed_port().to_string();
        let url = format!("http://127.0.0.1:{port}/");
        let args = ["--port", &port, "--register", self.id, "--public-url", &url];
        self.sandbox.listen(&[&args[..], &self.reach(), more].concat())
    }

    fn webhooks(&self, args: &[&str]) -> Ended {
        let provider = ["--provider", self.id, "--json"];
        self.sandbox.run(&[&["webhooks"], args, &provider, &self.reach()].concat())
    }

    fn list(&self) -> Vec<Value> {
        let listed = self.webhooks(&["list"]);
        assert_eq!(listed.code, 0, "{}", listed.stderr);
        listed.lines()
    }

    /// What `prune` says, without naming the API again: the lease knows it.
    fn prune(&self, more: &[&str]) -> Ended {
        let credentials: &[&str] =
            if self.id == "prokeep" { &["--username-env", "U", "--password-env", "P"] } else { &["--token-env", "T"] };
        self.sandbox.run(&[&["webhooks", "prune", "--json"], credentials, more].concat())
    }
}

fn leases(sandbox: &Sandbox) -> usize {
    std::fs::read_dir(sandbox.path().join(".local/state/hookctl/leases")).map_or(0, Iterator::count)
}

fn kill(mut listening: Listening) {
    signal(listening.pid(), "KILL");
    listening.wait();
}

/// A sample of the line, for the schema.
pub fn left_behind() -> Value {
    let github = Provider::start("github");
    kill(github.listen(&[]));
    github.prune(&[]).lines().remove(0)
}

#[test]
fn a_listener_registers_itself_verifies_and_takes_itself_away_again() {
    let github = Provider::start("github");
    let listening = github.listen(&["--register-events", "push,issue*"]);
    let ping = listening.next_of("received")["event"].clone();
    assert_eq!((&ping["event_type"], &ping["verdict"]["status"]), (&json!("ping"), &json!("valid")), "{ping}");
    let listed = github.list();
    assert_eq!((listed.len(), &listed[0]["webhook"]["mine"]), (1, &json!(true)), "{listed:?}");
    let events = listed[0]["webhook"]["events"].as_array().unwrap();
    assert!(events.contains(&json!("push")) && events.contains(&json!("issues")) && !events.contains(&json!("star")));
    let (code, lines, stderr) = listening.interrupt();
    assert_eq!(code, 0, "{stderr}");
    let gone = lines.iter().find(|line| line["type"] == "unregistered").unwrap();
    assert_eq!((&gone["outcome"], &gone["id"]), (&json!("deleted"), &listed[0]["webhook"]["id"]));
    assert!(github.list().is_empty() && leases(&github.sandbox) == 0);
    assert!(stderr.contains("registered webhook"), "{stderr}");
}

#[test]
fn the_secret_that_the_api_returns_is_the_one_that_counts() {
    let stripe = Provider::start("stripe");
    let listening = stripe.listen(&[]);
    let emitted = stripe.sandbox.run(&["mock", "emit", "invoice.paid", "--api-url", &stripe.mock.url]);
    assert_eq!(emitted.code, 0, "{}", emitted.stderr);
    let event = listening.next_of("received")["event"].clone();
    assert_eq!(event["verdict"]["status"], "valid", "{event}");
    assert_eq!(listening.end_with("TERM").0, 0);
    assert!(stripe.list().is_empty() && leases(&stripe.sandbox) == 0);
}

#[test]
fn it_is_taken_away_when_what_was_expected_has_come() {
    let github = Provider::start("github");
    let mut listening = github.listen(&["--expect", "1", "--timeout", "30s"]);
    let (code, _, stderr) = listening.wait();
    assert_eq!(code, 0, "{stderr}");
    assert!(github.list().is_empty() && leases(&github.sandbox) == 0);
}

#[test]
fn after_a_crash_the_lease_remembers_and_prune_removes() {
    let github = Provider::start("github");
    let made = github.webhooks(&["create", "--target", "https://mine.example/", "--events", "push"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let listening = github.listen(&[]);
    let alive = github.prune(&[]);
    assert_eq!((alive.code, alive.lines().len()), (0, 0), "it is in use: {}", alive.stdout);
    assert_eq!(github.list().len(), 2);
    kill(listening);
    let mine = github.webhooks(&["list", "--mine"]).lines();
    assert_eq!((mine.len(), &mine[0]["webhook"]["mine"]), (1, &json!(true)));
    let id = mine[0]["webhook"]["id"].clone();
    let dry = github.prune(&["--dry-run"]).lines();
    assert_eq!((&dry[0]["outcome"], &dry[0]["id"]), (&json!("planned"), &id));
    assert_eq!(github.list().len(), 2, "nothing was done yet");
    let pruned = github.prune(&[]);
    assert_eq!(pruned.code, 0, "{}", pruned.stderr);
    assert_eq!((&pruned.lines()[0]["outcome"], &pruned.lines()[0]["id"]), (&json!("deleted"), &id));
    assert!(github.list().len() == 1 && leases(&github.sandbox) == 0, "the other one is left alone");
    assert!(github.prune(&[]).lines().is_empty());
}

#[test]
fn a_lease_holds_no_credentials() {
    let github = Provider::start("github");
    let listening = github.listen(&[]);
    let token = github.mock.ready["token"].as_str().unwrap();
    let folder = std::fs::read_dir(github.sandbox.path().join(".local/state/hookctl/leases")).unwrap();
    let texts: Vec<String> = folder.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    let whole = texts.concat();
    assert!(whole.contains("\"provider\":\"github\"") && whole.contains("\"repo\":\"app\""), "{whole}");
    assert!(!whole.contains(token) && !whole.contains("whsec_"), "{whole}");
    drop(listening);
}

#[test]
fn what_was_removed_by_hand_is_no_trouble() {
    let github = Provider::start("github");
    let listening = github.listen(&[]);
    let id = github.list()[0]["webhook"]["id"].as_str().unwrap().to_owned();
    assert_eq!(github.webhooks(&["delete", &id]).code, 0);
    let (code, lines, stderr) = listening.interrupt();
    assert_eq!(code, 0, "{stderr}");
    assert!(lines.iter().any(|line| line["outcome"] == "absent") && leases(&github.sandbox) == 0, "{lines:?}");
}

#[test]
fn a_provider_that_can_neither_delete_nor_disable_is_told_with_the_id() {
    let prokeep = Provider::start("prokeep");
    let listening = prokeep.listen(&[]);
    let id = prokeep.list()[0]["webhook"]["id"].as_str().unwrap().to_owned();
    let (code, lines, _) = listening.interrupt();
    assert_eq!(code, 0);
    let kept = lines.iter().find(|line| line["type"] == "unregistered").unwrap();
    assert_eq!((&kept["outcome"], &kept["id"]), (&json!("kept"), &json!(id)));
    let pruned = prokeep.prune(&[]);
    assert_eq!((pruned.code, &pruned.lines()[0]["outcome"]), (1, &json!("kept")), "it goes on being told");
    let human = prokeep.sandbox.run(&["webhooks", "prune", "--username-env", "U", "--password-env", "P"]);
    assert!(
        human.stdout.contains(&id) && human.stdout.contains("neither to delete nor to disable"),
        "{}",
        human.stdout
    );
}

#[test]
fn an_answer_that_never_came_is_looked_up_by_its_url() {
    let github = Provider::start("github");
    // It takes the request, and the listener dies before an answer comes.
    let silent = App::start(|_| {
        std::thread::sleep(Duration::from_secs(60));
        Vec::new()
    });
    let url = "http://127.0.0.1:9/lost";
    let mut args = vec!["listen", "--port", "0", "--register", "github", "--public-url", url];
    let silent_url = silent.url();
    args.extend(["--api-url", &silent_url, "--token-env", "T"]);
    args.extend(REPO);
    let mut child = github.sandbox.start(&args);
    silent.next();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(leases(&github.sandbox) > 0, "the intent is on the disk");
    let made = github.webhooks(&["create", "--target", url, "--events", "push"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let pruned = github.prune(&["--api-url", &github.api_url]);
    assert_eq!(pruned.code, 0, "{}{}", pruned.stdout, pruned.stderr);
    assert_eq!(pruned.lines()[0]["outcome"], "deleted");
    assert!(github.list().is_empty() && leases(&github.sandbox) == 0);
}

#[test]
fn when_the_provider_refuses_nothing_listens_and_nothing_is_left() {
    let github = Provider::start("github");
    let wrong = Sandbox::new().env("T", "ghp_wrong");
    let port = closed_port().to_string();
    let args = ["listen", "--json", "--port", &port, "--register", "github", "--public-url", "http://127.0.0.1:9/"];
    let ended = wrong.run(&[&args[..], &github.reach()].concat());
    assert_eq!((ended.code, ended.error()["code"].as_str()), (1, Some("unauthorized")), "{}", ended.stderr);
    assert!(ended.stdout.is_empty() && leases(&wrong) == 0 && ended.stderr.contains("env:T"), "{}", ended.stderr);
    for (args, problem) in [
        (&["--register", "github"][..], "--public-url"),
        (&["--register", "slack", "--public-url", "https://a.example/"], "no API"),
        (&["--register", "nobody", "--public-url", "https://a.example/"], "unknown provider"),
        (
            &["--register", "github", "--public-url", "https://a.example/", "--register-events", "psh"],
            "nearest: `push`",
        ),
    ] {
        let ended = wrong.run(&[&["listen", "--port", "0"], args, &REPO].concat());
        assert_eq!(ended.code, 2, "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(problem), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn a_port_that_is_taken_is_found_before_the_provider_is_asked() {
    let github = Provider::start("github");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let args = ["listen", "--port", &port, "--register", "github", "--public-url", "http://127.0.0.1:9/"];
    assert_eq!(github.sandbox.run(&[&args[..], &github.reach()].concat()).code, 3);
    assert!(github.list().is_empty() && leases(&github.sandbox) == 0);
}

/// An API that takes its time to make a webhook.
fn slow_to_make(time: Duration) -> App {
    App::start(move |seen| {
        if seen.line().starts_with("POST") {
            std::thread::sleep(time);
        }
        api_server::json(201, &api_server::hook("x"))
    })
}

/// Starts to register at it, without waiting for anything.
fn register_at(api: &App, sandbox: &Sandbox) -> std::process::Child {
    let url = api.url();
    let target = ["--public-url", "http://127.0.0.1:9/", "--api-url", &url];
    let child = sandbox.start(&[&["listen", "--json", "--port", "0", "--register", "acme"][..], &target].concat());
    assert!(api.next().line().starts_with("POST"));
    child
}

#[test]
fn an_interrupt_while_the_provider_is_asked_takes_back_what_it_made() {
    let (api, sandbox) = (slow_to_make(Duration::from_millis(700)), api_server::acme());
    let child = register_at(&api, &sandbox);
    signal(child.id(), "INT");
    assert!(api.next().line().starts_with("DELETE"));
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(!String::from_utf8_lossy(&ended.stdout).contains("ready") && leases(&sandbox) == 0);
}

#[test]
fn a_second_interrupt_while_the_provider_is_asked_leaves_the_intent() {
    let (api, sandbox) = (slow_to_make(Duration::from_secs(60)), api_server::acme());
    let mut child = register_at(&api, &sandbox);
    signal(child.id(), "INT");
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "the answer is waited for");
    signal(child.id(), "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(leases(&sandbox) > 0);
}

/// An API that makes webhooks at once and takes its time to delete them.
fn slow_to_delete() -> App {
    App::start(|seen| {
        if seen.line().starts_with("DELETE") {
            std::thread::sleep(Duration::from_secs(60));
        }
        api_server::json(201, &api_server::hook("x"))
    })
}

#[test]
fn a_second_interrupt_ends_at_once_and_leaves_the_lease() {
    let api = slow_to_delete();
    let sandbox = api_server::acme();
    let url = api.url();
    let listening = sandbox.listen(&["--register", "acme", "--public-url", "http://127.0.0.1:9/", "--api-url", &url]);
    let _made = api.next();
    signal(listening.pid(), "INT");
    assert!(api.next().line().starts_with("DELETE"));
    let start = Instant::now();
    let (code, _, stderr) = listening.interrupt();
    assert!(start.elapsed() < Duration::from_secs(10) && code == 3, "{code} {stderr}");
    assert!(stderr.contains("webhook x at acme") && stderr.contains("webhooks prune"), "{stderr}");
    assert!(leases(&sandbox) > 0);
}

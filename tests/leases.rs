//! `listen --register`: a registration for as long as the listener lives, and what is left of it after a crash.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
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

#[test]
fn a_credential_for_one_api_goes_to_no_other_when_pruning() {
    let (github, stripe) = (Provider::start("github"), App::answering("500 No", ""));
    let listening = github.listen(&[]);
    listening.end_with("KILL");
    let lease = github.sandbox.path().join(".local/state/hookctl/leases");
    let first = std::fs::read_dir(&lease).unwrap().flatten().map(|entry| entry.path());
    let first = first.into_iter().find(|path| path.extension().is_some_and(|end| end == "json")).unwrap();
    let other = std::fs::read_to_string(&first).unwrap();
    let mut other: Value = serde_json::from_str(&other).unwrap();
    other["provider"] = "stripe".into();
    other["base_url"] = format!("{}/v1", stripe.url()).into();
    std::fs::write(lease.join("another.json"), other.to_string()).unwrap();
    let pruned = github.prune(&[]);
    assert_eq!((pruned.code, &pruned.error()["code"]), (2, &json!("usage")), "{}", pruned.stderr);
    assert!(pruned.error()["hint"].as_str().unwrap().contains("--provider"), "{}", pruned.stderr);
    assert_eq!(github.prune(&["--provider", "github"]).code, 0);
    assert!(stripe.rest().is_empty(), "the token of the one was sent to the other");
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
    assert!(pruned.stderr.contains("prune --forget"), "{}", pruned.stderr);
    assert_eq!(prokeep.prune(&["--dry-run"]).lines()[0]["outcome"], "kept", "nothing is promised");
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

/// An API that makes a webhook when it is told to.
fn makes_when_told() -> (App, Sender<()>) {
    let (tell, told) = channel();
    let told = Mutex::new(told);
    let app = App::start(move |seen| {
        if seen.line().starts_with("POST") {
            // The test may be over.
            let _ = told.lock().unwrap().recv();
        }
        api_server::json(201, &api_server::hook("x"))
    });
    (app, tell)
}

const HOOK: &str = "https://app.test/hooks";

/// Starts to register at it with `more`, without waiting for anything.
fn start_at(api: &App, sandbox: &Sandbox, more: &[&str]) -> Child {
    let url = api.url();
    let target = ["--public-url", HOOK, "--api-url", &url];
    sandbox.start(&[&["listen", "--json", "--port", "0", "--register", "acme"][..], &target, more].concat())
}

/// The same, until the API is asked.
fn register_at(api: &App, sandbox: &Sandbox, more: &[&str]) -> Child {
    let child = start_at(api, sandbox, more);
    assert!(api.next().line().starts_with("POST"));
    child
}

/// Reads stderr until it says so.
fn until_it_says(child: &mut Child, text: &str) -> BufReader<ChildStderr> {
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it never says {text}");
    }
    stderr
}

/// Makes `acme` want a webhook for each event.
fn one_each(sandbox: &Sandbox) {
    let path = ".hookctl/providers/acme/provider.toml";
    let manifest = std::fs::read_to_string(sandbox.path().join(path)).unwrap();
    sandbox.write(path, manifest.replace("all = \"*\"", "one_each = true"));
}

#[test]
fn an_interrupt_while_the_provider_is_asked_takes_back_what_it_made_and_asks_for_no_more() {
    let ((api, tell), sandbox) = (makes_when_told(), api_server::acme());
    one_each(&sandbox);
    let mut child = register_at(&api, &sandbox, &["--register-events", "order.*"]);
    signal(child.id(), "INT");
    let _stderr = until_it_says(&mut child, "its answer is waited for");
    tell.send(()).unwrap();
    assert!(api.next().line().starts_with("DELETE"), "the second event is not asked for");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert!(!String::from_utf8_lossy(&ended.stdout).contains("ready") && leases(&sandbox) == 0);
}

#[test]
fn a_second_interrupt_while_the_provider_is_asked_leaves_the_intent() {
    let ((api, _tell), sandbox) = (makes_when_told(), api_server::acme());
    let mut child = register_at(&api, &sandbox, &[]);
    signal(child.id(), "INT");
    let _stderr = until_it_says(&mut child, "^C again leaves that");
    assert!(child.try_wait().unwrap().is_none(), "the answer is waited for");
    signal(child.id(), "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(leases(&sandbox) > 0);
}

#[test]
fn what_was_made_is_taken_back_when_the_next_cannot_be_remembered() {
    let sandbox = api_server::acme();
    one_each(&sandbox);
    let folder = sandbox.path().join(".local/state/hookctl/leases");
    let api = App::start(move |seen| {
        // In the place of the folder stands a file.
        if seen.line().starts_with("POST") && std::fs::remove_dir_all(&folder).is_ok() {
            std::fs::write(&folder, "").unwrap();
        }
        api_server::json(201, &api_server::hook("x"))
    });
    let mut child = register_at(&api, &sandbox, &["--register-events", "order.*"]);
    assert!(api.next().line().starts_with("DELETE"));
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

/// What an API has after two listeners died, whose leases are left.
fn two_left_behind(sandbox: &Sandbox) -> (App, String) {
    let api = App::start(|_| api_server::json(201, &api_server::hook("x")));
    let url = api.url();
    for _ in 0..2 {
        let listening = sandbox.listen(&["--register", "acme", "--public-url", HOOK, "--api-url", &url]);
        assert!(api.next().line().starts_with("POST"));
        kill(listening);
    }
    (api, url)
}

#[test]
fn prune_does_its_work_though_nobody_reads_what_it_says() {
    let sandbox = api_server::acme();
    let (api, url) = two_left_behind(&sandbox);
    let mut child = sandbox.start(&["webhooks", "prune", "--json", "--api-url", &url]);
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!((api_server::count(&api.rest(), "DELETE"), leases(&sandbox)), (2, 0));
}

#[test]
fn a_listener_takes_all_away_though_nobody_reads_what_it_says() {
    let sandbox = api_server::acme();
    one_each(&sandbox);
    let api = App::start(|_| api_server::json(201, &api_server::hook("x")));
    let mut child = start_at(&api, &sandbox, &["--register-events", "*"]);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    drop(stdout);
    signal(child.id(), "INT");
    child.wait().unwrap();
    let seen = api.rest();
    assert_eq!((api_server::count(&seen, "POST"), api_server::count(&seen, "DELETE")), (3, 3));
    assert_eq!(leases(&sandbox), 0);
}

/// The only lease, as it stands on the disk.
fn lease_file(sandbox: &Sandbox) -> (std::path::PathBuf, Value) {
    let folder = std::fs::read_dir(sandbox.path().join(".local/state/hookctl/leases")).unwrap();
    let mut paths = folder.map(|entry| entry.unwrap().path());
    let path = paths.find(|path| path.extension().is_some_and(|extension| extension == "json")).unwrap();
    let record = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    (path, record)
}

/// A dead intent at an API that knows nothing of it, or lists what it is told.
fn dead_intent(list: impl Fn() -> Value + Send + Sync + 'static) -> (Sandbox, App) {
    let sandbox = api_server::acme();
    let api = App::start(move |seen| {
        if seen.line().starts_with("POST") {
            std::thread::sleep(Duration::from_secs(60));
        }
        api_server::json(200, &json!({ "data": list() }))
    });
    let mut child = register_at(&api, &sandbox, &[]);
    child.kill().unwrap();
    child.wait().unwrap();
    (sandbox, api)
}

#[test]
fn a_call_that_may_still_be_in_flight_is_not_forgotten() {
    let (sandbox, api) = dead_intent(|| json!([]));
    let url = api.url();
    for args in [
        &["webhooks", "prune", "--json", "--api-url", &url][..],
        &["webhooks", "prune", "--json", "--forget", "--api-url", &url],
    ] {
        let young = sandbox.run(args);
        assert_eq!((young.code, &young.lines()[0]["outcome"]), (1, &json!("failed")), "{}", young.stderr);
        assert!(young.lines()[0]["reason"].as_str().unwrap().contains("still be about to make it"));
        assert!(leases(&sandbox) > 0);
    }
    let (path, mut record) = lease_file(&sandbox);
    record["made_at"] = json!("2026-01-01T00:00:00.000000Z");
    std::fs::write(path, record.to_string()).unwrap();
    let old = sandbox.run(&["webhooks", "prune", "--json", "--api-url", &url]);
    assert_eq!((old.code, &old.lines()[0]["outcome"]), (0, &json!("absent")), "{}", old.stderr);
    assert_eq!(leases(&sandbox), 0);
}

fn new_hook() -> Value {
    let mut hook = api_server::hook("x");
    hook["created"] = json!("2099-01-01T00:00:00Z");
    hook
}

#[test]
fn prune_leaves_alone_what_a_listener_is_about_to_write_down() {
    let (sandbox, api) = dead_intent(|| json!([new_hook()]));
    // It is started again, and its answer is still on the way.
    let mut running = register_at(&api, &sandbox, &[]);
    let url = api.url();
    let pruned = sandbox.run(&["webhooks", "prune", "--json", "--api-url", &url]);
    running.kill().unwrap();
    running.wait().unwrap();
    assert_eq!((pruned.code, &pruned.lines()[0]["outcome"]), (1, &json!("failed")), "{}", pruned.stderr);
    assert!(pruned.lines()[0]["reason"].as_str().unwrap().contains("not known: x"), "{}", pruned.stdout);
    assert_eq!(api_server::count(&api.rest(), "DELETE"), 0);
}

#[test]
fn prune_leaves_alone_what_a_listener_wrote_down_while_it_asked() {
    let sandbox = api_server::acme();
    let folder = sandbox.path().join(".local/state/hookctl/leases");
    let is_written = move || {
        let paths = std::fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path());
        let leases = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
        leases.filter_map(|path| std::fs::read_to_string(path).ok()).any(|text| text.contains("\"id\":\"x\""))
    };
    let (tell, told) = channel();
    let (tell, told) = (Mutex::new(tell), Mutex::new(told));
    let api = App::start(move |seen| {
        if seen.line().starts_with("GET") {
            // The first has no answer any more, the second gets it now.
            tell.lock().unwrap().send(()).unwrap();
            tell.lock().unwrap().send(()).unwrap();
            let start = Instant::now();
            while !is_written() && start.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(5));
            }
            return api_server::json(200, &json!({ "data": [new_hook()] }));
        }
        if seen.line().starts_with("POST") {
            let _ = told.lock().unwrap().recv();
        }
        api_server::json(201, &new_hook())
    });
    let mut dead = register_at(&api, &sandbox, &[]);
    dead.kill().unwrap();
    dead.wait().unwrap();
    let mut running = register_at(&api, &sandbox, &[]);
    let url = api.url();
    let pruned = sandbox.run(&["webhooks", "prune", "--json", "--api-url", &url]);
    running.kill().unwrap();
    running.wait().unwrap();
    assert_eq!(pruned.code, 1, "{}{}", pruned.stdout, pruned.stderr);
    assert!(pruned.lines()[0]["reason"].as_str().unwrap().contains("about to make it"), "{}", pruned.stdout);
    assert_eq!(api_server::count(&api.rest(), "DELETE"), 0);
}

#[test]
fn prune_sends_the_credentials_of_today_to_no_address_of_yesterday() {
    let sandbox = api_server::acme();
    let (api, url) = two_left_behind(&sandbox);
    let refused = sandbox.run(&["webhooks", "prune", "--json", "--forget"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.lines()[0]["reason"].as_str().unwrap().contains(&format!("--api-url {url}")), "{}", refused.stdout);
    assert!(api.rest().is_empty() && leases(&sandbox) > 0, "nothing is sent, nothing forgotten");
    sandbox.write("hookctl.toml", format!("[provider.acme.api]\nbase_url = \"{url}\"\n"));
    let pruned = sandbox.run(&["webhooks", "prune", "--json"]);
    assert_eq!((pruned.code, leases(&sandbox)), (0, 0), "{}{}", pruned.stdout, pruned.stderr);
}

#[test]
fn forget_keeps_what_could_be_removed_another_time() {
    let github = Provider::start("github");
    kill(github.listen(&[]));
    let sandbox = &github.sandbox;
    let wrong = sandbox.run(&["webhooks", "prune", "--json", "--forget", "--token", "ghp_wrong"]);
    assert_eq!((wrong.code, &wrong.lines()[0]["outcome"]), (1, &json!("failed")), "{}", wrong.stderr);
    assert!(leases(sandbox) > 0 && wrong.stderr.contains("not forgotten"), "{}", wrong.stderr);
    let prokeep = Provider::start("prokeep");
    assert_eq!(prokeep.listen(&[]).interrupt().0, 0);
    assert!(leases(&prokeep.sandbox) > 0);
    let forgotten = prokeep.prune(&["--forget"]);
    assert_eq!((forgotten.code, leases(&prokeep.sandbox)), (0, 0), "{}", forgotten.stderr);
}

#[test]
fn one_lease_that_cannot_be_claimed_stops_none_of_the_others() {
    let sandbox = api_server::acme();
    let (api, url) = two_left_behind(&sandbox);
    // A lock that cannot be opened.
    let (path, _) = lease_file(&sandbox);
    let lock = path.with_extension("lock");
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    let pruned = sandbox.run(&["webhooks", "prune", "--json", "--api-url", &url]);
    assert_eq!(pruned.code, 3, "{}", pruned.stderr);
    assert_eq!((pruned.error()["code"].as_str(), pruned.lines().len()), (Some("lease"), 1), "{}", pruned.stdout);
    assert_eq!(api_server::count(&api.rest(), "DELETE"), 1);
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

#[test]
fn a_second_interrupt_leaves_all_that_is_not_removed_yet() {
    let (api, sandbox) = (slow_to_delete(), api_server::acme());
    one_each(&sandbox);
    let url = api.url();
    let args = ["--register", "acme", "--public-url", HOOK, "--api-url", &url, "--register-events", "*"];
    let listening = sandbox.listen(&args);
    (0..3).for_each(|_| assert!(api.next().line().starts_with("POST")));
    signal(listening.pid(), "INT");
    assert!(api.next().line().starts_with("DELETE"));
    let (code, _, stderr) = listening.interrupt();
    assert_eq!((code, stderr.matches("still sends to").count()), (3, 3), "{stderr}");
    assert!(api.rest().is_empty(), "the others are not begun");
}

//! `webhooks plan` and `apply`: what hookctl.toml wants, what the provider has, and the way from one to the other.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api_server::{self, hook};
use crate::app::App;
use crate::sandbox::{Ended, Listening, Sandbox};

/// A mock, and a folder whose configuration leads to it.
struct Provider {
    sandbox: Sandbox,
    id: &'static str,
    head: String,
    _mock: Listening,
}

impl Provider {
    fn start(id: &'static str) -> Self {
        let sandbox = Sandbox::new();
        let mock = sandbox.mock(&[id]);
        let text = |name: &str| mock.ready[name].as_str().unwrap_or_default().to_owned();
        let credentials = match id {
            "prokeep" => "username = \"env:U\"\npassword = \"env:P\"\nvars = { subdomain = \"acme\" }\n",
            "github" => "token = \"env:T\"\nvars = { owner = \"me\", repo = \"app\" }\n",
            _ => "token = \"env:T\"\n",
        };
        let head = format!("[provider.{id}.api]\nbase_url = \"{}\"\n{credentials}", text("api_url"));
        let sandbox = sandbox.env("T", &text("token")).env("U", &text("username")).env("P", &text("password"));
        Self { sandbox, id, head, _mock: mock }
    }

    /// Writes the configuration with these tables.
    fn want(&self, tables: &[(&str, &str)]) {
        let tables: String = tables
            .iter()
            .map(|(url, more)| format!("[[webhook]]\nprovider = \"{}\"\nurl = \"{url}\"\n{more}\n", self.id))
            .collect();
        self.sandbox.write("hookctl.toml", format!("{}{tables}", self.head));
    }

    fn run(&self, args: &[&str]) -> Ended {
        self.sandbox.run(&[&["webhooks"], args, &["--json"]].concat())
    }

    fn list(&self) -> Vec<Value> {
        let listed = self.run(&["list", "--provider", self.id]);
        assert_eq!(listed.code, 0, "{}", listed.stderr);
        listed.lines().into_iter().map(|line| line["webhook"].clone()).collect()
    }
}

/// The value of a key in every line of a type.
fn each(ended: &Ended, kind: &str, key: &str) -> Vec<Value> {
    let lines = ended.lines().into_iter().filter(|line| line["type"] == kind);
    lines.map(|line| line[key].clone()).collect()
}

const A: &str = "https://a.example/hook";
const B: &str = "https://b.example/hook";

/// Samples of the lines, for the schema.
pub fn planned_and_applied() -> Vec<Value> {
    let github = Provider::start("github");
    github.want(&[(A, "events = [\"push\"]")]);
    [github.run(&["plan"]), github.run(&["apply", "--yes"])].iter().flat_map(Ended::lines).collect()
}

#[test]
fn what_is_wanted_is_made_once_and_the_second_time_nothing_is_left_to_do() {
    let github = Provider::start("github");
    github.want(&[(A, "events = [\"push\", \"issue*\"]\nname = \"one\""), (B, "all_events = true\nenabled = false")]);
    let plan = github.run(&["plan", "--check"]);
    assert_eq!(plan.code, 1, "{}", plan.stderr);
    assert_eq!(each(&plan, "planned", "action"), ["create", "create"]);
    assert!(github.list().is_empty(), "a plan does nothing");
    let applied = github.run(&["apply", "--yes"]);
    assert_eq!(applied.code, 0, "{}{}", applied.stdout, applied.stderr);
    assert_eq!(each(&applied, "applied", "result"), ["done", "done"]);
    assert_eq!(each(&applied, "applied", "name"), [json!("one"), Value::Null]);
    let listed = github.list();
    let found = |url: &str| listed.iter().find(|webhook| webhook["url"] == url).unwrap();
    assert_eq!((&found(A)["enabled"], &found(B)["enabled"]), (&json!(true), &json!(false)));
    assert_eq!(found(B)["events"], json!(["*"]));
    let again = github.run(&["apply", "--yes"]);
    assert_eq!((again.code, each(&again, "applied", "result")), (0, vec![json!("nothing"), json!("nothing")]));
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
    let check = github.run(&["plan", "--check"]);
    assert_eq!((check.code, each(&check, "planned", "action")), (0, vec![json!("unchanged"), json!("unchanged")]));
    assert_eq!(github.list().len(), 2);
}

#[test]
fn what_differs_is_shown_and_changed_and_what_nobody_asked_for_is_left_alone() {
    let github = Provider::start("github");
    github.want(&[(A, "events = [\"push\"]"), (B, "events = [\"push\"]")]);
    assert_eq!(github.run(&["apply", "--yes"]).code, 0);
    github.want(&[(A, "events = [\"star\"]\nenabled = false")]);
    let plan = github.run(&["plan"]);
    assert_eq!((plan.code, each(&plan, "planned", "action")), (0, vec![json!("update"), json!("unmanaged")]));
    let changes = &plan.lines()[0]["changes"];
    assert_eq!(changes[0], json!({ "field": "events", "is": ["push"], "wanted": ["star"] }));
    assert_eq!(changes[1], json!({ "field": "enabled", "is": true, "wanted": false }));
    let human = github.sandbox.run(&["webhooks", "plan"]);
    assert!(
        human.stdout.contains("events push -> star; disable") && human.stdout.contains("left alone"),
        "{}",
        human.stdout
    );
    let applied = github.run(&["apply", "--yes"]);
    assert_eq!((applied.code, each(&applied, "applied", "result")), (0, vec![json!("done"), json!("nothing")]));
    assert_eq!(github.list().len(), 2);
    let deleted = github.run(&["apply", "--yes", "--delete-unmanaged"]);
    assert_eq!(each(&deleted, "applied", "action"), ["unchanged", "delete"]);
    let left = github.list();
    assert_eq!((left.len(), &left[0]["url"], &left[0]["events"]), (1, &json!(A), &json!(["star"])));
}

#[test]
fn credentials_that_are_given_are_for_one_provider() {
    let app = App::answering("500 No", "");
    let table =
        |id: &str, more: &str| format!("[[webhook]]\nprovider = \"{id}\"\nurl = \"{A}\"\nall_events = true\n{more}");
    let api = |id: &str| format!("[provider.{id}.api]\nbase_url = \"{}\"\n", app.url());
    let github = table("github", "vars = { owner = \"me\", repo = \"app\" }\n");
    let sandbox = Sandbox::new().env("T", "sentinel");
    let file = [api("stripe"), api("github"), table("stripe", ""), github].concat();
    sandbox.write("hookctl.toml", file);
    for verb in ["plan", "apply"] {
        let ended = sandbox.run(&["webhooks", verb, "--token-env", "T", "--json"]);
        assert_eq!((ended.code, &ended.error()["code"]), (2, &json!("usage")), "{}", ended.stderr);
        assert!(ended.error()["hint"].as_str().unwrap().contains("--provider"));
    }
    let by_environment = Sandbox::new().env("HOOKCTL_TOKEN", "sentinel");
    by_environment.write("hookctl.toml", std::fs::read(sandbox.path().join("hookctl.toml")).unwrap());
    assert_eq!(by_environment.run(&["webhooks", "plan", "--json"]).code, 2);
    assert!(app.rest().is_empty());
}

#[test]
fn a_note_that_the_provider_keeps_not_is_told_when_planned_and_when_made() {
    let github = Provider::start("github");
    github.want(&[(A, "events = [\"push\"]\ndescription = \"the shop\"")]);
    let plan = github.sandbox.run(&["webhooks", "plan"]);
    assert!(plan.stdout.contains("take `description` out of the table"), "{}", plan.stdout);
    let applied = github.sandbox.run(&["webhooks", "apply", "--yes"]);
    assert_eq!(applied.code, 1);
    assert!(
        applied.stdout.contains("not done: ") && applied.stdout.contains("take `description`"),
        "{}",
        applied.stdout
    );
}

#[test]
fn a_provider_that_cannot_change_a_webhook_says_so_with_the_way_out() {
    let prokeep = Provider::start("prokeep");
    prokeep.want(&[(A, "events = [\"message_received\"]")]);
    assert_eq!(prokeep.run(&["apply", "--yes"]).code, 0);
    prokeep.want(&[(A, "events = [\"message_*\"]")]);
    let plan = prokeep.run(&["plan", "--check"]);
    assert_eq!((plan.code, &plan.lines()[0]["action"]), (1, &json!("impossible")));
    let hint = plan.lines()[0]["hint"].as_str().unwrap().to_owned();
    let id = prokeep.list()[0]["id"].as_str().unwrap().to_owned();
    assert!(hint.contains(&format!("remove {id} in the settings of Prokeep and apply again")), "{hint}");
    let applied = prokeep.run(&["apply", "--yes"]);
    assert_eq!((applied.code, &applied.lines()[0]["result"]), (1, &json!("nothing")));
    assert_eq!(prokeep.list().len(), 1, "a second one would make each event come twice");
}

#[test]
fn nothing_is_done_without_a_yes() {
    let github = Provider::start("github");
    github.want(&[(A, "events = [\"push\"]")]);
    let asked = github.run(&["apply"]);
    assert_eq!((asked.code, asked.error()["code"].as_str()), (2, Some("unconfirmed")));
    assert!(github.list().is_empty());
}

#[test]
fn a_secret_that_the_api_makes_is_kept_in_a_file_of_its_own() {
    let stripe = Provider::start("stripe");
    stripe.want(&[(A, "events = [\"invoice.*\"]\ndescription = \"mine\"\nenabled = false")]);
    let applied = stripe.run(&["apply", "--yes"]);
    assert_eq!(applied.code, 0, "{}{}", applied.stdout, applied.stderr);
    let listed = stripe.list();
    assert_eq!((&listed[0]["description"], &listed[0]["enabled"]), (&json!("mine"), &json!(false)));
    let path = applied.stderr.lines().find_map(|line| line.split_once(" is in ")).unwrap().1;
    assert!(std::fs::read_to_string(path).unwrap().starts_with("whsec_"));
    assert_eq!(stripe.run(&["plan", "--check"]).code, 0);
}

#[test]
fn tables_that_cannot_be_meant_are_refused_with_their_place() {
    let github = Provider::start("github");
    for (tables, problem) in [
        (&[(A, "events = [\"pus\"]")][..], "(nearest: `push`)"),
        (&[(A, "events = [\"push\"]"), ("https://A.example/hook", "events = [\"push\"]")], "want the same webhook"),
        (&[(A, "events = [\"push\"]\nvars = { nothing = \"x\" }")], "no variable `nothing`"),
    ] {
        github.want(tables);
        let ended = github.run(&["plan"]);
        let message = ended.error()["message"].as_str().unwrap().to_owned();
        assert_eq!(ended.code, 2, "{message}");
        assert!(message.contains("hookctl.toml:") && message.contains(problem), "{message}");
    }
    github.want(&[]);
    assert!(github.run(&["plan"]).error()["message"].as_str().unwrap().contains("no [[webhook]] tables"));
}

/// A folder that wants three webhooks of `acme`, whose API is `app`.
fn three(app: &App) -> Sandbox {
    let sandbox = api_server::acme();
    let table = |name: &str| {
        format!("[[webhook]]\nprovider = \"acme\"\nurl = \"https://{name}.example/\"\nall_events = true\n")
    };
    let head = format!("[provider.acme.api]\nbase_url = \"{}\"\n", app.url());
    sandbox.write("hookctl.toml", head + &["one", "two", "three"].map(table).concat());
    sandbox
}

#[test]
fn one_that_is_refused_stops_none_of_the_others_and_is_told() {
    let app = App::start(|seen| match seen.line() {
        line if line.starts_with("GET") => api_server::json(200, &json!({ "data": [] })),
        _ if String::from_utf8_lossy(&seen.body).contains("two.example") => {
            api_server::json(422, &json!({ "message": "not that one" }))
        }
        _ => api_server::json(201, &hook("x")),
    });
    let applied = three(&app).run(&["webhooks", "apply", "--yes", "--json"]);
    assert_eq!(
        (applied.code, each(&applied, "applied", "result")),
        (1, ["done", "failed", "done"].map(Value::from).to_vec())
    );
    assert!(applied.lines()[1]["error"]["message"].as_str().unwrap().contains("not that one"));
}

#[test]
fn once_the_api_is_gone_the_rest_is_not_tried() {
    let app = App::start(|seen| match seen.line() {
        line if line.starts_with("GET") => api_server::json(200, &json!({ "data": [] })),
        _ if String::from_utf8_lossy(&seen.body).contains("one.example") => api_server::json(201, &hook("x")),
        _ => api_server::json(503, &json!({ "message": "down" })),
    });
    let applied = three(&app).run(&["webhooks", "apply", "--yes", "--json", "--retries", "0"]);
    assert_eq!(applied.code, 3, "{}", applied.stderr);
    assert_eq!(each(&applied, "applied", "result"), ["done", "failed", "not_tried"].map(Value::from));
}

#[test]
fn the_work_is_done_though_nobody_reads_what_came_of_it() {
    for format in [&["--json"][..], &[]] {
        let app = App::start(|seen| match seen.line() {
            line if line.starts_with("GET") => api_server::json(200, &json!({ "data": [] })),
            _ if String::from_utf8_lossy(&seen.body).contains("two.example") => {
                api_server::json(422, &json!({ "message": "not that one" }))
            }
            _ => api_server::json(201, &hook("x")),
        });
        let sandbox = three(&app);
        let mut child = sandbox.start(&[&["webhooks", "apply", "--yes"], format].concat());
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(1), "one was refused");
        assert_eq!(api_server::count(&app.rest(), "POST"), 3);
    }
}

#[test]
fn what_is_made_is_told_also_when_its_second_call_fails() {
    let app = App::start(|seen| match seen.line() {
        line if line.starts_with("GET") => api_server::json(200, &json!({ "data": [] })),
        line if line.starts_with("POST") => api_server::json(201, &hook("x")),
        _ => api_server::json(422, &json!({ "message": "it cannot be switched off" })),
    });
    let sandbox = api_server::acme();
    let path = ".hookctl/providers/acme/provider.toml";
    let manifest = std::fs::read_to_string(sandbox.path().join(path)).unwrap();
    // Only an update can switch it.
    let create = "note = \"{?description}\", active = \"{?enabled}\" }\nadds";
    assert!(manifest.contains(create));
    sandbox.write(path, manifest.replace(create, "note = \"{?description}\" }\nadds"));
    let head = format!("[provider.acme.api]\nbase_url = \"{}\"\n", app.url());
    let table = format!("[[webhook]]\nprovider = \"acme\"\nurl = \"{A}\"\nall_events = true\nenabled = false\n");
    sandbox.write("hookctl.toml", head + &table);
    let applied = sandbox.run(&["webhooks", "apply", "--yes", "--json"]);
    let line = &applied.lines()[0];
    assert_eq!((applied.code, &line["result"], &line["id"]), (1, &json!("failed"), &json!("x")), "{line}");
    let message = line["error"]["message"].as_str().unwrap();
    assert!(message.contains("webhook x is made") && message.contains("cannot be switched off"), "{message}");
}

#[test]
fn what_belongs_to_a_listener_is_left_out() {
    let github = Provider::start("github");
    github.want(&[(A, "events = [\"push\"]"), (B, "events = [\"push\"]")]);
    let listening = github.sandbox.listen(&["--register", "github", "--public-url", B, "--register-events", "push"]);
    let applied = github.run(&["apply", "--yes", "--delete-unmanaged"]);
    assert_eq!(applied.code, 0, "{}{}", applied.stdout, applied.stderr);
    assert_eq!(each(&applied, "applied", "action"), ["create", "create"]);
    assert!(applied.stderr.contains("1 webhook belongs to a listener"), "{}", applied.stderr);
    let mine = github.list().into_iter().filter(|webhook| webhook["mine"] == true).count();
    assert_eq!(mine, 1, "it still stands");
    assert_eq!(listening.interrupt().0, 0);
    assert_eq!(github.list().len(), 2);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_what_it_leaves_on_the_disk() {
    use std::os::unix::fs::PermissionsExt as _;
    let app = App::start(|_| api_server::json(200, &json!({ "data": [] })));
    let sandbox = three(&app);
    sandbox.run(&["webhooks", "apply"]);
    let state = sandbox.path().join(".local/state/hookctl");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&state), mode(&state.join("apply"))), (0o700, 0o700));
    let locks: Vec<_> = std::fs::read_dir(state.join("apply")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(locks.len() == 1 && mode(&locks[0]) == 0o600);
}

#[test]
fn two_at_once_are_one_too_many() {
    let app = App::start(|_| {
        std::thread::sleep(Duration::from_secs(20));
        Vec::new()
    });
    let sandbox = three(&app);
    let mut first = sandbox.start(&["webhooks", "apply", "--yes"]);
    app.next();
    let second = sandbox.run(&["webhooks", "apply", "--yes", "--json"]);
    assert_eq!((second.code, second.error()["code"].as_str()), (3, Some("apply_runs")), "{}", second.stderr);
    assert!(second.error()["message"].as_str().unwrap().contains("hookctl.toml"));
    first.kill().unwrap();
    first.wait().unwrap();
}

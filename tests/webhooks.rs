//! `hookctl webhooks`: what is sent to an API, what is shown of its answers, and what is refused before.

use serde_json::{Value, json};

use crate::api_server::{TOKEN, acme, acme_with, answer, call, count, create, hook, in_turn, json as answer_json};
use crate::app::App;
use crate::sandbox::{Ended, Sandbox};

fn api(status: u16, body: Value) -> App {
    App::start(move |_| answer_json(status, &body))
}

fn prokeep(sandbox: &Sandbox, args: &[&str]) -> Ended {
    sandbox.run(&[&["webhooks"], args, &["--provider", "prokeep", "--var", "subdomain=acme"]].concat())
}

#[test]
fn create_sends_what_the_manifest_says_and_shows_what_was_made() {
    let (sandbox, app) = (acme(), api(201, hook("wh_1")));
    let ended = create(&sandbox, &app, &["--json", "--description", "mine"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let seen = app.next();
    assert_eq!(seen.line(), "POST /v1/hooks HTTP/1.1");
    assert_eq!(seen.all("authorization"), [format!("Bearer {TOKEN}")]);
    assert_eq!(seen.all("user-agent"), [concat!("hookctl/", env!("CARGO_PKG_VERSION"))]);
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(body, json!({ "url": "https://app.test/hooks", "events": ["order.paid"], "note": "mine" }));
    let line = &ended.lines()[0];
    assert_eq!((&line["type"], &line["provider"]), (&json!("webhook"), &json!("acme")));
    assert_eq!(line["webhook"]["id"], "wh_1");
    assert_eq!(line["webhook"]["created_at"], "2026-11-20T10:00:00.000000Z");
    let human = create(&sandbox, &app, &[]);
    assert!(human.stdout.contains("id       wh_1\n") && human.stdout.contains("enabled  yes\n"), "{}", human.stdout);
}

#[test]
fn prokeep_is_asked_as_its_documentation_says() {
    let sandbox = Sandbox::new().env("PU", "jo").env("PP", "pass word");
    let made = json!({ "data": { "id": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "url": "https://app.test/in",
        "account_id": "0b7ffa5c-0000-4000-8000-000000000000", "inserted_at": "2026-11-20T10:00:00Z",
        "updated_at": "2026-11-20T10:00:00Z", "event_message_received": true, "event_thread_created": true,
        "event_message_sent": false } });
    let app = api(201, made);
    let args = [
        "create",
        "--api-url",
        &app.url(),
        "--username-env",
        "PU",
        "--password-env",
        "PP",
        "--target",
        "https://app.test/in",
        "--events",
        "message_received,thread_*",
        "--json",
    ];
    let ended = prokeep(&sandbox, &args);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let seen = app.next();
    assert_eq!(seen.line(), "POST /webhooks HTTP/1.1");
    assert_eq!(seen.all("authorization"), ["Basic am86cGFzcyB3b3Jk"]);
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    let events =
        json!({ "message_received": true, "thread_created": true, "thread_claimed": true, "thread_closed": true });
    assert_eq!(body, json!({ "target_url": "https://app.test/in", "events": events }));
    assert_eq!(ended.lines()[0]["webhook"]["events"], json!(["message_received", "thread_created"]));
}

#[test]
fn list_reads_every_page_and_says_when_there_is_none() {
    let pages = vec![
        answer_json(200, &json!({ "data": [hook("a"), hook("b")], "next": "b" })),
        answer_json(200, &json!({ "data": [hook("c")] })),
    ];
    let (sandbox, app) = (acme(), App::start(in_turn(pages)));
    let ended = call(&sandbox, &app, &["list", "--json"]);
    let ids: Vec<Value> = ended.lines().iter().map(|line| line["webhook"]["id"].clone()).collect();
    assert_eq!((ended.code, ids), (0, vec![json!("a"), json!("b"), json!("c")]), "{}", ended.stderr);
    assert_eq!(
        [app.next().line().to_owned(), app.next().line().to_owned()],
        ["GET /v1/hooks HTTP/1.1", "GET /v1/hooks?after=b HTTP/1.1"]
    );
    let table = call(&sandbox, &app, &["list"]);
    assert!(
        table.stdout.starts_with("ID  EVENTS") && table.stdout.contains("https://app.test/hooks"),
        "{}",
        table.stdout
    );
    let none = call(&sandbox, &api(200, json!({ "data": [] })), &["list"]);
    assert_eq!((none.code, none.stdout.as_str()), (0, ""));
    assert_eq!(none.stderr, "acme has no webhooks for these credentials\n");
}

#[test]
fn a_list_that_goes_in_circles_ends() {
    let (sandbox, app) = (acme(), api(200, json!({ "data": [hook("a")], "next": "a" })));
    let ended = call(&sandbox, &app, &["list", "--json"]);
    assert_eq!((ended.code, &ended.error()["code"]), (3, &json!("endless_list")));
    assert_eq!(app.rest().len(), 2);
}

#[test]
fn a_link_header_gives_the_page_and_never_the_place() {
    let sandbox = acme();
    let path = sandbox.path().join(".hookctl/providers/acme/provider.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("style = \"cursor\"\nparameter = \"after\"", "style = \"link\"\nparameter = \"page\"");
    std::fs::write(&path, text).unwrap();
    let elsewhere = App::answering("200 OK", "{}");
    let link = format!("link: <{}/v1/hooks?page=2&key=x>; rel=\"next\"", elsewhere.url());
    let first = answer(200, &["link: </help>; rel=\"help\"", &link], &json!({ "data": [hook("a")] }).to_string());
    let app = App::start(in_turn(vec![first, answer_json(200, &json!({ "data": [hook("b")] }))]));
    let ended = call(&sandbox, &app, &["list", "--json"]);
    assert_eq!((ended.code, ended.lines().len()), (0, 2), "{}", ended.stderr);
    let lines: Vec<String> = app.rest().iter().map(|seen| seen.line().to_owned()).collect();
    assert_eq!(lines, ["GET /v1/hooks HTTP/1.1", "GET /v1/hooks?page=2 HTTP/1.1"]);
    assert!(elsewhere.rest().is_empty());
}

#[test]
fn a_list_ends_where_the_cursor_is_empty_and_goes_on_where_it_is_a_number() {
    for (next, after) in [(json!(""), None), (Value::Null, None), (json!(7), Some("GET /v1/hooks?after=7 HTTP/1.1"))] {
        let first = answer_json(200, &json!({ "data": [hook("a")], "next": next }));
        let (sandbox, app) = (acme(), App::start(in_turn(vec![first, answer_json(200, &json!({ "data": [] }))])));
        let ended = call(&sandbox, &app, &["list", "--json"]);
        assert_eq!((ended.code, ended.lines().len()), (0, 1), "{next}: {}", ended.stderr);
        assert_eq!(app.rest().get(1).map(|seen| seen.line().to_owned()).as_deref(), after, "{next}");
    }
}

#[test]
fn the_answer_to_a_change_is_read_as_that_call_answers() {
    let sandbox = acme();
    let path = sandbox.path().join(".hookctl/providers/acme/provider.toml");
    let text = std::fs::read_to_string(&path).unwrap().replace("[api.update]", "[[api.update]]");
    let note = "[[api.update]]\nmethod = \"PUT\"\npath = \"/hooks/{id}/note\"\nbody = { note = \"{?description}\" }\n\
                answer = { its = { name = \"{id}\", target = \"{url}\" } }\n\n[api.delete]";
    let text = text
        .replace(", note = \"{?description}\", secret = \"{?secret}\" }\n\n[api.delete]", &format!(" }}\n\n{note}"));
    std::fs::write(&path, text).unwrap();
    let app = api(200, json!({ "its": { "name": "wh_1", "target": "https://b.test/" } }));
    let ended = call(&sandbox, &app, &["update", "wh_1", "--description", "mine", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let lines: Vec<String> = app.rest().iter().map(|seen| seen.line().to_owned()).collect();
    assert_eq!(lines, ["PUT /v1/hooks/wh_1/note HTTP/1.1"], "it is not asked for again");
    assert_eq!(ended.lines()[0]["webhook"]["url"], "https://b.test/");
}

#[test]
fn changes_go_to_the_webhook_of_this_id() {
    let (sandbox, app) = (acme(), api(200, hook("wh/1")));
    let sent = |args: &[&str]| {
        let ended = call(&sandbox, &app, &[args, &["--json"]].concat());
        assert_eq!(ended.code, 0, "{args:?}: {}", ended.stderr);
        let seen = app.next();
        (
            seen.line().to_owned(),
            String::from_utf8(seen.body).unwrap(),
            ended.lines()[0]["type"].as_str().unwrap().to_owned(),
        )
    };
    let (line, body, kind) = sent(&["update", "wh/1", "--events", "order.*", "--target", "https://b.test/"]);
    assert_eq!((line.as_str(), kind.as_str()), ("PATCH /v1/hooks/wh%2F1 HTTP/1.1", "webhook"));
    assert_eq!(body, r#"{"url":"https://b.test/","events":["order.paid","order.sent"]}"#);
    assert_eq!(sent(&["enable", "wh_1"]).1, r#"{"active":true}"#);
    assert_eq!(sent(&["disable", "wh_1"]).1, r#"{"active":false}"#);
    assert_eq!(sent(&["get", "wh_1"]).0, "GET /v1/hooks/wh_1 HTTP/1.1");
    let (line, _, kind) = sent(&["ping", "wh_1"]);
    assert_eq!((line.as_str(), kind.as_str()), ("POST /v1/hooks/wh_1/ping HTTP/1.1", "webhook_pinged"));
    let (line, _, kind) = sent(&["delete", "wh_1"]);
    assert_eq!((line.as_str(), kind.as_str()), ("DELETE /v1/hooks/wh_1 HTTP/1.1", "webhook_deleted"));
    let chosen = call(&sandbox, &app, &["ping", "wh_1", "--event", "order.paid", "--json"]);
    assert_eq!((chosen.code, &chosen.error()["message"]), (2, &json!("acme chooses the test event itself")));
    let none = call(&sandbox, &app, &["update", "wh_1", "--json"]);
    assert_eq!((none.code, &none.error()["message"]), (2, &json!("what is to be changed?")));
}

#[test]
fn an_id_never_leads_to_another_place_of_the_api() {
    let (sandbox, app) = (acme(), api(200, hook("x")));
    for id in ["..", ".", "%2e%2e", "../../admin", "a?b=c", "a#b", "//evil.test/", "@evil.test"] {
        let ended = call(&sandbox, &app, &["delete", id, "--json"]);
        assert!(ended.code == 0 || ended.code == 2, "{id}: {}", ended.stderr);
    }
    for seen in app.rest() {
        let path = seen.line().split(' ').nth(1).unwrap().to_owned();
        assert!(path.starts_with("/v1/hooks/") && path.matches('/').count() == 3, "{path}");
        assert!(!path.contains(['?', '#']) && !path.ends_with('/'), "{path}");
    }
}

#[test]
fn whoami_tells_whose_credentials_these_are_and_where_they_came_from() {
    let (sandbox, app) = (acme(), api(200, json!({ "name": "Jo\u{1b}[2J" })));
    let ended = call(&sandbox, &app, &["whoami", "--json"]);
    let line = &ended.lines()[0];
    assert_eq!((&line["login"], &line["credentials"]), (&json!("Jo\u{1b}[2J"), &json!(["token from env:ACME_TOKEN"])));
    let human = call(&sandbox, &app, &["whoami"]);
    assert_eq!(human.stdout, "Jo\\u{1b}[2J at acme (token from env:ACME_TOKEN)\n");
    let sandbox = Sandbox::new();
    let app = api(200, json!({ "data": [] }));
    let listed = prokeep(&sandbox, &["whoami", "--username", "u", "--password", "p-word", "--api-url", &app.url()]);
    assert!(listed.code == 0 && listed.stdout.starts_with("prokeep accepts the credentials"), "{}", listed.stderr);
    assert!(listed.stderr.contains("can see --password"), "{}", listed.stderr);
}

#[test]
fn a_secret_that_is_told_once_is_in_a_file_of_its_owner_and_nowhere_else() {
    let mut made = hook("../wh_1");
    made["secret"] = json!("whsec_told-once");
    let (sandbox, app) = (acme(), api(201, made));
    let ended = create(&sandbox, &app, &["--json"]);
    let path = ended.lines()[0]["webhook"]["secret_file"].as_str().unwrap().to_owned();
    let folder = sandbox.path().join(".local/share/hookctl/secrets");
    assert_eq!(std::path::Path::new(&path).parent(), Some(folder.as_path()));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "whsec_told-once");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(path.as_ref()), mode(&folder)), (0o600, 0o700));
    }
    assert!(ended.stderr.contains(&format!("hookctl listen --provider acme --secret-file {path}")), "{}", ended.stderr);
    assert!(!ended.stdout.contains("told-once") && !ended.stderr.contains("told-once"));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
    let named = create(&sandbox, &app, &["--secret-out", "my.secret"]);
    assert!(named.code == 0 && named.stdout.contains("secret   in "), "{}{}", named.stdout, named.stderr);
    assert_eq!(std::fs::read_to_string(sandbox.path().join("my.secret")).unwrap(), "whsec_told-once");
    let asked = app.rest().len();
    let again = create(&sandbox, &app, &["--secret-out", "my.secret"]);
    assert_eq!((again.code, app.rest().len(), asked), (2, 0, 2), "{}", again.stderr);
}

#[test]
fn a_secret_of_ones_own_is_sent_and_kept_to_oneself() {
    let mut made = hook("wh_1");
    made["secret"] = json!("own-secret-1");
    let (sandbox, app) = (acme().env("HOOK", "own-secret-1"), api(201, made));
    let ended = create(&sandbox, &app, &["--secret-env", "HOOK", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(String::from_utf8(app.next().body).unwrap().contains(r#""secret":"own-secret-1""#));
    assert!(ended.lines()[0]["webhook"].get("secret_file").is_none());
    for more in [&["--dry-run"][..], &["--dry-run", "--json"], &["--curl"]] {
        let shown = create(&sandbox, &app, &[&["--secret-env", "HOOK"], more].concat());
        assert!(shown.stdout.contains("***") && !shown.stdout.contains("own-secret"), "{}", shown.stdout);
    }
    assert!(app.rest().is_empty(), "nothing was sent");
    let stripe = sandbox.run(&[
        "webhooks",
        "create",
        "--provider",
        "stripe",
        "--all-events",
        "--target",
        "https://a.test",
        "--secret-env",
        "HOOK",
        "--dry-run",
    ]);
    assert!(stripe.code == 2 && stripe.stderr.contains("stripe takes no secret"), "{}", stripe.stderr);
}

#[test]
fn no_error_repeats_a_signing_secret() {
    let secret = "own \"secret\" 1";
    let refusal = json!({ "message": format!("secret {secret} is too short") });
    for body in [refusal.clone(), json!({ "problems": [refusal] })] {
        let (sandbox, app) = (acme().env("HOOK", secret), api(422, body));
        for args in [&["create", "--target", "https://a.test/", "--events", "*"][..], &["update", "wh_1"]] {
            let ended = call(&sandbox, &app, &[args, &["--secret-env", "HOOK"]].concat());
            assert_eq!(ended.code, 1, "{}", ended.stderr);
            let shown = ended.stderr.contains("secret *** is too short") && !ended.stderr.contains("own");
            assert!(shown, "{}", ended.stderr);
        }
    }
}

#[test]
fn an_unknown_answer_that_may_hold_the_new_secret_is_not_shown() {
    let (sandbox, app) = (acme(), api(201, json!({ "made": { "id": 1, "secret": "whsec_told-once" } })));
    let ended = create(&sandbox, &app, &[]);
    assert!(ended.code == 3 && ended.stderr.contains("it may hold the signing secret"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("told-once"), "{}", ended.stderr);
    let path = sandbox.path().join(".hookctl/providers/acme/provider.toml");
    let told = "\n[api.secret]\nmethod = \"GET\"\npath = \"/hooks/{id}/secret\"\nanswer = { key = \"{secret}\" }\n";
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + told).unwrap();
    let answers = vec![answer_json(201, &hook("wh_1")), answer_json(200, &json!({ "secret": "whsec_told-once" }))];
    let ended = create(&sandbox, &App::start(in_turn(answers)), &[]);
    assert!(ended.code == 0 && ended.stderr.contains("but not its secret"), "{}", ended.stderr);
    assert!(!(ended.stdout + &ended.stderr).contains("told-once"), "{}", ended.stderr);
}

#[test]
fn a_secret_in_the_environment_is_for_new_webhooks_only() {
    let (sandbox, app) = (acme().env("HOOKCTL_SECRET", "from-the-environment"), api(201, hook("wh_1")));
    assert_eq!(create(&sandbox, &app, &[]).code, 0);
    assert!(String::from_utf8(app.next().body).unwrap().contains("from-the-environment"));
    assert_eq!(call(&sandbox, &app, &["update", "wh_1", "--description", "other"]).code, 0);
    assert_eq!(app.next().body, br#"{"note":"other"}"#);
    let stripe = ["webhooks", "create", "--provider", "stripe", "--all-events", "--target", "https://a.test", "--curl"];
    let shown = sandbox.run(&stripe);
    assert!(shown.code == 0 && !shown.stdout.contains("secret"), "stripe makes its own: {}", shown.stderr);
}

#[test]
fn a_dry_run_shows_the_exact_request_without_the_credential() {
    let (sandbox, app) = (acme(), App::answering("200 OK", ""));
    let ended = create(&sandbox, &app, &["--dry-run", "--json"]);
    let line = &ended.lines()[0];
    assert_eq!((&line["type"], &line["method"]), (&json!("request"), &json!("POST")));
    assert_eq!(line["url"], format!("{}/v1/hooks", app.url()));
    assert_eq!(line["body"], r#"{"url":"https://app.test/hooks","events":["order.paid"]}"#);
    assert!(line["headers"].as_array().unwrap().contains(&json!(["authorization", "Bearer ***"])), "{line}");
    let curl = create(&sandbox, &app, &["--curl"]);
    assert!(curl.stdout.contains("-H 'authorization: Bearer '\"${ACME_TOKEN}\""), "{}", curl.stdout);
    for shown in [&ended, &curl] {
        assert!(!shown.stdout.contains(TOKEN) && !shown.stderr.contains(TOKEN));
    }
    let query = acme_with("auth = { kind = \"query\", name = \"key\", env = [\"ACME_TOKEN\"] }");
    let shown = call(&query, &app, &["get", "1", "--dry-run"]);
    assert!(shown.stdout.contains("/v1/hooks/1?key=***") && !shown.stdout.contains(TOKEN), "{}", shown.stdout);
    let curl = call(&query, &app, &["get", "1", "--curl"]);
    assert!(curl.stdout.contains("--url-query 'key='\"${ACME_TOKEN}\""), "{}", curl.stdout);
    assert!(app.rest().is_empty());
}

#[test]
fn the_curl_line_makes_the_same_request() {
    if std::process::Command::new("curl").arg("--version").output().is_err() {
        return;
    }
    let (sandbox, app) = (acme(), api(201, hook("wh_1")));
    let line = create(&sandbox, &app, &["--curl"]).stdout;
    assert_eq!(create(&sandbox, &app, &[]).code, 0);
    let mut shell = std::process::Command::new("bash");
    shell.args(["--norc", "-c", &format!("curl() {{ command curl -s \"$@\"; }}; {line}")]);
    assert!(shell.env("ACME_TOKEN", TOKEN).output().unwrap().status.success(), "{line}");
    let [ours, theirs] = [app.next(), app.next()];
    assert_eq!((ours.line(), &ours.body), (theirs.line(), &theirs.body));
    for name in ["authorization", "user-agent", "content-type"] {
        assert_eq!(ours.all(name), theirs.all(name), "{name}");
    }
}

#[test]
fn credentials_stand_where_the_api_wants_them() {
    for (auth, header, value) in [
        ("{ kind = \"header\", name = \"X-Api-Key\", env = [\"ACME_TOKEN\"] }", "x-api-key", TOKEN.to_owned()),
        (
            "{ kind = \"bearer\", schemes = [\"Token\"], env = [\"ACME_TOKEN\"] }",
            "authorization",
            format!("Token {TOKEN}"),
        ),
    ] {
        let (sandbox, app) = (acme_with(&format!("auth = {auth}")), api(200, hook("1")));
        assert_eq!(call(&sandbox, &app, &["get", "1"]).code, 0);
        assert_eq!(app.next().all(header), [value]);
    }
    let (sandbox, app) = (acme_with("auth = { kind = \"query\", name = \"key\" }"), api(200, hook("1")));
    assert_eq!(call(&sandbox, &app, &["get", "1", "--token-env", "ACME_TOKEN"]).code, 0);
    let seen = app.next();
    assert_eq!(seen.line(), format!("GET /v1/hooks/1?key={TOKEN} HTTP/1.1"));
    assert!(seen.all("authorization").is_empty());
}

#[test]
fn names_of_events_are_those_of_the_api() {
    let (sandbox, app) = (acme(), api(201, hook("1")));
    let with = |events: &[&str]| {
        let args = [&["create", "--target", "https://a.test/", "--json"], events].concat();
        call(&sandbox, &app, &args)
    };
    let sent = |events: &[&str]| {
        assert_eq!(with(events).code, 0);
        serde_json::from_slice::<Value>(&app.next().body).unwrap()["events"].clone()
    };
    assert_eq!(sent(&["--events", "user.made,order.*"]), json!(["order.paid", "order.sent", "user.made"]));
    assert_eq!(sent(&["--all-events"]), json!(["*"]));
    assert_eq!(
        sent(&["--events", "order.paid,order.lost", "--allow-unknown-events"]),
        json!(["order.paid", "order.lost"])
    );
    for (events, message) in [
        (&["--events", "order.payed"][..], "no event `order.payed` (nearest: `order.paid`)"),
        (&["--events", "invoice.*"], "no event matches `invoice.*`"),
        (&["--events", "invoice.*", "--allow-unknown-events"], "no event matches `invoice.*`"),
        (&[], "which events are to be sent?"),
    ] {
        let ended = with(events);
        assert_eq!((ended.code, &ended.error()["message"]), (2, &json!(message)));
    }
    let github = sandbox.run(&[
        "webhooks",
        "create",
        "--provider",
        "github",
        "--var",
        "org=o",
        "--target",
        "https://a.test/",
        "--events",
        "issues.opened",
        "--json",
        "--dry-run",
    ]);
    assert_eq!(github.error()["message"], "no event `issues.opened` (nearest: `issues`)");
    assert!(app.rest().is_empty(), "nothing that was refused was sent");
}

#[test]
fn an_api_of_one_event_a_webhook_gets_one_create_for_each() {
    let sandbox = acme();
    let path = sandbox.path().join(".hookctl/providers/acme/provider.toml");
    let text = std::fs::read_to_string(&path).unwrap().replace("all = \"*\"", "all = \"names\"\none_each = true");
    std::fs::write(&path, text).unwrap();
    let app = api(201, hook("1"));
    let ended = call(&sandbox, &app, &["create", "--target", "https://a.test/", "--events", "order.*", "--json"]);
    assert_eq!((ended.code, ended.lines().len()), (0, 2), "{}", ended.stderr);
    let bodies: Vec<String> = app.rest().into_iter().map(|seen| String::from_utf8(seen.body).unwrap()).collect();
    let many = call(&sandbox, &app, &["update", "1", "--events", "order.*", "--json"]);
    assert_eq!((many.code, app.rest().len()), (2, 0), "{}", many.stderr);
    assert_eq!(call(&sandbox, &app, &["update", "1", "--all-events"]).code, 2);
    assert!(bodies[0].contains(r#"["order.paid"]"#) && bodies[1].contains(r#"["order.sent"]"#), "{bodies:?}");
}

#[test]
fn a_value_that_the_address_needs_is_asked_for() {
    let sandbox = Sandbox::new();
    let bare = sandbox.run(&["webhooks", "list", "--provider", "prokeep", "--json"]);
    assert_eq!((bare.code, &bare.error()["code"]), (2, &json!("missing_value")));
    assert!(bare.error()["hint"].as_str().unwrap().contains("--var subdomain="), "{}", bare.stderr);
    for (typed, code) in [("subdomain=evil.test/x?", "bad_value"), ("subdomain", "usage"), ("domain=x", "usage")] {
        let ended = sandbox.run(&["webhooks", "list", "--provider", "prokeep", "--var", typed, "--json"]);
        assert_eq!((ended.code, &ended.error()["code"]), (2, &json!(code)), "{typed}");
    }
    sandbox.write("hookctl.toml", "[provider.prokeep.api]\nvars = { subdomain = \"acme\" }\n");
    let shown = sandbox.run(&["webhooks", "list", "--provider", "prokeep", "--dry-run", "--json"]);
    assert_eq!(shown.lines()[0]["url"], "https://acme.prokeep.com/rest/v1/webhooks");
}

#[test]
fn what_an_api_does_not_have_is_said_before_it_is_asked() {
    let sandbox = Sandbox::new();
    for command in ["update", "delete", "enable", "disable", "ping"] {
        let ended = sandbox.run(&["webhooks", command, "x", "--provider", "prokeep", "--json"]);
        assert_eq!((ended.code, &ended.error()["code"]), (2, &json!("unsupported_call")), "{command}");
        assert_eq!(ended.error()["message"], format!("prokeep documents no call to {command} a webhook"));
        assert!(ended.error()["hint"].as_str().unwrap().contains("create, list, get"), "{}", ended.stderr);
    }
    let ended = sandbox.run(&["webhooks", "list", "--provider", "prospektr", "--json"]);
    assert_eq!((ended.code, &ended.error()["code"]), (2, &json!("no_api")));
    assert!(ended.error()["hint"].as_str().unwrap().contains("https://"), "it says where to read: {}", ended.stderr);
}

#[test]
fn a_target_is_looked_at_before_the_provider_is_asked() {
    let (sandbox, app) = (acme_with("https_only = true\nauth = { kind = \"bearer\" }"), api(201, hook("1")));
    let with = |target: &str, api: &[&str]| {
        let args = [
            "webhooks",
            "create",
            "--provider",
            "acme",
            "--events",
            "order.paid",
            "--token",
            "t",
            "--target",
            target,
            "--dry-run",
            "--json",
        ];
        sandbox.run(&[&args, api].concat())
    };
    let ended = with("http://app.test/", &[]);
    assert_eq!((ended.code, &ended.error()["code"]), (2, &json!("target_not_https")));
    assert_eq!(with("http://app.test/", &["--api-url", &app.url()]).code, 0, "a mock takes it");
    for target in ["https://127.0.0.1:4000/", "https://192.168.1.7/", "https://printer.local/", "https://[fd00::1]/"] {
        let ended = with(target, &[]);
        assert!(ended.code == 0 && ended.stderr.contains("cannot reach it"), "{target}: {}", ended.stderr);
        assert!(!with(target, &["--api-url", &app.url()]).stderr.contains("cannot reach it"), "{target}");
    }
    for target in ["https://user:pass-word@app.test/", "ftp://app.test/", "", "http://"] {
        let ended = with(target, &[]);
        assert_eq!((ended.code, &ended.error()["code"]), (2, &json!("bad_target")), "{target}");
        assert!(!ended.stderr.contains("pass-word"));
    }
}

#[test]
fn credentials_that_are_missing_or_of_another_kind_are_asked_for_by_name() {
    let (sandbox, app) = (Sandbox::new(), api(200, json!({})));
    let url = app.url();
    let stripe = |more: &[&str]| {
        sandbox.run(&[&["webhooks", "list", "--provider", "stripe", "--api-url", &url, "--json"], more].concat())
    };
    let none = stripe(&[]);
    assert_eq!((none.code, &none.error()["code"]), (2, &json!("no_credentials")));
    assert!(none.error()["hint"].as_str().unwrap().contains("STRIPE_API_KEY"), "{}", none.stderr);
    let pair = stripe(&["--username", "u", "--password", "p"]);
    let error = pair.stderr.lines().last().unwrap().to_owned();
    assert!(pair.code == 2 && error.contains("not a user name and a password"), "{error}");
    let broken = stripe(&["--token", "a\nb"]);
    let error = broken.stderr.lines().last().unwrap().to_owned();
    assert!(broken.code == 2 && error.contains("bad_credential") && !error.contains("a\\nb"), "{error}");
    assert!(app.rest().is_empty());
}

#[test]
fn an_address_that_is_no_api_is_refused() {
    let sandbox = acme();
    for url in
        ["ftp://h/", "nonsense", "http://", "https://user:pass-word@h/", "https://h/?key=v", "file:///etc/passwd"]
    {
        let ended = sandbox.run(&["webhooks", "list", "--provider", "acme", "--api-url", url, "--json"]);
        assert_eq!((ended.code, &ended.error()["code"]), (2, &json!("bad_api_url")), "{url}");
        assert!(!ended.stderr.contains("pass-word"), "{}", ended.stderr);
    }
}

#[test]
fn one_that_is_unknown_does_not_keep_the_others_from_being_deleted() {
    let answers = vec![answer(404, &[], ""), answer(204, &[], ""), answer(404, &[], ""), answer(204, &[], "")];
    let (sandbox, app) = (acme(), App::start(in_turn(answers)));
    let ended = call(&sandbox, &app, &["delete", "a", "b", "c", "d", "--json"]);
    assert_eq!((ended.code, ended.lines().len(), &ended.error()["code"]), (1, 2, &json!("unknown_webhook")));
    assert!(ended.stderr.contains("`a`") && ended.stderr.contains("`c`"), "{}", ended.stderr);
    assert_eq!(count(&app.rest(), "DELETE"), 4);
}

#[test]
fn a_target_elsewhere_is_a_whole_url() {
    let (sandbox, app) = (acme(), App::start(in_turn(vec![json_hook()])));
    let target = |target: &str| call(&sandbox, &app, &["create", "--target", target, "--all-events", "--json"]);
    let ended = target("notaurl");
    assert_eq!((ended.code, &ended.error()["code"]), (2, &json!("bad_target")));
    assert_eq!(ended.error()["hint"], "write https://notaurl");
    assert!(app.rest().is_empty());
    assert_eq!(target("4000/hooks").code, 0, "a short form is for this machine");
}

fn json_hook() -> Vec<u8> {
    answer_json(201, &hook("wh_1"))
}

#[test]
fn a_refusal_ends_a_row_of_deletes() {
    let (sandbox, app) = (acme(), App::start(in_turn(vec![answer(204, &[], ""), answer(401, &[], "")])));
    let ended = call(&sandbox, &app, &["delete", "a", "b", "c", "--json"]);
    assert_eq!((ended.code, ended.lines().len()), (1, 1));
    assert_eq!(count(&app.rest(), "DELETE"), 2, "the third is not tried");
}

#[test]
fn a_deleted_webhook_whose_secret_is_still_kept_says_where() {
    let (sandbox, app) = (acme(), App::start(in_turn(vec![answer(204, &[], "")])));
    sandbox.write(".local/share/hookctl/secrets/acme-wh_1", "s3cret");
    let ended = call(&sandbox, &app, &["delete", "wh_1"]);
    assert!(ended.stderr.contains("secret is still in ") && ended.stderr.contains("acme-wh_1"), "{}", ended.stderr);
}

#[test]
fn more_than_twenty_webhooks_at_once_are_asked_about() {
    let sandbox = Sandbox::new().env("T", TOKEN);
    let target = ["--target", "https://app.test/hooks", "--all-events", "--json"];
    let shopify = ["webhooks", "create", "--provider", "shopify", "--var", "shop=snow", "--token-env", "T"];
    let ended = sandbox.run(&[&shopify[..], &target, &["--api-url", "http://127.0.0.1:9"]].concat());
    assert_eq!((ended.code, &ended.error()["code"]), (2, &json!("unconfirmed")), "{}", ended.stderr);
    assert!(ended.error()["hint"].as_str().unwrap().contains("--yes"));
}

#[test]
fn a_curl_command_is_an_object_where_json_is_asked_for() {
    let sandbox = Sandbox::new().env("T", TOKEN);
    let stripe = ["webhooks", "list", "--provider", "stripe", "--token-env", "T", "--curl", "--json"];
    let lines = sandbox.run(&stripe).lines();
    assert_eq!(lines[0]["type"], "curl");
    assert!(lines[0]["command"].as_str().unwrap().contains("\"${T}\""), "{lines:?}");
}

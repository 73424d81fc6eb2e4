//! The published schema of JSON lines: every line that a test sees is held against it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::app::App;
use crate::sandbox::{Ended, Sandbox};

static SCHEMA: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(include_str!("schema/lines.json")).unwrap());

/// One validator a line type, so that a mismatch is told in terms of that type.
static VALIDATORS: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| {
    kinds()
        .map(|kind| {
            let schema = json!({ "$ref": format!("#/$defs/{kind}"), "$defs": SCHEMA["$defs"] });
            (kind.to_owned(), jsonschema::draft202012::new(&schema).unwrap())
        })
        .collect()
});

/// The definitions that are lines of their own; the others begin with `-`.
fn kinds() -> impl Iterator<Item = &'static str> {
    SCHEMA["$defs"].as_object().unwrap().keys().map(String::as_str).filter(|name| !name.starts_with('-'))
}

/// Panics unless the line is one of the published ones.
pub fn check(line: &Value) {
    if let Err(problem) = problem(line) {
        panic!("not a line of the schema: {problem}\n{line}");
    }
}

fn problem(line: &Value) -> Result<(), String> {
    let kind = line["type"].as_str().ok_or("it has no type")?;
    let validator = VALIDATORS.get(kind).ok_or_else(|| format!("unknown type `{kind}`"))?;
    validator.validate(line).map_err(|error| format!("{error} at {}", error.instance_path()))
}

/// The one line of this type that a command printed.
fn line_of(ended: &Ended, kind: &str) -> Value {
    let found: Vec<Value> = ended.lines().into_iter().filter(|line| line["type"] == kind).collect();
    assert!(!found.is_empty(), "no {kind} line in {}{}", ended.stdout, ended.stderr);
    found[0].clone()
}

/// A real line of each type except the three that need a listener at work or a flood.
fn samples() -> Vec<Value> {
    let sandbox = Sandbox::new().env("HOOK_SECRET", "a-secret");
    let app = App::answering("200 OK", "fine");
    let secret = ["--secret-env", "HOOK_SECRET"];
    let with = |args: &[&str]| sandbox.run(&[args, &secret, &["--json"]].concat());
    let request = with(&["send", "prospect.added", "--to", "1", "--dry-run"]);
    let curl = with(&["send", "prospect.added", "--to", "1", "--curl"]);
    let body = line_of(&request, "request")["body"].as_str().unwrap().to_owned();
    let sign = ["sign", "--provider", "prospektr", "--secret-env", "HOOK_SECRET", "--json"];
    let verify = ["verify", "--provider", "prospektr", "--secret-env", "HOOK_SECRET", "--json"];
    let infer = ["providers", "new", "acme", "--from", "-", "--secret-env", "HOOK_SECRET", "--json"];
    let many = with(&["send", "prospect.added", "--to", &app.url(), "--count", "2"]);
    let listening = sandbox.listen(&["--max-body", "1KiB", "-f", &app.url()]);
    crate::wire::post(&listening.address(), "/other", &[], b"{}");
    crate::wire::post(&listening.address(), "/", &[], b"{}");
    let contact = br#"{"event":"contact_deleted","source":"https://prokeep.com","email":"jo@corp.co"}"#;
    crate::wire::post(&listening.address(), "/", &["Content-Type: application/json"], contact);
    crate::wire::post(&listening.address(), "/", &[], &[b'x'; 2000]);
    let mut samples = vec![
        listening.ready.clone(),
        listening.next_of("received"),
        listening.next_of("forwarded"),
        crate::asking::asked(),
        crate::handshakes::answered(),
        crate::handshakes::confirmation(),
        listening.next_of("refused"),
        line_of(&request, "request"),
        line_of(&curl, "curl"),
        line_of(&sandbox.run_with(&sign, body.as_bytes()), "signed"),
        line_of(&sandbox.run_with(&verify, body.as_bytes()), "verified"),
        line_of(&many, "sent"),
        line_of(&many, "summary"),
        line_of(&sandbox.run(&["events", "show", "--json"]), "event"),
        line_of(&sandbox.run(&["events", "replay", "@last", "--to", &app.url(), "--json"]), "replayed"),
        line_of(&sandbox.run(&["events", "stats", "--json"]), "stats"),
        line_of(&sandbox.run(&["events", "diff", "--json"]), "difference"),
        line_of(&sandbox.run(&["events", "export", "-o", "events.jsonl", "--json"]), "exported"),
        line_of(&sandbox.run(&["events", "import", "events.jsonl", "--json"]), "imported"),
        line_of(&sandbox.run(&["events", "salvage", "--json"]), "salvaged"),
        line_of(&sandbox.run(&["providers", "list", "--json"]), "provider"),
        line_of(&sandbox.run(&["fixtures", "list", "--json"]), "fixture"),
        line_of(&sandbox.run_with(&infer, b"POST / HTTP/1.1\r\nX-Token: a-secret\r\n\r\n{}"), "inferred"),
        line_of(&sandbox.run(&["fixtures", "save", "@last", "--as", "generic/mine", "--json"]), "replaced"),
        line_of(&sandbox.run(&["events", "drift", "--json"]), "drift"),
        line_of(&sandbox.run(&["events", "pin", "@last", "--json"]), "pinned"),
        line_of(&sandbox.run(&["events", "delete", "@last", "--json"]), "deleted"),
        line_of(&sandbox.run(&["events", "vacuum", "--json"]), "vacuumed"),
        line_of(&sandbox.run(&["config", "--json"]), "config"),
        line_of(&sandbox.run(&["doctor", "--json"]), "check"),
        down(&sandbox),
        line_of(&sandbox.run(&["mock", "drill", "prokeep", "--to", &app.url(), "--json"]), "drill"),
        registered(&["get", "x"]),
        registered(&["delete", "x"]),
        registered(&["ping", "x"]),
        registered(&["whoami"]),
        crate::leases::left_behind(),
        json!({ "v": 1, "type": "lagged", "missed": 3 }),
    ];
    let mock = sandbox.mock(&["prokeep", "--to", &app.url()]);
    samples.push(mock.ready.clone());
    sandbox.run(&["mock", "emit", "message_received", "--api-url", &mock.url]);
    samples.push(mock.next_of("attempt"));
    samples.push(line_of(&sandbox.run(&["mock", "log", "--api-url", &mock.url, "--json"]), "message"));
    samples.extend(crate::apply::planned_and_applied());
    samples.extend(listening.interrupt().1.into_iter().filter(|line| line["type"] == "stopped"));
    let error = sandbox.run(&["send", "prospect.add", "--to", "1", "--json"]);
    samples.push(serde_json::from_str(error.stderr.trim()).unwrap());
    samples
}

/// A line about a webhook at a provider.
fn registered(args: &[&str]) -> Value {
    let app = App::start(|_| {
        let mut hook = crate::api_server::hook("x");
        hook["name"] = json!("jo");
        crate::api_server::json(200, &hook)
    });
    let ended = crate::api_server::call(&crate::api_server::acme(), &app, &[args, &["--json"]].concat());
    ended.lines().swap_remove(0)
}

/// A target that is not there.
fn down(sandbox: &Sandbox) -> Value {
    let target = crate::app::closed_port().to_string();
    let listening = sandbox.listen(&["-f", &target, "--respond", "now"]);
    crate::wire::post(&listening.address(), "/", &[], b"{}");
    listening.next_of("target")
}

#[test]
fn every_type_of_line_is_published_and_checked_strictly() {
    let samples = samples();
    let mut seen: Vec<&str> = samples.iter().map(|sample| sample["type"].as_str().unwrap()).collect();
    let mut published: Vec<&str> = kinds().collect();
    seen.sort_unstable();
    seen.dedup();
    published.sort_unstable();
    assert_eq!(seen, published, "a sample of each type");
    let whole = jsonschema::draft202012::new(&SCHEMA).unwrap();
    for sample in &samples {
        check(sample);
        assert!(whole.is_valid(sample), "the file as a whole takes it too: {sample}");
        for key in sample.as_object().unwrap().keys() {
            let mut poorer = sample.clone();
            poorer.as_object_mut().unwrap().remove(key);
            assert!(problem(&poorer).is_err(), "without `{key}`: {sample}");
        }
        let mut richer = sample.clone();
        richer["surprise"] = json!(1);
        assert!(problem(&richer).is_err(), "with a surprise: {sample}");
    }
}

#[test]
fn the_schema_refuses_what_a_reader_would_stumble_over() {
    let line = json!({ "v": 1, "type": "error", "code": "usage", "message": "no", "hint": null });
    check(&line);
    for (key, wrong) in [
        ("v", json!(2)),
        ("type", json!("mistake")),
        ("code", json!("Not A Code")),
        ("message", json!("")),
        ("hint", json!(1)),
    ] {
        let mut line = line.clone();
        line[key] = wrong;
        assert!(problem(&line).is_err(), "{line}");
    }
}

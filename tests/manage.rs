//! `providers`, `fixtures`, `completions`, `man` and `doctor`.

use hookctl::provider::Catalogue;
use serde_json::Value;

use crate::sandbox::{Ended, Sandbox};

pub fn lines(ended: &Ended) -> Vec<Value> {
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn all_providers_are_listed() {
    let sandbox = Sandbox::new();
    let table = sandbox.run(&["providers", "list"]);
    assert_eq!((table.code, table.stderr.as_str()), (0, ""));
    let json = sandbox.run(&["providers", "list", "--json"]);
    let ids: Vec<Value> = lines(&json).iter().map(|line| line["id"].clone()).collect();
    assert_eq!(ids, Catalogue::default().ids());
    for line in lines(&json) {
        assert_eq!((&line["v"], &line["type"]), (&1.into(), &"provider".into()));
        assert!(table.stdout.contains(line["id"].as_str().unwrap()));
    }
}

#[test]
fn a_provider_is_shown_with_what_is_known_and_what_is_not() {
    let sandbox = Sandbox::new();
    let slack = sandbox.run(&["providers", "show", "slack"]).stdout;
    for known in
        ["slack (Slack)", "SLACK_SIGNING_SECRET", "v0={signature}", "0s, 1m, 5m", "url_verification", "app_mention"]
    {
        assert!(slack.contains(known), "{known}: {slack}");
    }
    let prokeep = sandbox.run(&["providers", "show", "prokeep"]).stdout;
    for known in ["none is documented", "not documented", "create, list, get", "message_received"] {
        assert!(prokeep.contains(known), "{known}: {prokeep}");
    }
    assert!(sandbox.run(&["providers", "show", "promptio"]).stdout.contains("message/added (illustrative)"));
    let unknown = sandbox.run(&["providers", "show", "prospekt"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.stderr.contains("unknown provider `prospekt`") && unknown.stderr.contains("did you mean `prospektr`?")
    );
}

#[test]
fn a_new_provider_works_at_once() {
    let sandbox = Sandbox::new().env("ACME_SECRET", "s3cret");
    let args = ["providers", "new", "acme", "--signature-header", "X-Acme", "--signature-format", "sha256={signature}"];
    let made = sandbox.run(&args);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(sandbox.run(&["providers", "list"]).stdout.contains("acme"));
    let request = sandbox.run(&["send", "acme/example", "--to", "9", "--secret-env", "ACME_SECRET", "--dry-run"]);
    assert!(request.stdout.contains("x-acme: sha256="), "{}{}", request.stdout, request.stderr);
    let again = sandbox.run(&args);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);
}

#[test]
fn a_new_provider_with_a_bad_name_or_flag_leaves_no_folder() {
    let sandbox = Sandbox::new();
    for args in [
        &["../outside-of-the-folder"][..],
        &["Acme"],
        &["a b"],
        &["acme", "--signature-encoding", "base33"],
        &["acme", "--signed", "{bdoy}"],
    ] {
        let refused = sandbox.run(&[&["providers", "new"], args].concat());
        assert_eq!(refused.code, 2, "{args:?}: {}", refused.stdout);
    }
    assert!(
        !sandbox.path().join(".hookctl").exists()
            && !sandbox.path().parent().unwrap().join("outside-of-the-folder").exists()
    );
}

#[test]
fn all_fixtures_are_listed() {
    let sandbox = Sandbox::new();
    let json = lines(&sandbox.run(&["fixtures", "list", "--json"]));
    let catalogue = Catalogue::default();
    assert_eq!(json.len(), catalogue.ids().iter().map(|id| catalogue.events(id).len()).sum::<usize>());
    assert!(json.iter().all(|line| line["type"] == "fixture" && line["origin"] == "built in"));
    let own = sandbox.run(&["fixtures", "list", "promptio"]);
    assert_eq!(own.stdout.matches("promptio/").count(), 7, "{}", own.stdout);
    assert_eq!(own.stderr.lines().count(), 1, "{}", own.stderr);
    assert_eq!(sandbox.run(&["fixtures", "list", "nobody"]).code, 2);
}

#[test]
fn a_fixture_is_shown_byte_for_byte() {
    let sandbox = Sandbox::new();
    for (id, event) in [("prokeep", "message_sent"), ("shopify", "orders/create"), ("twilio", "message.received")] {
        let name = format!("{id}/{event}");
        let output = sandbox.command(&["fixtures", "show", &name]).output().unwrap();
        assert!(output.stdout == Catalogue::default().fixture(id, event).unwrap().body, "{name}");
    }
    let ambiguous = sandbox.run(&["fixtures", "show", "ping"]);
    assert_eq!(ambiguous.code, 2);
    assert!(ambiguous.stderr.contains("generic/ping, github/ping"), "{}", ambiguous.stderr);
    assert!(sandbox.run(&["fixtures", "show", "ping", "--provider", "github"]).stdout.contains("zen"));
}

#[test]
fn a_saved_fixture_is_a_copy_to_edit() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["fixtures", "save", "message_received"]).code, 0);
    let path = sandbox.path().join(".hookctl/providers/prokeep/message_received.json");
    let body = Catalogue::default().fixture("prokeep", "message_received").unwrap().body;
    assert!(std::fs::read(&path).unwrap() == body);
    assert_eq!(sandbox.run(&["fixtures", "save", "message_received"]).code, 2);
    assert_eq!(sandbox.run(&["fixtures", "save", "message_received", "--force"]).code, 0);
    let from = sandbox.run_with(&["fixtures", "save", "stripe/my.event", "--from", "-"], b"{\"type\":\"my.event\"}");
    assert_eq!(from.code, 0, "{}", from.stderr);
    assert_eq!(sandbox.run(&["fixtures", "show", "stripe/my.event"]).stdout, "{\"type\":\"my.event\"}");
    let renamed = sandbox.run(&["fixtures", "save", "twilio/message.received", "--as", "twilio/message.angry"]);
    assert_eq!(renamed.code, 0, "{}", renamed.stderr);
    assert!(sandbox.path().join(".hookctl/providers/twilio/message.angry.form").is_file());
    let listed = sandbox.run(&["fixtures", "list", "twilio"]);
    assert!(listed.stdout.contains("twilio/message.angry"), "{}", listed.stdout);
}

#[test]
fn a_fixture_is_never_saved_outside_its_folder() {
    let sandbox = Sandbox::new();
    sandbox.write("body.json", "{}");
    for name in [
        "../x",
        "prokeep/../x",
        "prokeep/../../x",
        "prokeep//x",
        "prokeep/.x",
        "prokeep/a\\b",
        "/etc/x",
        "prokeep/",
        "prokeep",
    ] {
        for args in [
            vec!["fixtures", "save", name, "--from", "body.json"],
            vec!["fixtures", "save", "message_received", "--as", name],
        ] {
            let refused = sandbox.run(&args);
            assert_eq!(refused.code, 2, "{args:?}: {}", refused.stderr);
        }
    }
    assert!(!sandbox.path().join(".hookctl").exists(), "nothing was written");
}

#[test]
fn completions_are_made_for_five_shells() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = sandbox.run(&["completions", shell]);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{shell}");
        assert!(ended.stdout.contains("COMPLETE") && ended.stdout.contains("hookctl"), "{shell}");
    }
    assert_eq!(sandbox.run(&["completions", "cmd"]).code, 2);
}

#[test]
fn the_man_page_has_every_command() {
    let page = Sandbox::new().run(&["man"]).stdout;
    assert!(page.contains(".TH hookctl 1"));
    for command in
        ["listen", "send", "verify", "sign", "providers", "fixtures", "config", "doctor", "completions", "man"]
    {
        assert!(page.contains(&format!("hookctl\\-{command}")), "{command}");
    }
}

#[test]
fn help_version_completions_and_man_work_with_a_broken_configuration() {
    let sandbox = Sandbox::new();
    sandbox.write("hookctl.toml", "this is no toml");
    for args in [&["--help"][..], &["--version"], &["completions", "bash"], &["man"], &["send", "--help"]] {
        assert_eq!(sandbox.run(args).code, 0, "{args:?}");
    }
    assert_eq!(sandbox.run(&["providers", "list"]).code, 2);
}

#[test]
fn doctor_ends_with_0_when_all_is_well_and_1_when_something_is_not() {
    let sandbox = Sandbox::new();
    let well = sandbox.run(&["doctor", "--json"]);
    let checks = lines(&well);
    let all = checks.iter().all(|check| check["ok"] == true);
    assert_eq!(well.code, i32::from(!all), "{}", well.stdout);
    assert!(checks.iter().any(|check| check["name"] == "providers" && check["ok"] == true));
    sandbox.write("hookctl.toml", "[provider.prospektr]\nsecret = \"env:NOT_SET\"\n");
    sandbox.write(".hookctl/providers/acme/provider.toml", "[provider]\n");
    let ill = sandbox.run(&["doctor", "--json"]);
    assert_eq!(ill.code, 1);
    let bad: Vec<Value> = lines(&ill).into_iter().filter(|check| check["ok"] == false).collect();
    assert!(bad.iter().any(|check| check["found"].as_str().unwrap().contains("NOT_SET")), "{bad:?}");
    assert!(bad.iter().any(|check| check["found"].as_str().unwrap().contains("acme/provider.toml:1")), "{bad:?}");
    assert!(bad.iter().all(|check| check["hint"].is_string()), "{bad:?}");
    let human = sandbox.run(&["doctor"]);
    assert!(human.code == 1 && human.stdout.contains("✗ secret: prospektr:") && human.stdout.contains("    hint: "));
}

#[test]
fn a_command_that_is_misspelt_names_the_nearest() {
    let sandbox = Sandbox::new();
    let ended = sandbox.run(&["lisen"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains("listen"), "{}", ended.stderr);
    let json = sandbox.run(&["providers", "show", "nobody", "--json"]);
    let error: Value = serde_json::from_str(&json.stderr).unwrap();
    assert_eq!(
        (&error["type"], &error["code"], json.stdout.as_str()),
        (&"error".into(), &"unknown_provider".into(), "")
    );
    assert!(error["hint"].is_string() && error["message"] == "unknown provider `nobody`");
}

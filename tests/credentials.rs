//! Credentials for registration APIs: where they may stand, which counts, and that nothing shows them.

use crate::api_server;
use crate::app::App;
use crate::sandbox::Sandbox;

/// Value and origin of each `provider.NAME.api` key.
fn shown(sandbox: &Sandbox, more: &[&str]) -> Vec<(String, String, String)> {
    let ended = sandbox.run(&[&["config", "--json"], more].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let text = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap().to_owned();
    let lines = ended.lines();
    let api = lines.iter().filter(|line| line["key"].as_str().unwrap().contains(".api."));
    api.map(|line| (text(line, "key"), text(line, "value"), text(line, "origin"))).collect()
}

#[test]
fn config_shows_where_credentials_are_and_never_what_they_are() {
    let sandbox = Sandbox::new().env("MINE", "hunter2");
    let file = sandbox.write(
        "hookctl.toml",
        "[provider.prokeep.api]\nusername = \"jo-hunter2\"\npassword = \"env:MINE\"\nvars = { subdomain = \"acme\" }\n\
         [profile.ci.provider.prokeep.api]\npassword = \"keyring:prokeep/ci\"\nbase_url = \"http://127.0.0.1:1/x\"\n",
    );
    let file = file.display().to_string();
    let entry = |key: &str, value: &str| (format!("provider.prokeep.api.{key}"), value.to_owned(), file.clone());
    let name = entry("username", "***");
    let variable = entry("vars.subdomain", "acme");
    assert_eq!(shown(&sandbox, &[]), [variable.clone(), name.clone(), entry("password", "env:MINE")]);
    let url = entry("base_url", "http://127.0.0.1:1/x");
    assert_eq!(shown(&sandbox, &["--profile", "ci"]), [url, variable, name, entry("password", "keyring:prokeep/ci")]);
    let all = sandbox.run(&["config", "-vv"]);
    assert!(!(all.stdout + &all.stderr).contains("hunter2"));
}

#[test]
fn a_credential_itself_in_the_file_is_refused_without_repeating_it() {
    let sandbox = Sandbox::new();
    for (text, place) in [
        ("[provider.github.api]\ntoken = \"ghp_hunter2\"\n", "hookctl.toml:2:"),
        ("[provider.prokeep.api]\nusername = \"jo\"\npassword = \"hunter2\"\n", "hookctl.toml:3:"),
        ("[profile.ci.provider.prokeep.api]\npassword = [\"hunter2\"]\n", "hookctl.toml:2:"),
        ("[provider.prokeep.api]\nusername = { hunter2 = 1 }\n", "hookctl.toml:2:"),
    ] {
        sandbox.write("hookctl.toml", text);
        let ended = sandbox.run(&["config", "--json"]);
        assert_eq!((ended.code, ended.error()["code"].as_str()), (2, Some("broken_config")), "{text}");
        assert!(ended.stderr.contains(place) && !ended.stderr.contains("hunter2"), "{}", ended.stderr);
    }
}

#[test]
fn a_wanted_webhook_must_say_what_where_and_at_whom() {
    let sandbox = Sandbox::new();
    let url = "url = \"https://a.example/\"\n";
    for (text, problem) in [
        (format!("[[webhook]]\nprovider = \"github\"\n{url}"), "which events?"),
        (format!("[[webhook]]\nprovider = \"github\"\n{url}events = []\n"), "which events?"),
        (
            format!("[[webhook]]\nprovider = \"github\"\n{url}events = [\"push\"]\nall_events = true\n"),
            "exclude each other",
        ),
        (format!("[[webhook]]\nprovider = \"gihub\"\n{url}all_events = true\n"), "(nearest: `github`)"),
        (
            "[[webhook]]\nprovider = \"github\"\nurl = \"ftp://a/\"\nall_events = true\n".to_owned(),
            "not the URL of a web",
        ),
        (
            format!("[[webhook]]\nprovider = \"github\"\n{url}all_events = true\nsecret = \"x\"\n"),
            "unknown field `secret`",
        ),
    ] {
        sandbox.write("hookctl.toml", &text);
        let ended = sandbox.run(&["config"]);
        assert!(ended.code == 2 && ended.stderr.contains(problem), "{text}: {}", ended.stderr);
    }
}

/// An API that answers everything with an empty list, and a folder that knows it as `acme`.
fn acme(config: &str) -> (Sandbox, App) {
    let app = App::start(|_| api_server::json(200, &serde_json::json!({ "data": [], "name": "jo" })));
    let sandbox = api_server::acme();
    sandbox.write("hookctl.toml", config.replace("URL", &app.url()));
    (sandbox, app)
}

/// The credential that the API was shown.
fn sent(sandbox: &Sandbox, app: &App, more: &[&str]) -> String {
    let ended = sandbox.run(&[&["webhooks", "list", "--provider", "acme"], more].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    app.next().all("authorization").concat()
}

#[test]
fn flag_before_variable_before_profile_before_file_before_the_providers_own() {
    let (sandbox, app) = acme("[provider.acme.api]\nbase_url = \"URL\"\n");
    assert_eq!(sent(&sandbox, &app, &[]), format!("Bearer {}", api_server::TOKEN), "the provider's own");
    let (sandbox, app) = acme(
        "[provider.acme.api]\nbase_url = \"URL\"\ntoken = \"env:FILE\"\n[profile.ci.provider.acme.api]\ntoken = \"file:s/ci\"\n",
    );
    sandbox.write("s/ci", "of-the-profile\n");
    let sandbox = sandbox.env("FILE", "of-the-file").env("FLAG", "of-the-flag");
    assert_eq!(sent(&sandbox, &app, &[]), "Bearer of-the-file");
    assert_eq!(sent(&sandbox, &app, &["--profile", "ci"]), "Bearer of-the-profile");
    let sandbox = sandbox.env("HOOKCTL_TOKEN", "of-the-variable");
    assert_eq!(sent(&sandbox, &app, &["--profile", "ci"]), "Bearer of-the-variable");
    assert_eq!(sent(&sandbox, &app, &["--token-env", "FLAG"]), "Bearer of-the-flag");
}

#[test]
fn a_refusal_names_the_place_of_each_value_and_a_half_pair_the_missing_half() {
    let app = App::answering("401 Unauthorized", "{}");
    let url = app.url();
    let sandbox = Sandbox::new().env("NAME", "jo").env("PASS", "hunter2");
    sandbox.write("hookctl.toml", "[provider.prokeep.api]\nusername = \"jo\"\nvars = { subdomain = \"acme\" }\n");
    let list = ["webhooks", "list", "--provider", "prokeep", "--json", "--api-url", &url];
    let denied = sandbox.run(&[&list[..], &["--password-env", "PASS"]].concat());
    let message = denied.error()["message"].as_str().unwrap().to_owned();
    assert!(denied.code == 1 && message.contains("env:PASS") && message.contains("hookctl.toml"), "{message}");
    assert!(!denied.stderr.contains("hunter2"));
    let half = sandbox.run(&list);
    assert_eq!((half.code, half.error()["code"].as_str()), (2, Some("no_credentials")), "{}", half.stderr);
    assert!(half.error()["message"].as_str().unwrap().contains("but no password"), "{}", half.stderr);
    for (flags, code) in [
        (["--password-env", "UNSET"], "usage"),
        (["--password-file", "none.txt"], "usage"),
        (["--password", ""], "empty_credential"),
    ] {
        let ended = sandbox.run(&[&list[..], &flags].concat());
        assert_eq!((ended.code, ended.error()["code"].as_str()), (2, Some(code)), "{flags:?} {}", ended.stderr);
        assert!(ended.error()["message"].as_str().unwrap().contains("password for prokeep"), "{}", ended.stderr);
    }
}

#[test]
fn a_password_among_the_arguments_is_warned_about_and_a_readable_file_too() {
    let (sandbox, app) = acme("[provider.acme.api]\nbase_url = \"URL\"\n");
    let url = app.url();
    sandbox.write("token.txt", "abc");
    let list = |more: [&str; 2]| {
        sandbox.run(&[&["webhooks", "list", "--provider", "acme", "--api-url", &url][..], &more].concat()).stderr
    };
    assert!(list(["--token", "abc"]).contains("warning: other users of this machine can see --token"));
    assert!(list(["--token-file", "token.txt"]).contains("warning: other users can read"));
    assert!(!list(["--token-env", "ACME_TOKEN"]).contains("warning"));
}

#[test]
fn doctor_tries_the_credentials_of_configured_apis() {
    let check = |sandbox: &Sandbox| {
        let ended = sandbox.run(&["doctor", "--json"]);
        let line = ended.lines().into_iter().find(|line| line["name"] == "credentials");
        (ended.code, line.map(|line| (line["ok"].as_bool().unwrap(), line["found"].as_str().unwrap().to_owned())))
    };
    let port = ["HOOKCTL_PORT", "0"];
    let (sandbox, _app) = acme("[provider.acme.api]\nbase_url = \"URL\"\n");
    let (code, found) = check(&sandbox.env(port[0], port[1]));
    assert_eq!((code, found), (0, Some((true, "acme: accepted as jo (token from env:ACME_TOKEN)".to_owned()))));

    let denying = App::answering("401 Unauthorized", "{}");
    let sandbox = api_server::acme().env(port[0], port[1]);
    sandbox.write("hookctl.toml", format!("[provider.acme.api]\nbase_url = \"{}\"\n", denying.url()));
    let (code, found) = check(&sandbox);
    assert!(code == 1 && found.as_ref().is_some_and(|(ok, text)| !ok && text.contains("env:ACME_TOKEN")), "{found:?}");

    let gone = format!("[provider.acme.api]\nbase_url = \"http://127.0.0.1:{}\"\n", crate::app::closed_port());
    sandbox.write("hookctl.toml", gone);
    let (code, found) = check(&sandbox);
    assert!(code == 0 && found.as_ref().is_some_and(|(ok, text)| *ok && text.contains("not tried")), "{found:?}");

    sandbox.write("hookctl.toml", "");
    assert_eq!(check(&sandbox), (0, None), "nobody said that this API may be called");
}

#[test]
fn doctor_sends_no_credentials_to_an_address_that_only_a_file_names() {
    let sandbox = Sandbox::new().env("HOOKCTL_PORT", "0").env("GITHUB_TOKEN", "ghp_sentinel");
    sandbox.write("hookctl.toml", "[provider.github.api]\nbase_url = \"https://198.51.100.7/\"\n");
    let ended = sandbox.run(&["doctor"]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert!(ended.stdout.contains("github: not tried: https://198.51.100.7/ is not the address"), "{}", ended.stdout);
    let listed = sandbox.run(&["webhooks", "list", "--provider", "github", "--dry-run", "--var", "org=acme"]);
    assert!(listed.stderr.contains("note: https://198.51.100.7/ is called as github, because"), "{}", listed.stderr);
}

/// A folder that knows an API at an address that is not this machine's, and the proxy that sees what goes there.
fn remote(config: &str) -> (Sandbox, App) {
    let proxy = App::start(|_| api_server::json(200, &serde_json::json!({ "data": [] })));
    let sandbox = api_server::acme().env("HTTP_PROXY", &proxy.url()).env("http_proxy", &proxy.url());
    sandbox.write("hookctl.toml", config);
    (sandbox, proxy)
}

#[test]
fn an_address_of_a_file_gets_only_credentials_that_the_file_or_a_flag_names() {
    let list = |sandbox: &Sandbox, more: &[&str]| {
        let args = ["webhooks", "list", "--provider", "acme", "--insecure-send-token", "--json"];
        sandbox.run(&[&args, more].concat())
    };
    let address = "[provider.acme.api]\nbase_url = \"http://api.test/v1\"\n";
    let (sandbox, proxy) = remote(address);
    let refused = |sandbox: &Sandbox| {
        let ended = list(sandbox, &[]);
        assert_eq!((ended.code, ended.error()["code"].as_str()), (2, Some("no_credentials")), "{}", ended.stderr);
        assert!(ended.stderr.contains("only a credential that it names, or a flag, is sent there"), "{}", ended.stderr);
        assert!(proxy.rest().is_empty(), "nothing was sent");
    };
    refused(&sandbox);
    sandbox.write(".config/hookctl/config.toml", "[provider.acme.api]\ntoken = \"env:ACME_TOKEN\"\n");
    refused(&sandbox);
    let typed = list(&sandbox, &["--token-env", "ACME_TOKEN"]);
    assert_eq!((typed.code, proxy.rest().len()), (0, 1), "{}", typed.stderr);
    sandbox.write("hookctl.toml", format!("{address}token = \"env:ACME_TOKEN\"\n"));
    let named = list(&sandbox, &[]);
    assert_eq!((named.code, proxy.rest().len()), (0, 1), "{}", named.stderr);
    sandbox.write("hookctl.toml", "");
    let called = list(&sandbox, &["--api-url", "http://api.test/v1"]);
    assert_eq!((called.code, proxy.rest().len()), (0, 1), "{}", called.stderr);
}

#[test]
fn a_manifest_that_replaces_a_built_in_one_leads_no_credential_elsewhere() {
    let (sandbox, proxy) = remote("");
    let manifest = std::fs::read_to_string(sandbox.path().join(".hookctl/providers/acme/provider.toml")).unwrap();
    let manifest = manifest.replace("id = \"acme\"", "id = \"github\"").replace("https://api.acme", "http://api.acme");
    sandbox.write(".hookctl/providers/github/provider.toml", manifest);
    let list = |more: &[&str]| {
        let args = ["webhooks", "list", "--provider", "github", "--insecure-send-token", "--json"];
        sandbox.run(&[&args, more].concat())
    };
    for more in [&[][..], &["--token-env", "ACME_TOKEN"], &["--dry-run"]] {
        let ended = list(more);
        assert_eq!((ended.code, ended.error()["code"].as_str()), (2, Some("other_address")), "{}", ended.stderr);
        assert!(ended.error()["hint"].as_str().unwrap().contains("--api-url http://api.acme.test/v1"));
    }
    sandbox.write("hookctl.toml", "[provider.github.api]\nbase_url = \"http://api.acme.test/v1\"\n");
    assert_eq!(list(&[]).error()["code"], "no_credentials", "the two files together are no better");
    assert!(proxy.rest().is_empty(), "nothing was sent");
    assert_eq!((list(&["--api-url", "http://api.acme.test/v1"]).code, proxy.rest().len()), (0, 1));
}

#[test]
fn the_flags_of_a_listener_in_a_file_do_not_say_where_an_api_is() {
    let sandbox = Sandbox::new();
    for name in ["api-url", "api_url"] {
        sandbox.write("hookctl.toml", format!("[listen]\n{name} = \"https://198.51.100.7/\"\n"));
        let ended = sandbox.run(&["config", "--json"]);
        assert_eq!((ended.code, ended.error()["code"].as_str()), (2, Some("broken_config")), "{}", ended.stderr);
        assert!(ended.error()["message"].as_str().unwrap().contains("as base_url"), "{}", ended.stderr);
    }
}

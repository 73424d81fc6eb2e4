//! Credentials for registration APIs: where they may stand, which counts, and that nothing shows them.

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

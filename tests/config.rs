//! The configuration: what counts, where it came from, profiles, secrets that stay where they are.

use serde_json::Value;

use crate::manage::lines;
use crate::sandbox::{Ended, Sandbox};

/// Value and origin of one key.
fn effective(sandbox: &Sandbox, key: &str, more: &[&str]) -> Option<(String, String)> {
    let ended = sandbox.run(&[&["config", "--json"], more].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let line = lines(&ended).into_iter().find(|line| line["key"] == key)?;
    let text = |name: &str| line[name].as_str().unwrap().to_owned();
    Some((text("value"), text("origin")))
}

fn url(ended: &Ended) -> Value {
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    lines(ended)[0]["url"].clone()
}

#[test]
fn flag_before_variable_before_project_before_user_before_default() {
    let sandbox = Sandbox::new();
    let user = sandbox.path().join("home");
    let sandbox = sandbox.env("XDG_CONFIG_HOME", user.to_str().unwrap());
    let port = |sandbox: &Sandbox| effective(sandbox, "listen.port", &[]).unwrap();
    assert_eq!(port(&sandbox), ("4000".to_owned(), "default".to_owned()));
    let file = sandbox.write("home/hookctl/config.toml", "[listen]\nport = 1001\n[send]\nto = \"http://user/\"\n");
    assert_eq!(port(&sandbox), ("1001".to_owned(), file.display().to_string()));
    let file = sandbox.write("hookctl.toml", "[listen]\nport = 1002\n[send]\nto = \"http://project/\"\n");
    assert_eq!(port(&sandbox), ("1002".to_owned(), file.display().to_string()));
    let dry = ["send", "message_received", "--dry-run", "--json"];
    assert_eq!(url(&sandbox.run(&dry)), "http://project/");
    let sandbox = sandbox.env("HOOKCTL_PORT", "1003").env("HOOKCTL_TO", "http://variable/");
    assert_eq!(port(&sandbox), ("1003".to_owned(), "env:HOOKCTL_PORT".to_owned()));
    assert_eq!(url(&sandbox.run(&dry)), "http://variable/");
    assert_eq!(url(&sandbox.run(&[&dry[..], &["--to", "http://flag/"]].concat())), "http://flag/");
}

#[test]
fn the_file_is_found_from_the_working_directory_upwards() {
    let sandbox = Sandbox::new();
    sandbox.write("hookctl.toml", "[listen]\nport = 1002\n");
    sandbox.write("a/b/keep", "");
    let output = sandbox.command(&["config", "--json"]).current_dir(sandbox.path().join("a/b")).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"value\":\"1002\""));
    sandbox.write("other.toml", "[listen]\nport = 1005\n");
    assert_eq!(effective(&sandbox, "listen.port", &["--config", "other.toml"]).unwrap().0, "1005");
    let missing = sandbox.run(&["config", "--config", "none.toml"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("none.toml"));
}

#[test]
fn lists_and_underscores_are_taken_too() {
    let sandbox = Sandbox::new();
    sandbox.write("hookctl.toml", "[listen]\nmax_body = \"1MiB\"\nprovider = [\"slack\", \"stripe\"]\n");
    assert_eq!(effective(&sandbox, "listen.max-body", &[]).unwrap().0, "1MiB");
    assert_eq!(effective(&sandbox, "listen.provider", &[]).unwrap().0, "slack, stripe");
}

#[test]
fn an_unknown_key_is_refused_with_line_and_nearest() {
    let sandbox = Sandbox::new();
    for (text, place, word) in [
        ("[listen]\nprot = 1\n", "hookctl.toml:2:1: ", "unknown key `prot` in [listen] (nearest: `port`)"),
        ("color = \"auto\"\n\n[send]\nretyr = 2\n", "hookctl.toml:4:1: ", "(nearest: `retry`)"),
        ("[profile.ci.verify]\nbdy = \"-\"\n", "hookctl.toml:2:1: ", "(nearest: `body`)"),
        ("colour = \"auto\"\n", "hookctl.toml:1:1: ", "`colour`"),
        ("[provider.slack]\nsecrets = \"env:A\"\n", "hookctl.toml:2:1: ", "`secrets`"),
        ("[[route]]\nevents = [\"a\"]\nfrom = \"b\"\n", "hookctl.toml:3:1: ", "`from`"),
    ] {
        sandbox.write("hookctl.toml", text);
        let ended = sandbox.run(&["config"]);
        assert_eq!(ended.code, 2, "{text}");
        assert!(ended.stderr.contains(place) && ended.stderr.contains(word), "{text}: {}", ended.stderr);
        assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
    }
}

#[test]
fn a_profile_counts_before_the_plain_values() {
    let sandbox = Sandbox::new();
    sandbox.write("hookctl.toml", "[listen]\nport = 1\nhost = \"::1\"\n[profile.ci.listen]\nport = 2\n");
    assert_eq!(effective(&sandbox, "listen.port", &[]).unwrap().0, "1");
    assert_eq!(effective(&sandbox, "listen.port", &["--profile", "ci"]).unwrap().0, "2");
    assert_eq!(effective(&sandbox, "listen.host", &["--profile", "ci"]).unwrap().0, "::1");
    let unknown = sandbox.run(&["config", "--profile", "cd"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.stderr.contains("unknown profile `cd`") && unknown.stderr.contains("known: ci"),
        "{}",
        unknown.stderr
    );
    let sandbox = sandbox.env("HOOKCTL_PROFILE", "ci");
    assert_eq!(effective(&sandbox, "listen.port", &[]).unwrap().0, "2");
}

#[test]
fn config_init_writes_an_example_in_which_every_line_counts() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["config", "init"]).code, 0);
    let text = std::fs::read_to_string(sandbox.path().join("hookctl.toml")).unwrap();
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "all is commented out");
    assert_eq!(sandbox.run(&["config"]).code, 0);
    let is_setting =
        |line: &&str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let uncommented: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# ")).filter(is_setting).collect();
    assert!(uncommented.len() > 25, "{uncommented:?}");
    sandbox.write("hookctl.toml", uncommented.join("\n"));
    let all = sandbox.run(&["config", "--profile", "ci"]);
    assert_eq!(all.code, 0, "{}\n{}", all.stderr, uncommented.join("\n"));
    assert!(sandbox.run(&["config", "init"]).stderr.contains("--force replaces it"));
    assert_eq!(sandbox.run(&["config", "init", "--force"]).code, 0);
    assert_eq!(std::fs::read_to_string(sandbox.path().join("hookctl.toml")).unwrap(), text);
}

#[test]
fn secrets_are_taken_from_where_the_file_says_and_never_shown() {
    let sandbox = Sandbox::new().env("HOOK", "hunter2").env("GITHUB_WEBHOOK_SECRET", "hunter2");
    sandbox.write("s/secret.txt", "hunter2");
    let text = "[provider.prospektr]\nsecret = \"env:HOOK\"\n[provider.slack]\nsecret = \"file:s/secret.txt\"\n";
    let file = sandbox.write("hookctl.toml", text).display().to_string();
    let shown = |key: &str| effective(&sandbox, key, &[]).unwrap();
    assert_eq!(shown("provider.prospektr.secret"), ("env:HOOK".to_owned(), file.clone()));
    assert_eq!(shown("provider.slack.secret").1, file);
    assert_eq!(shown("provider.github.secret"), ("***".to_owned(), "env:GITHUB_WEBHOOK_SECRET".to_owned()));
    let sandbox = sandbox.env("HOOKCTL_SECRET", "hunter2");
    assert_eq!(effective(&sandbox, "send.secret", &[]).unwrap(), ("***".to_owned(), "env:HOOKCTL_SECRET".to_owned()));
    for args in [&["config"][..], &["config", "--json"], &["doctor"], &["config", "-vv"]] {
        let ended = sandbox.run(args);
        assert!(!(ended.stdout + &ended.stderr).contains("hunter2"), "{args:?}");
    }
}

#[test]
fn a_secret_of_the_configuration_signs_and_verifies() {
    let sandbox = Sandbox::new();
    sandbox.write("deep/down/keep", "");
    sandbox.write("s/secret.txt", "hunter2");
    sandbox.write("hookctl.toml", "[provider.prospektr]\nsecret = \"file:s/secret.txt\"\n");
    let folder = sandbox.path().join("deep/down");
    let args = ["send", "prospect.added", "--to", "9", "--dry-run", "--exact"];
    let signed = sandbox.command(&args).current_dir(folder).output().unwrap();
    let body = hookctl::provider::Catalogue::default().fixture("prospektr", "prospect.added").unwrap().body;
    let expected = crate::senders::hmac_sha256(b"hunter2", &body);
    assert!(String::from_utf8(signed.stdout).unwrap().contains(&expected));
}

#[test]
fn a_secret_itself_has_no_place_in_the_file_and_is_not_repeated() {
    let sandbox = Sandbox::new();
    for text in [
        "[provider.prospektr]\nsecret = \"hunter2\"\n",
        "[provider.prospektr]\nsecret = \"hunter2:x\"\n",
        "[profile.ci.provider.prospektr]\nsecret = \"hunter2\"\n",
        "[send]\nsecret = \"hunter2\"\n",
        "[listen]\nsecret = \"hunter2\"\n",
    ] {
        sandbox.write("hookctl.toml", text);
        let ended = sandbox.run(&["config"]);
        assert_eq!(ended.code, 2, "{text}{}", ended.stdout);
        assert!(!(ended.stdout + &ended.stderr).contains("hunter2"), "{text}: {}", ended.stderr);
        assert!(ended.stderr.contains("hookctl.toml:2:"), "{text}: {}", ended.stderr);
    }
}

#[test]
fn a_secret_of_the_wrong_type_is_not_repeated_either() {
    let sandbox = Sandbox::new();
    sandbox.write("hookctl.toml", "[provider.prospektr]\nsecret = 8675309\n");
    let ended = sandbox.run(&["config"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("hookctl.toml:2:") && !ended.stderr.contains("8675309"), "{}", ended.stderr);
}

#[test]
fn a_signature_of_the_configuration_is_used() {
    let sandbox = Sandbox::new().env("TOKEN", "s3cret");
    let signature = "[provider.prokeep.signature]\nscheme = \"token\"\nsource = \"header:X-Api-Key\"\n";
    sandbox.write("hookctl.toml", format!("[provider.prokeep]\nsecret = \"env:TOKEN\"\n{signature}"));
    let verify =
        |key: &str| sandbox.run_with(&["verify", "--provider", "prokeep", "-H", &format!("X-Api-Key: {key}")], b"{}");
    assert_eq!(verify("s3cret").code, 0);
    let wrong = verify("s3cre");
    assert_eq!(wrong.code, 1);
    assert!(wrong.stdout.contains("the credential in header `x-api-key` is not the expected one"), "{}", wrong.stdout);
    assert!(!wrong.stdout.contains("s3cret"), "a token is not shown as what would have matched");
    sandbox.write(
        "hookctl.toml",
        format!("[provider.prokeep]\nsecret = \"env:TOKEN\"\n{}", signature.replace("token", "tokn")),
    );
    let broken = sandbox.run(&["verify", "--provider", "prokeep"]);
    assert_eq!(broken.code, 2);
    assert!(broken.stderr.contains("hookctl.toml:4:"), "{}", broken.stderr);
}

#[test]
fn a_global_flag_that_is_typed_is_shown_as_what_counts() {
    let sandbox = Sandbox::new().env("HOOKCTL_COLOR", "always");
    assert_eq!(
        effective(&sandbox, "color", &["--color", "never"]).unwrap(),
        ("never".to_owned(), "--color".to_owned())
    );
    assert_eq!(effective(&sandbox, "color", &[]).unwrap(), ("always".to_owned(), "env:HOOKCTL_COLOR".to_owned()));
}

#[test]
fn json_of_the_configuration_holds_for_errors_too() {
    let sandbox = Sandbox::new();
    for text in ["json = true\n", "format = \"json\"\n"] {
        sandbox.write("hookctl.toml", text);
        assert_eq!(lines(&sandbox.run(&["providers", "list"]))[0]["type"], "provider");
        let error = sandbox.run(&["providers", "show", "nobody"]).stderr;
        let error: Value = serde_json::from_str(&error).unwrap_or_else(|_| panic!("{text}: {error}"));
        assert_eq!(error["code"], "unknown_provider");
    }
}

#[test]
fn a_switch_is_turned_on_by_a_variable_in_the_usual_ways() {
    for (on, is_json) in [("1", true), ("true", true), ("yes", true), ("0", false), ("false", false), ("no", false)] {
        let sandbox = Sandbox::new().env("HOOKCTL_JSON", on);
        let ended = sandbox.run(&["providers", "list"]);
        assert_eq!((ended.code, ended.stdout.starts_with('{')), (0, is_json), "{on}: {}", ended.stderr);
        let error = sandbox.run(&["providers", "show", "nobody"]);
        assert_eq!((error.code, error.stderr.starts_with('{')), (2, is_json), "{on}: {}", error.stderr);
    }
}

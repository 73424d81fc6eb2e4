//! Secrets: where they come from, and that they never come out.

use std::process::Command;

use crate::app::App;
use crate::listen::signature;
use crate::sandbox::Sandbox;
use crate::wire::post;

/// Words that no output may hold, one for each way a secret comes in.
const SENTINEL: &str = "SENTINEL";

fn sentinel(name: &str) -> String {
    format!("{SENTINEL}-{name}")
}

fn assert_silent(text: &str, what: &str) {
    assert!(!text.contains(SENTINEL), "{what}: {text}");
    // Nor in the forms in which a key is used.
    for encoded in [hex::encode(SENTINEL), "U0VOVElORUwt".to_owned()] {
        assert!(!text.contains(&encoded), "{what}: {text}");
    }
}

#[test]
fn no_command_prints_a_secret() {
    let (argument, variable) = (sentinel("arg"), sentinel("env"));
    let sandbox = Sandbox::new().env("HOOK_SECRET", &variable).env("GITHUB_WEBHOOK_SECRET", &sentinel("known"));
    let sandbox = sandbox.env("PROSPEKTR_WEBHOOK_SECRET", &sentinel("prospektr"));
    sandbox.write("secret.txt", sentinel("file") + "\n");
    sandbox.write(
        "hookctl.toml",
        "[provider.stripe]\nsecret = \"file:secret.txt\"\n[provider.slack]\nsecret = \"env:HOOK_SECRET\"\n",
    );
    let app = App::answering("500 Oops", "no");
    let url = app.url();
    let ways = [&["--secret-env", "HOOK_SECRET"][..], &["--secret-file", "secret.txt"], &["--secret", &argument], &[]];
    let commands = [
        &["send", "prospect.added", "--to", &url][..],
        &["send", "prospect.added", "--to", &url, "--tamper", "secret"],
        &["send", "github/ping", "--to", "http://127.0.0.1:1"],
        &["send", "github/ping", "--to", &url, "--dry-run"],
        &["send", "stripe/invoice.paid", "--to", &url, "--curl"],
        &["send", "standard-webhooks/example.event", "--to", &url],
        &["send", "nothing", "--to", &url],
        &["send", "prospect.added", "--to", &url, "--signature-scheme", "token"],
        &["verify", "--provider", "prospektr", "--header", "X-Prospektr-Signature: sha256=00"],
        &["verify", "--provider", "stripe", "--header", "Stripe-Signature: t=1,v1=00"],
        &["verify", "--provider", "standard-webhooks", "--header", "webhook-signature: v1,AA=="],
        &["sign", "--provider", "prospektr"],
        &["sign", "--provider", "stripe"],
        &["sign", "--provider", "github", "--signature-scheme", "token", "--signature-format", "{signature}"],
        &["sign", "--provider", "github", "--signature-scheme", "basic"],
        &["listen", "--port", "0", "--provider", "nobody"],
        &["listen", "--port", "0", "--timeout", "1ms", "--expect", "1"],
    ];
    for command in commands {
        for way in ways {
            for form in [&["-vv"][..], &["--json"], &["-q"]] {
                let args = [command, way, form].concat();
                let ended = sandbox.run_with(&args, b"{}");
                assert_silent(&(ended.stdout + &ended.stderr), &format!("{args:?}"));
            }
        }
    }
    for args in [
        &["config"][..],
        &["config", "--json"],
        &["doctor"],
        &["doctor", "--json"],
        &["providers", "show", "github", "-vv"],
    ] {
        let ended = sandbox.run(args);
        assert_silent(&(ended.stdout + &ended.stderr), &format!("{args:?}"));
    }
}

#[test]
fn a_credential_in_the_body_is_masked_where_a_request_is_printed() {
    let secret = sentinel("body");
    let sandbox = Sandbox::new().env("HOOKCTL_SECRET", &secret);
    let body = br#"{"value":[{"subscriptionId":"1"},{"subscriptionId":"2"}]}"#;
    let to = "http://127.0.0.1:1";
    for (command, count) in [
        (&["sign", "--provider", "ms-graph"][..], 2),
        (&["send", "ms-graph/created", "--to", to, "--dry-run"], 1),
        (&["send", "ms-graph/created", "--to", to, "--curl"], 1),
    ] {
        for form in [&[][..], &["--json"]] {
            let ended = sandbox.run_with(&[command, form].concat(), body);
            assert_eq!(ended.code, 0, "{command:?}: {}", ended.stderr);
            assert_silent(&(ended.stdout.clone() + &ended.stderr), &format!("{command:?}"));
            assert!(ended.stdout.matches("***").count() >= count, "{command:?}: {}", ended.stdout);
            assert!(ended.stderr.contains("masked"), "{}", ended.stderr);
        }
    }
}

#[test]
fn a_listener_prints_no_secret_whatever_comes() {
    let sandbox = Sandbox::new().env("HOOKCTL_SECRET", &sentinel("env"));
    let config = sandbox.run(&["config", "-vv"]);
    assert_silent(&(config.stdout + &config.stderr), "config");
    for is_json in [true, false] {
        let talk = |address: &str| {
            for headers in [&[][..], &["X-Prospektr-Signature: sha256=00"], &[signature(b"{}").as_str()]] {
                let answered = post(address, "/", headers, b"{}");
                assert_silent(&format!("{answered:?}{}", answered.text()), "the answer");
            }
        };
        if is_json {
            let listening = sandbox.listen(&["--provider", "prospektr"]);
            talk(&listening.address());
            let (_, lines, stderr) = listening.interrupt();
            assert_silent(&format!("{lines:?}{stderr}"), "--json");
        } else {
            let talking = sandbox.listen_human(&["--provider", "prospektr", "-vv"]);
            talk(&talking.address);
            let (_, stdout, stderr) = talking.interrupt();
            assert_silent(&(String::from_utf8(stdout).unwrap() + &stderr), "-vv");
        }
    }
}

#[test]
fn an_empty_secret_is_refused() {
    let sandbox = Sandbox::new().env("EMPTY", "");
    sandbox.write("empty.txt", "\n");
    for secret in [["--secret-env", "EMPTY"], ["--secret-file", "empty.txt"], ["--secret", ""]] {
        for command in [
            &["listen", "--port", "0", "--provider", "prospektr"][..],
            &["send", "prospect.added", "--to", "1"],
            &["verify", "--provider", "prospektr"],
            &["sign", "--provider", "prospektr"],
        ] {
            let ended = sandbox.run(&[command, &secret, &["--json"]].concat());
            assert_eq!(
                (ended.code, ended.error()["code"].as_str()),
                (2, Some("empty_secret")),
                "{command:?} {secret:?}"
            );
        }
    }
    let unset = sandbox.run(&["listen", "--port", "0", "--secret-env", "UNSET", "--json"]);
    assert_eq!(unset.code, 2);
    assert!(unset.error()["message"].as_str().unwrap().contains("UNSET"));
}

#[test]
fn the_newline_at_the_end_of_a_secret_file_is_stripped_and_said_once() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("secret.txt", format!("{}\r\n", crate::listen::SECRET));
    assert!(Command::new("chmod").arg("600").arg(&file).status().unwrap().success());
    for more in [&["--provider", "prospektr"][..], &[]] {
        let listening = sandbox.listen(&[&["--secret-file", "secret.txt"], more].concat());
        let body = br#"{"type":"prospect.added","tenant":"t"}"#;
        post(&listening.address(), "/", &[&signature(body)], body);
        let event = listening.next_of("received")["event"].clone();
        assert_eq!(event["verdict"]["status"], "valid", "{more:?}: {event}");
        let (_, _, stderr) = listening.interrupt();
        assert_eq!(stderr.matches("newline").count(), 1, "{stderr}");
    }
}

#[test]
fn an_argument_or_a_readable_file_as_secret_is_warned_about() {
    let sandbox = Sandbox::new();
    sandbox.write("secret.txt", "s3cret");
    let sign =
        |secret: [&str; 2]| sandbox.run_with(&[&["sign", "--provider", "prospektr"][..], &secret].concat(), b"{}");
    assert!(sign(["--secret", "s3cret"]).stderr.contains("warning: other users"));
    assert!(sign(["--secret-file", "secret.txt"]).stderr.contains("warning: other users can read"));
}

#[test]
fn a_secret_itself_in_the_file_is_refused_without_repeating_it() {
    let sandbox = Sandbox::new();
    sandbox.write("hookctl.toml", format!("[provider.prospektr]\nsecret = \"{}\"\n", sentinel("toml")));
    let ended = sandbox.run(&["listen", "--port", "0", "--json"]);
    assert_eq!(ended.code, 2);
    assert!(ended.error()["message"].as_str().unwrap().contains("hookctl.toml:2:"), "{}", ended.stderr);
    assert_silent(&ended.stderr, "the error");
}

#[test]
fn a_broken_manifest_disables_only_itself_and_is_named_with_its_place() {
    let sandbox = Sandbox::new();
    sandbox.write(".hookctl/providers/acme/provider.toml", "[provider]\nid = \"acme\"\nname = \"Acme\"\nflavour = 1\n");
    let listening = sandbox.listen(&[]);
    let body = br#"{"source":"https://prokeep.com","event":"message_sent"}"#;
    post(&listening.address(), "/", &[], body);
    assert_eq!(listening.next_of("received")["event"]["provider"], "prokeep");
    let (code, _, stderr) = listening.interrupt();
    assert_eq!(code, 0);
    assert!(stderr.contains("acme/provider.toml:4") && stderr.contains("flavour"), "{stderr}");
    let named = sandbox.run(&["listen", "--port", "0", "--provider", "acme", "--json"]);
    assert_eq!((named.code, named.error()["code"].as_str()), (2, Some("broken_manifest")));
    assert!(named.stderr.contains("provider.toml:4"), "{}", named.stderr);
}

//! Secrets in the keyring of the system: gnome-keyring, filled by `secret-tool`, read by hookctl.

use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::sandbox::{Ended, Sandbox};

const SECRET: &str = "c2VudGluZWwtaW4tdGhlLWtleXJpbmc";

/// Runs a script in a session of its own, with an unlocked keyring; `$0` is hookctl.
fn in_session(sandbox: &Sandbox, script: &str) -> Ended {
    // The daemon goes on in the background before it has its name on the bus.
    let script = format!(
        "set -e\nprintf unlock | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1\n\
         until dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \\
         string:org.freedesktop.secrets | grep -q 'boolean true'; do sleep 0.1; done\n{script}"
    );
    // Its socket is there, so that no other session's daemon is met.
    let runtime = TempDir::new().unwrap();
    let mut command = Command::new("timeout");
    command.args(["60", "dbus-run-session", "--", "bash", "-c", &script, env!("CARGO_BIN_EXE_hookctl")]);
    command.current_dir(sandbox.path());
    let plain = sandbox.command(&[]);
    command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("XDG_RUNTIME_DIR", runtime.path()).env("SECRET", SECRET).stdin(Stdio::null());
    let output = command.output().unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn store(service: &str, account: &str) -> String {
    format!("printf %s \"$SECRET\" | secret-tool store --label=test service {service} username {account}\n")
}

/// A line of a session's bus is none of hookctl's.
fn hint(ended: &Ended) -> &str {
    ended.stderr.lines().find(|line| line.contains("hint: ")).unwrap_or_else(|| panic!("{}", ended.stderr))
}

#[test]
fn a_signing_secret_is_read_from_the_keyring_of_the_session() {
    let sandbox = Sandbox::new();
    sandbox.write("hookctl.toml", "[provider.prospektr]\nsecret = \"keyring:hookctl tests/prospektr\"\n");
    let script = store("'hookctl tests'", "prospektr") + "printf '{}' | \"$0\" sign --provider prospektr";
    let signed = in_session(&sandbox, &script);
    assert_eq!(signed.code, 0, "{}", signed.stderr);
    let given = Sandbox::new().env("HOOKCTL_SECRET", SECRET).run_with(&["sign", "--provider", "prospektr"], b"{}");
    assert_eq!(signed.stdout, given.stdout, "the same secret as by the environment");
    assert!(!signed.stdout.contains(SECRET) && !signed.stderr.contains(SECRET));
    let shown = sandbox.run(&["config"]);
    assert!(shown.stdout.contains("keyring:hookctl tests/prospektr"), "{}", shown.stdout);
}

#[test]
fn an_entry_that_is_not_there_comes_with_the_command_that_makes_it() {
    let sandbox = Sandbox::new();
    sandbox.write("hookctl.toml", "[provider.prospektr]\nsecret = \"keyring:hookctl/acme's\"\n");
    let missing = in_session(&sandbox, &(store("hookctl", "other") + "\"$0\" sign --provider prospektr </dev/null"));
    assert_eq!(missing.code, 2, "{}", missing.stderr);
    assert!(missing.stderr.contains("the keyring has no keyring:hookctl/acme's"), "{}", missing.stderr);
    let cure = hint(&missing).split_once("store it: ").unwrap().1.to_owned();
    let cured = in_session(
        &sandbox,
        &format!("printf %s \"$SECRET\" | {cure}\nprintf '{{}}' | \"$0\" sign --provider prospektr"),
    );
    assert_eq!(cured.code, 0, "what the hint says helps: {}", cured.stderr);
}

#[test]
fn without_a_keyring_the_error_says_what_to_do_instead() {
    let sandbox = Sandbox::new().env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    sandbox.write("hookctl.toml", "[provider.prospektr]\nsecret = \"keyring:hookctl/prospektr\"\n");
    let ended = sandbox.run_with(&["sign", "--provider", "prospektr", "--json"], b"{}");
    assert_eq!((ended.code, ended.error()["code"].as_str()), (2, Some("keyring")), "{}", ended.stderr);
    let (message, hint) = (ended.error()["message"].to_string(), ended.error()["hint"].to_string());
    assert!(message.contains("no keyring answers for keyring:hookctl/prospektr"), "{message}");
    assert!(hint.contains("gnome-keyring") && hint.contains("env:NAME or file:PATH"), "{hint}");
}

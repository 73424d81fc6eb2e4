//! The completions and the man page in the repository are those that the binary prints. With
//! `HOOKCTL_UPDATE=1` this test writes them.

use std::path::Path;

use crate::sandbox::Sandbox;

const FILES: [(&str, &[&str]); 6] = [
    ("hookctl.bash", &["completions", "bash"]),
    ("hookctl.zsh", &["completions", "zsh"]),
    ("hookctl.fish", &["completions", "fish"]),
    ("hookctl.elv", &["completions", "elvish"]),
    ("hookctl.ps1", &["completions", "powershell"]),
    ("hookctl.1", &["man"]),
];

#[test]
fn completions_and_man_page_are_those_that_the_binary_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    let sandbox = Sandbox::new();
    let update = std::env::var_os("HOOKCTL_UPDATE").is_some_and(|value| value == "1");
    let mut stale = Vec::new();
    for (name, args) in FILES {
        let printed = sandbox.run(args);
        assert_eq!((printed.code, printed.stderr.as_str()), (0, ""), "{args:?}");
        assert!(!printed.stdout.contains("target/debug"), "{name} names the place of this build");
        let path = folder.join(name);
        if update {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &printed.stdout).unwrap();
        }
        if std::fs::read_to_string(&path).ok().as_deref() != Some(&printed.stdout) {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "out of date: {stale:?}; HOOKCTL_UPDATE=1 cargo test drift writes them");
}

/// Asks as the script of bash does.
fn completed(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let mut args = vec!["--", "hookctl"];
    args.extend(words);
    let output = sandbox
        .command(&args)
        .env("COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_COMPLETE_COMP_TYPE", "9")
        .env("_CLAP_COMPLETE_SPACE", "false")
        .env("_CLAP_IFS", "\n")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn a_shell_is_answered_with_the_names_of_events_and_providers() {
    let sandbox = Sandbox::new();
    assert_eq!(completed(&sandbox, &["send", "message_r"]), ["message_received"]);
    assert_eq!(completed(&sandbox, &["send", "prospektr/"]), ["prospektr/prospect.added"]);
    assert_eq!(completed(&sandbox, &["listen", "--provider", "pro"]), ["prokeep", "promptio", "prospektr"]);
    assert_eq!(completed(&sandbox, &["verify", "--provider", "standard"]), ["standard-webhooks"]);
    assert_eq!(completed(&sandbox, &["providers", "show", "twil"]), ["twilio"]);
    assert_eq!(completed(&sandbox, &["listen", "--events", "payment_intent"]), ["payment_intent.succeeded"]);
}

#[test]
fn ones_own_providers_complete_too() {
    let sandbox = Sandbox::new();
    sandbox.write(
        ".hookctl/providers/acme/provider.toml",
        "[provider]\nid = \"acme\"\nname = \"Acme\"\n[fixture.\"won\"]\ndocumented = false\n",
    );
    sandbox.write(".hookctl/providers/acme/won.json", "{}");
    assert_eq!(completed(&sandbox, &["send", "acm"]), ["acme/won"]);
    assert_eq!(completed(&sandbox, &["providers", "show", "acm"]), ["acme"]);
}

//! A secret appears in no output, no error and no file, whatever is done with it.

use std::path::Path;

use hookctl::provider::Catalogue;

use crate::sandbox::{Ended, Sandbox};
use crate::target::{OK, Target};

/// Also right as base64 behind `whsec_`, and odd enough to be found.
const SENTINEL: &str = "c2VudGluZWwtc2VjcmV0LTAwMDEtc2VudGluZWw=";

fn leaks(text: &str) -> bool {
    text.contains(SENTINEL) || text.contains("sentinel-secret-0001")
}

#[track_caller]
fn is_clean(what: &str, ended: &Ended) {
    assert!(!leaks(&ended.stdout) && !leaks(&ended.stderr), "{what}: {}{}", ended.stdout, ended.stderr);
}

fn files(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            files(&entry.path(), found);
        } else {
            found.push(String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned());
        }
    }
}

#[test]
fn no_command_prints_or_writes_the_secret() {
    let sandbox = Sandbox::new().env("HOOKCTL_SECRET", &format!("whsec_{SENTINEL}")).env("HOOK_SECRET", SENTINEL);
    for args in [
        &["config"][..],
        &["config", "init"],
        &["doctor"],
        &["providers", "list"],
        &["providers", "new", "acme"],
        &["fixtures", "save", "message_received"],
        &["send", "--help"],
        &["verify", "--help"],
        &["completions", "bash"],
        &["man"],
        &["listen", "--port", "none"],
        &["verify", "--nonsense"],
    ] {
        for more in [&[][..], &["-vvv"], &["--json"]] {
            let args = [args, more].concat();
            is_clean(&format!("{args:?}"), &sandbox.run(&args));
        }
    }
    let mut written = Vec::new();
    files(sandbox.path(), &mut written);
    assert!(written.len() >= 3 && !written.iter().any(|text| leaks(text)));
}

#[test]
fn no_provider_shows_the_secret_when_it_signs_or_refuses() {
    let sandbox = Sandbox::new().env("HOOKCTL_SECRET", &format!("whsec_{SENTINEL}"));
    for id in Catalogue::default().ids() {
        for more in [&[][..], &["-vvv"], &["--json"]] {
            let sign = [&["sign", "--provider", &id], more].concat();
            is_clean(&format!("{sign:?}"), &sandbox.run_with(&sign, b"{}"));
        }
        // One of them is the provider's own, or none: then it is the absence that is told.
        let headers =
            ["X-Hub-Signature-256", "Stripe-Signature", "X-Slack-Signature", "Authorization", "webhook-signature"]
                .map(|header| format!("{header}: v1,00"));
        let headers = headers.iter().flat_map(|header| ["-H", header]);
        let verify: Vec<&str> = ["verify", "-vvv", "--explain", "--provider", &id].into_iter().chain(headers).collect();
        is_clean(&format!("{verify:?}"), &sandbox.run_with(&verify, b"{}"));
    }
}

#[test]
fn no_delivery_shows_the_secret() {
    let sandbox = Sandbox::new().env("HOOKCTL_SECRET", SENTINEL);
    let failing = "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n";
    let target = Target::start(&[OK, failing]);
    let url = target.url();
    for event in ["prospect.added", "new_contact", "invoice.paid", "message.received", "github/push"] {
        for more in [&["-vvv"][..], &["--json"], &["--dry-run", "-vvv"], &["--curl"], &["--tamper", "secret"]] {
            let args = [&["send", event, "--to", &url], more].concat();
            is_clean(&format!("{args:?}"), &sandbox.run(&args));
        }
    }
}

#[test]
fn a_listener_shows_neither_the_secret_nor_to_the_sender_what_would_have_matched() {
    let sandbox = Sandbox::new().env("HOOKCTL_SECRET", SENTINEL);
    let listening = sandbox.listen(&["--provider", "prospektr", "-vvv"]);
    let sent =
        sandbox.run(&["send", "prospect.added", "--to", &listening.url, "--exact", "--tamper", "signature", "--json"]);
    let body = Catalogue::default().fixture("prospektr", "prospect.added").unwrap().body;
    let right = crate::senders::hmac_sha256(SENTINEL.as_bytes(), &body);
    assert!(sent.stdout.contains("401") && !sent.stdout.contains(&right), "{}", sent.stdout);
    let received = listening.next_of("received").to_string();
    assert!(received.contains("digest mismatch") && !received.contains(&right), "{received}");
    let (_, rest, stderr) = listening.interrupt();
    assert!(!leaks(&stderr) && !leaks(&received) && !rest.iter().any(|line| leaks(&line.to_string())));
}

#[test]
fn a_secret_is_not_in_the_arguments_of_a_process_unless_typed_there() {
    let sandbox = Sandbox::new().env("HOOK_SECRET", SENTINEL);
    let listening = sandbox.listen(&["--provider", "prospektr", "--secret-env", "HOOK_SECRET"]);
    let arguments = std::fs::read(format!("/proc/{}/cmdline", listening.pid()));
    assert!(arguments.is_err() || !leaks(&String::from_utf8_lossy(&arguments.unwrap())));
}

//! How an inspector begins and ends, and what it says of itself.

use std::io::{BufRead as _, BufReader};
use std::process::Child;

use serde_json::Value;

use super::{Inspector, listen};
use crate::sandbox::{Sandbox, signal};

/// `hookctl inspect --json …` with its `ready` line.
fn inspect(sandbox: &Sandbox, args: &[&str]) -> (Child, Value) {
    let mut child = sandbox.start(&[&["inspect", "--json"], args].concat());
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, serde_json::from_str(&line).unwrap())
}

fn end(mut child: Child) -> Option<i32> {
    signal(child.id(), "INT");
    child.wait().unwrap().code()
}

#[test]
fn a_listener_without_it_has_none() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.listen(&[]).ready["inspector"], Value::Null);
}

#[test]
fn the_status_tells_of_the_listener_and_the_history() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &["--provider", "stripe", "-f", "3999"]);
    let status = inspector.get("/api/status").json();
    assert_eq!(status["listening"]["url"], listening.url);
    assert_eq!(status["listening"]["forward"][0], "http://localhost:3999/");
    assert_eq!(status["listening"]["providers"][0], "stripe");
    assert_eq!(status["listening"]["in_flight"], 0);
    assert_eq!(status["history"]["events"], 0);
}

#[test]
fn the_history_alone_is_inspected_until_ctrl_c() {
    let sandbox = Sandbox::new();
    let (child, ready) = inspect(&sandbox, &["0"]);
    let inspector = Inspector::of(&ready);
    assert_eq!(ready["url"], format!("http://{}", inspector.address));
    let status = inspector.get("/api/status").json();
    assert_eq!(status["listening"], Value::Null);
    assert_eq!(end(child), Some(0));
}

#[test]
fn the_token_lasts_from_run_to_run_and_is_its_owner_s_alone() {
    let sandbox = Sandbox::new();
    let (first, ready) = inspect(&sandbox, &["0"]);
    let token = Inspector::of(&ready).token;
    assert_eq!(end(first), Some(0));
    let (listening, again) = listen(&sandbox, &[]);
    assert_eq!(again.token, token);
    drop(listening);
    let path = sandbox.path().join(".local/share/hookctl/inspector.token");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
    }
    std::fs::remove_file(path).unwrap();
    let (third, ready) = inspect(&sandbox, &["0"]);
    assert_ne!(Inspector::of(&ready).token, token, "a new one where there is none");
    end(third);
}

#[cfg(target_os = "linux")]
#[test]
fn the_url_that_is_printed_can_be_opened_whatever_name_was_given() {
    let sandbox = Sandbox::new();
    // Docker and Debian give a machine an address for its own name in the hosts file.
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    for host in ["localhost", "127.0.0.1", "0.0.0.0", name.trim()] {
        let (child, ready) = inspect(&sandbox, &[&format!("{host}:0")]);
        let inspector = Inspector::of(&ready);
        assert_eq!(inspector.get("/api/status").status, 200, "{host}: {}", inspector.address);
        end(child);
    }
}

#[test]
fn another_inspector_takes_the_next_port_and_a_named_one_is_not_replaced() {
    let sandbox = Sandbox::new();
    let (one, first) = inspect(&sandbox, &[]);
    let (two, second) = inspect(&sandbox, &[]);
    assert_ne!(Inspector::of(&first).address, Inspector::of(&second).address);
    let port = Inspector::of(&first).address.rsplit(':').next().unwrap().to_owned();
    let refused = sandbox.run(&["inspect", &port, "--json"]);
    assert_eq!((refused.code, refused.error()["code"].as_str()), (3, Some("port_in_use")));
    assert!(refused.error()["hint"].as_str().unwrap().contains("`hookctl inspect 0`"), "{}", refused.error());
    let beside = sandbox.run(&["listen", "--port", "0", "--json", &format!("--inspect={port}")]);
    assert!(beside.error()["hint"].as_str().unwrap().contains("--inspect=0"), "{}", beside.error());
    end(one);
    end(two);
}

#[test]
fn a_wrong_address_is_told_with_what_to_write() {
    let sandbox = Sandbox::new();
    for args in [&["inspect", "http://127.0.0.1:4040"][..], &["listen", "--inspect=99999"]] {
        let refused = sandbox.run(args);
        assert_eq!(refused.code, 2);
        assert!(refused.stderr.contains("write 4040, 127.0.0.1:4040 or [::1]:4040"), "{}", refused.stderr);
    }
    let refused = sandbox.run(&["listen", "--inspect", "--no-store"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
}

#[test]
fn people_are_shown_the_url_to_open() {
    let sandbox = Sandbox::new();
    let talking = sandbox.listen_human(&["--inspect=0"]);
    let (code, _, said) = talking.interrupt();
    assert_eq!(code, 0);
    let url = said.lines().find_map(|line| line.strip_prefix("Inspect at ")).unwrap_or_else(|| panic!("{said}"));
    assert!(url.starts_with("http://127.0.0.1:") && url.contains("/#token="), "{url}");
}

#[test]
fn a_page_that_others_can_reach_is_warned_of() {
    let sandbox = Sandbox::new();
    for (at, is_open) in [("--inspect=0.0.0.0:0", true), ("--inspect=127.0.0.1:0", false)] {
        let (code, _, said) = sandbox.listen_human(&[at]).interrupt();
        assert_eq!(code, 0);
        assert_eq!(said.contains("open to the network"), is_open, "{said}");
    }
}

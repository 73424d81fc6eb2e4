//! A history that may be read and not written.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use super::{can_mount, has, post};
use crate::sandbox::{Sandbox, signal};

/// Permissions do not bind root, so it becomes `nobody`.
fn without_privileges() -> Vec<&'static str> {
    match Command::new("id").arg("-u").output() {
        Ok(output) if output.stdout == b"0\n" => vec!["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
        _ => vec!["env"],
    }
}

/// A history of three events in a folder that cannot be written; with the log still beside it, or without.
fn read_only(sandbox: &Sandbox, has_log: bool) {
    let mut listening = sandbox.listen(&["--db", "kept/history.db"]);
    for number in 0..3 {
        assert_eq!(post(&listening.address(), &format!("{{\"n\":{number}}}")), 200);
    }
    if has_log {
        signal(listening.pid(), "KILL");
        listening.wait();
        std::fs::remove_file(sandbox.path().join("kept/history.db-shm")).unwrap();
        assert!(sandbox.path().join("kept/history.db-wal").metadata().unwrap().len() > 0);
    } else {
        listening.interrupt();
    }
    // Where `nobody` can run it: a folder of root's own may be closed.
    let copy = sandbox.path().join("hookctl");
    std::fs::hard_link(env!("CARGO_BIN_EXE_hookctl"), &copy)
        .or_else(|_| std::fs::copy(env!("CARGO_BIN_EXE_hookctl"), &copy).map(drop))
        .unwrap();
    for file in std::fs::read_dir(sandbox.path().join("kept")).unwrap() {
        set_mode(&file.unwrap().path(), 0o444);
    }
    set_mode(&sandbox.path().join("kept"), 0o555);
    set_mode(sandbox.path(), 0o755);
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn run(sandbox: &Sandbox, args: &[&str]) -> Output {
    let wrapper = without_privileges();
    Command::new(wrapper[0])
        .args(&wrapper[1..])
        .arg(sandbox.path().join("hookctl"))
        .args(args)
        .current_dir("/")
        .env("HOME", "/nonexistent")
        .env("HOOKCTL_DB", sandbox.path().join("kept/history.db"))
        .output()
        .unwrap()
}

#[test]
fn it_is_listed_and_shown_with_what_is_still_in_its_log() {
    if !has(&[without_privileges()[0]]) {
        return;
    }
    for has_log in [false, true] {
        let sandbox = Sandbox::new();
        read_only(&sandbox, has_log);
        let listed = run(&sandbox, &["events", "list", "--json"]);
        let lines = String::from_utf8_lossy(&listed.stdout).lines().count();
        assert_eq!(lines, 3, "log: {has_log}: {}", String::from_utf8_lossy(&listed.stderr));
        let shown = run(&sandbox, &["events", "show", "@last", "--raw"]);
        assert_eq!(shown.stdout, b"{\"n\":2}", "log: {has_log}");
        set_mode(&sandbox.path().join("kept"), 0o755);
    }
}

#[test]
fn a_listener_refuses_at_once_and_names_the_file() {
    if !has(&[without_privileges()[0]]) {
        return;
    }
    for has_log in [false, true] {
        let sandbox = Sandbox::new();
        read_only(&sandbox, has_log);
        let start = Instant::now();
        let ended = run(&sandbox, &["listen", "--port", "0"]);
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(3), "{stderr}");
        assert!(stderr.contains("kept/history.db") && stderr.contains("read-only"), "{stderr}");
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        set_mode(&sandbox.path().join("kept"), 0o755);
    }
}

#[test]
fn a_read_only_mount_is_read_too() {
    if !can_mount() {
        return;
    }
    for has_log in [false, true] {
        let sandbox = Sandbox::new();
        read_only(&sandbox, has_log);
        set_mode(&sandbox.path().join("kept"), 0o755);
        let script =
            "mount --bind kept kept && mount -o remount,ro,bind kept && \"$0\" events list --json --db kept/history.db
            \"$0\" listen --port 0 --db kept/history.db; echo $? >&2";
        let output = Command::new("unshare")
            .args(["-rm", "sh", "-c", script, env!("CARGO_BIN_EXE_hookctl")])
            .current_dir(sandbox.path())
            .env("HOME", sandbox.path())
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 3, "log: {has_log}: {stderr}");
        assert!(stderr.trim_end().ends_with('3') && stderr.contains("read-only"), "{stderr}");
    }
}

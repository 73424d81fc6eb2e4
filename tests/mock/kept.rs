//! What outlives the mock, and what does not.

use serde_json::json;

use super::{app, attempts, emit, register, told};
use crate::app::{App, closed_port};
use crate::sandbox::Sandbox;

#[test]
fn webhooks_credentials_and_retries_outlive_a_mock_that_is_killed() {
    let sandbox = Sandbox::new();
    let port = closed_port();
    // On its own clock: five seconds for the death of one mock and the birth of another.
    let args = ["svix", "--state", "mock.db"];
    let mut mock = sandbox.mock(&args);
    let token = mock.ready["token"].clone();
    let id = register(&mock, &format!("http://127.0.0.1:{port}/hook"), &["*"]);
    let event = told(&mock, "/_mock")["events"][0].as_str().unwrap().to_owned();
    emit(&mock, &event);
    assert_eq!(attempts(&mock, 1)[0]["delivery"]["error"]["kind"], "refused");
    crate::sandbox::signal(mock.pid(), "KILL");
    mock.wait();
    drop(mock);
    let target = App::start_on(port, |_| b"HTTP/1.1 204 X\r\n\r\n".to_vec());
    let mock = sandbox.mock(&args);
    assert_eq!(mock.ready["token"], token);
    assert_eq!(told(&mock, "/_mock/webhooks")["webhooks"][0]["id"], json!(id));
    let attempt = &attempts(&mock, 1)[0];
    assert_eq!((&attempt["state"], &attempt["delivery"]["attempt"]), (&json!("delivered"), &json!(2)));
    assert!(target.next().line().starts_with("POST /hook "));
    let message = &told(&mock, "/_mock/log")["messages"][0];
    assert_eq!(message["attempts"].as_array().unwrap().len(), 2, "the log goes on where it was");
}

#[cfg(unix)]
#[test]
fn the_state_is_for_the_owners_eyes_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    let mock = sandbox.mock(&["github", "--state", "mock.db"]);
    register(&mock, "http://127.0.0.1:9/", &["*"]);
    for entry in std::fs::read_dir(sandbox.path()).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("mock.db") {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", entry.path().display());
        }
    }
}

#[cfg(unix)]
#[test]
fn a_state_that_others_can_read_is_told_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    let args = ["github", "--state", "mock.db"];
    let (code, _, stderr) = sandbox.mock(&args).interrupt();
    assert_eq!((code, stderr.contains("warning")), (0, false), "{stderr}");
    let path = sandbox.path().join("mock.db");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, _, stderr) = sandbox.mock(&args).interrupt();
    assert_eq!(code, 0);
    assert!(stderr.contains("warning: other users can read ") && stderr.contains("chmod 600 "), "{stderr}");
}

#[test]
fn a_state_that_is_in_use_or_anothers_is_refused_with_the_cure() {
    let sandbox = Sandbox::new();
    let running = sandbox.mock(&["prokeep", "--state", "mock.db"]);
    let run = |provider: &str, state: &str| {
        let ended = sandbox.run(&["mock", provider, "--port", "0", "--state", state, "--json"]);
        assert_eq!((ended.code, ended.error()["code"].as_str()), (3, Some("mock_state")), "{}", ended.stderr);
        ended.stderr
    };
    assert!(run("prokeep", "mock.db").contains("in use by another mock"));
    assert_eq!(running.interrupt().0, 0);
    assert!(run("github", "mock.db").contains("is the state of a mock of prokeep, not of github"));
    sandbox.write("notes.txt", "these are no webhooks, and long enough to be taken for something".repeat(20));
    assert!(run("prokeep", "notes.txt").contains("is not the state of a mock"));
    assert!(std::fs::read_to_string(sandbox.path().join("notes.txt")).unwrap().starts_with("these are"));
    assert!(run("prokeep", "no/such/folder/mock.db").contains("hint"));
}

#[test]
fn a_target_named_again_is_registered_once() {
    let sandbox = Sandbox::new();
    let target = app(&[200]);
    for _ in 0..2 {
        let mock = sandbox.mock(&["prokeep", "--state", "mock.db", "--to", &target.url()]);
        assert_eq!(told(&mock, "/_mock/webhooks")["webhooks"].as_array().unwrap().len(), 1);
        assert_eq!(mock.interrupt().0, 0);
    }
}

#[test]
fn what_waited_in_memory_is_said_to_be_lost() {
    let sandbox = Sandbox::new();
    let mock = sandbox.mock(&["standard-webhooks", "--to", &format!("{}", closed_port())]);
    emit(&mock, "contact.created");
    attempts(&mock, 1);
    let (code, _, stderr) = mock.interrupt();
    assert_eq!(code, 0);
    assert!(stderr.contains("1 delivery still waited for an attempt: --state FILE keeps it"), "{stderr}");
}

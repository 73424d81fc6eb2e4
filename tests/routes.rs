//! Which events are forwarded, and that none goes round in circles.

use serde_json::json;

use crate::app::App;
use crate::listen::{SECRET, signature};
use crate::sandbox::Sandbox;
use crate::wire::post;

#[test]
fn a_redirect_is_passed_on_and_not_followed() {
    let (sandbox, elsewhere) = (Sandbox::new(), App::answering("200 OK", ""));
    let location = elsewhere.url();
    let app = App::start(move |_| {
        format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {location}/\r\ncontent-length: 0\r\n\r\n").into_bytes()
    });
    let listening = sandbox.listen(&["-f", &app.url()]);
    let answered = post(&listening.address(), "/", &[], b"{}");
    assert_eq!((answered.status, answered.all("location")), (307, vec![format!("{}/", elsewhere.url()).as_str()]));
    assert_eq!(listening.next_of("forwarded")["delivery"]["status"], 307);
    assert!(elsewhere.rest().is_empty());
}

#[test]
fn forwarding_to_oneself_is_refused() {
    let sandbox = Sandbox::new();
    // A port that was free a moment ago is both the listener's and the target's.
    let port = crate::app::closed_port().to_string();
    let listening = sandbox.listen(&["--port", &port, "-f", &format!("localhost:{port}")]);
    let answered = post(&listening.address(), "/", &[], b"{}");
    assert_eq!((answered.status, &answered.json()["error"]), (502, &json!("loop")), "{}", answered.text());
    assert_eq!(listening.next_of("forwarded")["delivery"]["error"]["kind"], "loop");
    let (_, lines, _) = listening.interrupt();
    assert_eq!((&lines[0]["received"], &lines[0]["failed"]), (&json!(1), &json!(1)), "once, not twice");
}

#[test]
fn a_request_that_was_forwarded_before_is_508() {
    let sandbox = Sandbox::new();
    let last = sandbox.listen(&[]);
    let front = sandbox.listen(&["-f", &last.url]);
    let answered = post(&front.address(), "/", &["Hookctl-Hop: 1"], b"{}");
    assert_eq!((answered.status, &answered.json()["error"]), (508, &json!("loop")));
    assert_eq!(post(&front.address(), "/", &[], b"{}").status, 200, "a chain ends at a listener without targets");
}

#[test]
fn what_is_not_verified_is_not_forwarded() {
    let (sandbox, app) = (Sandbox::new().env("HOOK_SECRET", SECRET), App::answering("201 Created", ""));
    let args = ["--provider", "prospektr", "--secret-env", "HOOK_SECRET", "-f", &app.url()];
    let listening = sandbox.listen(&args);
    let wrong = signature(b"another body");
    for headers in [&[][..], &[wrong.as_str()]] {
        assert_eq!(post(&listening.address(), "/", headers, b"{}").status, 401);
    }
    assert!(app.rest().is_empty());
    assert_eq!(post(&listening.address(), "/", &[&signature(b"{}")], b"{}").status, 201);
    assert_eq!(app.next().body, b"{}");
    let accepting = sandbox.listen(&[&args[..], &["--accept-invalid"]].concat());
    assert_eq!(post(&accepting.address(), "/", &[&wrong], b"{}").status, 201, "unless it was asked for");
}

#[test]
fn routes_in_the_file_send_each_event_to_its_target() {
    let sandbox = Sandbox::new();
    let [messages, threads] = [(); 2].map(|()| App::answering("200 OK", ""));
    let route = |events: &str, app: &App| format!("[[route]]\nevents = [{events}]\nto = [\"{}/in\"]\n", app.url());
    sandbox.write("hookctl.toml", route("'message_*'", &messages) + &route("'thread_*', 'x'", &threads));
    let listening = sandbox.listen(&["--body", "mine"]);
    let send = |event: &str| {
        let body = format!(r#"{{"source":"https://prokeep.com","event":"{event}"}}"#);
        post(&listening.address(), "/", &[], body.as_bytes())
    };
    assert_eq!(send("message_sent").text(), "", "one target takes it, so its answer counts");
    assert_eq!(send("thread_closed").status, 200);
    assert_eq!(send("company_created").text(), "mine", "no target takes it");
    assert_eq!(messages.next().line(), "POST /in HTTP/1.1");
    assert!(String::from_utf8_lossy(&threads.next().body).contains("thread_closed"));
    let (_, lines, _) = listening.interrupt();
    assert_eq!(lines.last().unwrap()["forwarded"], 2);
    assert!(messages.rest().is_empty() && threads.rest().is_empty());
}

#[test]
fn targets_that_are_none_are_usage_errors() {
    let sandbox = Sandbox::new();
    for target in ["ftp://app.test", "http://user:pw@app.test", "http://", "99999999"] {
        let ended = sandbox.run(&["listen", "--json", "--port", "0", "-f", target]);
        assert_eq!((ended.code, &ended.error()["code"]), (2, &json!("bad_target")), "{target}");
        assert!(!ended.stderr.contains("pw@"), "{}", ended.stderr);
    }
}

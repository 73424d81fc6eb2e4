//! Targets that fail: the provider's retry rules on a clock that runs faster.

use serde_json::json;

use super::{app, attempts, call, emit, register, silent, states, statuses, told, waits};
use crate::app::App;
use crate::sandbox::Sandbox;

/// Fast enough that days pass in a second.
const FAST: &str = "1000000";

#[test]
fn prospektr_tries_once_within_ten_seconds() {
    let sandbox = Sandbox::new();
    let failing = app(&[500]);
    let mock = sandbox.mock(&["prospektr", "--to", &failing.url(), "--time-scale", FAST]);
    let about = told(&mock, "/_mock");
    assert_eq!((&about["timeout_ms"], &about["schedule"]["waits_ms"]), (&json!(10_000.0), &json!([])));
    emit(&mock, "prospect.added");
    assert_eq!(states(&attempts(&mock, 1)), ["failed"]);
    let message = &told(&mock, "/_mock/log")["messages"][0];
    assert_eq!((&message["state"], message["attempts"].as_array().unwrap().len()), (&json!("failed"), 1));
    failing.next();
    assert!(failing.rest().is_empty());
}

#[test]
fn standard_webhooks_tries_its_whole_schedule_with_the_published_waits() {
    let sandbox = Sandbox::new().env("S", "whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC0xMjM0");
    let failing = app(&[503]);
    let args = ["standard-webhooks", "--to", &failing.url(), "--time-scale", "100000", "--secret-env", "S"];
    let mock = sandbox.mock(&args);
    emit(&mock, "contact.created");
    let made = attempts(&mock, 10);
    assert_eq!(waits(&made), [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
    for attempt in &made[1..] {
        // A clock of whole milliseconds, and a machine that has other things to do too.
        let (due, waited) = (attempt["wait_ms"].as_f64().unwrap() / 100_000.0, attempt["waited_ms"].as_f64().unwrap());
        assert!(waited > due - 3.0 && waited < due + 10_000.0, "{attempt}");
    }
    assert_eq!(states(&made)[8..], ["pending", "failed"]);
    let ids: Vec<String> = (0..10).map(|_| failing.next().all("webhook-id")[0].to_owned()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "it is the same message: {ids:?}");
}

#[test]
fn a_target_that_comes_back_gets_its_message() {
    let sandbox = Sandbox::new();
    let target = app(&[500, 302, 200]);
    let mock = sandbox.mock(&["standard-webhooks", "--to", &target.url(), "--time-scale", FAST]);
    emit(&mock, "contact.created");
    let made = attempts(&mock, 3);
    assert_eq!(states(&made), ["pending", "pending", "delivered"]);
    assert_eq!(statuses(&made), [Some(500), Some(302), Some(200)], "a redirect is a failure, and followed nowhere");
    assert_eq!(made[0]["retry_in_ms"], 5000.0);
}

/// A provider of one's own with these rules.
fn acme(rules: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let manifest = format!(
        "[provider]\nid = \"acme\"\nname = \"Acme\"\n[delivery]\nsource = \"https://acme.test\"\n\
         verified = \"2026-11-21\"\n{rules}"
    );
    sandbox.write(".hookctl/providers/acme/provider.toml", manifest);
    sandbox.write(".hookctl/providers/acme/won.json", "{\"type\":\"won\"}");
    sandbox
}

#[test]
fn a_target_that_is_too_slow_is_given_up_after_the_providers_time() {
    let sandbox = acme("timeout = \"1s\"\nretries = [\"1h\"]\n");
    let (_hanging, slow) = silent();
    let mock = sandbox.mock(&["acme", "--to", &slow]);
    emit(&mock, "won");
    let attempt = &attempts(&mock, 1)[0];
    assert_eq!((&attempt["delivery"]["error"]["kind"], &attempt["state"]), (&json!("timeout"), &json!("pending")));
    let took = attempt["delivery"]["duration_ms"].as_f64().unwrap();
    assert!((1000.0..20_000.0).contains(&took), "{took}");
}

#[test]
fn what_a_provider_says_of_answers_counts() {
    let rules = "success = [\"body:ok\"]\nstop_on = [\"4xx\"]\nretries = [\"1h\", \"1h\"]\n";
    let sandbox = acme(rules);
    let accepts = App::answering("202 Accepted", "ok\n");
    let other = App::answering("200 OK", "fine");
    let refuses = App::answering("404 Not Found", "");
    let mock = sandbox.mock(&["acme", "--time-scale", "1000000000"]);
    for (target, expected) in
        [(&accepts, &["delivered"][..]), (&other, &["pending", "pending", "failed"]), (&refuses, &["stopped"])]
    {
        let id = register(&mock, &target.url(), &[]);
        let only = json!({ "event": "won", "webhook": id });
        assert_eq!(call(&mock, "/_mock/emit", &only).status, 202);
        assert_eq!(states(&attempts(&mock, expected.len())), expected);
    }
}

#[test]
fn slack_is_told_to_try_no_more_by_a_header() {
    let sandbox = Sandbox::new();
    let target = App::start(|_| b"HTTP/1.1 500 X\r\nx-slack-no-retry: 1\r\ncontent-length: 0\r\n\r\n".to_vec());
    let mock = sandbox.mock(&["slack", "--to", &target.url(), "--time-scale", FAST]);
    let event = told(&mock, "/_mock")["events"][0].as_str().unwrap().to_owned();
    emit(&mock, &event);
    assert_eq!(states(&attempts(&mock, 1)), ["stopped"]);
}

#[test]
fn a_retry_says_so_where_the_provider_does() {
    let sandbox = Sandbox::new();
    let target = app(&[500, 200]);
    let mock = sandbox.mock(&["slack", "--to", &target.url(), "--time-scale", FAST]);
    let event = told(&mock, "/_mock")["events"][0].as_str().unwrap().to_owned();
    emit(&mock, &event);
    attempts(&mock, 2);
    assert!(target.next().all("x-slack-retry-num").is_empty());
    assert_eq!(target.next().all("x-slack-retry-num"), ["1"]);
}

#[test]
fn gone_means_that_nothing_more_is_sent() {
    let sandbox = Sandbox::new();
    let target = app(&[410]);
    let mock = sandbox.mock(&["standard-webhooks", "--to", &target.url(), "--time-scale", FAST]);
    emit(&mock, "contact.created");
    let attempt = &attempts(&mock, 1)[0];
    assert_eq!((&attempt["state"], &attempt["webhook_fate"]), (&json!("gone"), &json!("disabled: it answered 410")));
    let webhook = &told(&mock, "/_mock/webhooks")["webhooks"][0];
    assert_eq!((&webhook["enabled"], &webhook["disabled_because"]), (&json!(false), &json!("it answered 410")));
    assert_eq!(emit(&mock, "contact.created")["messages"], json!([]));
    let ended = sandbox.run(&["mock", "emit", "contact.created", "--webhook", "wh_1", "--api-url", &mock.url]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("webhook `wh_1` is disabled"), "{}", ended.stderr);
}

#[test]
fn shopify_deletes_a_webhook_once_all_eight_retries_failed() {
    let sandbox = Sandbox::new();
    let target = app(&[500]);
    let mock = sandbox.mock(&["shopify", "--to", &target.url(), "--time-scale", FAST]);
    let event = told(&mock, "/_mock")["events"][0].as_str().unwrap().to_owned();
    emit(&mock, &event);
    let made = attempts(&mock, 9);
    assert!(made[..8].iter().all(|attempt| attempt["webhook_fate"].is_null()), "{made:?}");
    assert_eq!(made[8]["webhook_fate"], "deleted after 8 failed retries in a row");
    assert_eq!(states(&made)[8], "failed");
    assert_eq!(told(&mock, "/_mock/webhooks")["webhooks"], json!([]));
}

#[test]
fn a_success_in_between_begins_the_count_anew() {
    let sandbox = acme("retries = []\n[delivery.disable]\nfailures = 2\naction = \"disable\"\n");
    let target = app(&[500, 200, 500, 500]);
    let mock = sandbox.mock(&["acme", "--to", &target.url()]);
    let mut fates = Vec::new();
    for _ in 0..4 {
        emit(&mock, "won");
        fates.push(attempts(&mock, 1)[0]["webhook_fate"].clone());
    }
    assert_eq!(fates, [json!(null), json!(null), json!(null), json!("disabled after 2 failed attempts in a row")]);
}

#[test]
fn messages_are_counted_where_the_provider_counts_those() {
    let rules = "retries = [\"1s\"]\n[delivery.disable]\nfailures = 2\nof = \"messages\"\naction = \"disable\"\n";
    let sandbox = acme(rules);
    let target = app(&[500]);
    let mock = sandbox.mock(&["acme", "--to", &target.url(), "--time-scale", FAST]);
    emit(&mock, "won");
    assert!(attempts(&mock, 2).iter().all(|attempt| attempt["webhook_fate"].is_null()));
    emit(&mock, "won");
    assert_eq!(attempts(&mock, 2)[1]["webhook_fate"], "disabled after 2 failed messages in a row");
}

#[test]
fn a_webhook_that_only_fails_for_long_enough_is_disabled() {
    let rules = "retries = [\"1h\", \"1h\", \"1h\"]\n[delivery.disable]\nwindow = \"2h\"\naction = \"disable\"\n";
    let sandbox = acme(rules);
    let target = app(&[500]);
    let mock = sandbox.mock(&["acme", "--to", &target.url(), "--time-scale", FAST]);
    emit(&mock, "won");
    let made = attempts(&mock, 3);
    assert_eq!(states(&made), ["pending", "pending", "dropped"]);
    assert_eq!(made[2]["webhook_fate"], "disabled after nothing but failures for 2h");
}

#[test]
fn retry_after_is_heeded_where_the_provider_does() {
    let busy = || App::start(|_| b"HTTP/1.1 429 X\r\nretry-after: 7200\r\ncontent-length: 0\r\n\r\n".to_vec());
    let (sandbox, target) = (Sandbox::new(), busy());
    let mock = sandbox.mock(&["standard-webhooks", "--to", &target.url()]);
    emit(&mock, "contact.created");
    assert_eq!(attempts(&mock, 1)[0]["retry_in_ms"], 7_200_000.0);
    let (sandbox, target) = (acme("retries = [\"5s\"]\n"), busy());
    let mock = sandbox.mock(&["acme", "--to", &target.url()]);
    emit(&mock, "won");
    assert_eq!(attempts(&mock, 1)[0]["retry_in_ms"], 5000.0);
}

#[test]
fn a_person_may_ask_for_one_more_attempt() {
    let sandbox = Sandbox::new();
    let target = app(&[500, 500, 200]);
    let mock = sandbox.mock(&["prospektr", "--to", &target.url()]);
    emit(&mock, "prospect.added");
    let redeliver = |id: &str| sandbox.run(&["mock", "redeliver", id, "--api-url", &mock.url, "--json"]);
    let failed = redeliver("msg_1");
    assert_eq!(
        (failed.code, &failed.lines()[0]["manual"], &failed.lines()[0]["state"]),
        (1, &json!(true), &json!("failed"))
    );
    let done = redeliver("1");
    assert_eq!((done.code, &done.lines()[0]["state"]), (0, &json!("delivered")), "a bare number will do");
    let log = sandbox.run(&["mock", "log", "msg_1", "--api-url", &mock.url, "--json"]);
    assert_eq!(log.lines()[0]["attempts"].as_array().unwrap().len(), 3);
    let unknown = redeliver("msg_9");
    assert_eq!((unknown.code, unknown.error()["code"].as_str()), (2, Some("unknown_message")));
}

#[test]
fn a_message_that_waits_keeps_its_schedule_when_a_person_tries_it_in_vain() {
    let sandbox = acme("retries = [\"1h\", \"2h\"]\n");
    let target = app(&[500]);
    let mock = sandbox.mock(&["acme", "--to", &target.url()]);
    emit(&mock, "won");
    attempts(&mock, 1);
    let before = told(&mock, "/_mock/log")["messages"][0]["due_at"].clone();
    assert_eq!(sandbox.run(&["mock", "redeliver", "1", "--api-url", &mock.url]).code, 1);
    let message = told(&mock, "/_mock/log")["messages"][0].clone();
    assert_eq!((&message["due_at"], &message["state"]), (&before, &json!("pending")));
    assert!(before.is_string());
}

#[test]
fn of_a_long_answer_only_the_beginning_is_kept() {
    let sandbox = Sandbox::new();
    let target = App::answering("500 Oops", &"x".repeat(100_000));
    let mock = sandbox.mock(&["prospektr", "--to", &target.url()]);
    emit(&mock, "prospect.added");
    attempts(&mock, 1);
    let log = told(&mock, "/_mock/log");
    let response = &log["messages"][0]["attempts"][0]["delivery"]["response"];
    assert_eq!((response["body"].as_str().unwrap().len(), &response["truncated"]), (16 * 1024, &json!(true)));
}

#[test]
fn the_mock_never_delivers_to_itself() {
    let sandbox = acme("retries = []\n");
    let mock = sandbox.mock(&["acme"]);
    register(&mock, &format!("{}/_mock/emit", mock.url), &[]);
    emit(&mock, "won");
    assert_eq!(attempts(&mock, 1)[0]["delivery"]["error"]["kind"], "loop");
}

//! `hookctl mock drill`: what a provider would do with an endpoint.

use serde_json::json;

use super::app;
use crate::app::closed_port;
use crate::sandbox::Sandbox;

#[test]
fn an_endpoint_that_recovers_gets_its_delivery_late() {
    let (sandbox, target) = (Sandbox::new(), app(&[500, 500, 200]));
    let args = ["mock", "drill", "--to", &target.url(), "--time-scale", "1000000", "--json"];
    let ended = sandbox.run(&args);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report = &ended.lines()[0];
    assert_eq!(
        (&report["state"], &report["delivered"], &report["lost"]),
        (&json!("delivered"), &json!(true), &json!(false))
    );
    assert_eq!(report["attempts"].as_array().unwrap().len(), 3);
    let time = report["provider_ms"].as_f64().unwrap();
    assert!((305_000.0..400_000.0).contains(&time), "5 s and 5 min of the provider's time: {time}");
}

#[test]
fn an_endpoint_that_never_takes_it_loses_it_and_the_answer_is_no() {
    let (sandbox, target) = (Sandbox::new(), app(&[500]));
    let ended = sandbox.run(&["mock", "drill", "--to", &target.url(), "--time-scale", "1000000", "--json"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let report = &ended.lines()[0];
    assert_eq!(
        (&report["state"], &report["lost"], &report["disabled"]),
        (&json!("failed"), &json!(true), &json!(false))
    );
    assert_eq!(report["attempts"].as_array().unwrap().len(), 10);
    assert_eq!(report["schedule"]["basis"], "published");
}

#[test]
fn an_endpoint_that_is_not_there_at_all_is_a_failure_of_the_machine() {
    let args = ["mock", "drill", "prospektr", "--to", &closed_port().to_string()];
    let ended = Sandbox::new().run(&args);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stdout.contains("lost, and nobody was there: 1 attempt"), "{}", ended.stdout);
}

#[test]
fn a_provider_that_would_give_the_webhook_up_is_told_of() {
    let (sandbox, target) = (Sandbox::new(), app(&[500]));
    let ended = sandbox.run(&["mock", "drill", "shopify", "--to", &target.url(), "--time-scale", "1000000"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    for words in ["lost: 9 attempts", "the webhook would have been deleted after 8 failed retries in a row", "computed"]
    {
        assert!(ended.stdout.contains(words), "{}", ended.stdout);
    }
}

#[test]
fn a_signed_drill_passes_where_signatures_are_checked() {
    let sandbox = Sandbox::new().env("S", "whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC0xMjM0");
    let listening = sandbox.listen(&["--provider", "standard-webhooks", "--secret-env", "S"]);
    assert_eq!(sandbox.run(&["mock", "drill", "--to", &listening.url, "--secret-env", "S"]).code, 0);
    assert_eq!(listening.next_of("received")["event"]["verdict"]["status"], "valid");
}

#[test]
fn a_drill_of_what_is_not_there_names_the_nearest() {
    let sandbox = Sandbox::new();
    let ended = sandbox.run(&["mock", "drill", "stripo", "--to", "9"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("did you mean `stripe`"), "{}", ended.stderr);
    let ended = sandbox.run(&["mock", "drill", "--to", "9", "--event", "contact.create"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("contact.created"), "{}", ended.stderr);
}

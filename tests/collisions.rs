//! Providers that sign in the same header: told apart by what only they send, or named as candidates.

use std::collections::BTreeSet;

use hookctl::model::Request;
use hookctl::provider::{Catalogue, Identity, identify};

/// The providers that a request with these headers and this body may come from.
fn senders(headers: &[&str], body: &str) -> BTreeSet<String> {
    let headers = headers.iter().map(|line| Request::parse_header(line).unwrap()).collect();
    let request = Request { method: http::Method::POST, headers, body: body.to_owned().into(), ..Request::default() };
    match identify(&Catalogue::default().all().0, &request) {
        Identity::Known(provider) => BTreeSet::from([provider.id().to_string()]),
        Identity::Candidates(several) => several.iter().map(|provider| provider.id().to_string()).collect(),
        Identity::Unknown => BTreeSet::new(),
    }
}

const SHA1: &str = "X-Hub-Signature: sha1=d61aa3bf1e31bf2bd5e1ba3bb2b8ef19d5e0a1a5";
const SHA256: &str = "X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

#[test]
fn a_hub_signature_is_its_own_providers_where_the_rest_of_the_request_says_so() {
    let notification = r#"{"type":"notification_event","topic":"ping"}"#;
    let entry = r#"{"object":"page","entry":[{"id":"1"}]}"#;
    for (headers, body, sender) in [
        (&[SHA1, "Content-Type: application/json"][..], notification, "intercom"),
        (&[SHA1, "Link: <https://hub.test/>; rel=hub"], "<feed/>", "websub"),
        (&["Link: <https://hub.test/>; rel=hub"], "<feed/>", "websub"),
        (&[SHA256], entry, "meta"),
        (&[SHA1, SHA256], entry, "meta"),
        (&[SHA256, "X-GitHub-Event: push"], entry, "github"),
        (&[SHA1, "X-GitHub-Event: push"], notification, "github"),
        (&[SHA1, "Prompt-EventType: message/added"], "{}", "promptio"),
    ] {
        assert_eq!(senders(headers, body), BTreeSet::from([sender.to_owned()]), "{headers:?} {body}");
    }
}

#[test]
fn a_hub_signature_alone_names_candidates() {
    let all = |senders: BTreeSet<String>, expected: &[&str]| {
        for id in expected {
            assert!(senders.contains(*id), "{id} is not among {senders:?}");
        }
    };
    all(senders(&[SHA1], "{}"), &["github", "intercom", "meta", "promptio", "websub"]);
    all(senders(&[SHA256], "{}"), &["github", "meta"]);
}

#[test]
fn an_authorization_header_alone_is_not_taken_for_a_signature_of_one_provider() {
    for (credential, wrong) in [
        ("Authorization: Bearer abc", ["vonage", "livekit", "ms-teams"]),
        ("Authorization: abc", ["vonage", "livekit", "ms-teams"]),
        ("Authorization: Basic dXNlcjpwYXNz", ["vonage", "livekit", "ms-teams"]),
    ] {
        let senders = senders(&[credential], r#"{"id":1}"#);
        let is_guessed = senders.len() == 1 && wrong.iter().any(|id| senders.contains(*id));
        assert!(!is_guessed, "{credential}: {senders:?}");
    }
}

#[test]
fn what_resend_sends_through_svix_is_told_from_what_others_send_so() {
    let svix = ["svix-id: msg_1", "svix-timestamp: 1767225600", "svix-signature: v1,c2lnbmF0dXJl"];
    let email = r#"{"type":"email.sent","created_at":"2026-01-01T00:00:00Z","data":{"email_id":"1"}}"#;
    assert_eq!(senders(&svix, email), BTreeSet::from(["resend".to_owned()]));
    assert_eq!(senders(&svix, r#"{"type":"email.created","data":{"id":"1"}}"#), BTreeSet::from(["svix".to_owned()]));
}

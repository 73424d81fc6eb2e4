use std::cell::RefCell;
use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::{Request, Webhook};
use crate::provider::{Catalogue, Generator};

fn api(provider: &str) -> std::sync::Arc<Api> {
    let catalogue = Catalogue::new(Vec::new());
    catalogue.provider(provider).unwrap().api().unwrap().clone()
}

fn fields(value: &Value) -> Fields {
    value.as_object().unwrap().clone()
}

fn as_received(api: &Api, sent: &ApiRequest) -> (Routed, Request) {
    let path = format!("{}{}", api.base_path(), sent.path.split('?').next().unwrap());
    let routed = api.route(&sent.method, &path).unwrap_or_else(|| panic!("no route for {path}"));
    let request = Request {
        method: sent.method.clone(),
        headers: sent.headers.clone(),
        body: sent.body.clone(),
        ..Request::default()
    };
    (routed, request)
}

#[test]
fn prokeep_is_spoken_to_as_its_documentation_says() {
    let api = api("prokeep");
    let known = fields(
        &json!({"url": "https://your-endpoint.example.com/webhooks/prokeep", "events": ["message_received", "message_sent"]}),
    );
    let requests = api.requests(Operation::Create, &known).unwrap();
    let [sent] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/webhooks"));
    assert_eq!(
        std::str::from_utf8(&sent.body).unwrap(),
        r#"{"target_url":"https://your-endpoint.example.com/webhooks/prokeep","events":{"message_received":true,"message_sent":true}}"#
    );
    let answer = br#"{"data": {"id": "42061462-59ed-422d-a2b5-eb54170c288c", "url": "https://your-endpoint.example.com/webhooks/prokeep",
        "account_id": "0180c047-5566-4cc8-bccc-23ee53f61395", "inserted_at": "2025-05-08T18:51:56.628936Z",
        "updated_at": "2025-11-03T16:49:28.825594Z", "event_message_received": true, "event_thread_closed": false}}"#;
    let webhook = api.read_webhook(Operation::Create, 0, answer, "").unwrap();
    assert_eq!(webhook.id, "42061462-59ed-422d-a2b5-eb54170c288c");
    assert_eq!(webhook.events, ["message_received"]);
    assert_eq!(webhook.created_at.unwrap().to_string(), "2025-05-08T18:51:56.628936Z");
    let subdomain = BTreeMap::from([("subdomain".to_owned(), "acme".to_owned())]);
    assert_eq!(api.base_url(&subdomain).unwrap(), "https://acme.prokeep.com/rest/v1");
    assert_eq!(api.base_url(&BTreeMap::new()), Err(ApiError::Missing { name: "subdomain".into(), is_variable: true }));
    for value in ["evil.example/", "a.b", "a@b", "a:1", "a/b", "a?b", "a#b", "ä"] {
        let subdomain = BTreeMap::from([("subdomain".to_owned(), value.to_owned())]);
        assert_eq!(api.base_url(&subdomain), Err(ApiError::Unfit("subdomain".into())), "{value}");
    }
    assert_eq!(api.operations(), [Operation::Create, Operation::List, Operation::Get]);
    assert_eq!(api.requests(Operation::Delete, &known).unwrap_err(), ApiError::Unsupported(Operation::Delete));
}

#[test]
fn what_the_client_writes_the_server_reads_and_the_other_way_round() {
    let variables =
        json!({"subdomain": "acme", "owner": "o", "repo": "r", "org": "g", "app_id": "app_1", "shop": "snow"});
    for id in ["prokeep", "github", "stripe"] {
        let api = api(id);
        let names: Vec<String> = api.events().names()[..2].to_vec();
        let mut known = fields(&variables);
        known.extend(fields(
            &json!({"url": "https://a.example/hook?x=1&y=%20", "events": names, "description": "mine"}),
        ));
        let sent = api.requests(Operation::Create, &known).unwrap().remove(0);
        let (routed, request) = as_received(&api, &sent);
        assert_eq!(routed.operation, Operation::Create, "{id}");
        let read = api.read_request(&routed, &request).unwrap();
        assert_eq!((&read["url"], &read["events"]), (&known["url"], &known["events"]), "{id}");
        let generator = RefCell::new(Generator::new(7, Timestamp::UNIX_EPOCH));
        let mut stored = api.defaults().clone();
        stored.extend(api.made(&generator));
        stored.extend(read);
        stored.insert("created_at".into(), "2026-01-02T03:04:05Z".into());
        let (status, answer) = api.write_answer(&routed, &stored);
        assert!((200..300).contains(&status));
        let webhook = api.read_webhook(Operation::Create, 0, &answer, "answer").unwrap();
        assert_eq!((webhook.url.as_str(), &webhook.events), ("https://a.example/hook?x=1&y=%20", &names), "{id}");
        assert_eq!(webhook.created_at.unwrap().to_string(), "2026-01-02T03:04:05Z", "{id}");
        let page = api.read_page(&api.write_page(&[stored.clone(), stored], true, None)).unwrap();
        assert_eq!((page.webhooks.len(), page.webhooks[1].id.as_str()), (2, webhook.id.as_str()), "{id}");
    }
}

#[test]
fn all_events_are_said_in_the_words_of_each_api() {
    let known = json!({"url": "https://a.example", "events": ["*"], "owner": "o", "repo": "r"});
    let body = |id: &str| {
        String::from_utf8(api(id).requests(Operation::Create, &fields(&known)).unwrap().remove(0).body.to_vec())
            .unwrap()
    };
    assert!(body("github").contains(r#""events":["*"]"#));
    assert!(body("stripe").contains("enabled_events[]=*"));
    assert_eq!(body("prokeep").matches(":true").count(), 11);
}

#[test]
fn an_update_sends_only_what_is_to_change() {
    let github = api("github");
    let scope = json!({"owner": "o", "repo": "r", "id": "7"});
    let requests = |more: Value| {
        let mut known = fields(&scope);
        known.extend(fields(&more));
        github.requests(Operation::Update, &known).unwrap()
    };
    let only_events = requests(json!({"events": ["push"]}));
    assert_eq!(only_events.len(), 1);
    assert_eq!(only_events[0].path, "/repos/o/r/hooks/7");
    assert_eq!(&only_events[0].body[..], br#"{"events":["push"]}"#);
    let only_url = requests(json!({"url": "https://b"}));
    assert_eq!(only_url.len(), 1);
    assert_eq!(
        (only_url[0].path.as_str(), &only_url[0].body[..]),
        ("/repos/o/r/hooks/7/config", &br#"{"url":"https://b"}"#[..])
    );
    let disable = github.requests(Operation::Disable, &fields(&scope)).unwrap();
    assert_eq!(&disable[0].body[..], br#"{"active":false}"#);
    let stripe = api("stripe").requests(Operation::Disable, &fields(&json!({"id": "we_1"}))).unwrap();
    assert_eq!(&stripe[0].body[..], b"disabled=true");
}

#[test]
fn the_scope_whose_variables_are_given_is_taken() {
    let github = api("github");
    let path =
        |known: Value| github.requests(Operation::List, &fields(&known)).map(|requests| requests[0].path.clone());
    assert!(path(json!({"owner": "o", "repo": "r"})).unwrap().starts_with("/repos/o/r/hooks"));
    assert!(path(json!({"org": "g"})).unwrap().starts_with("/orgs/g/hooks"));
    assert_eq!(path(json!({"repo": "r"})), Err(ApiError::Missing { name: "owner".into(), is_variable: true }));
    assert_eq!(path(json!({"owner": "..", "repo": "r"})), Err(ApiError::Unfit("owner".into())));
}

#[test]
fn an_answer_tells_the_webhooks_own_place() {
    let github = api("github");
    for (path, url) in [
        ("/repos/o/r/hooks/7", "https://api.github.com/repos/o/r/hooks/7"),
        ("/orgs/g/hooks/7", "https://api.github.com/orgs/g/hooks/7"),
    ] {
        let routed = github.route(&Method::GET, path).unwrap();
        let (_, answer) = github.write_answer(&routed, &routed.fields);
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!((&answer["url"], &answer["ping_url"]), (&json!(url), &json!(format!("{url}/pings"))));
    }
    assert_eq!(github.webhook_headers(&fields(&json!({"id": "7"})))["x-github-hook-id"], "7");
}

#[test]
fn svix_takes_null_for_all_events_and_shopify_one_event() {
    let svix = api("svix");
    let known = fields(&json!({"app_id": "app_1", "url": "https://a.example", "events": ["*"]}));
    let (routed, request) = as_received(&svix, &svix.requests(Operation::Create, &known).unwrap()[0]);
    assert_eq!(&request.body[..], br#"{"url":"https://a.example","filterTypes":null}"#);
    assert_eq!(svix.read_request(&routed, &request).unwrap()["events"], json!(["*"]));
    let answer = br#"{"id":"ep_1","url":"https://a.example","description":"","createdAt":"2026-01-02T03:04:05Z","updatedAt":"2026-01-02T03:04:05Z"}"#;
    let webhook = svix.read_webhook(Operation::Get, 0, answer, "").unwrap();
    assert_eq!((webhook.events, webhook.enabled), (vec!["*".to_owned()], None));
    let shopify = api("shopify");
    let known = fields(&json!({"shop": "snow", "url": "https://a.example", "events": ["orders/create"]}));
    let (routed, request) = as_received(&shopify, &shopify.requests(Operation::Create, &known).unwrap()[0]);
    assert_eq!(
        &request.body[..],
        br#"{"webhook":{"address":"https://a.example","topic":"orders/create","format":"json"}}"#
    );
    let (status, answer) = shopify.write_answer(&routed, &shopify.read_request(&routed, &request).unwrap());
    assert_eq!(status, 201);
    assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap()["webhook"]["topic"], "orders/create");
}

#[test]
fn a_bad_request_is_refused_at_its_place() {
    let stripe = api("stripe");
    let routed = stripe.route(&Method::POST, "/v1/webhook_endpoints").unwrap();
    let read = |body: &str| {
        let headers =
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))]);
        let request = Request { headers, body: Bytes::copy_from_slice(body.as_bytes()), ..Request::default() };
        stripe.read_request(&routed, &request).map_err(|invalid| invalid.to_string())
    };
    for (body, problem) in [
        ("enabled_events[]=*", "`url`: is missing"),
        ("url=https://a", "`enabled_events`: is missing"),
        ("url=nonsense&enabled_events[]=*", "`url`: must be an http or https URL"),
        ("url=file:///etc&enabled_events[]=*", "`url`: must be an http or https URL"),
        ("url=https://a&enabled_events=x", "`enabled_events`: must be a list of names"),
        ("url=https://a&enabled_events[]=nonsense", "`enabled_events`: `nonsense` is not an event"),
        ("url[=", "the form has names that do not nest"),
    ] {
        assert_eq!(read(body), Err(problem.to_owned()), "{body}");
    }
    assert_eq!(read("url=https://a&enabled_events[0]=*").unwrap()["events"], json!(["*"]));
    let github = api("github");
    let routed = github.route(&Method::POST, "/orgs/g/hooks").unwrap();
    let request = Request { body: Bytes::from_static(br#"{"config":{"url":"nonsense"}}"#), ..Request::default() };
    let refused = github.read_request(&routed, &request).unwrap_err();
    assert_eq!(refused.to_string(), "`config.url`: must be an http or https URL");
}

#[test]
fn paths_of_others_have_no_route() {
    let stripe = api("stripe");
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/v1/customers"),
        ("PUT", "/v1/webhook_endpoints"),
        ("GET", "/v2/webhook_endpoints"),
        ("GET", ""),
    ] {
        assert!(stripe.route(&method.parse().unwrap(), path).is_none(), "{method} {path}");
    }
    assert_eq!(stripe.route(&Method::GET, "/v1/webhook_endpoints/we_1").unwrap().fields["id"], "we_1");
    let github = api("github");
    let routed = github.route(&Method::POST, "/orgs/g/hooks/7/pings").unwrap();
    assert_eq!((routed.operation, &routed.fields["org"]), (Operation::Ping, &json!("g")));
    assert_eq!(github.emits(&routed), Some("ping"));
}

#[test]
fn events_are_chosen_by_name_and_glob() {
    let prokeep = api("prokeep");
    let choose = |patterns: &[&str], allow| {
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        prokeep.events().choose(&patterns, allow).map_err(|unknown| unknown.to_string())
    };
    assert_eq!(
        choose(&["thread_*", "message_received"], false).unwrap(),
        ["message_received", "thread_created", "thread_claimed", "thread_closed"]
    );
    assert_eq!(choose(&["*", "x"], false).unwrap(), [Webhook::ALL]);
    assert_eq!(
        choose(&["mesage_received"], false).unwrap_err(),
        "no event `mesage_received` (nearest: `message_received`)"
    );
    assert_eq!(choose(&["brand_new"], true).unwrap(), ["brand_new"]);
    assert!(choose(&["nothing_*"], true).is_err(), "a glob is never a name");
    let github = api("github");
    let unknown = github.events().choose(&["issues.opened".to_owned()], false).unwrap_err();
    assert_eq!(unknown.nearest.as_deref(), Some("issues"));
    assert!(github.events().covers(&["issues".to_owned()], "issues.opened"));
    assert!(!github.events().covers(&["push".to_owned()], "issues.opened"));
}

#[test]
fn an_answer_of_another_shape_is_said_to_be_one() {
    let api = api("prokeep");
    for (answer, problem) in [
        ("<html>", "the answer is not JSON"),
        ("{}", "`data`: is missing"),
        (r#"{"data": []}"#, "must be an object"),
        (r#"{"data": {"url": "u", "account_id": "a", "inserted_at": "i", "updated_at": "u"}}"#, "`id`: is missing"),
    ] {
        let error = api.read_webhook(Operation::Get, 0, answer.as_bytes(), "").unwrap_err().to_string();
        assert!(error.contains(problem), "{answer}: {error}");
    }
}

#[test]
fn the_providers_own_words_are_found() {
    let said = |id: &str, answer: &str| api(id).error_message(answer.as_bytes());
    assert_eq!(said("stripe", r#"{"error":{"message":"No such","type":"x"}}"#).as_deref(), Some("No such"));
    assert_eq!(said("prokeep", r#"{"errors":["a","b"]}"#).as_deref(), Some(r#"["a","b"]"#));
    assert_eq!(said("github", "<html>"), None);
    let refused = r#"{"message":"Validation Failed","errors":[{"resource":"Hook","code":"custom","message":"Hook already exists"}]}"#;
    assert_eq!(said("github", refused).as_deref(), Some("Hook already exists"));
    assert_eq!(said("github", r#"{"message":"Not Found","status":"404"}"#).as_deref(), Some("Not Found"));
    let refused = r#"{"detail":[{"loc":["body","url"],"msg":"Endpoint URLs must be valid","type":"value_error"}]}"#;
    assert_eq!(said("svix", refused).as_deref(), Some("Endpoint URLs must be valid"));
    assert_eq!(
        said("svix", r#"{"code":"not_found","detail":"Entity not found"}"#).as_deref(),
        Some("Entity not found")
    );
    assert_eq!(said("shopify", r#"{"errors":["is taken"]}"#).as_deref(), Some("is taken"));
    assert_eq!(said("shopify", r#"{"errors":"Not Found"}"#).as_deref(), Some("Not Found"));
}

proptest! {
    #[test]
    fn no_answer_and_no_request_makes_it_panic(text in ".{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for id in ["prokeep", "github", "stripe"] {
            let api = api(id);
            for body in [text.as_bytes(), &bytes] {
                let _ = api.read_page(body);
                let _ = api.error_message(body);
                let _ = api.read_webhook(Operation::Create, 0, body, "");
                if let Some(routed) = api.route(&Method::POST, &text) {
                    let _ = api.read_request(&routed, &Request { body: Bytes::copy_from_slice(body), ..Request::default() });
                }
            }
        }
    }
}

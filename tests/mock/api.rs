//! The registration APIs, with the manifests read from the other side.

use serde_json::{Value, json};

use super::{app, attempts, body, told};
use crate::app::App;
use crate::sandbox::{Listening, Sandbox};
use crate::wire::{Answered, raw, request};

/// A call with these header lines and this body.
fn api(mock: &Listening, method: &str, path: &str, headers: &[&str], body: &str) -> Answered {
    raw(&mock.address(), request(method, path, headers, body.as_bytes()))
}

/// The header of the mock's token.
fn bearer(mock: &Listening) -> String {
    format!("authorization: Bearer {}", mock.ready["token"].as_str().unwrap())
}

fn basic(username: &str, password: &str) -> String {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    format!("authorization: Basic {}", BASE64_STANDARD.encode(format!("{username}:{password}")))
}

const JSON: &str = "content-type: application/json";

#[test]
fn prokeep_creates_lists_and_gets_and_delivers_what_was_asked_for() {
    let sandbox = Sandbox::new();
    let target = app(&[200]);
    let mock = sandbox.mock(&["prokeep"]);
    let text = |name: &str| mock.ready[name].as_str().unwrap().to_owned();
    let auth = basic(&text("username"), &text("password"));
    let create = json!({ "target_url": target.url(), "events": { "message_received": true, "thread_closed": false } });
    let made = api(&mock, "POST", "/rest/v1/webhooks", &[&auth, JSON], &create.to_string());
    assert!((200..300).contains(&made.status), "{}", made.text());
    let id = made.json()["data"]["id"].as_str().unwrap().to_owned();
    let listed = api(&mock, "GET", "/rest/v1/webhooks", &[&auth], "").json();
    assert_eq!(listed["data"][0]["id"], json!(id));
    let got = api(&mock, "GET", &format!("/rest/v1/webhooks/{id}"), &[&auth], "").json();
    assert_eq!((&got["data"]["url"], &got["data"]["event_message_received"]), (&json!(target.url()), &json!(true)));
    super::emit(&mock, "message_received");
    super::emit(&mock, "thread_closed");
    assert_eq!(body(&target.next())["type"], "message_received");
    assert_eq!(attempts(&mock, 1)[0]["webhook_id"], json!(id));
    assert_eq!(told(&mock, "/_mock/log")["messages"].as_array().unwrap().len(), 1);
    assert_eq!(
        api(&mock, "DELETE", &format!("/rest/v1/webhooks/{id}"), &[&auth], "").status,
        404,
        "it has no such call"
    );
}

#[test]
fn who_has_not_the_credentials_is_let_in_nowhere() {
    let sandbox = Sandbox::new();
    let mock = sandbox.mock(&["prokeep"]);
    let username = mock.ready["username"].as_str().unwrap();
    let wrong =
        [basic(username, "guess"), basic("", ""), "authorization: Bearer x".to_owned(), "x-nothing: 1".to_owned()];
    for header in &wrong {
        for (method, path) in [("GET", "/rest/v1/webhooks"), ("POST", "/rest/v1/webhooks"), ("GET", "/rest/v1/else")] {
            let answered = api(&mock, method, path, &[header, JSON], "{}");
            assert_eq!(answered.status, 401, "{header} {method} {path}: {}", answered.text());
        }
    }
    assert_eq!(told(&mock, "/_mock/webhooks")["webhooks"], json!([]));
}

fn hook(url: &str) -> String {
    json!({ "name": "web", "active": true, "events": ["push"], "config": { "url": url, "content_type": "json", "secret": "s3cret" } })
        .to_string()
}

#[test]
fn github_pings_a_new_webhook_and_keeps_repositories_apart() {
    let sandbox = Sandbox::new().env("S", "s3cret");
    let listening = sandbox.listen(&["--provider", "github", "--secret-env", "S"]);
    let mock = sandbox.mock(&["github"]);
    let auth = bearer(&mock);
    let made = api(&mock, "POST", "/repos/octo/demo/hooks", &[&auth, JSON], &hook(&listening.url));
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_u64().unwrap();
    assert_eq!(made.json()["config"]["secret"], "********");
    let ping = &listening.next_of("received")["event"];
    assert_eq!((&ping["event_type"], &ping["verdict"]["status"]), (&json!("ping"), &json!("valid")));
    let own = format!("/repos/octo/demo/hooks/{id}");
    assert_eq!(api(&mock, "GET", &own, &[&auth], "").status, 200);
    for other in
        [format!("/repos/octo/other/hooks/{id}"), format!("/orgs/octo/hooks/{id}"), "/repos/octo/demo/hooks/1".into()]
    {
        let answered = api(&mock, "GET", &other, &[&auth], "");
        assert_eq!((answered.status, &answered.json()["message"]), (404, &json!("Not Found")), "{other}");
    }
    assert_eq!(api(&mock, "GET", "/repos/octo/other/hooks", &[&auth], "").json(), json!([]));
    let off = api(&mock, "PATCH", &own, &[&auth, JSON], r#"{"active":false}"#);
    assert_eq!((off.status, &off.json()["active"]), (200, &json!(false)), "{}", off.text());
    assert_eq!(super::emit(&mock, "push")["messages"], json!([]));
    let on = api(&mock, "PATCH", &own, &[&auth, JSON], r#"{"active":true}"#);
    assert_eq!(on.status, 200);
    assert_eq!(super::emit(&mock, "push")["messages"].as_array().unwrap().len(), 1);
    assert_eq!(listening.next_of("received")["event"]["verdict"]["status"], "valid", "it still has its secret");
    assert_eq!(api(&mock, "POST", &format!("{own}/pings"), &[&auth], "").status, 204);
    assert_eq!(listening.next_of("received")["event"]["event_type"], "ping");
    assert_eq!(api(&mock, "DELETE", &own, &[&auth], "").status, 204);
    assert_eq!(api(&mock, "GET", &own, &[&auth], "").status, 404);
}

#[test]
fn nothing_is_left_of_a_webhook_whose_first_ping_cannot_be_sent() {
    let sandbox = Sandbox::new();
    let mock = sandbox.mock(&["github"]);
    let auth = bearer(&mock);
    let create = hook("http://127.0.0.1:9/").replace("s3cret", "");
    let answered = api(&mock, "POST", "/repos/octo/demo/hooks", &[&auth, JSON], &create);
    assert_eq!(answered.status, 422, "{}", answered.text());
    assert_eq!(api(&mock, "GET", "/repos/octo/demo/hooks", &[&auth], "").json(), json!([]));
    assert_eq!(told(&mock, "/_mock/log")["messages"], json!([]));
}

#[test]
fn github_says_what_is_wrong_with_a_webhook() {
    let sandbox = Sandbox::new();
    let mock = sandbox.mock(&["github"]);
    let auth = bearer(&mock);
    for bad in [
        r#"{"config":{},"events":["push"]}"#.to_owned(),
        hook("nonsense"),
        hook("http://a.test/").replace("push", "no_such_event"),
        "not json".to_owned(),
    ] {
        let answered = api(&mock, "POST", "/repos/octo/demo/hooks", &[&auth, JSON], &bad);
        assert_eq!(answered.status, 422, "{bad}: {}", answered.text());
        assert!(answered.json()["message"].is_string());
    }
}

#[test]
fn github_tells_further_pages_in_a_link_header() {
    let sandbox = Sandbox::new();
    let target = app(&[200]);
    let mock = sandbox.mock(&["github"]);
    let auth = bearer(&mock);
    for number in 0..5 {
        let url = format!("{}/{number}", target.url());
        assert_eq!(api(&mock, "POST", "/repos/o/r/hooks", &[&auth, JSON], &hook(&url)).status, 201);
    }
    let mut path = "/repos/o/r/hooks?per_page=2".to_owned();
    let mut pages = Vec::new();
    loop {
        let page = api(&mock, "GET", &path, &[&auth], "");
        pages.push(page.json().as_array().unwrap().len());
        let links = page.all("link").join(", ");
        let Some(next) = links.split(", ").find(|link| link.contains("rel=\"next\"")) else { break };
        let url = next.trim_start_matches('<').split('>').next().unwrap();
        path = url.trim_start_matches("http://localhost").to_owned();
    }
    assert_eq!(pages, [2, 2, 1]);
}

#[test]
fn stripe_takes_forms_makes_up_the_secret_and_repeats_nothing() {
    let sandbox = Sandbox::new();
    let target = app(&[200]);
    let mock = sandbox.mock(&["stripe"]);
    let auth = bearer(&mock);
    let form = format!(
        "url={}&enabled_events[]=invoice.paid&enabled_events[]=customer.created",
        percent_encoding::utf8_percent_encode(&target.url(), percent_encoding::NON_ALPHANUMERIC)
    );
    let kind = "content-type: application/x-www-form-urlencoded";
    let create = |key: &str| api(&mock, "POST", "/v1/webhook_endpoints", &[&auth, kind, key], &form);
    let made = create("idempotency-key: one");
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(create("idempotency-key: one").json(), made.json(), "a repeated create is one create");
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let list = api(&mock, "GET", "/v1/webhook_endpoints?limit=10", &[&auth], "").json();
    assert_eq!((list["data"].as_array().unwrap().len(), &list["has_more"]), (1, &json!(false)));
    assert!(list["data"][0]["secret"].is_null(), "it is told once");
    super::emit(&mock, "invoice.paid");
    let seen = target.next();
    let signature = format!("Stripe-Signature: {}", seen.all("stripe-signature")[0]);
    let sandbox = sandbox.env("S", &secret);
    let args = ["verify", "--provider", "stripe", "--secret-env", "S", "--header", &signature];
    assert_eq!(sandbox.run_with(&args, &seen.body).code, 0);
    let own = format!("/v1/webhook_endpoints/{id}");
    let off = api(&mock, "POST", &own, &[&auth, kind], "disabled=true");
    assert_eq!((off.status, &off.json()["status"]), (200, &json!("disabled")), "{}", off.text());
    let gone = api(&mock, "DELETE", &own, &[&auth], "").json();
    assert_eq!((&gone["deleted"], &gone["id"]), (&json!(true), &json!(id)));
}

#[test]
fn callers_with_one_key_make_one_webhook_though_they_come_at_once() {
    let sandbox = Sandbox::new();
    let mock = sandbox.mock(&["stripe"]);
    let auth = bearer(&mock);
    let kind = "content-type: application/x-www-form-urlencoded";
    let address = mock.address();
    for number in 1..=10 {
        let key = format!("idempotency-key: {number}");
        let body = "url=http://127.0.0.1:9/&enabled_events[]=*";
        let bytes = request("POST", "/v1/webhook_endpoints", &[&auth, kind, &key], body.as_bytes());
        let ids: Vec<Value> = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..4).map(|_| scope.spawn(|| raw(&address, bytes.clone()).json())).collect();
            callers.into_iter().map(|caller| caller.join().unwrap()["id"].clone()).collect()
        });
        assert!(ids[0].is_string() && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(told(&mock, "/_mock/webhooks")["webhooks"].as_array().unwrap().len(), number);
    }
}

#[test]
fn stripe_and_svix_page_by_id_and_by_cursor() {
    let sandbox = Sandbox::new();
    let stripe = sandbox.mock(&["stripe"]);
    let svix = sandbox.mock(&["svix"]);
    let collect = |mock: &Listening, base: &str, next: &dyn Fn(&Value) -> Option<String>| {
        let auth = bearer(mock);
        let (mut path, mut sizes) = (base.to_owned(), Vec::new());
        loop {
            let page = api(mock, "GET", &path, &[&auth], "").json();
            sizes.push(page["data"].as_array().unwrap().len());
            let Some(query) = next(&page) else { return sizes };
            path = format!("{base}&{query}");
        }
    };
    for mock in [&stripe, &svix] {
        for number in 0..5 {
            super::register(mock, &format!("http://127.0.0.1:9/{number}"), &["*"]);
        }
    }
    let after = |page: &Value| {
        let last = page["data"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
        (page["has_more"] == true).then(|| format!("starting_after={last}"))
    };
    assert_eq!(collect(&stripe, "/v1/webhook_endpoints?limit=2", &after), [2, 2, 1]);
    let auth = bearer(&svix);
    for number in 0..3 {
        let body = json!({ "url": format!("http://127.0.0.1:9/{number}") }).to_string();
        let made = api(&svix, "POST", "/api/v1/app/app_1/endpoint", &[&auth, JSON], &body);
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let cursor =
        |page: &Value| (page["done"] == false).then(|| format!("iterator={}", page["iterator"].as_str().unwrap()));
    assert_eq!(collect(&svix, "/api/v1/app/app_1/endpoint?limit=2", &cursor), [2, 1]);
}

#[test]
fn an_endpoint_of_svix_tells_its_secret_and_is_unknown_to_another_app() {
    let sandbox = Sandbox::new();
    let target = App::answering("200 OK", "");
    let mock = sandbox.mock(&["svix"]);
    let auth = bearer(&mock);
    let body = json!({ "url": target.url() }).to_string();
    let made = api(&mock, "POST", "/api/v1/app/app_1/endpoint", &[&auth, JSON], &body).json();
    let id = made["id"].as_str().unwrap();
    let secret = api(&mock, "GET", &format!("/api/v1/app/app_1/endpoint/{id}/secret"), &[&auth], "");
    assert_eq!(secret.status, 200, "{}", secret.text());
    assert!(secret.json()["key"].as_str().unwrap().starts_with("whsec_"));
    let other = api(&mock, "GET", &format!("/api/v1/app/app_2/endpoint/{id}"), &[&auth], "");
    assert_eq!(other.status, 404);
}

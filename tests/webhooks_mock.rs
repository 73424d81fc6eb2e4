//! `hookctl webhooks` against `hookctl mock`: both read the same manifest, from either side.

use serde_json::{Value, json};

use crate::app::App;
use crate::sandbox::{Ended, Listening, Sandbox};
use crate::wire::{raw, request};

/// A mock, with its credentials in files of the sandbox.
struct Mocked {
    sandbox: Sandbox,
    mock: Listening,
    provider: &'static str,
    variables: &'static [&'static str],
}

impl Mocked {
    fn start(provider: &'static str, variables: &'static [&'static str]) -> Self {
        let sandbox = Sandbox::new();
        let mock = sandbox.mock(&[provider, "--time-scale", "100000"]);
        for name in ["username", "password", "token"] {
            if let Some(value) = mock.ready[name].as_str() {
                sandbox.write(name, value);
                #[cfg(unix)]
                std::fs::set_permissions(
                    sandbox.path().join(name),
                    std::os::unix::fs::PermissionsExt::from_mode(0o600),
                )
                .unwrap();
            }
        }
        Self { sandbox, mock, provider, variables }
    }

    fn run(&self, args: &[&str]) -> Ended {
        let url = self.mock.ready["api_url"].as_str().unwrap();
        let mut all = vec!["webhooks"];
        all.extend(args);
        all.extend(["--provider", self.provider, "--api-url", url, "--json"]);
        all.extend(self.variables.iter().flat_map(|variable| ["--var", variable]));
        for (name, flag) in
            [("username", "--username-file"), ("password", "--password-file"), ("token", "--token-file")]
        {
            if self.mock.ready[name].is_string() {
                all.extend([flag, name]);
            }
        }
        self.sandbox.run(&all)
    }

    fn lines(&self, args: &[&str]) -> Vec<Value> {
        let ended = self.run(args);
        assert_eq!(ended.code, 0, "{} {args:?}: {}", self.provider, ended.stderr);
        ended.lines()
    }

    fn refused(&self, args: &[&str]) -> (i32, String) {
        let ended = self.run(args);
        (ended.code, ended.error()["code"].as_str().unwrap().to_owned())
    }
}

/// Every provider with an API, the variables it needs, and one of its events.
const PROVIDERS: [(&str, &[&str], &str); 5] = [
    ("prokeep", &[], "message_received"),
    ("github", &["org=acme"], "push"),
    ("stripe", &[], "invoice.paid"),
    ("shopify", &[], "orders/create"),
    ("svix", &["app_id=app_1"], "endpoint.created"),
];

#[test]
fn every_provider_with_an_api_is_one_of_these() {
    let (providers, _) = hookctl::provider::Catalogue::default().all();
    let known: Vec<&str> = PROVIDERS.iter().map(|(id, ..)| *id).collect();
    for provider in providers.iter().filter(|provider| provider.api().is_some()) {
        assert!(known.contains(&&**provider.id()), "{} has an API and no place in the list", provider.id());
    }
}

#[test]
fn what_is_made_at_a_mock_is_listed_changed_and_deleted_as_far_as_its_api_goes() {
    for (provider, variables, event) in PROVIDERS {
        let mocked = Mocked::start(provider, variables);
        let made = mocked.lines(&["create", "--target", "http://127.0.0.1:9/in", "--events", event]).swap_remove(0);
        let id = made["webhook"]["id"].as_str().unwrap().to_owned();
        assert_eq!(made["webhook"]["events"], json!([event]), "{provider}");
        for read in [&["list"][..], &["get", &id]] {
            let line = mocked.lines(read).swap_remove(0);
            assert_eq!(
                (&line["webhook"]["id"], &line["webhook"]["url"]),
                (&json!(id), &json!("http://127.0.0.1:9/in"))
            );
            assert_eq!(line["webhook"]["events"], made["webhook"]["events"], "{provider}");
        }
        assert_eq!(mocked.lines(&["whoami"]).len(), 1);
        assert_eq!(mocked.refused(&["get", "nothing"]).0, 1, "{provider}");
        let api = hookctl::provider::Catalogue::default().provider(provider).unwrap().api().unwrap().clone();
        for operation in ["disable", "enable", "ping", "update", "delete"] {
            let more: &[&str] = if operation == "update" { &["--target", "http://127.0.0.1:9/other"] } else { &[] };
            let args = [&[operation, id.as_str()], more].concat();
            if !api.operations().iter().any(|known| known.name() == operation) {
                assert_eq!(mocked.refused(&args), (2, "unsupported_call".to_owned()), "{provider} {operation}");
                continue;
            }
            let line = mocked.lines(&args).swap_remove(0);
            match operation {
                "disable" => assert_eq!(line["webhook"]["enabled"], false, "{provider}"),
                "enable" => assert_eq!(line["webhook"]["enabled"], true, "{provider}"),
                "update" => assert_eq!(line["webhook"]["url"], "http://127.0.0.1:9/other", "{provider}"),
                _ => {}
            }
            if operation == "delete" {
                assert_eq!(mocked.refused(&["get", &id]), (1, "unknown_webhook".to_owned()), "{provider}");
                assert!(mocked.lines(&["list"]).is_empty(), "{provider}");
            }
        }
    }
}

#[test]
fn wrong_credentials_are_refused_by_every_mock() {
    for (provider, variables, _) in PROVIDERS {
        let mocked = Mocked::start(provider, variables);
        let name = if mocked.mock.ready["token"].is_string() { "token" } else { "password" };
        mocked.sandbox.write(name, "guessed-credential");
        let ended = mocked.run(&["list"]);
        assert_eq!((ended.code, &ended.error()["code"]), (1, &json!("unauthorized")), "{provider}: {}", ended.stderr);
        let message = ended.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(&format!("{name} from file:")) && !message.contains("guessed"), "{message}");
    }
}

/// Makes so many webhooks by the request that a dry run shows, which is faster than a process for each.
fn make_many(mocked: &Mocked, event: &str, count: u32) {
    let shown = mocked.lines(&["create", "--target", "http://127.0.0.1:9/NUMBER", "--events", event, "--dry-run"]);
    let (url, body) = (shown[0]["url"].as_str().unwrap(), shown[0]["body"].as_str().unwrap());
    let path = url.strip_prefix(&mocked.mock.url).unwrap();
    let token = mocked.mock.ready["token"].as_str().unwrap();
    let pair = |pair: &Value| format!("{}: {}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
    let headers: Vec<String> = shown[0]["headers"].as_array().unwrap().iter().map(pair).collect();
    for number in 0..count {
        let own_key = |header: &String| !header.starts_with("idempotency-key");
        let headers: Vec<String> =
            headers.iter().filter(|header| own_key(header)).map(|header| header.replace("***", token)).collect();
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let body = body.replace("NUMBER", &number.to_string());
        let made = raw(&mocked.mock.address(), request("POST", path, &headers, body.as_bytes()));
        assert!((200..300).contains(&made.status), "{}: {}", mocked.provider, made.text());
    }
}

#[test]
fn a_list_of_several_pages_is_read_whole() {
    for (provider, variables, event) in PROVIDERS {
        let catalogue = hookctl::provider::Catalogue::default();
        let api = catalogue.provider(provider).unwrap().api().unwrap().clone();
        let Some(paging) = api.paging() else { continue };
        let mocked = Mocked::start(provider, variables);
        // One more than there may be on a page.
        let count = paging.max + 1;
        make_many(&mocked, event, count);
        let lines = mocked.lines(&["list"]);
        let mut urls: Vec<&str> = lines.iter().map(|line| line["webhook"]["url"].as_str().unwrap()).collect();
        urls.sort_unstable();
        urls.dedup();
        assert_eq!((urls.len(), lines.len()), (count as usize, count as usize), "{provider}");
    }
}

#[test]
fn a_secret_that_the_mock_tells_once_verifies_what_it_delivers() {
    for (provider, variables, event) in
        [("stripe", &[][..], "invoice.paid"), ("svix", &["app_id=app_1"], "endpoint.created")]
    {
        let mocked = Mocked::start(provider, variables);
        let app = App::answering("200 OK", "");
        let made = mocked.lines(&["create", "--target", &app.url(), "--events", event]).swap_remove(0);
        let secret = made["webhook"]["secret_file"].as_str().unwrap().to_owned();
        let listening = mocked.sandbox.listen(&["--provider", provider, "--secret-file", &secret]);
        let id = made["webhook"]["id"].as_str().unwrap();
        mocked.lines(&["update", id, "--target", &listening.url]);
        let url = &mocked.mock.url;
        let emitted = mocked.sandbox.run(&["mock", "emit", event, "--api-url", url]);
        assert_eq!(emitted.code, 0, "{}", emitted.stderr);
        let received = listening.next_of("received");
        assert_eq!(received["event"]["verdict"]["status"], "valid", "{provider}: {received}");
        assert!(app.rest().is_empty(), "the first target is no more");
    }
}

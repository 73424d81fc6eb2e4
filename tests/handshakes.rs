//! Handshakes: what a provider asks before it sends events, and what the listener answers.

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::app::App;
use crate::sandbox::{Listening, Sandbox};
use crate::wire::{Answered, post, raw, request};

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

fn mac(content: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(content);
    mac.finalize().into_bytes().to_vec()
}

/// The headers with which Slack signs a body now.
fn signed_by_slack(body: &str) -> [String; 2] {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let signature = hex::encode(mac(format!("v0:{now}:{body}").as_bytes()));
    [format!("X-Slack-Request-Timestamp: {now}"), format!("X-Slack-Signature: v0={signature}")]
}

/// <https://docs.slack.dev/reference/events/url_verification>
const SLACK: &str = r#"{"token":"Jhj5dZrVaK7ZwHHjRyZWjbDl","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}"#;
const CHALLENGE: &str = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P";

/// A provider of our own, with one handshake.
fn provider(sandbox: &Sandbox, id: &str, more: &str) {
    let manifest = format!(
        "[provider]\nid = \"{id}\"\nname = \"{id}\"\n[[signature]]\nscheme = \"hmac\"\nsource = \"header:X-{id}-Signature\"\n\
         encoding = \"hex\"\nsigned = \"{{body}}\"\n{more}\n[fixture.\"ping\"]\ndocumented = false\n"
    );
    sandbox.write(&format!(".hookctl/providers/{id}/provider.toml"), manifest);
    sandbox.write(&format!(".hookctl/providers/{id}/ping.json"), "{}");
}

fn get(listening: &Listening, target: &str, headers: &[&str]) -> Answered {
    ask(&listening.address(), "GET", target, headers)
}

fn ask(address: &str, method: &str, target: &str, headers: &[&str]) -> Answered {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    headers.iter().for_each(|header| text.push_str(&format!("{header}\r\n")));
    raw(address, format!("{text}\r\n").as_bytes())
}

fn event(listening: &Listening) -> Value {
    listening.next_of("received")["event"].clone()
}

fn slack() -> Sandbox {
    Sandbox::new().env("SLACK_SIGNING_SECRET", SECRET)
}

#[test]
fn slacks_challenge_is_echoed_as_plain_text() {
    let sandbox = slack();
    let listening = sandbox.listen(&["--status", "418", "--body", "not this"]);
    let [time, signature] = signed_by_slack(SLACK);
    let answered =
        post(&listening.address(), "/slack", &["Content-Type: application/json", &time, &signature], SLACK.as_bytes());
    assert_eq!((answered.status, answered.text().as_str()), (200, CHALLENGE));
    assert_eq!(answered.all("content-type"), ["text/plain"]);
    assert_eq!(answered.all("x-content-type-options"), ["nosniff"]);
    let event = event(&listening);
    assert_eq!((&event["provider"], &event["handshake"]), (&json!("slack"), &json!("url_verification")));
    assert_eq!(event["verdict"]["status"], "valid");
    let told = listening.next_of("answered");
    assert_eq!((&told["by"], &told["status"], &told["event_id"]), (&json!("hookctl"), &json!(200), &event["id"]));
}

#[test]
fn a_challenge_that_must_be_signed_and_is_not_gets_no_echo() {
    let sandbox = slack();
    let listening = sandbox.listen(&["--provider", "slack"]);
    let answered = post(&listening.address(), "/", &["Content-Type: application/json"], SLACK.as_bytes());
    assert_eq!(answered.status, 401);
    assert!(!answered.text().contains(CHALLENGE), "{}", answered.text());
    assert_eq!(event(&listening)["verdict"]["status"], "unsigned");
    let [time, signature] = signed_by_slack("{}");
    let answered = post(&listening.address(), "/", &[&time, &signature], SLACK.as_bytes());
    assert!(answered.status == 401 && !answered.text().contains(CHALLENGE));
}

#[test]
fn without_a_secret_an_echo_needs_none() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--provider", "slack"]);
    let [time, signature] = signed_by_slack(SLACK);
    let answered = post(&listening.address(), "/", &[&time, &signature], SLACK.as_bytes());
    assert_eq!((answered.status, answered.text().as_str()), (200, CHALLENGE));
    assert_eq!(event(&listening)["verdict"]["status"], "unchecked");
}

#[test]
fn the_most_specific_handshake_is_meant() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    let answered = post(&listening.address(), "/", &["Content-Type: application/json"], SLACK.as_bytes());
    assert_eq!(answered.text(), CHALLENGE);
    assert_eq!(event(&listening)["provider"], "slack");
}

#[test]
fn a_handshake_is_kept_with_its_name_and_listed_with_it() {
    let sandbox = slack();
    let listening = sandbox.listen(&[]);
    let [time, signature] = signed_by_slack(SLACK);
    post(&listening.address(), "/", &[&time, &signature], SLACK.as_bytes());
    listening.next_of("answered");
    listening.interrupt();
    let shown = sandbox.run(&["events", "show", "--json"]);
    assert_eq!(shown.lines()[0]["event"]["handshake"], "url_verification");
    let listed = sandbox.run(&["events", "list"]);
    assert!(listed.stdout.contains("(handshake url_verification)"), "{}", listed.stdout);
    let shown = sandbox.run(&["events", "show"]);
    assert!(shown.stdout.contains("    handshake: url_verification\n"), "{}", shown.stdout);
}

#[test]
fn a_handshake_is_no_event_that_was_expected() {
    let sandbox = slack();
    let mut listening = sandbox.listen(&["--expect", "1", "--timeout", "2s"]);
    let [time, signature] = signed_by_slack(SLACK);
    post(&listening.address(), "/", &[&time, &signature], SLACK.as_bytes());
    let (code, _, stderr) = listening.wait();
    assert_eq!(code, 1, "{stderr}");
}

const ECHO: &str = r#"
[[handshake]]
name = "challenge"
when = ["method == GET", "query:puzzle exists"]
reply = { body = "{query:puzzle}" }
"#;

#[test]
fn a_question_without_signature_is_recognised_by_itself() {
    let sandbox = Sandbox::new().env("S", SECRET);
    provider(&sandbox, "echoing", ECHO);
    let listening = sandbox.listen(&["--secret-env", "S"]);
    let answered = get(&listening, "/hook?puzzle=a%3Cb%3E+c", &[]);
    assert_eq!((answered.status, answered.text().as_str()), (200, "a<b> c"));
    assert_eq!(answered.all("content-type"), ["text/plain; charset=utf-8"]);
    assert_eq!(answered.all("x-content-type-options"), ["nosniff"]);
    let event = event(&listening);
    assert_eq!((&event["provider"], &event["handshake"]), (&json!("echoing"), &json!("challenge")));
    assert_eq!(event["verdict"]["reason"], "this handshake is not signed");
    let other = get(&listening, "/hook", &[]);
    assert_eq!(other.text(), "", "not every GET is a handshake");
}

#[test]
fn who_may_be_asking_does_not_matter_where_all_are_answered_alike() {
    let sandbox = Sandbox::new();
    provider(&sandbox, "one", ECHO);
    provider(&sandbox, "two", &ECHO.replace("name = \"challenge\"", "name = \"verification\""));
    let listening = sandbox.listen(&[]);
    assert_eq!(get(&listening, "/?puzzle=abc", &[]).text(), "abc");
    let event = event(&listening);
    assert_eq!((&event["provider"], &event["handshake"]), (&json!("unknown"), &json!("challenge")));
    assert_eq!(event["verdict"]["hint"], "it could be one or two: name one with --provider");
}

#[test]
fn where_they_would_be_answered_differently_nobody_is() {
    let sandbox = Sandbox::new();
    provider(&sandbox, "one", ECHO);
    provider(&sandbox, "two", &ECHO.replace("\"{query:puzzle}\"", "\"{query:puzzle|upper}\""));
    let listening = sandbox.listen(&[]);
    assert_eq!(get(&listening, "/?puzzle=abc", &[]).text(), "");
    assert_eq!(event(&listening)["handshake"], Value::Null);
    let named = sandbox.listen(&["--provider", "two"]);
    assert_eq!(get(&named, "/?puzzle=abc", &[]).text(), "ABC");
}

const TOKEN: &str = r#"
[variable.verify_token]
description = "chosen when the callback is registered"
[[handshake]]
name = "hub.challenge"
when = ["query:hub.mode == subscribe", "query:hub.verify_token exists"]
checks = [{ name = "hub.verify_token", left = "{query:hub.verify_token}", right = "{var:verify_token}" }]
reply = { body = "{query:hub.challenge}" }
"#;

#[test]
fn a_wrong_verify_token_is_forbidden_and_none_known_is_not_compared() {
    let sandbox = Sandbox::new();
    provider(&sandbox, "hub", TOKEN);
    let target = |token: &str| format!("/?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}");
    let listening = sandbox.listen(&["--provider", "hub", "--var", "verify_token=meatyhamhock"]);
    assert_eq!(get(&listening, &target("meatyhamhock"), &[]).text(), "1158201444");
    event(&listening);
    let refused = get(&listening, &target("guess"), &[]);
    assert_eq!((refused.status, refused.json()["error"].as_str()), (403, Some("wrong_token")));
    assert!(!refused.text().contains("1158201444") && !refused.text().contains("meatyhamhock"));
    let event = event(&listening);
    assert_eq!((&event["verdict"]["status"], &event["handshake"]), (&json!("invalid"), &json!("hub.challenge")));
    let open = sandbox.listen(&["--provider", "hub"]);
    assert_eq!(get(&open, &target("anything"), &[]).text(), "1158201444");
}

const ANSWERED: &str = r#"
[[handshake]]
name = "crc"
when = ["query:crc_token exists"]
reply = { headers = { Content-Type = "application/json" }, body = '{{"echo":"{query:crc_token}","response_token":"sha256={query:crc_token|hmac(sha256)|base64}"}}' }
"#;

#[test]
fn an_answer_that_is_made_with_the_secret_needs_it() {
    let sandbox = Sandbox::new().env("S", SECRET);
    provider(&sandbox, "crc", ANSWERED);
    let listening = sandbox.listen(&["--provider", "crc", "--secret-env", "S"]);
    let answered = get(&listening, "/?crc_token=abc", &[]);
    let expected = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, mac(b"abc"));
    assert_eq!(answered.json()["response_token"], format!("sha256={expected}"));
    let poor = sandbox.listen(&["--provider", "crc"]);
    let answered = get(&poor, "/?crc_token=abc", &[]);
    assert_eq!((answered.status, answered.json()["error"].as_str()), (503, Some("not_configured")));
    let event = event(&poor);
    assert_eq!(event["verdict"]["hint"], "give it with --secret-env NAME");
}

/// Challenge, keys and answer: those of the tests of the npm package `braintree`.
#[test]
fn braintrees_challenge_is_answered_with_the_public_key_and_a_mac() {
    let sandbox = Sandbox::new().env("PRIVATE_KEY", "integration_private_key");
    let keys = ["--secret-env", "PRIVATE_KEY", "--var", "public_key=integration_public_key"];
    let listening = sandbox.listen(&[&["--provider", "braintree"], &keys[..]].concat());
    let answered = get(&listening, "/?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53", &[]);
    assert_eq!(answered.text(), "integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4");
}

#[test]
fn what_is_echoed_into_json_stays_inside_its_string() {
    let sandbox = Sandbox::new().env("S", SECRET);
    provider(&sandbox, "crc", ANSWERED);
    let listening = sandbox.listen(&["--provider", "crc", "--secret-env", "S"]);
    let answered = get(&listening, "/?crc_token=%22,%22admin%22:%22%0A%3Cscript%3E", &[]);
    assert_eq!(answered.json()["echo"], "\",\"admin\":\"\n<script>");
    assert_eq!(answered.all("x-content-type-options"), ["nosniff"]);
    let answered = get(&listening, "/?crc_token=%ff", &[]);
    assert_eq!(answered.json()["echo"], "\u{fffd}", "as every form decoder reads it");
}

const ORIGIN: &str = r#"
[[handshake]]
name = "origin"
when = ["method == OPTIONS", "query:origin exists"]
reply = { headers = { WebHook-Allowed-Origin = "{query:origin}" }, body = "{query:origin}" }
"#;

#[test]
fn a_challenge_makes_no_header_of_its_own_and_no_long_answer() {
    let sandbox = Sandbox::new();
    provider(&sandbox, "origin", ORIGIN);
    let listening = sandbox.listen(&[]);
    let ask = |target: &str| ask(&listening.address(), "OPTIONS", target, &[]);
    assert_eq!(ask("/?origin=eventgrid.azure.net").all("webhook-allowed-origin"), ["eventgrid.azure.net"]);
    let split = ask("/?origin=a%0D%0ASet-Cookie:%20x=1");
    assert_eq!((split.status, split.json()["error"].as_str()), (400, Some("bad_challenge")));
    assert!(split.all("set-cookie").is_empty());
    let long = ask(&format!("/?origin={}", "x".repeat(9000)));
    assert_eq!((long.status, long.json()["error"].as_str()), (400, Some("bad_challenge")));
}

#[test]
fn the_target_answers_where_its_answer_is_right_and_hookctl_where_it_is_not() {
    let sandbox = Sandbox::new();
    provider(&sandbox, "echoing", ECHO);
    let right = App::answering("200 OK", "abc");
    let listening = sandbox.listen(&["-f", &right.url(), "-H", "X-No: 1"]);
    assert_eq!(get(&listening, "/?puzzle=abc", &[]).text(), "abc");
    assert!(right.next().line().starts_with("GET /?puzzle=abc"));
    assert_eq!(listening.next_of("answered")["by"], "target");
    let wrong = App::answering("200 OK", "\"abc\"");
    let listening = sandbox.listen(&["-f", &wrong.url()]);
    assert_eq!(get(&listening, "/?puzzle=abc", &[]).text(), "abc");
    let told = listening.next_of("answered");
    assert_eq!(told["by"], "hookctl");
    assert!(told["reason"].as_str().unwrap().contains("quotes"), "{told}");
    let listening = sandbox.listen(&["-f", &wrong.url(), "--handshakes", "forward"]);
    assert_eq!(get(&listening, "/?puzzle=abc", &[]).text(), "\"abc\"");
    let told = listening.next_of("answered");
    assert!(told["by"] == "target" && told["reason"].as_str().unwrap().contains("will not take it"), "{told}");
}

#[test]
fn no_target_sees_a_handshake_where_hookctl_is_to_answer_or_others_answer_events() {
    let sandbox = Sandbox::new();
    provider(&sandbox, "echoing", ECHO);
    let app = App::answering("500 Oops", "");
    for more in [["--handshakes", "answer"], ["--respond", "now"]] {
        let listening = sandbox.listen(&[&["-f", &app.url()], more.as_slice()].concat());
        assert_eq!(get(&listening, "/?puzzle=abc", &[]).text(), "abc");
        listening.next_of("answered");
        listening.interrupt();
        assert!(app.rest().is_empty());
    }
}

const CONFIRM: &str = r#"
[[handshake]]
name = "SubscriptionConfirmation"
when = ["header:x-kind == SubscriptionConfirmation"]
reply = {}
then_get = "{json:/SubscribeURL}"
then_get_hosts = ["sns.*.amazonaws.test"]
"#;

fn confirm(listening: &Listening, url: &str) -> Value {
    let body = json!({ "SubscribeURL": url }).to_string();
    let answered = post(&listening.address(), "/", &["X-Kind: SubscriptionConfirmation"], body.as_bytes());
    assert_eq!(answered.status, 200);
    listening.next_of("confirmation")
}

#[test]
fn a_subscription_is_confirmed_only_where_that_was_asked_for() {
    let proxy = App::answering("502 Bad Gateway", "");
    let sandbox = Sandbox::new().env("HTTPS_PROXY", &proxy.url());
    provider(&sandbox, "sns", CONFIRM);
    let url = "https://sns.eu-west-1.amazonaws.test/?Action=ConfirmSubscription&Token=2336412f37";
    let listening = sandbox.listen(&[]);
    let told = confirm(&listening, url);
    assert_eq!((&told["url"], &told["delivery"]), (&json!(url), &Value::Null));
    assert!(told["reason"].as_str().unwrap().contains("--confirm-subscriptions"), "{told}");
    listening.interrupt();
    assert!(proxy.rest().is_empty(), "nothing is fetched");
    let listening = sandbox.listen(&["--confirm-subscriptions"]);
    let told = confirm(&listening, url);
    assert_eq!(told["delivery"]["target"], url);
    assert!(proxy.next().line().starts_with("CONNECT sns.eu-west-1.amazonaws.test:443"));
}

#[test]
fn no_confirmation_leads_to_a_host_that_is_not_the_providers() {
    let proxy = App::answering("502 Bad Gateway", "");
    let sandbox = Sandbox::new().env("HTTPS_PROXY", &proxy.url()).env("HTTP_PROXY", &proxy.url());
    provider(&sandbox, "sns", CONFIRM);
    let listening = sandbox.listen(&["--confirm-subscriptions"]);
    for url in [
        "https://sns.eu-west-1.amazonaws.test.evil.test/",
        "https://sns.bucket.s3.amazonaws.test/",
        "https://sns.eu-west-1.amazonaws.test@evil.test/",
        "https://evil.test/?x=sns.eu-west-1.amazonaws.test",
        "http://sns.eu-west-1.amazonaws.test/",
        "https://sns.eu-west-1.amazonaws.test:8443/",
        "https://169.254.169.254/",
        "file:///etc/passwd",
        "nothing",
    ] {
        let told = confirm(&listening, url);
        assert_eq!(told["delivery"], Value::Null, "{url}");
        assert!(told["reason"].as_str().unwrap().starts_with("not followed"), "{told}");
    }
    listening.interrupt();
    assert!(proxy.rest().is_empty());
}

/// A line about a handshake that was answered.
pub fn answered() -> Value {
    let sandbox = Sandbox::new();
    provider(&sandbox, "echoing", ECHO);
    let listening = sandbox.listen(&[]);
    get(&listening, "/?puzzle=abc", &[]);
    listening.next_of("answered")
}

/// A line about one that is to be finished.
pub fn confirmation() -> Value {
    let sandbox = Sandbox::new();
    provider(&sandbox, "sns", CONFIRM);
    confirm(&sandbox.listen(&[]), "https://sns.eu-west-1.amazonaws.test/")
}

/// What Asana hands over; a header is no place for real ones.
const HANDED: &str = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";

fn hand_over(listening: &Listening, secret: &str) -> Answered {
    let header = format!("X-Hook-Secret: {secret}");
    post(&listening.address(), "/asana", &[&header, "Content-Type: application/json"], b"{}")
}

/// An event of Asana, signed with this secret.
fn asana_event(listening: &Listening, secret: &str) -> Value {
    let body = br#"{"events":[{"action":"changed","resource":{"gid":"1","resource_type":"task"}}]}"#;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let signature = format!("X-Hook-Signature: {}", hex::encode(mac.finalize().into_bytes()));
    post(&listening.address(), "/asana", &[&signature, "Content-Type: application/json"], body);
    event(listening)["verdict"].clone()
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() { found.extend(files(&entry.path())) } else { found.push(entry.path()) }
    }
    found
}

#[test]
fn a_secret_that_is_handed_over_is_echoed_used_and_found_again() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    let answered = hand_over(&listening, HANDED);
    assert_eq!((answered.status, answered.all("x-hook-secret")), (200, vec![HANDED]));
    let shaken = event(&listening);
    assert_eq!((&shaken["provider"], &shaken["handshake"]), (&json!("asana"), &json!("X-Hook-Secret")));
    let told = listening.next_of("answered");
    assert!(told["reason"].as_str().unwrap().contains("kept in"), "{told}");
    assert_eq!(asana_event(&listening, HANDED)["status"], "valid");
    assert_eq!(asana_event(&listening, "another")["status"], "invalid");
    listening.interrupt();
    let later = sandbox.listen(&["--provider", "asana"]);
    assert_eq!(asana_event(&later, HANDED)["status"], "valid", "a later listener knows it too");
}

#[test]
fn a_secret_that_is_handed_over_is_in_one_private_file_and_nowhere_else() {
    use std::os::unix::fs::PermissionsExt as _;
    let app =
        App::start(|_| format!("HTTP/1.1 200 OK\r\nx-hook-secret: {HANDED}\r\ncontent-length: 0\r\n\r\n").into_bytes());
    let sandbox = Sandbox::new();
    let talking = sandbox.listen_human(&["-vv", "-f", &app.url()]);
    let header = format!("X-Hook-Secret: {HANDED}");
    let answered = post(&talking.address, "/asana", &[&header], b"{}");
    assert_eq!(answered.all("x-hook-secret"), [HANDED]);
    assert_eq!(app.next().all("x-hook-secret"), [HANDED], "the app under test needs it");
    let (_, stdout, stderr) = talking.interrupt();
    let said = String::from_utf8_lossy(&stdout).into_owned() + &stderr;
    assert!(said.contains("x-hook-secret: ***") && !said.contains(HANDED), "{said}");
    for args in [&["events", "show", "-vv"][..], &["events", "show", "--json"], &["events", "export"]] {
        let shown = sandbox.run(args);
        assert!(!shown.stdout.contains(HANDED), "{}", shown.stdout);
    }
    let holding: Vec<_> = files(sandbox.path())
        .into_iter()
        .filter(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).contains(HANDED))
        .collect();
    assert_eq!(holding.len(), 1, "{holding:?}");
    assert!(holding[0].parent().unwrap().ends_with("secrets"), "{holding:?}");
    assert_eq!(std::fs::metadata(&holding[0]).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_secret_that_is_handed_over_to_a_listener_of_another_provider_is_not_kept_either() {
    let sandbox = Sandbox::new().env("S", SECRET);
    let listening = sandbox.listen(&["--provider", "github", "--secret-env", "S"]);
    assert_eq!(hand_over(&listening, HANDED).status, 401);
    let received = event(&listening).to_string();
    assert!(!received.contains(HANDED), "{received}");
    let exported = sandbox.run(&["events", "export"]).stdout;
    assert!(exported.to_ascii_lowercase().contains("x-hook-secret") && !exported.contains(HANDED), "{exported}");
}

#[test]
fn no_stranger_replaces_a_secret_that_is_configured() {
    let sandbox = Sandbox::new().env("S", SECRET);
    let listening = sandbox.listen(&["--provider", "asana", "--secret-env", "S"]);
    hand_over(&listening, HANDED);
    let told = listening.next_of("answered");
    assert!(told["reason"].as_str().unwrap().contains("is not used"), "{told}");
    assert_eq!(asana_event(&listening, HANDED)["status"], "invalid");
    assert_eq!(asana_event(&listening, SECRET)["status"], "valid");
}

#[test]
fn without_a_history_no_secret_is_kept() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--no-store"]);
    hand_over(&listening, HANDED);
    listening.next_of("answered");
    assert_eq!(asana_event(&listening, HANDED)["status"], "valid");
    listening.interrupt();
    assert!(files(sandbox.path()).is_empty());
}

#[test]
fn a_secret_in_a_body_is_masked_in_what_is_kept() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--provider", "notion"]);
    let body = br#"{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}"#;
    assert_eq!(post(&listening.address(), "/", &["Content-Type: application/json"], body).status, 200);
    assert_eq!(event(&listening)["request"]["body"], r#"{"verification_token":"***"}"#);
    let told = listening.next_of("answered");
    let path = told["reason"].as_str().unwrap().rsplit_once("kept in ").unwrap().1.to_owned();
    assert!(std::fs::read_to_string(path).unwrap().starts_with("secret_tMrlL1"), "its user must paste it");
}

fn base64(bytes: &[u8]) -> String {
    base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes)
}

/// A listener for one provider, and what it answers to this request.
fn shaken(provider: &str, request: &[u8]) -> (Answered, Value) {
    let sandbox = Sandbox::new().env("S", SECRET);
    let listening = sandbox.listen(&["--provider", provider, "--secret-env", "S"]);
    let answered = raw(&listening.address(), request);
    (answered, event(&listening))
}

fn got(target: &str) -> Vec<u8> {
    request("GET", target, &[], b"")
}

/// <https://developers.facebook.com/docs/graph-api/webhooks/getting-started/>
#[test]
fn metas_documented_question_is_answered_when_the_token_is_the_one_that_was_agreed() {
    let target = "/webhooks?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock";
    let sandbox = Sandbox::new();
    for (token, status, body) in [("meatyhamhock", 200, "1158201444"), ("other", 403, "")] {
        let given = format!("verify_token={token}");
        let listening = sandbox.listen(&["--provider", "meta", "--var", &given]);
        let answered = raw(&listening.address(), got(target));
        assert_eq!(answered.status, status);
        assert_eq!(answered.text() == "1158201444", !body.is_empty(), "{}", answered.text());
    }
    let unnamed = sandbox.listen(&[]);
    assert_eq!(raw(&unnamed.address(), got(target)).text(), "1158201444");
    assert_eq!(event(&unnamed)["provider"], "meta");
}

#[test]
fn a_hub_is_told_from_meta_by_its_topic() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    let target =
        "/?hub.mode=subscribe&hub.topic=https%3A%2F%2Fexample.test%2Ffeed&hub.challenge=abc&hub.lease_seconds=864000";
    assert_eq!(raw(&listening.address(), got(target)).text(), "abc");
    assert_eq!(event(&listening)["provider"], "websub");
    assert_eq!(raw(&listening.address(), got(&format!("{target}&hub.verify_token=t"))).text(), "abc");
    let both = event(&listening);
    assert_eq!(both["provider"], "unknown", "both may be asking, and both get the echo: {both}");
}

#[test]
fn x_gets_the_token_signed_with_the_consumer_secret() {
    let (answered, event) = shaken("x", &got("/webhook/twitter?crc_token=challenge_string&nonce=n"));
    assert_eq!(answered.json(), json!({ "response_token": format!("sha256={}", base64(&mac(b"challenge_string"))) }));
    assert_eq!(event["handshake"], "crc");
}

#[test]
fn linkedin_gets_the_code_and_its_signature() {
    let code = "890e4665-4dfe-4ab1-b689-ed553bceeed0";
    let (answered, _) = shaken("linkedin", &got(&format!("/?applicationId=7&challengeCode={code}")));
    let expected = json!({ "challengeCode": code, "challengeResponse": hex::encode(mac(code.as_bytes())) });
    assert_eq!(answered.json(), expected);
}

#[test]
fn dropbox_gets_plain_text_that_no_browser_takes_for_a_page() {
    let (answered, _) = shaken("dropbox", &got("/?challenge=%3Cscript%3Ealert(1)%3C/script%3E"));
    assert_eq!(answered.text(), "<script>alert(1)</script>");
    assert_eq!(answered.all("content-type"), ["text/plain"]);
    assert_eq!(answered.all("x-content-type-options"), ["nosniff"]);
}

/// Zoom's own example of the body: <https://developers.zoom.us/docs/api/webhooks/>
#[test]
fn zoom_gets_the_token_and_its_signature_when_it_signed_itself() {
    let body = r#"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680,"event":"endpoint.url_validation"}"#;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let signature = hex::encode(mac(format!("v0:{now}:{body}").as_bytes()));
    let time = format!("x-zm-request-timestamp: {now}");
    let json_type = "Content-Type: application/json";
    let signed = request("POST", "/", &[json_type, &time, &format!("x-zm-signature: v0={signature}")], body.as_bytes());
    let (answered, event) = shaken("zoom", &signed);
    let token = "qgg8vlvZRS6UYooatFL8Aw";
    assert_eq!(answered.json(), json!({ "plainToken": token, "encryptedToken": hex::encode(mac(token.as_bytes())) }));
    assert_eq!(
        (&event["handshake"], &event["verdict"]["status"]),
        (&json!("endpoint.url_validation"), &json!("valid"))
    );
    let (answered, _) = shaken("zoom", &request("POST", "/", &[json_type], body.as_bytes()));
    assert_eq!(answered.status, 401, "{}", answered.text());
    assert!(!answered.text().contains(&hex::encode(mac(token.as_bytes()))), "nothing is signed for strangers");
}

#[test]
fn xero_gets_200_or_401_and_never_a_body() {
    let body = br#"{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}"#;
    for (signature, status) in [(base64(&mac(body)), 200), (base64(&mac(b"other")), 401)] {
        let header = format!("x-xero-signature: {signature}");
        let (answered, event) =
            shaken("xero", &request("POST", "/", &["Content-Type: application/json", &header], body));
        assert_eq!((answered.status, answered.text().as_str()), (status, ""));
        assert_eq!(event["handshake"], "intent-to-receive");
        assert!(answered.all("set-cookie").is_empty());
    }
}

#[test]
fn twitch_gets_the_challenge_when_it_signed_itself() {
    let body = r#"{"challenge":"pogchamp-kappa-360noscope-vohiyo","subscription":{"id":"f1c2a387-161a-49f9-a165-0f21d7a4e1c4"}}"#;
    let now = jiff::Timestamp::now().to_string();
    let signature = hex::encode(mac(format!("e76c6bd4-55c9-4987-8304-da1588d8988b{now}{body}").as_bytes()));
    let headers = [
        "Content-Type: application/json".to_owned(),
        "Twitch-Eventsub-Message-Id: e76c6bd4-55c9-4987-8304-da1588d8988b".to_owned(),
        format!("Twitch-Eventsub-Message-Timestamp: {now}"),
        "Twitch-Eventsub-Message-Type: webhook_callback_verification".to_owned(),
        format!("Twitch-Eventsub-Message-Signature: sha256={signature}"),
    ];
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let (answered, _) = shaken("twitch", &request("POST", "/", &headers, body.as_bytes()));
    assert_eq!(answered.text(), "pogchamp-kappa-360noscope-vohiyo");
}

#[test]
fn trello_is_satisfied_by_a_head_request() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--provider", "trello"]);
    let mut line = crate::wire::Line::open(&listening.address());
    line.write(&request("HEAD", "/", &[], b""));
    assert_eq!(line.answer(true).unwrap().status, 200);
    assert_eq!(event(&listening)["handshake"], "head");
    let unnamed = sandbox.listen(&[]);
    let mut line = crate::wire::Line::open(&unnamed.address());
    line.write(&request("HEAD", "/", &[], b""));
    line.answer(true).unwrap();
    assert_eq!(event(&unnamed)["handshake"], Value::Null, "any tool sends HEAD");
}

#[test]
fn a_value_that_a_handshake_needs_is_asked_for_once() {
    let asked = Sandbox::new().run(&["send", "--handshake", "--provider", "meta", "--to", "9"]);
    assert_eq!(asked.code, 2, "{}", asked.stderr);
    assert_eq!(asked.stderr.matches("--var verify_token=VALUE").count(), 1, "{}", asked.stderr);
}

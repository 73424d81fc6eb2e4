//! Scheme `jwt`: the manifest fixes the algorithm, claims tie the token to the request, and nothing else passes.

use std::cell::RefCell;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hookctl::model::{Request, Secret, Verdict, VerdictStatus};
use hookctl::provider::{Catalogue, Circumstances, Draft, Generator, Provider, Tolerance, Verifier, compile, compose};
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::keys::key;
use crate::sandbox::Sandbox;
use crate::senders::{self, hmac_sha256, now};

const HEADER: &str = "x-token";
const BODY: &[u8] = b"{\"a\": 1}";
const KEY: &str = "a secret for tests";
const RULES: &str = "claims = { iss = \"acme\" }\n\
     bind = [ { claim = \"sha256\", equals = \"{body|sha256|hex}\", when = [\"body nonempty\"], otherwise = \"absent\" } ]\n";

fn provider(more: &str) -> Arc<Provider> {
    let text = format!(
        "[provider]\nid = \"acme\"\nname = \"Acme\"\n[[signature]]\nid = \"v1\"\nscheme = \"jwt\"\n\
         source = \"header:{HEADER}\"\n{RULES}{more}\n"
    );
    Arc::new(compile("acme/provider.toml", &text).unwrap_or_else(|error| panic!("{error}")))
}

fn hs256() -> Arc<Provider> {
    provider("algorithms = [\"HS256\"]")
}

fn secret(bytes: impl Into<Vec<u8>>) -> Secret {
    Secret::new(bytes, "test").unwrap()
}

fn request(token: &str, body: &[u8]) -> Request {
    let mut request = Request { body: body.to_vec().into(), ..Request::default() };
    request.headers.insert(HEADER, HeaderValue::from_str(token).unwrap());
    request
}

/// A token made without the code under test.
fn token_with(header: &Value, claims: &Value) -> String {
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = hex::decode(hmac_sha256(KEY.as_bytes(), message.as_bytes())).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn token(claims: &Value) -> String {
    token_with(&json!({ "alg": "HS256", "typ": "JWT" }), claims)
}

/// Right claims for [`BODY`].
fn claims() -> Value {
    use sha2::Digest as _;
    json!({ "iss": "acme", "sha256": hex::encode(sha2::Sha256::digest(BODY)) })
}

fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = claims();
    claims[name] = value.into();
    claims
}

fn verify_with(provider: &Arc<Provider>, secret: &Secret, request: &Request) -> Verdict {
    Verifier::new(Arc::clone(provider), Some(secret.clone())).verify(request, &Circumstances::at(now()))
}

fn verify(provider: &Arc<Provider>, token: &str) -> Verdict {
    verify_with(provider, &secret(KEY), &request(token, BODY))
}

#[track_caller]
fn refused(provider: &Arc<Provider>, token: &str, words: &[&str]) {
    let verdict = verify(provider, token);
    assert_eq!(verdict.status, VerdictStatus::Invalid, "{verdict:?}");
    let reason = verdict.reason.unwrap().to_string();
    for word in words {
        assert!(reason.contains(word), "`{word}` is not in: {reason}");
    }
}

#[track_caller]
fn accepted(provider: &Arc<Provider>, token: &str) {
    let verdict = verify(provider, token);
    assert_eq!(verdict.status, VerdictStatus::Valid, "{verdict:?}");
}

fn signed(provider: &Provider, secret: &Secret, body: &[u8]) -> Result<Request, hookctl::provider::SignError> {
    let draft = Draft { event: "e", body, content_type: None, headers: &HeaderMap::new(), url: "/in", signature: None };
    compose(provider, &draft, Some(secret), &RefCell::new(Generator::new(1, now())))
}

#[test]
fn a_right_token_is_valid() {
    accepted(&hs256(), &token(&claims()));
    assert_eq!(hs256().signatures()[0].algorithm(), "JWT HS256");
    assert!(hs256().signatures()[0].covers_body());
}

#[test]
fn the_token_never_chooses_the_algorithm() {
    let none =
        format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(claims().to_string()));
    refused(&hs256(), &none, &["`alg` none, HS256 is taken"]);
    for name in ["None", "NONE", "hs256", "HS512", "RS256", ""] {
        refused(&hs256(), &token_with(&json!({ "alg": name }), &claims()), &["`alg`", "HS256 is taken"]);
    }
    refused(&hs256(), &token_with(&json!({ "typ": "JWT" }), &claims()), &["does not say its `alg`"]);
    refused(&hs256(), &token_with(&json!({ "alg": ["HS256"] }), &claims()), &["does not say its `alg`"]);
}

#[test]
fn a_public_key_is_never_an_hmac_secret() {
    let rs256 = provider("algorithms = [\"RS256\"]");
    let public = key("rsa.pub");
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#), URL_SAFE_NO_PAD.encode(claims().to_string()));
    let signature = hex::decode(hmac_sha256(&public, message.as_bytes())).unwrap();
    let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
    let verdict = verify_with(&rs256, &secret(public), &request(&forged, BODY));
    assert_eq!(verdict.status, VerdictStatus::Invalid, "{verdict:?}");
    assert!(verdict.reason.unwrap().to_string().contains("RS256 is taken"));
}

#[test]
fn critical_extensions_are_refused() {
    refused(&hs256(), &token_with(&json!({ "alg": "HS256", "crit": ["b64"], "b64": false }), &claims()), &["crit"]);
}

#[test]
fn a_token_that_is_not_one_is_malformed() {
    let right = token(&claims());
    let (message, signature) = right.rsplit_once('.').unwrap();
    for (text, said) in [
        ("abc".to_owned(), "three parts"),
        (message.to_owned(), "has 2"),
        (format!("{right}.x"), "has 4"),
        (format!("{message}.{signature}="), "not base64url"),
        (format!("{message}.{}!", &signature[1..]), "not base64url"),
        (format!("!!.{right}").replacen(".ey", ".", 1), "three parts"),
        (format!("e30=.e30.{signature}"), "header of the JWT is not base64url"),
        (format!("W10.e30.{signature}"), "header of the JWT is not a JSON object"),
    ] {
        refused(&hs256(), &text, &["malformed", said]);
    }
}

#[test]
fn claims_must_have_their_values() {
    let mut without = claims();
    without.as_object_mut().unwrap().remove("iss");
    refused(&hs256(), &token(&without), &["claim `iss`", "signature itself matches"]);
    for wrong in [json!("Acme"), json!(null), json!(1), json!({ "acme": 1 }), json!(["other"])] {
        refused(&hs256(), &token(&with("iss", wrong)), &["claim `iss`"]);
    }
    accepted(&hs256(), &token(&with("iss", json!(["other", "acme"]))));
    refused(&hs256(), &token(&with("sha256", "00")), &["claim `sha256`"]);
    let mut unbound = claims();
    unbound.as_object_mut().unwrap().remove("sha256");
    refused(&hs256(), &token(&unbound), &["claim `sha256`"]);
}

#[test]
fn a_claim_that_must_be_absent_is_refused_where_it_is() {
    let verdict = |claims: &Value| verify_with(&hs256(), &secret(KEY), &request(&token(claims), b""));
    assert_eq!(verdict(&json!({ "iss": "acme" })).status, VerdictStatus::Valid);
    assert_eq!(verdict(&claims()).status, VerdictStatus::Invalid);
}

#[test]
fn checks_and_the_time_of_a_header_hold_beside_the_token() {
    let checked = provider(
        "algorithms = [\"HS256\"]\nchecks = [{ name = \"method\", left = \"{method}\", right = \"POST\" }]\n\
         vars = { time = \"header:x-time\" }\n\
         timestamp = { value = \"{time}\", unit = \"s\", tolerance = \"60s\" }",
    );
    let verdict = |method: &str, time: i64| {
        let mut request = request(&token(&claims()), BODY);
        request.method = method.parse().unwrap();
        request.headers.insert("x-time", HeaderValue::from(time));
        verify_with(&checked, &secret(KEY), &request).status
    };
    let now = now().as_second();
    assert_eq!(verdict("POST", now), VerdictStatus::Valid);
    assert_eq!(verdict("PUT", now), VerdictStatus::Invalid);
    assert_eq!(verdict("POST", now - 61), VerdictStatus::Invalid);
}

#[test]
fn times_are_held_against_the_clock() {
    let now = now().as_second();
    let plain = hs256();
    accepted(&plain, &token(&with("exp", now + 1)));
    refused(&plain, &token(&with("exp", now)), &["too old"]);
    refused(&plain, &token(&with("exp", now - 60)), &["too old by 60 s"]);
    accepted(&plain, &token(&with("nbf", now)));
    refused(&plain, &token(&with("nbf", now + 1)), &["too far in the future by 1 s"]);
    refused(&plain, &token(&with("exp", "soon")), &["`exp`", "not a time"]);
    refused(&plain, &token(&with("nbf", json!([]))), &["`nbf`", "not a time"]);

    let graceful = provider("algorithms = [\"HS256\"]\nleeway = \"10s\"");
    accepted(&graceful, &token(&with("exp", now - 9)));
    refused(&graceful, &token(&with("exp", now - 10)), &["too old"]);
    accepted(&graceful, &token(&with("nbf", now + 10)));
    refused(&graceful, &token(&with("nbf", now + 11)), &["too far in the future"]);

    let young = provider("algorithms = [\"HS256\"]\nmax_age = \"300s\"");
    accepted(&young, &token(&with("iat", now - 300)));
    refused(&young, &token(&with("iat", now - 301)), &["too old by 1 s"]);
    refused(&young, &token(&with("iat", now + 301)), &["too far in the future by 1 s"]);
    refused(&young, &token(&claims()), &["`iat`"]);
    accepted(&young, &token(&with("iat", now as f64 - 0.5)));
    refused(&young, &token(&with("iat", 1e300)), &["too far in the future"]);
}

#[test]
fn a_tolerance_of_ones_own_goes_before_that_of_the_manifest() {
    let old = token(&with("exp", now().as_second() - 60));
    let verdict = |tolerance| {
        let circumstances = Circumstances { tolerance, ..Circumstances::at(now()) };
        Verifier::new(hs256(), Some(secret(KEY))).verify(&request(&old, BODY), &circumstances).status
    };
    assert_eq!(verdict(Tolerance::Unlimited), VerdictStatus::Valid);
    assert_eq!(verdict(Tolerance::Seconds(61)), VerdictStatus::Valid);
    assert_eq!(verdict(Tolerance::Seconds(60)), VerdictStatus::Invalid);
}

#[test]
fn what_is_sent_is_verified_with_every_algorithm() {
    for (algorithm, private, public) in [
        ("HS256", KEY.as_bytes().to_vec(), KEY.as_bytes().to_vec()),
        ("HS384", KEY.as_bytes().to_vec(), KEY.as_bytes().to_vec()),
        ("HS512", KEY.as_bytes().to_vec(), KEY.as_bytes().to_vec()),
        ("RS256", key("rsa"), key("rsa.pub")),
        ("ES256", key("ec"), key("ec.pub")),
    ] {
        let provider = provider(&format!("algorithms = [\"{algorithm}\"]\nmax_age = \"1s\"\nlifetime = \"60s\""));
        for body in [BODY, b""] {
            let request = signed(&provider, &secret(private.clone()), body).unwrap();
            let verdict = verify_with(&provider, &secret(public.clone()), &request);
            assert_eq!(verdict.status, VerdictStatus::Valid, "{algorithm}: {verdict:?}");
            let other = Request { body: "{\"a\": 2}".into(), ..request.clone() };
            assert_ne!(verify_with(&provider, &secret(public.clone()), &other).status, VerdictStatus::Valid);
        }
        let text = signed(&provider, &secret(private), BODY).unwrap().headers[HEADER].to_str().unwrap().to_owned();
        let parts: Vec<Value> = text
            .split('.')
            .take(2)
            .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        assert_eq!(parts[0], json!({ "alg": algorithm, "typ": "JWT" }));
        let now = now().as_second();
        assert_eq!(parts[1]["iat"], now);
        assert_eq!(parts[1]["exp"], now + 60);
        assert_eq!(parts[1]["iss"], "acme");
    }
}

#[test]
fn a_claim_that_a_sender_makes_up_is_sent_and_not_judged() {
    let provider = provider("algorithms = [\"HS256\"]\nmade = { jti = \"{$uuid}\" }");
    let request = signed(&provider, &secret(KEY), BODY).unwrap();
    let payload = request.headers[HEADER].to_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert_eq!(claims["jti"].as_str().map(str::len), Some(36), "{claims}");
    accepted(&provider, &token(&self::claims()));
    accepted(&provider, &token(&with("jti", "another")));
}

#[test]
fn a_key_of_another_kind_is_refused_and_a_public_one_signs_nothing() {
    let es256 = provider("algorithms = [\"ES256\"]");
    let error = signed(&es256, &secret(key("ec.pub")), BODY).unwrap_err().to_string();
    assert!(error.contains("needs the private key"), "{error}");
    let error = signed(&es256, &secret(key("rsa")), BODY).unwrap_err().to_string();
    assert!(error.contains("it is an RSA private key") && error.contains("P-256"), "{error}");
    let rs256 = provider("algorithms = [\"RS256\"]");
    let error = signed(&rs256, &secret(KEY), BODY).unwrap_err().to_string();
    assert!(error.contains("RSA needs") && !error.contains(KEY), "{error}");
}

#[test]
fn a_manifest_fixes_algorithms_of_one_kind() {
    let refusal = |more: &str| {
        let text = format!(
            "[provider]\nid = \"acme\"\nname = \"Acme\"\n[[signature]]\nscheme = \"jwt\"\nsource = \"header:{HEADER}\"\n{more}\n"
        );
        let error = compile("acme/provider.toml", &text).map(|_| ()).expect_err(more).to_string();
        assert!(error.starts_with("acme/provider.toml:"), "{error}");
        error
    };
    let right = "algorithms = [\"HS256\"]";
    for (more, said) in [
        (String::new(), "needs `algorithms`"),
        ("algorithms = []".to_owned(), "needs `algorithms`"),
        ("algorithms = [\"none\"]".to_owned(), "unknown value `none`"),
        ("algorithms = [\"hs256\"]".to_owned(), "unknown value `hs256`"),
        ("algorithms = [\"RS256\", \"HS256\"]".to_owned(), "one kind of key"),
        (format!("{right}\nalgorithm = \"sha256\""), "`algorithm` is not for scheme jwt"),
        (format!("{right}\nencoding = \"hex\""), "`encoding` is not for scheme jwt"),
        (format!("{right}\nsigned = \"{{body}}\""), "`signed` is not for scheme jwt"),
        (format!("{right}\nclaims = {{ iss = \"{{nope}}\" }}"), "`claims`"),
        (format!("{right}\nmax_age = \"old\""), "max_age"),
        (format!("{right}\nbind = [{{ claim = \"a\", equals = \"b\", otherwise = \"any\" }}]"), "otherwise"),
        (format!("{right}\nbind = [{{ claim = \"a\", equals = \"b\", when = [\"body is there\"] }}]"), "`when`"),
    ] {
        let error = refusal(&more);
        assert!(error.contains(said), "`{said}` is not in: {error}");
    }
    let hmac = "[provider]\nid = \"acme\"\nname = \"Acme\"\n[[signature]]\nscheme = \"hmac\"\nsource = \"header:X\"\n\
                encoding = \"hex\"\nsigned = \"{body}\"\n";
    for more in [
        right,
        "claims = { iss = \"a\" }",
        "made = { jti = \"a\" }",
        "leeway = \"1s\"",
        "max_age = \"1s\"",
        "lifetime = \"1s\"",
    ] {
        let error = compile("acme/provider.toml", &format!("{hmac}{more}\n")).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("is for scheme jwt only"), "{error}");
    }
}

#[test]
fn the_binary_sends_and_verifies_a_token_by_a_manifest_of_ones_own() {
    let sandbox = Sandbox::new();
    let manifest = format!(
        "[provider]\nid = \"acme\"\nname = \"Acme\"\n[[signature]]\nscheme = \"jwt\"\nsource = \"header:{HEADER}\"\n\
         algorithms = [\"ES256\"]\n{RULES}"
    );
    sandbox.write(".hookctl/providers/acme/provider.toml", manifest);
    let (private, public) = (sandbox.write("key", key("ec")), sandbox.write("key.pub", key("ec.pub")));
    let made = sandbox.run_with(&["sign", "--provider", "acme", "--secret-file", private.to_str().unwrap()], BODY);
    let header = made.stdout.lines().find(|line| line.to_ascii_lowercase().starts_with(HEADER)).unwrap();
    let args = ["verify", "--provider", "acme", "--secret-file", public.to_str().unwrap(), "-H", header];
    let right = sandbox.run_with(&args, BODY);
    assert_eq!(right.code, 0, "{}{}", right.stdout, right.stderr);
    assert!(right.stdout.contains("JWT ES256"), "{}", right.stdout);
    let tampered = sandbox.run_with(&args, b"{}");
    assert_eq!(tampered.code, 1);
    assert!(tampered.stdout.contains("claim `sha256` of the JWT does not match"), "{}", tampered.stdout);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_token_of_which_one_character_changed_is_never_valid(at in any::<prop::sample::Index>(), new in "[0-9a-zA-Z_.-]") {
        let mut text = token(&claims());
        let at = at.index(text.len());
        prop_assume!(text[at..=at] != new);
        text.replace_range(at..=at, &new);
        prop_assert_ne!(verify(&hs256(), &text).status, VerdictStatus::Valid);
    }

    #[test]
    fn a_token_for_another_body_or_secret_is_never_valid(body in proptest::collection::vec(any::<u8>(), 0..60), other in "[a-z]{1,20}") {
        prop_assume!(body != BODY);
        let text = token(&claims());
        prop_assert_ne!(verify_with(&hs256(), &secret(KEY), &request(&text, &body)).status, VerdictStatus::Valid);
        prop_assert_ne!(verify_with(&hs256(), &secret(other), &request(&text, BODY)).status, VerdictStatus::Valid);
    }

    #[test]
    fn any_text_in_place_of_a_token_is_never_valid(text in "[ -~]{0,200}", part in "[a-zA-Z0-9_-]{0,40}") {
        for text in [text, format!("{part}.{part}.{part}")] {
            prop_assert_ne!(verify(&hs256(), &text).status, VerdictStatus::Valid);
        }
    }
}

#[test]
fn a_push_of_anybodys_service_account_is_not_valid_before_ones_own_is_named() {
    let catalogue = Catalogue::default();
    let provider = catalogue.provider("google-pubsub").unwrap();
    let of = |email: &str| Arc::new(provider.with_variables([("email", email)]));
    let (own, theirs) = (of("push@mine.iam.gserviceaccount.com"), of("push@theirs.iam.gserviceaccount.com"));
    let secret = senders::secret(&own, "oidc");
    let body = catalogue.fixture("google-pubsub", "message").unwrap().body;
    let draft = Draft {
        event: "message",
        body: &body,
        content_type: None,
        headers: &HeaderMap::new(),
        url: "https://a.test/in",
        signature: None,
    };
    let generator = RefCell::new(Generator::new(7, now()));
    let request = compose(&theirs, &draft, Some(&secret), &generator).unwrap();
    let status = |provider: &Arc<Provider>| {
        let verifier = Verifier::new(Arc::clone(provider), [senders::verifying(&secret)]);
        verifier.verify(&request, &Circumstances::at(now()))
    };
    assert_eq!(status(&theirs).status, VerdictStatus::Valid);
    assert_eq!(status(&own).status, VerdictStatus::Invalid);
    let unnamed = status(&provider);
    assert_eq!(unnamed.status, VerdictStatus::Unchecked, "{unnamed:?}");
    assert_eq!(unnamed.hint.as_deref(), Some("give it with --var email=VALUE"));
}

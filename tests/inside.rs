//! Signatures that stand elsewhere than in one header: in the JSON body, its items, a form, the URL, several headers,
//! or that are the body.

use std::cell::RefCell;
use std::sync::Arc;

use hookctl::model::{Request, Secret, Verdict, VerdictStatus};
use hookctl::provider::{Circumstances, Draft, Generator, Provider, Verifier, compile, compose, resign};
use http::HeaderMap;

use crate::sandbox::Sandbox;
use crate::senders::{hmac_sha256, now};

const URL: &str = "https://hooks.example.test/in?shop=1";

const MAILGUN: &str = r#"
[[signature]]
scheme = "hmac"
source = "json:/signature/signature"
encoding = "hex"
signed = "{json:/signature/timestamp}{json:/signature/token}"
timestamp = { value = "{json:/signature/timestamp}", unit = "s", tolerance = "300s" }
[fresh]
"/signature/token" = "hex:50"
"#;

const ADYEN: &str = r#"
[[signature]]
scheme = "hmac"
source = "json:/notificationItems/0/NotificationRequestItem/additionalData/hmacSignature"
encoding = "base64"
key = "{secret|unhex}"
signed = "{json:/notificationItems/0/NotificationRequestItem/pspReference}:{json:/notificationItems/0/NotificationRequestItem/amount/value}"
"#;

const ITEMS: &str = r#"
[[signature]]
scheme = "hmac"
item = "/notificationItems/*/NotificationRequestItem"
source = "json:/notificationItems/0/NotificationRequestItem/additionalData/hmacSignature"
encoding = "base64"
key = "{secret|unhex}"
signed = "{json:/notificationItems/0/NotificationRequestItem/pspReference}:{json:/live}"
"#;

const GRAPH: &str = r#"
[[signature]]
scheme = "token"
item = "/value/*"
source = "json:/value/0/clientState"
"#;

const DOCUSIGN: &str = r#"
[[signature]]
scheme = "hmac"
source = "header:X-DocuSign-Signature-*"
encoding = "base64"
signed = "{body}"
"#;

const TRIOS: &str = r#"
[[signature]]
scheme = "hmac"
source = ["header:webhook-signature", "header:svix-signature"]
format = "v1,{signature}"
split = " "
encoding = "base64"
vars = { id = ["header:webhook-id", "header:svix-id"] }
signed = "{id}.{body}"
[delivery.headers]
webhook-id = "msg_1"
"#;

const KINDE: &str = r#"
[[signature]]
scheme = "jwt"
source = "body"
algorithms = ["HS256"]
lifetime = "60s"
[event]
type = "{jwt:/type}"
id = "{?jwt:/data#/id}"
[delivery]
content_types = ["application/jwt"]
"#;

const DROPBOX_SIGN: &str = r#"
[delivery]
content_types = ["application/x-www-form-urlencoded"]
[[signature]]
scheme = "hmac"
source = "form:json#/event/event_hash"
encoding = "hex"
signed = "{form:json#/event/event_time}{form:json#/event/event_type}"
timestamp = { value = "{form:json#/event/event_time}", unit = "s", tolerance = "300s" }
"#;

const BRAINTREE: &str = r#"
[delivery]
content_types = ["application/x-www-form-urlencoded"]
[[signature]]
scheme = "hmac"
algorithm = "sha1"
source = "form:bt_signature"
format = "{public_key}|{signature}"
split = "&"
encoding = "hex"
key = "{secret|sha1}"
signed = "{form:bt_payload}"
"#;

const PANDADOC: &str = r#"
[[signature]]
scheme = "hmac"
source = "query:signature"
encoding = "hex"
signed = "{body}"
"#;

const MERCADO_PAGO: &str = r#"
[delivery]
query = { "data.id" = "{json:/data/id}" }
[[signature]]
scheme = "hmac"
source = "header:x-signature"
format = "ts={timestamp},v1={signature}"
split = ","
encoding = "hex"
signed = '{?query:data.id|lower|prefix("id:")|suffix(";")}ts:{timestamp};'
"#;

const TWILIO: &str = r#"
[[signature]]
scheme = "hmac"
algorithm = "sha1"
source = "header:X-Twilio-Signature"
encoding = "base64"
signed = "{url}"
checks = [{ name = "bodySHA256", left = "{query:bodySHA256}", right = "{body|sha256|hex}" }]
"#;

fn provider(manifest: &str) -> Arc<Provider> {
    let text = format!("[provider]\nid = \"acme\"\nname = \"Acme\"\n{manifest}");
    Arc::new(compile("acme/provider.toml", &text).unwrap_or_else(|error| panic!("{error}")))
}

fn secret() -> Secret {
    Secret::new("0123456789abcdef0123456789abcdef", "test").unwrap()
}

fn generator() -> RefCell<Generator> {
    RefCell::new(Generator::new(1, now()))
}

fn signed(provider: &Provider, body: &str) -> Request {
    let headers = HeaderMap::new();
    let body = body.as_bytes();
    let draft = Draft { event: "e", body, content_type: None, headers: &headers, url: URL, signature: None };
    compose(provider, &draft, Some(&secret()), &generator()).unwrap_or_else(|error| panic!("{error}"))
}

fn verify(provider: &Arc<Provider>, request: &Request) -> Verdict {
    let url = request.uri.to_string();
    let circumstances = Circumstances { url: Some(&url), ..Circumstances::at(now()) };
    Verifier::new(Arc::clone(provider), Some(secret())).verify(request, &circumstances)
}

fn text(request: &Request) -> &str {
    std::str::from_utf8(&request.body).unwrap()
}

/// A manifest with a body that it signs.
const PAIRS: [(&str, &str); 12] = [
    (MAILGUN, r#"{ "signature" : {"timestamp":"1", "token":"t","signature":"x"}, "event-data":{"n": 1.50} }"#),
    (ADYEN, r#"{"notificationItems":[{"NotificationRequestItem":{"pspReference":"7","amount":{"value":1130}}}]}"#),
    (DROPBOX_SIGN, "json=%7B%22event%22%3A%7B%22event_time%22%3A%221%22%2C%22event_type%22%3A%22sent%22%7D%7D&x=%41"),
    (BRAINTREE, "bt_signature=key%7C00&bt_payload=PGE%2BPC9hPg%3D%3D"),
    (PANDADOC, r#"[{"event":"document_state_changed"}]"#),
    (MERCADO_PAGO, r#"{"data":{"id":"ABC"}}"#),
    (TWILIO, r#"{"a":1}"#),
    (ITEMS, TWO_ITEMS),
    (GRAPH, r#"{"value":[{"id":1},{"clientState":"x","id":2}]}"#),
    (DOCUSIGN, r#"{"event":"sent"}"#),
    (TRIOS, r#"{"a":1}"#),
    (KINDE, KINDE_BODY),
];

const TWO_ITEMS: &str = r#"{"live":"false","notificationItems":[{"NotificationRequestItem":{"pspReference":"1"}},
 {"NotificationRequestItem":{"additionalData":{"hmacSignature":"old"},"pspReference":"2"}}]}"#;

const KINDE_BODY: &str = r#"{"type":"user.created","iat":5,"data":"{\"id\":\"kp_1\"}","n":12345678901234567890.50}"#;

#[test]
fn what_is_signed_verifies_and_what_is_spoiled_does_not() {
    for (manifest, body) in PAIRS {
        let provider = provider(manifest);
        let request = signed(&provider, body);
        let verdict = verify(&provider, &request);
        assert_eq!(verdict.status, VerdictStatus::Valid, "{manifest}: {request:?} {verdict:?}");
        let mut spoiled = request.clone();
        provider.spoil_signature(&mut spoiled, |bytes| {
            let digit = bytes.iter().rposition(u8::is_ascii_alphanumeric).unwrap();
            let digit = digit.saturating_sub(4);
            bytes[digit] = if bytes[digit] == b'0' { b'1' } else { b'0' };
            true
        });
        assert_eq!(verify(&provider, &spoiled).status, VerdictStatus::Invalid, "{manifest}");
        let mut unsigned = request.clone();
        provider.take_signature(&mut unsigned);
        assert_eq!(verify(&provider, &unsigned).status, VerdictStatus::Unsigned, "{manifest}");
    }
}

#[test]
fn only_the_signature_and_what_goes_with_it_change_in_the_body() {
    let request = signed(&provider(MAILGUN), PAIRS[0].1);
    let time = now().as_second();
    let signature = hmac_sha256(secret().expose(), format!("{time}t").as_bytes());
    let expected = format!(
        r#"{{ "signature" : {{"timestamp":"{time}", "token":"t","signature":"{signature}"}}, "event-data":{{"n": 1.50}} }}"#
    );
    assert_eq!(text(&request), expected);
    let form = signed(&provider(DROPBOX_SIGN), PAIRS[2].1);
    assert!(text(&form).ends_with("&x=%41") && text(&form).contains(&format!("%22{time}%22")), "{}", text(&form));
}

#[test]
fn what_is_signed_and_absent_is_made_up_as_the_manifest_says() {
    let provider = provider(MAILGUN);
    let request = signed(&provider, r#"{"event-data":{"id":"x"}}"#);
    let (_, token) = text(&request).split_once("\"token\":\"").unwrap();
    assert_eq!(token.find('"'), Some(50), "{}", text(&request));
    assert_eq!(verify(&provider, &request).status, VerdictStatus::Valid);
}

#[test]
fn a_name_in_the_format_is_taken_from_what_stood_there() {
    let provider = provider(BRAINTREE);
    assert!(text(&signed(&provider, PAIRS[3].1)).starts_with("bt_signature=key%7C"));
    let headers = HeaderMap::new();
    let body = b"bt_payload=x";
    let draft = Draft { event: "e", body, content_type: None, headers: &headers, url: URL, signature: None };
    let error = compose(&provider, &draft, Some(&secret()), &generator()).unwrap_err();
    assert!(error.to_string().contains("public_key"), "{error}");
}

#[test]
fn the_url_gets_what_the_signature_needs() {
    let request = signed(&provider(TWILIO), "{}");
    let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    assert_eq!(request.uri.to_string(), format!("{URL}&bodySHA256={hash}"));
    assert_eq!(signed(&provider(MERCADO_PAGO), PAIRS[5].1).uri.to_string(), format!("{URL}&data.id=ABC"));
    assert_eq!(signed(&provider(MERCADO_PAGO), "{\"data\":{\"id\":\"\"}}").uri, URL);
}

#[test]
fn a_body_of_another_kind_is_refused_with_what_is_in_the_way() {
    let refused = |manifest: &str, body: &str, kind: Option<&str>| {
        let headers = HeaderMap::new();
        let body = body.as_bytes();
        let draft = Draft { event: "e", body, content_type: kind, headers: &headers, url: URL, signature: None };
        compose(&provider(manifest), &draft, Some(&secret()), &generator()).unwrap_err().to_string()
    };
    assert!(refused(MAILGUN, "a=1", None).ends_with("the body is not JSON"));
    assert_eq!(
        refused(BRAINTREE, "{}", Some("application/json")),
        "signature `signature-1`: the request has no form field `bt_payload`"
    );
}

#[test]
fn signing_anew_renews_the_time_in_the_body() {
    for (manifest, body) in PAIRS {
        let provider = provider(manifest);
        let old = signed(&provider, body);
        let mut request = old.clone();
        let later = now() + jiff::SignedDuration::from_hours(24);
        let generator = RefCell::new(Generator::new(2, later));
        resign(&provider, None, &secret(), &mut request, &generator).unwrap();
        let url = request.uri.to_string();
        let circumstances = Circumstances { url: Some(&url), ..Circumstances::at(later) };
        let verdict = Verifier::new(Arc::clone(&provider), Some(secret())).verify(&request, &circumstances);
        assert_eq!(verdict.status, VerdictStatus::Valid, "{manifest} {verdict:?}");
    }
}

#[test]
fn a_changed_body_has_its_hash_in_the_url_anew() {
    let provider = provider(TWILIO);
    let mut request = signed(&provider, "{}");
    request.body = "{\"a\":2}".into();
    resign(&provider, None, &secret(), &mut request, &generator()).unwrap();
    assert_eq!(verify(&provider, &request).status, VerdictStatus::Valid, "{}", request.uri);
}

#[test]
fn sign_prints_the_body_and_the_url_where_the_signature_stands_there() {
    let sandbox = Sandbox::new();
    sandbox.write("p/acme/provider.toml", format!("[provider]\nid = \"acme\"\nname = \"Acme\"\n{MAILGUN}"));
    sandbox.write("p/query/provider.toml", format!("[provider]\nid = \"query\"\nname = \"Query\"\n{PANDADOC}"));
    sandbox.write("body.json", "{\"signature\":{\"token\":\"t\"}}");
    sandbox.write("key", "k");
    let sign = |provider: &str, more: &[&str]| {
        let args = ["sign", "--provider", provider, "--providers", "p", "--secret-file", "key", "--body", "body.json"];
        let ended = sandbox.run(&[&args[..], &["--at", "1767225600"], more].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended.stdout
    };
    let signature = hmac_sha256(b"k", b"1767225600t");
    let body =
        format!("{{\"signature\":{{\"token\":\"t\",\"timestamp\":\"1767225600\",\"signature\":\"{signature}\"}}}}");
    assert!(sign("acme", &[]).ends_with(&format!("\n{body}\n")), "{}", sign("acme", &[]));
    let line: serde_json::Value = serde_json::from_str(&sign("acme", &["--json"])).unwrap();
    assert_eq!(line["body"], body);
    let signature = hmac_sha256(b"k", b"{\"signature\":{\"token\":\"t\"}}");
    assert!(
        sign("query", &[]).starts_with(&format!("http://localhost/?signature={signature}\n")),
        "{}",
        sign("query", &[])
    );
}

#[test]
fn send_spoils_a_signature_in_the_body_and_what_it_covers() {
    let sandbox = Sandbox::new();
    sandbox.write("p/acme/provider.toml", format!("[provider]\nid = \"acme\"\nname = \"Acme\"\n{ADYEN}"));
    sandbox.write("body.json", PAIRS[1].1);
    sandbox.write("key", "0123456789abcdef0123456789abcdef");
    let provider = provider(ADYEN);
    for (kind, expected) in
        [("body", VerdictStatus::Invalid), ("signature", VerdictStatus::Invalid), ("missing", VerdictStatus::Unsigned)]
    {
        let args = ["send", "@body.json", "--provider", "acme", "--providers", "p", "--secret-file", "key", "--json"];
        let more = ["--to", "http://127.0.0.1:9/", "--dry-run", "--tamper", kind];
        let ended = sandbox.run(&[&args[..], &more].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let line: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        let request = Request { body: line["body"].as_str().unwrap().to_owned().into(), ..Request::default() };
        assert_eq!(verify(&provider, &request).status, expected, "{kind}: {}", line["body"]);
    }
}

#[test]
fn each_item_has_its_own_signature_and_the_one_that_fails_is_named() {
    let provider = provider(ITEMS);
    let request = signed(&provider, TWO_ITEMS);
    assert_eq!(verify(&provider, &request).status, VerdictStatus::Valid);
    let reason = |from: &str, to: &str| {
        let body = text(&request).replacen(from, to, 1);
        assert_ne!(body, text(&request));
        let verdict = verify(&provider, &Request { body: body.into(), ..request.clone() });
        assert_ne!(verdict.status, VerdictStatus::Valid, "{from}");
        verdict.reason.unwrap().to_string()
    };
    let place =
        |index: usize| format!("/notificationItems/{index}/NotificationRequestItem/additionalData/hmacSignature");
    assert!(reason("\"2\"", "\"3\"").contains(&place(1)));
    assert!(reason("\"1\"", "\"3\"").contains(&place(0)));
    let unsigned = reason("]}", ",{\"NotificationRequestItem\":{\"pspReference\":\"3\"}}]}");
    assert_eq!(unsigned, format!("missing signature: the request has no JSON value `{}`", place(2)));
    assert!(reason("]}", ",{}]}").contains("item 3 is not of the form"));
}

#[test]
fn a_body_without_items_is_never_valid() {
    for body in ["{}", r#"{"live":"false","notificationItems":[]}"#, r#"{"notificationItems":{"0":{}}}"#, "[", ""] {
        let request = Request { body: body.into(), uri: URL.parse().unwrap(), ..Request::default() };
        for manifest in [ITEMS, GRAPH] {
            // What is no JSON at all is malformed.
            let expected = if body.starts_with('{') { VerdictStatus::Unsigned } else { VerdictStatus::Invalid };
            assert_eq!(verify(&provider(manifest), &request).status, expected, "{body}");
        }
    }
}

#[test]
fn any_header_of_a_pattern_may_carry_the_signature() {
    let provider = provider(DOCUSIGN);
    let mut request = signed(&provider, "{}");
    let value = request.headers.remove("x-docusign-signature-1").unwrap();
    request
        .headers
        .insert("x-docusign-signature-1", value.to_str().unwrap().replace(char::is_alphabetic, "A").parse().unwrap());
    let verdict = verify(&provider, &request);
    assert_eq!(verdict.status, VerdictStatus::Invalid);
    assert!(verdict.reason.unwrap().to_string().contains("`x-docusign-signature-1`"));
    request.headers.insert("x-docusign-signature-12", value);
    assert_eq!(verify(&provider, &request).status, VerdictStatus::Valid);
    provider.take_signature(&mut request);
    assert!(request.headers.keys().all(|name| !name.as_str().starts_with("x-docusign")));
}

#[test]
fn headers_that_belong_together_are_not_mixed() {
    let provider = provider(TRIOS);
    let request = signed(&provider, "{}");
    let mut renamed = request.clone();
    let signature = renamed.headers.remove("webhook-signature").unwrap();
    renamed.headers.insert("svix-signature", signature);
    assert_ne!(verify(&provider, &renamed).status, VerdictStatus::Valid, "svix-signature with webhook-id");
    let id = renamed.headers.remove("webhook-id").unwrap();
    renamed.headers.insert("svix-id", id);
    assert_eq!(verify(&provider, &renamed).status, VerdictStatus::Valid);
}

#[test]
fn a_body_that_is_a_jwt_tells_its_event() {
    let provider = provider(KINDE);
    let request = signed(&provider, KINDE_BODY);
    assert_eq!(text(&request).split('.').count(), 3);
    assert_eq!(provider.event_type(&request).as_deref(), Some("user.created"));
    assert_eq!(provider.delivery_id(&request).as_deref(), Some("kp_1"));
    let payload = text(&request).split('.').nth(1).unwrap();
    use base64::Engine as _;
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    let (time, end) = (now().as_second(), now().as_second() + 60);
    let claims = KINDE_BODY
        .replace("\"iat\":5", &format!("\"iat\":{time}"))
        .replace('}', &format!(",\"nbf\":{time},\"exp\":{end}}}"));
    let claims = claims.replacen(&format!(",\"nbf\":{time},\"exp\":{end}}}\""), "}\"", 1);
    assert_eq!(String::from_utf8(payload).unwrap(), claims);
    let other = Request { body: "{\"type\":\"user.created\"}".into(), ..request.clone() };
    assert_eq!(verify(&provider, &other).status, VerdictStatus::Invalid);
    assert_eq!(provider.event_type(&other), None);
    assert!(provider.has_signature(&request) && !provider.has_signature(&other));
}

#[test]
fn a_manifest_that_means_no_place_is_refused_with_its_line() {
    let refused = |signature: &str| {
        let text = format!(
            "[provider]\nid = \"acme\"\nname = \"A\"\n[[signature]]\nscheme = \"hmac\"\nencoding = \"hex\"\nsigned = \"{{body}}\"\n{signature}\n"
        );
        compile("acme/provider.toml", &text).unwrap_err().to_string()
    };
    for (signature, words) in [
        ("source = \"body\"", "body for jwt"),
        ("source = \"method\"", "no signature stands in `method`"),
        ("source = \"header:X\"\nitem = \"/a\"", "needs one step `*`"),
        ("source = \"header:X\"\nvars = { id = [\"header:A\", \"header:B\"] }", "one for each of the 1 of `source`"),
        ("source = \"header:X Y-*\"", "patterns are not supported"),
    ] {
        let error = refused(signature);
        assert!(error.contains(words) && error.contains("provider.toml:"), "{signature}: {error}");
    }
}

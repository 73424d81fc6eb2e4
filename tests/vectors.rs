//! Signatures that specifications, documentation and official SDK tests publish.

use std::sync::Arc;

use hookctl::model::{Request, Secret, VerdictStatus};
use hookctl::provider::{Catalogue, Circumstances, Provider, Verifier};
use jiff::Timestamp;
use serde_json::Value;

fn provider(id: &str) -> Arc<Provider> {
    Catalogue::default().provider(id).unwrap_or_else(|error| panic!("{id}: {error}"))
}

fn text<'v>(vector: &'v Value, key: &str) -> &'v str {
    vector[key].as_str().unwrap_or_default()
}

fn secret(vector: &Value) -> Secret {
    let secret = vector["vars"]["public_key"].as_str().unwrap_or_else(|| text(vector, "secret"));
    Secret::new(secret, "vector").unwrap()
}

fn request(vector: &Value) -> Request {
    let mut request = Request {
        method: text(vector, "method").parse().unwrap(),
        uri: text(vector, "url").parse().unwrap(),
        body: text(vector, "body").to_owned().into(),
        ..Request::default()
    };
    for (name, value) in vector["headers"].as_object().unwrap() {
        request.headers.insert(
            http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
            http::HeaderValue::from_str(value.as_str().unwrap()).unwrap(),
        );
    }
    request
}

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("vectors/published.json")).unwrap()
}

fn verify(vector: &Value, request: &Request) -> hookctl::model::Verdict {
    let provider = provider(text(vector, "provider"));
    let given =
        provider.variables().iter().filter_map(|own| Some((own.name.as_str(), vector["vars"][&own.name].as_str()?)));
    let verifier = Verifier::new(Arc::new(provider.with_variables(given)), Some(secret(vector)));
    let mut circumstances = Circumstances::at(Timestamp::from_second(vector["now"].as_i64().unwrap()).unwrap());
    circumstances.url = Some(text(vector, "url"));
    verifier.verify(request, &circumstances)
}

#[test]
fn every_published_signature_is_valid() {
    let failures: Vec<String> = vectors()
        .iter()
        .filter_map(|vector| {
            let verdict = verify(vector, &request(vector));
            let expected =
                if vector["valid"].as_bool().unwrap() { VerdictStatus::Valid } else { VerdictStatus::Invalid };
            (verdict.status != expected).then(|| format!("{}: {verdict:?}", text(vector, "id")))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_signature_in_a_form_field_is_read_from_a_multipart_body_too() {
    let vectors = vectors();
    let vector = vectors.iter().find(|vector| vector["id"] == "dropbox-sign-test-account").unwrap();
    let (_, json) = form_urlencoded::parse(text(vector, "body").as_bytes()).next().unwrap();
    let multipart = |json: &str| {
        let mut request = request(vector);
        request.headers.insert("content-type", http::HeaderValue::from_static("multipart/form-data; boundary=b"));
        let disposition = "Content-Disposition: form-data; name=\"json\"";
        request.body = format!("--b\r\n{disposition}\r\n\r\n{json}\r\n--b--\r\n").into();
        verify(vector, &request).status
    };
    assert_eq!(multipart(&json), VerdictStatus::Valid);
    assert_eq!(multipart(&json.replace("account_confirmed", "signature_request_signed")), VerdictStatus::Invalid);
}

#[test]
fn every_published_signature_is_invalid_once_a_signed_byte_changes() {
    for vector in vectors().iter().filter(|vector| vector["valid"] == true) {
        let mut wrong = vector.clone();
        let secret = format!("{}x", text(vector, "secret"));
        wrong["secret"] = Value::String(secret);
        if text(vector, "secret_kind").contains("public key") {
            let request = Request { body: format!("{} ", text(vector, "body")).into(), ..request(vector) };
            let verdict = verify(vector, &request);
            assert_eq!(verdict.status, VerdictStatus::Invalid, "{} with another body", text(vector, "id"));
            continue;
        }
        if vector["vars"]["public_key"].is_null() && !text(vector, "provider").starts_with("adyen") {
            let verdict = verify(&wrong, &request(vector));
            assert_ne!(verdict.status, VerdictStatus::Valid, "{} with another secret", text(vector, "id"));
        }
    }
}

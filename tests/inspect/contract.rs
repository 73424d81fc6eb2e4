//! The document that describes the API: it names every call, every call is named in it, and answers are as it says.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use hookctl::inspector::ROUTES;
use serde_json::{Value, json};

use super::listen;
use crate::sandbox::Sandbox;
use crate::wire::Answered;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../src/inspector/openapi.json")).unwrap());
static LINES: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(include_str!("../schema/lines.json")).unwrap());

/// The definitions that lines of the command line and answers of the API share, by both names.
const SHARED: [(&str, &str); 9] = [
    ("-verdict", "Verdict"),
    ("-explanation", "Explanation"),
    ("-cause", "Cause"),
    ("-headers", "Headers"),
    ("-header_encodings", "HeaderEncodings"),
    ("-id", "Id"),
    ("-time", "Time"),
    ("-status", "StatusCode"),
    ("error", "Error"),
];

/// Panics unless the answer is one that the document describes. Files and unknown calls are none of its business.
pub fn check(method: &str, target: &str, answered: &Answered) {
    let path = target.split('?').next().unwrap_or_default();
    let Some(operation) = operation(method, path) else { return };
    let status = answered.status.to_string();
    let responses = &operation["responses"];
    let response = responses.get(&status).unwrap_or(&responses["default"]);
    let kind = answered.all("content-type").first().map_or("", |kind| kind.split(';').next().unwrap_or_default());
    let content = &response["content"][kind];
    assert!(!content.is_null(), "{method} {target}: {status} as `{kind}` is not in the document");
    if kind != "application/json" || content["schema"].is_null() {
        return;
    }
    let schema = json!({
        "$ref": content["schema"]["$ref"].as_str().unwrap_or("#/components/schemas/Any"),
        "components": { "schemas": all_schemas() },
    });
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    if let Err(error) = validator.validate(&answered.json()) {
        panic!("{method} {target}: {error} at {}\n{}", error.instance_path(), answered.text());
    }
}

fn all_schemas() -> Value {
    let mut schemas = DOCUMENT["components"]["schemas"].clone();
    schemas["Any"] = json!({});
    schemas
}

/// What the document says of a call.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let fits = |template: &str| {
        let (wanted, given): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
        wanted.len() == given.len()
            && wanted.iter().zip(given).all(|(want, give)| want.starts_with('{') || *want == give)
    };
    let (_, found) = paths.iter().find(|(template, _)| fits(template))?;
    found.get(method.to_lowercase())
}

#[test]
fn every_route_is_described_and_nothing_else_is() {
    let routes: BTreeSet<(String, String)> =
        ROUTES.iter().map(|route| (route.method.to_lowercase(), route.path.to_owned())).collect();
    let mut described = BTreeSet::new();
    for (path, operations) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            described.insert((method.clone(), path.clone()));
            let open: BTreeSet<&str> =
                path.split('/').filter_map(|piece| piece.strip_prefix('{')?.strip_suffix('}')).collect();
            let resolved = |parameter: &'static Value| match parameter["$ref"].as_str() {
                Some(place) => DOCUMENT.pointer(place.trim_start_matches('#')).unwrap(),
                None => parameter,
            };
            let parameters = operation["parameters"].as_array().into_iter().flatten().map(resolved);
            let named = parameters.filter(|parameter| parameter["in"] == "path");
            let named: BTreeSet<&str> = named.map(|parameter| parameter["name"].as_str().unwrap()).collect();
            assert_eq!(named, open, "{method} {path}");
            assert_eq!(operation["requestBody"].is_object(), method == "post", "{method} {path}");
        }
    }
    assert_eq!(described, routes);
}

#[test]
fn what_lines_and_answers_share_is_the_same() {
    let renamed = |value: &Value| {
        let mut text = value.to_string();
        for (line, schema) in SHARED {
            text = text.replace(&format!("#/$defs/{line}\""), &format!("#/components/schemas/{schema}\""));
        }
        serde_json::from_str::<Value>(
            &text
                .replace("#/$defs/-encoding", "#/components/schemas/Encoding")
                .replace("#/$defs/-count", "#/components/schemas/Count")
                .replace("#/$defs/-types", "#/components/schemas/Types"),
        )
        .unwrap()
    };
    let plain = |mut value: Value| {
        value.as_object_mut().unwrap().remove("description");
        value
    };
    for (line, schema) in SHARED {
        let (line, schema) = (renamed(&LINES["$defs"][line]), DOCUMENT["components"]["schemas"][schema].clone());
        assert_eq!(plain(line), plain(schema));
    }
    // An answer may leave bodies out; nothing else is different.
    for (line, schema, place) in [
        ("-event", "Event", "/properties/request/properties"),
        ("-delivery", "Delivery", "/properties/response/oneOf/1/properties"),
    ] {
        let (line, schema) = (renamed(&LINES["$defs"][line]), &DOCUMENT["components"]["schemas"][schema]);
        for (name, value) in line.pointer(place).unwrap().as_object().unwrap() {
            assert_eq!(Some(value), schema.pointer(place).unwrap().get(name), "{name}");
        }
        assert_eq!(line["required"], schema["required"]);
    }
}

#[test]
fn it_is_a_document_of_its_version_and_every_reference_leads_somewhere() {
    assert_eq!(DOCUMENT["openapi"], "3.1.1");
    let mut rest = vec![&*DOCUMENT];
    while let Some(value) = rest.pop() {
        if let Some(place) = value.get("$ref").and_then(Value::as_str) {
            assert!(DOCUMENT.pointer(place.trim_start_matches('#')).is_some(), "{place}");
        }
        rest.extend(value.as_object().into_iter().flat_map(serde_json::Map::values));
        rest.extend(value.as_array().into_iter().flatten());
    }
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        let whole = json!({ "$ref": format!("#/components/schemas/{name}"), "components": DOCUMENT["components"] });
        assert!(jsonschema::draft202012::new(&whole).is_ok(), "{name}: {schema}");
    }
}

#[test]
fn the_document_is_served_to_anybody_who_calls_the_right_host() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = listen(&sandbox, &[]);
    let host = format!("host: {}", inspector.address);
    let answered = inspector.raw("GET", "/api/openapi.json", &[&host], b"");
    assert_eq!((answered.status, answered.json()), (200, DOCUMENT.clone()));
}

#[test]
fn a_call_that_there_is_not_names_the_document() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = listen(&sandbox, &[]);
    for (target, status) in [("/api/nothing", 404), ("/api/status?x=1", 400), ("/api/events/x/replay", 405)] {
        let answered = inspector.get(target);
        assert_eq!(answered.status, status, "{target}");
        assert_eq!(answered.json()["type"], "error");
    }
    assert_eq!(inspector.post("/api/nothing", &json!({})).status, 404);
}

//! The calls of a manifest, held against the vendor's own description of its API.

use std::sync::{Arc, LazyLock};

use hookctl::provider::Catalogue;
use hookctl::provider::api::{Api, Described};
use serde_json::Value;

use crate::sdk::installed;

/// GitHub's description of its REST API (<https://github.com/octokit/openapi>).
static GITHUB: LazyLock<Description> = LazyLock::new(|| {
    let file = std::fs::File::open(installed("@octokit/openapi/generated/api.github.com.json")).unwrap();
    Description(serde_json::from_reader(std::io::BufReader::new(file)).unwrap())
});

/// An OpenAPI document.
struct Description(Value);

impl Description {
    /// What a `$ref` stands for.
    fn resolved<'d>(&'d self, value: &'d Value) -> &'d Value {
        match value["$ref"].as_str() {
            Some(place) => self.resolved(self.0.pointer(place.trim_start_matches('#')).unwrap()),
            None => value,
        }
    }

    /// The description of a call. Variables may have other names there.
    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let paths = self.0["paths"].as_object().unwrap();
        let (_, found) = paths.iter().find(|(known, _)| same_path(known, path))?;
        found.get(method.to_lowercase())
    }

    /// The schema of a JSON body, if there is one.
    fn schema<'d>(&'d self, has_content: &'d Value) -> Option<&'d Value> {
        let schema = &self.resolved(has_content)["content"]["application/json"]["schema"];
        (!schema.is_null()).then(|| self.resolved(schema))
    }

    /// The schemas that a value may have: itself, or the alternatives and parts of it.
    fn variants<'d>(&'d self, schema: &'d Value) -> Vec<&'d Value> {
        let schema = self.resolved(schema);
        let parts = ["oneOf", "anyOf", "allOf"].iter().filter_map(|key| schema[*key].as_array()).flatten();
        std::iter::once(schema).chain(parts.flat_map(|part| self.variants(part))).collect()
    }

    /// Whether a value of this schema may have something at the JSON Pointer.
    fn has(&self, schema: &Value, pointer: &str) -> bool {
        let Some(rest) = pointer.strip_prefix('/') else { return true };
        let (key, rest) = rest.split_once('/').map_or((rest, String::new()), |(key, rest)| (key, format!("/{rest}")));
        let found = |variant: &Value| variant["properties"].get(key).is_some_and(|inner| self.has(inner, &rest));
        self.variants(schema).into_iter().any(found)
    }
}

fn same_path(left: &str, right: &str) -> bool {
    let is_variable = |segment: &str| segment.starts_with('{');
    let [mut left, mut right] = [left, right].map(|path| path.split('/'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(left), Some(right)) if left == right || (is_variable(left) && is_variable(right)) => {}
            _ => return false,
        }
    }
}

/// Everything in a manifest's call that the vendor's description does not know.
fn differences(description: &Description, call: &Described) -> Vec<String> {
    call.paths.iter().flat_map(|path| differences_at(description, call, path)).collect()
}

fn differences_at(description: &Description, call: &Described, path: &str) -> Vec<String> {
    let name = format!("[api.{}] {} {path}", call.operation, call.method);
    let Some(operation) = description.operation(call.method.as_str(), path) else {
        return vec![format!("{name}: there is no such call")];
    };
    let mut found = Vec::new();
    for status in &call.success {
        let Some(response) = operation["responses"].get(status.to_string()) else {
            found.push(format!("{name}: does not answer {status}"));
            continue;
        };
        let Some(schema) = description.schema(response) else { continue };
        let schema = if schema["type"] == "array" { &schema["items"] } else { schema };
        let read = call.answer.iter().filter(|(_, field)| field.is_some());
        let unknown = read.filter(|(place, _)| !description.has(schema, place));
        found.extend(unknown.map(|(place, _)| format!("{name}: the answer has no `{place}`")));
        let required = description.resolved(schema)["required"].as_array().into_iter().flatten();
        let missing = required.filter_map(Value::as_str).filter(|key| !holds(&call.answer, key));
        found.extend(missing.map(|key| format!("{name}: the answer must have `{key}`")));
    }
    if !call.body.is_empty() {
        let schema = description.schema(&operation["requestBody"]);
        let unknown =
            call.body.iter().filter(|(place, _)| !schema.is_some_and(|schema| description.has(schema, place)));
        found.extend(unknown.map(|(place, _)| format!("{name}: the request takes no `{place}`")));
        let required = schema.into_iter().filter_map(|schema| schema["required"].as_array()).flatten();
        let missing = required.filter_map(Value::as_str).filter(|key| !holds(&call.body, key));
        found.extend(missing.map(|key| format!("{name}: the request must have `{key}`")));
    }
    found
}

/// Whether something is written at this key.
fn holds(places: &[(String, Option<String>)], key: &str) -> bool {
    places.iter().any(|(place, _)| place.split('/').nth(1) == Some(key))
}

fn api(provider: &str) -> Arc<Api> {
    Catalogue::new(Vec::new()).provider(provider).unwrap().api().unwrap().clone()
}

fn github() -> Arc<Api> {
    api("github")
}

#[test]
fn every_call_to_github_is_one_that_github_describes() {
    let calls = github().described();
    assert!(calls.len() >= 8, "only {}", calls.len());
    let found: Vec<String> = calls.iter().flat_map(|call| differences(&GITHUB, call)).collect();
    assert!(found.is_empty(), "the manifest says what GitHub does not:\n{}", found.join("\n"));
}

#[test]
fn a_call_that_github_does_not_describe_is_told() {
    let calls = github().described();
    let create = calls.iter().find(|call| call.operation.name() == "create").unwrap();
    let told = |change: fn(&mut Described)| {
        let mut changed = create.clone();
        changed.paths.truncate(1);
        change(&mut changed);
        differences(&GITHUB, &changed).join("; ")
    };
    assert_eq!(told(|_| ()), "");
    assert!(told(|call| call.paths[0].push_str("/new")).ends_with("hooks/new: there is no such call"));
    assert!(told(|call| call.method = http::Method::PUT).ends_with("there is no such call"));
    assert!(told(|call| call.success = vec![202]).ends_with("does not answer 202"));
    assert!(told(|call| call.body.push(("/config/key".into(), None))).ends_with("the request takes no `/config/key`"));
    assert!(told(|call| call.answer.push(("/config/id".into(), Some("id".into())))).ends_with("has no `/config/id`"));
    let without_id = |call: &mut Described| call.answer.retain(|(place, _)| place != "/id");
    assert!(told(without_id).ends_with("the answer must have `id`"));
}

#[test]
fn every_event_of_github_is_one_that_webhooks_can_have() {
    let described = GITHUB.0["x-webhooks"].as_object().or_else(|| GITHUB.0["webhooks"].as_object()).unwrap();
    let subscribable = |event: &str| {
        described.values().map(|webhook| &webhook["post"]["x-github"]).any(|about| {
            let kinds = about["supported-webhook-types"].as_array().into_iter().flatten();
            let is_for_us = kinds.filter_map(Value::as_str).any(|kind| matches!(kind, "repository" | "organization"));
            about["subcategory"].as_str().unwrap().replace('-', "_") == event && is_for_us
        })
    };
    let api = github();
    let unknown: Vec<&String> = api.events().names().iter().filter(|event| !subscribable(event)).collect();
    assert!(unknown.is_empty(), "not described: {unknown:?}");
    assert!(api.events().names().len() > 60);
}

#[test]
fn the_events_of_stripe_are_those_of_its_sdk() {
    let types = std::fs::read_to_string(installed("stripe/esm/resources/WebhookEndpoints.d.ts")).unwrap();
    let (_, rest) = types.split_once("type EnabledEvent = ").unwrap();
    let (list, _) = rest.split_once(';').unwrap();
    let mut described: Vec<&str> = list.split(" | ").map(|name| name.trim_matches('\'')).collect();
    described.retain(|name| *name != "*");
    assert_eq!(api("stripe").events().names(), described);
}

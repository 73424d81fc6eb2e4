//! Two events beside each other.

use serde_json::{Value, json};

use super::{listen, receive};
use crate::sandbox::Sandbox;

#[test]
fn differences_are_told_by_their_places_and_lines_stand_beside_each_other() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let kind = "content-type: application/json";
    let one = receive(&listening, "/?a=1&token=t1", &[kind, "x-sig: s1"], br#"{"n":1.0,"a":[1,2],"k":"x"}"#);
    let two = receive(&listening, "/?a=2&token=t2", &[kind, "x-sig: s2"], br#"{"n":1,"a":[1,2,3],"k":"y"}"#);
    let diff = inspector.get(&format!("/api/diff?before={one}&after={two}"));
    let text = diff.text();
    let diff = diff.json();
    assert_eq!((&diff["form"], &diff["is_cut"]), (&"json".into(), &false.into()));
    let found = |place: &str| {
        let all = diff["differences"].as_array().unwrap().iter();
        all.clone().find(|one| one["place"] == place).unwrap_or_else(|| panic!("no {place} in {text}")).clone()
    };
    assert_eq!(
        found("json:/n"),
        json!({"place":"json:/n","kind":"changed","before":"1.0","after":"1","spelling":true})
    );
    assert_eq!((found("json:/a/2")["kind"].clone(), found("query:a")["after"].clone()), ("added".into(), "2".into()));
    assert_eq!(
        (found("header:x-sig")["before"].clone(), found("query:token")["after"].clone()),
        ("***".into(), "***".into())
    );
    for secret in ["t1", "t2", "s1", "s2"] {
        assert!(!text.contains(&format!("\"{secret}\"")), "{text}");
    }
    let lines = diff["lines"].as_array().unwrap();
    let line = |kind: &str| lines.iter().find(|line| line["kind"] == kind).unwrap();
    assert_eq!(line("changed")["before"]["text"], "  \"n\": 1.0,");
    assert_eq!(line("changed")["after"], json!({ "number": 2, "text": "  \"n\": 1," }));
    assert_eq!(line("same")["before"], line("same")["after"]);
    let same = inspector.get(&format!("/api/diff?before={one}&after={one}")).json();
    assert_eq!(same["differences"], json!([]));
}

#[test]
fn bodies_are_compared_for_what_they_are() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let form = ["content-type: application/x-www-form-urlencoded"];
    for (headers, before, after, is) in [
        (&form[..], &b"a=1&b=%41"[..], &b"a=2&b=%41"[..], "form"),
        (&[], b"one\ntwo", b"one\nthree", "text"),
        (&[], b"\x00", b"\xff", "binary"),
    ] {
        let (one, two) = (receive(&listening, "/", headers, before), receive(&listening, "/", headers, after));
        let diff = inspector.get(&format!("/api/diff?before={one}&after={two}")).json();
        assert_eq!(diff["form"], is);
        match is {
            "binary" => assert_eq!(diff["lines"], Value::Null),
            "form" => assert_eq!(diff["lines"][0]["after"]["text"], "a = 2"),
            _ => assert_eq!(diff["lines"][1]["after"]["text"], "three"),
        }
    }
    assert_eq!(inspector.get("/api/diff?before=x").status, 400);
    assert_eq!(inspector.get("/api/diff?before=x&after=y").status, 404);
}

#[test]
fn two_large_bodies_are_compared_in_bounds() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let make = |step: usize| {
        let items: Vec<String> = (0..60_000).map(|item| (item * step % 7_919).to_string()).collect();
        format!("[{}]", items.join(","))
    };
    let one = receive(&listening, "/", &[], make(3).as_bytes());
    let two = receive(&listening, "/", &[], make(5).as_bytes());
    let diff = inspector.get(&format!("/api/diff?before={one}&after={two}"));
    assert!(diff.status == 200 && diff.body.len() < 8 * 1024 * 1024, "{} bytes", diff.body.len());
    let diff = diff.json();
    assert_eq!(diff["is_cut"], true);
    assert!(diff["differences"].as_array().unwrap().len() <= 5_000);
}

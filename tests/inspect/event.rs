//! One event: everything that is known of it, without its bodies and its secrets where they are not asked for.

use serde_json::{Value, json};

use super::{deliveries, listen, receive};
use crate::sandbox::Sandbox;
use crate::target::{OK, Target};

fn secret_sandbox() -> Sandbox {
    Sandbox::new().env("HOOK_SECRET", "s3cret")
}

const CHECKED: [&str; 4] = ["--provider", "prospektr", "--secret-env", "HOOK_SECRET"];

fn header<'e>(event: &'e Value, name: &str) -> Vec<&'e str> {
    let headers = event["request"]["headers"].as_array().unwrap().iter();
    headers.filter(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap()).collect()
}

#[test]
fn an_event_has_what_its_line_has_and_more() {
    let sandbox = Sandbox::new();
    let app = Target::start(&[OK]);
    let (listening, inspector) = listen(&sandbox, &["-f", &app.url()]);
    let id = receive(
        &listening,
        "/one?a=1",
        &["x-field: a", "x-field: b", "content-type: application/json"],
        b"{\"n\":1.0}",
    );
    deliveries(&inspector, &id, 1);
    let whole = inspector.get(&format!("/api/events/{id}")).json();
    assert_eq!(whole["event"]["request"]["body"], "{\"n\":1.0}");
    assert_eq!(header(&whole["event"], "x-field"), ["a", "b"]);
    let delivery = &whole["deliveries"][0]["delivery"];
    assert_eq!((&delivery["status"], &delivery["response"]["body"]), (&200.into(), &"ok".into()));
    assert_eq!(delivery["response"]["body_bytes"], 2);
    assert_eq!((&whole["repeats"], &whole["waiting"]), (&json!([id]), &json!([])));
    let short = inspector.get(&format!("/api/events/{id}?body=false")).json();
    assert_eq!(short["event"]["request"]["body"], Value::Null);
    assert_eq!(short["event"]["request"]["body_bytes"], 9);
    assert_eq!(short["event"]["request"]["body_sha256"], whole["event"]["request"]["body_sha256"]);
    let response = &short["deliveries"][0]["delivery"]["response"];
    assert_eq!((&response["body"], &response["body_bytes"]), (&Value::Null, &2.into()));
}

#[test]
fn an_event_that_is_not_there_is_a_404() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let id = receive(&listening, "/", &[], b"{}");
    for wrong in ["019aa899-d1c8-7000-8000-000000000001", "@last", "x", &id[..13]] {
        for below in ["", "/body", "/export?format=har", "/deliveries/1/body"] {
            let refused = inspector.get(&format!("/api/events/{wrong}{below}"));
            assert_eq!(
                (refused.status, refused.json()["code"].clone()),
                (404, "unknown_event".into()),
                "{wrong}{below}"
            );
        }
    }
    assert_eq!(inspector.get(&format!("/api/events/{id}/deliveries/1/body")).json()["code"], "unknown_delivery");
    assert_eq!(inspector.get(&format!("/api/events/{id}?bodies=false")).status, 400);
}

#[test]
fn credentials_are_masked_unless_they_are_asked_for() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let headers = ["authorization: Bearer abc", "x-api-key: k1", "x-topic: orders", "referer: http://h/?token=t1&a=1"];
    let id = receive(&listening, "/?token=q1&a=1", &headers, b"{}");
    let masked = inspector.get(&format!("/api/events/{id}")).json();
    assert_eq!(masked["event"]["request"]["query"], "token=***&a=1");
    assert_eq!(
        (header(&masked["event"], "authorization"), header(&masked["event"], "x-api-key")),
        (vec!["***"], vec!["***"])
    );
    assert_eq!(header(&masked["event"], "referer"), ["http://h/?token=***&a=1"]);
    assert_eq!(header(&masked["event"], "x-topic"), ["orders"]);
    let encodings = masked["event"]["request"]["header_encodings"].to_string();
    assert_eq!(encodings.matches("masked").count(), 2, "{encodings}");
    let shown = inspector.get(&format!("/api/events/{id}?show_secrets=true")).json();
    assert_eq!(shown["event"]["request"]["query"], "token=q1&a=1");
    assert_eq!(header(&shown["event"], "authorization"), ["Bearer abc"]);
    assert_eq!(shown["event"]["request"]["header_encodings"], Value::Null);
}

#[test]
fn a_refused_event_is_explained_when_it_is_looked_at() {
    let sandbox = secret_sandbox();
    let (listening, inspector) = listen(&sandbox, &CHECKED);
    // Signed right, then a line break was added to the body.
    let signed = sandbox.run(&["sign", "--provider", "prospektr", "--body", "@body", "--json"]);
    assert_ne!(signed.code, 0, "there is no such file yet");
    let body = br#"{"event":"prospect.added","prospect":{"id":"p1"}}"#;
    sandbox.write("body", body);
    let signed =
        sandbox.run(&["sign", "--provider", "prospektr", "--secret-env", "HOOK_SECRET", "--body", "@body", "--json"]);
    let pairs = signed.lines()[0]["headers"].as_array().unwrap().clone();
    let lines: Vec<String> =
        pairs.iter().map(|pair| format!("{}: {}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap())).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let id = receive(&listening, "/", &lines, &[&body[..], b"\n"].concat());
    let event = inspector.get(&format!("/api/events/{id}?body=false")).json()["event"].clone();
    let verdict = &event["verdict"];
    assert_eq!(verdict["status"], "invalid");
    assert_eq!(verdict["explanation"]["change"]["id"], "body.newline_added", "{verdict}");
    assert!(verdict["explanation"]["cure"].as_str().is_some_and(|cure| !cure.is_empty()), "{verdict}");
    let unsigned = receive(&listening, "/", &[], body);
    let event = inspector.get(&format!("/api/events/{unsigned}?body=false")).json()["event"].clone();
    assert_eq!(event["verdict"]["explanation"]["kind"], "missing");
}

/// The one thing that must never leave: with it anybody who can read the page could sign.
#[test]
fn the_signature_that_would_have_been_right_is_nowhere() {
    let sandbox = secret_sandbox();
    let (listening, inspector) = listen(&sandbox, &CHECKED);
    let body = br#"{"event":"prospect.added"}"#;
    sandbox.write("body", body);
    let signed =
        sandbox.run(&["sign", "--provider", "prospektr", "--secret-env", "HOOK_SECRET", "--body", "@body", "--json"]);
    let pair = signed.lines()[0]["headers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|pair| pair[0].as_str().unwrap().contains("signature"))
        .cloned()
        .unwrap();
    let (name, right) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
    let digits = right.rsplit('=').next().unwrap().to_owned();
    let wrong: String = digits.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect();
    let id = receive(&listening, "/", &[&format!("{name}: {}", right.replace(&digits, &wrong))], body);
    let path = format!("/api/events/{id}");
    for below in [
        "",
        "?show_secrets=true",
        "/export?format=har&show_secrets=true",
        "/export?format=jsonl&show_secrets=true",
        "/export?format=curl&show_secrets=true",
        "/export?format=http&show_secrets=true",
        "/body?form=pretty",
    ] {
        let answered = inspector.get(&format!("{path}{below}"));
        assert_eq!(answered.status, 200, "{below}");
        assert!(!answered.text().contains(&digits), "{below}");
    }
}

#[test]
fn parts_of_a_form_say_where_they_stand_in_the_body() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let body =
        b"--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nhi\r\n--b\r\nContent-Disposition: form-data; \
        name=f; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\x00\x01\x02\r\n--b--";
    let id = receive(&listening, "/", &["content-type: multipart/form-data; boundary=b"], body);
    let parts = inspector.get(&format!("/api/events/{id}?body=false")).json()["parts"].clone();
    assert_eq!((&parts[0]["name"], &parts[0]["filename"]), (&"n".into(), &Value::Null));
    assert_eq!((&parts[1]["filename"], &parts[1]["content_type"]), (&"a.png".into(), &"image/png".into()));
    let (from, bytes) = (parts[1]["from"].as_u64().unwrap(), parts[1]["bytes"].as_u64().unwrap());
    let range = format!("range: bytes={from}-{}", from + bytes - 1);
    let part = inspector.get_with(&format!("/api/events/{id}/body"), &[&range]);
    assert_eq!((part.status, part.body.as_slice()), (206, &[0, 1, 2][..]));
}

#[test]
fn a_pin_stays_until_it_is_taken_off() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let id = receive(&listening, "/", &[], b"{}");
    let path = format!("/api/events/{id}");
    assert_eq!(inspector.get(&path).json()["pinned"], false);
    for pinned in [true, true, false] {
        let told = inspector.post(&format!("{path}/pin"), &json!({ "pinned": pinned }));
        assert_eq!((told.status, told.json()["pinned"].clone()), (200, pinned.into()));
        assert_eq!(inspector.get(&path).json()["pinned"], pinned);
    }
    let none = "/api/events/019aa899-d1c8-7000-8000-000000000001/pin";
    assert_eq!(inspector.post(none, &json!({ "pinned": true })).status, 404);
    assert_eq!(inspector.post(&format!("{path}/pin"), &json!({ "pinned": 1 })).status, 400);
}

#[test]
fn how_long_it_took_to_keep_and_to_answer_is_known_soon() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &["--status", "202"]);
    let id = receive(&listening, "/", &[], b"{}");
    let began = std::time::Instant::now();
    let life = loop {
        let life = inspector.get(&format!("/api/events/{id}")).json()["life"].clone();
        if life["answered_ms"].is_number() {
            break life;
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(20), "{life}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    assert_eq!(life["answer_status"], 202);
    assert!(life["stored_ms"].as_f64().unwrap() <= life["answered_ms"].as_f64().unwrap(), "{life}");
}

//! The JSON objects of `--json`, one a line (DESIGN section 4; the schema is in `tests/schema/`).
//!
//! A busy listener writes tens of thousands of these a second, so they go straight into a reusable
//! buffer, without a tree in between. [`crate::model::Expected`] has no writer here on purpose: a
//! line may leave the machine.

use std::fmt::Arguments;
use std::io::Write;

use base64::prelude::{BASE64_STANDARD, Engine};
use http::HeaderMap;
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::explanation::ExplanationFields;
use super::human::MASK;
use super::mock::{ReadyFields, mock_attempt_object};
use crate::json::quote_into;
use crate::model::{
    Answered, Attempt, Confirmation, Delivery, Event, EventId, Notice, Repeat, Request, Response, Summary, Verdict,
};

/// How a header value that is not UTF-8 is written: each byte as the character of its number.
pub const HEADER_LATIN1: &str = "latin1";
/// How a header value that is not given away is written.
pub const HEADER_MASKED: &str = "masked";

/// What is written of bodies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Bodies {
    /// Their bytes, as on the command line.
    #[default]
    Lines,
    /// Their bytes, and how many there are, in requests and answers alike.
    Whole,
    /// Only how many there are.
    Counted,
}

/// Microseconds, always, so that lines sort as text.
const TIMES: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// Appends the line of a notice, with its line break.
pub fn write_notice(out: &mut Vec<u8>, notice: &Notice) {
    match notice {
        Notice::Ready { url, inspector } => {
            open(out, "ready");
            raw(out, ",\"url\":");
            quote_into(out, url);
            raw(out, ",\"inspector\":");
            optional(out, inspector.as_deref());
        }
        Notice::Received(event) => {
            open(out, "received");
            raw(out, ",\"event\":");
            write_event(out, event);
        }
        Notice::Answered(answered) => write_answered(out, answered),
        Notice::Confirmation(confirmation) => write_confirmation(out, confirmation),
        Notice::Forwarded { event_id, delivery, .. } => attempt(out, "forwarded", event_id, delivery),
        Notice::Sent { event_id, delivery, .. } => attempt(out, "sent", event_id, delivery),
        Notice::Refused { status, reason } => {
            open(out, "refused");
            formatted(out, format_args!(",\"status\":{status},\"reason\":"));
            quote_into(out, reason);
        }
        Notice::Target { target, state, waiting, reason } => {
            open(out, "target");
            raw(out, ",\"target\":");
            quote_into(out, target);
            formatted(out, format_args!(",\"state\":\"{}\",\"waiting\":{waiting},\"reason\":", state.as_str()));
            optional(out, reason.as_deref());
        }
        Notice::MockReady(ready) => return item(out, "ready", &ReadyFields::of(ready)),
        Notice::MockAttempt(attempt) => return item(out, "attempt", &mock_attempt_object(attempt).ok()),
        // Who calls sees the answer; the data of a mock are its deliveries.
        Notice::MockCall(_) => return,
        Notice::Stopped(summary) => {
            open(out, "stopped");
            write_summary(out, summary);
        }
    }
    raw(out, "}\n");
}

/// Appends the line of an object that is not written often.
fn item(out: &mut Vec<u8>, kind: &str, value: &impl Serialize) {
    // Both are objects of texts and numbers, which always become JSON.
    out.extend_from_slice(item_line(kind, value).unwrap_or_default().as_bytes());
}

/// Appends the line that says how many notices were left out, with its line break.
pub fn write_lagged(out: &mut Vec<u8>, missed: u64) {
    open(out, "lagged");
    formatted(out, format_args!(",\"missed\":{missed}}}\n"));
}

/// The line of an error, with its line break.
pub fn error_line(code: &str, message: &str, hint: Option<&str>) -> String {
    let mut out = Vec::new();
    open(&mut out, "error");
    raw(&mut out, ",\"code\":");
    quote_into(&mut out, code);
    raw(&mut out, ",\"message\":");
    quote_into(&mut out, message);
    raw(&mut out, ",\"hint\":");
    optional(&mut out, hint);
    raw(&mut out, "}\n");
    String::from_utf8(out).unwrap_or_default()
}

/// The line of any other object, `{"v":1,"type":KIND,` followed by the fields of `value`, which must
/// serialize as an object, with its line break.
pub fn item_line(kind: &str, value: &impl Serialize) -> serde_json::Result<String> {
    let fields = serde_json::to_string(value)?;
    let inside = fields.strip_prefix('{').ok_or_else(|| serde::ser::Error::custom("not an object"))?;
    let comma = if inside == "}" { "" } else { "," };
    Ok(format!("{{\"v\":1,\"type\":\"{kind}\"{comma}{inside}\n"))
}

/// Appends an event's object, without a line break.
pub fn write_event(out: &mut Vec<u8>, event: &Event) {
    event_object(out, event, Bodies::Lines);
}

fn event_object(out: &mut Vec<u8>, event: &Event, bodies: Bodies) {
    formatted(out, format_args!("{{\"id\":\"{}\",\"received_at\":\"", event.id));
    time(out, event.received_at);
    raw(out, "\",\"provider\":");
    quote_into(out, &event.provider);
    raw(out, ",\"event_type\":");
    optional(out, event.event_type.as_deref());
    raw(out, ",\"delivery_id\":");
    optional(out, event.delivery_id.as_deref());
    raw(out, ",\"handshake\":");
    optional(out, event.handshake.as_deref());
    raw(out, ",\"verdict\":");
    write_verdict(out, &event.verdict);
    raw(out, ",\"request\":");
    write_request(out, event, bodies);
    match &event.repeat {
        Some(Repeat { retry, first }) => {
            formatted(out, format_args!(",\"retry\":{{\"number\":{retry},\"of\":\"{first}\"}}"));
        }
        None => raw(out, ",\"retry\":null"),
    }
    raw(out, "}");
}

/// Appends the line of an event of the past, with its deliveries and the targets that have still to
/// get it, and its line break.
pub fn write_past(out: &mut Vec<u8>, event: &Event, deliveries: &[Attempt], waiting: &[String]) {
    write_past_with(out, event, deliveries, waiting, Bodies::Lines);
    raw(out, "}\n");
}

/// The same with more or less of the bodies, and still open: further members may follow.
pub fn write_past_with(out: &mut Vec<u8>, event: &Event, deliveries: &[Attempt], waiting: &[String], bodies: Bodies) {
    open(out, "event");
    raw(out, ",\"event\":");
    event_object(out, event, bodies);
    raw(out, ",\"deliveries\":[");
    for (position, Attempt { made_at, delivery }) in deliveries.iter().enumerate() {
        raw(out, if position == 0 { "{\"made_at\":\"" } else { ",{\"made_at\":\"" });
        time(out, *made_at);
        raw(out, "\",\"delivery\":");
        delivery_object(out, delivery, bodies);
        raw(out, "}");
    }
    raw(out, "],\"waiting\":[");
    for (position, target) in waiting.iter().enumerate() {
        raw(out, if position == 0 { "" } else { "," });
        quote_into(out, target);
    }
    raw(out, "]");
}

/// Appends a verdict's object, without what would have been right.
pub fn write_verdict(out: &mut Vec<u8>, verdict: &Verdict) {
    raw(out, "{\"status\":\"");
    raw(out, verdict.status.as_str());
    raw(out, "\",\"scheme\":");
    optional(out, verdict.scheme.as_deref());
    raw(out, ",\"reason\":");
    optional(out, verdict.reason.as_ref().map(ToString::to_string).as_deref());
    raw(out, ",\"hint\":");
    optional(out, verdict.hint.as_deref());
    if let Some(secret) = &verdict.secret {
        raw(out, ",\"secret\":");
        quote_into(out, secret);
    }
    if let Some(explanation) = &verdict.explanation {
        raw(out, ",\"explanation\":");
        // Texts and numbers always become JSON.
        out.extend(serde_json::to_vec(&ExplanationFields::of(explanation)).unwrap_or_else(|_| b"null".to_vec()));
    }
    raw(out, "}");
}

/// Appends a delivery's object, without a line break.
pub fn write_delivery(out: &mut Vec<u8>, delivery: &Delivery) {
    delivery_object(out, delivery, Bodies::Lines);
}

fn delivery_object(out: &mut Vec<u8>, delivery: &Delivery, bodies: Bodies) {
    raw(out, "{\"target\":");
    quote_into(out, &delivery.target);
    formatted(out, format_args!(",\"attempt\":{},\"status\":", delivery.attempt));
    match delivery.status() {
        Some(status) => formatted(out, format_args!("{status}")),
        None => raw(out, "null"),
    }
    let micros = delivery.duration.as_micros();
    formatted(out, format_args!(",\"duration_ms\":{}.{:03},\"error\":", micros / 1000, micros % 1000));
    match &delivery.error {
        Some(error) => {
            formatted(out, format_args!("{{\"kind\":\"{}\",\"message\":", error.kind.as_str()));
            quote_into(out, &error.message);
            raw(out, "}");
        }
        None => raw(out, "null"),
    }
    raw(out, ",\"response\":");
    match &delivery.response {
        Some(response) => write_response(out, response, delivery.truncated, bodies),
        None => raw(out, "null"),
    }
    raw(out, "}");
}

fn write_answered(out: &mut Vec<u8>, answered: &Answered) {
    open(out, "answered");
    formatted(out, format_args!(",\"event_id\":\"{}\",\"handshake\":", answered.event_id));
    quote_into(out, &answered.handshake);
    let by = if answered.is_own { "hookctl" } else { "target" };
    formatted(out, format_args!(",\"by\":\"{by}\",\"status\":{},\"reason\":", answered.status));
    optional(out, answered.remark.as_deref());
}

fn write_confirmation(out: &mut Vec<u8>, confirmation: &Confirmation) {
    open(out, "confirmation");
    formatted(out, format_args!(",\"event_id\":\"{}\",\"url\":", confirmation.event_id));
    quote_into(out, &confirmation.url);
    raw(out, ",\"delivery\":");
    match &confirmation.delivery {
        Some(delivery) => write_delivery(out, delivery),
        None => raw(out, "null"),
    }
    raw(out, ",\"reason\":");
    optional(out, confirmation.reason.as_deref());
}

fn attempt(out: &mut Vec<u8>, kind: &str, event_id: &EventId, delivery: &Delivery) {
    open(out, kind);
    formatted(out, format_args!(",\"event_id\":\"{event_id}\",\"delivery\":"));
    write_delivery(out, delivery);
}

fn write_request(out: &mut Vec<u8>, event: &Event, bodies: Bodies) {
    let Request { method, uri, headers, body } = &event.request;
    raw(out, "{\"method\":");
    quote_into(out, method.as_str());
    raw(out, ",\"path\":");
    quote_into(out, uri.path());
    raw(out, ",\"query\":");
    optional(out, uri.query());
    formatted(out, format_args!(",\"remote\":\"{}\",\"headers\":", event.remote));
    write_headers(out, headers);
    if bodies != Bodies::Counted {
        write_body(out, body);
    }
    formatted(out, format_args!(",\"body_bytes\":{},\"body_sha256\":\"", body.len()));
    let mut digest = [0; 64];
    // 32 bytes are 64 digits: it cannot fail.
    let _ = hex::encode_to_slice(Sha256::digest(body), &mut digest);
    out.extend_from_slice(&digest);
    raw(out, "\"}");
}

fn write_response(out: &mut Vec<u8>, response: &Response, truncated: bool, bodies: Bodies) {
    raw(out, "{\"headers\":");
    write_headers(out, &response.headers);
    if bodies != Bodies::Counted {
        write_body(out, &response.body);
    }
    if bodies != Bodies::Lines {
        formatted(out, format_args!(",\"body_bytes\":{}", response.body.len()));
    }
    formatted(out, format_args!(",\"truncated\":{truncated}}}"));
}

/// Appends pairs of name and value; a value that is not UTF-8 is read as Latin-1 (RFC 9110 section 5.5). Then the
/// member `header_encodings`, with the positions of values that are not what they seem, where there are any.
pub fn write_headers(out: &mut Vec<u8>, headers: &HeaderMap) {
    let mut encodings = Vec::new();
    raw(out, "[");
    for (position, (name, value)) in headers.iter().enumerate() {
        raw(out, if position == 0 { "[\"" } else { ",[\"" });
        raw(out, name.as_str());
        raw(out, "\",");
        match std::str::from_utf8(value.as_bytes()) {
            _ if value.is_sensitive() => {
                quote_into(out, MASK);
                encodings.push((position, HEADER_MASKED));
            }
            Ok(text) => quote_into(out, text),
            Err(_) => {
                quote_into(out, &value.as_bytes().iter().copied().map(char::from).collect::<String>());
                encodings.push((position, HEADER_LATIN1));
            }
        }
        raw(out, "]");
    }
    raw(out, "]");
    if encodings.is_empty() {
        return;
    }
    for (number, (position, encoding)) in encodings.into_iter().enumerate() {
        raw(out, if number == 0 { ",\"header_encodings\":[" } else { "," });
        formatted(out, format_args!("[{position},\"{encoding}\"]"));
    }
    raw(out, "]");
}

/// Appends the members `body` and `body_encoding`, after a comma.
pub fn write_body(out: &mut Vec<u8>, body: &[u8]) {
    raw(out, ",\"body\":");
    match std::str::from_utf8(body) {
        Ok(text) => {
            quote_into(out, text);
            raw(out, ",\"body_encoding\":\"utf8\"");
        }
        Err(_) => {
            raw(out, "\"");
            raw(out, &BASE64_STANDARD.encode(body));
            raw(out, "\",\"body_encoding\":\"base64\"");
        }
    }
}

fn write_summary(out: &mut Vec<u8>, summary: &Summary) {
    let Summary { received, valid, invalid, unsigned, unchecked, forwarded, failed, waiting } = summary;
    formatted(
        out,
        format_args!(
            ",\"received\":{received},\"valid\":{valid},\"invalid\":{invalid},\"unsigned\":{unsigned},\
             \"unchecked\":{unchecked},\"forwarded\":{forwarded},\"failed\":{failed},\"waiting\":{waiting}"
        ),
    );
}

fn open(out: &mut Vec<u8>, kind: &str) {
    raw(out, "{\"v\":1,\"type\":\"");
    raw(out, kind);
    raw(out, "\"");
}

fn raw(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn formatted(out: &mut Vec<u8>, text: Arguments<'_>) {
    // Writing to memory cannot fail.
    let _ = out.write_fmt(text);
}

fn time(out: &mut Vec<u8>, time: Timestamp) {
    // Writing to memory cannot fail.
    let _ = TIMES.print_timestamp(&time, out);
}

fn optional(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => quote_into(out, text),
        None => raw(out, "null"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{DeliveryError, Expected, FailureKind, Reason};
    use crate::output::sample;

    fn line(notice: &Notice) -> String {
        let mut out = Vec::new();
        write_notice(&mut out, notice);
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with('\n') && text.matches('\n').count() == 1, "{text:?}");
        text
    }

    fn value(notice: &Notice) -> Value {
        serde_json::from_str(&line(notice)).unwrap()
    }

    #[test]
    fn a_received_line_has_every_field_in_order() {
        let text = line(&Notice::Received(sample::event(br#"{"id":1.0}"#).into()));
        let expected = concat!(
            r#"{"v":1,"type":"received","event":{"id":"019aa899-d1c8-7000-8000-000000000001","#,
            r#""received_at":"2026-11-21T15:04:05.000000Z","provider":"prospektr","event_type":"prospect.added","#,
            r#""delivery_id":null,"handshake":null,"verdict":{"status":"valid","scheme":"sha256","reason":null,"hint":null},"#,
            r#""request":{"method":"POST","path":"/hook","query":"a=1&a=2","remote":"127.0.0.1:5000","#,
            r#""headers":[["content-type","application/json"],["x-key","a"],["x-key","b"]],"#,
            r#""body":"{\"id\":1.0}","body_encoding":"utf8","body_bytes":10,"#,
            r#""body_sha256":""#,
        );
        let digest = hex::encode(Sha256::digest(br#"{"id":1.0}"#));
        assert_eq!(text, format!("{expected}{digest}\"}},\"retry\":null}}}}\n"));
    }

    #[test]
    fn what_is_absent_is_null_and_what_is_not_utf8_is_encoded() {
        let mut event = sample::event(b"\xff\x00");
        event.event_type = None;
        event.request.uri = http::Uri::from_static("/");
        event.request.headers.insert("x-key", http::HeaderValue::from_bytes(b"caf\xe9").unwrap());
        let line = value(&Notice::Received(event.into()));
        let request = &line["event"]["request"];
        assert_eq!((&request["body"], &request["body_encoding"]), (&json!("/wA="), &json!("base64")));
        assert_eq!((&request["query"], &line["event"]["event_type"]), (&Value::Null, &Value::Null));
        assert_eq!(request["headers"][1], json!(["x-key", "café"]));
    }

    #[test]
    fn the_signature_that_would_be_right_never_leaves() {
        let mut event = sample::event(b"{}");
        event.verdict = Verdict::unchecked(Reason::UnknownProvider).with_hint("name it with \"--provider\"");
        event.verdict.expected = Some(Expected { place: "header".into(), value: "sha256=SENTINEL".into() });
        let text = line(&Notice::Received(event.into()));
        assert!(!text.contains("SENTINEL"));
        assert!(
            text.contains(r#""reason":"no known provider matches this request","hint":"name it with \"--provider\"""#)
        );
    }

    #[test]
    fn a_delivery_line_has_status_duration_and_answer() {
        let delivery = sample::delivery(500, b"oops");
        let forwarded = Notice::Forwarded { event_id: sample::ID, event_type: None, delivery: delivery.into() };
        assert_eq!(
            line(&forwarded),
            concat!(
                r#"{"v":1,"type":"forwarded","event_id":"019aa899-d1c8-7000-8000-000000000001","#,
                r#""delivery":{"target":"http://localhost:3000/","attempt":1,"status":500,"duration_ms":23.045,"#,
                r#""error":null,"response":{"headers":[["content-type","text/plain"]],"body":"oops","body_encoding":"utf8","truncated":false}}}"#,
                "\n"
            )
        );
    }

    #[test]
    fn a_failed_delivery_says_why() {
        let mut delivery = sample::delivery(200, b"");
        delivery.response = None;
        let message = "connection refused (tried ::1, 127.0.0.1)".to_owned();
        delivery.error = Some(DeliveryError { kind: FailureKind::Refused, message, hint: None });
        let sent = value(&Notice::Sent { event_id: sample::ID, event_type: None, delivery: delivery.into() });
        assert_eq!(sent["type"], "sent");
        assert_eq!(sent["delivery"]["status"], Value::Null);
        assert_eq!(sent["delivery"]["response"], Value::Null);
        assert_eq!(sent["delivery"]["error"]["kind"], "refused");
    }

    #[test]
    fn the_other_lines_are_as_published() {
        let ready = Notice::Ready { url: "http://127.0.0.1:4000".into(), inspector: None };
        assert_eq!(line(&ready), "{\"v\":1,\"type\":\"ready\",\"url\":\"http://127.0.0.1:4000\",\"inspector\":null}\n");
        let refused = Notice::Refused { status: 413, reason: "too \"large\"".into() };
        assert_eq!(line(&refused), "{\"v\":1,\"type\":\"refused\",\"status\":413,\"reason\":\"too \\\"large\\\"\"}\n");
        let summary = Summary { received: 3, valid: 2, invalid: 1, forwarded: 2, failed: 1, ..Summary::default() };
        assert_eq!(
            line(&Notice::Stopped(summary)),
            "{\"v\":1,\"type\":\"stopped\",\"received\":3,\"valid\":2,\"invalid\":1,\"unsigned\":0,\"unchecked\":0,\
             \"forwarded\":2,\"failed\":1,\"waiting\":0}\n"
        );
        assert_eq!(
            error_line("port_in_use", "port 4000 is in use", Some("use --port 0")),
            "{\"v\":1,\"type\":\"error\",\"code\":\"port_in_use\",\"message\":\"port 4000 is in use\",\"hint\":\"use --port 0\"}\n"
        );
        let mut lagged = Vec::new();
        write_lagged(&mut lagged, 12);
        assert_eq!(lagged, b"{\"v\":1,\"type\":\"lagged\",\"missed\":12}\n");
    }

    #[test]
    fn any_object_becomes_a_line() {
        assert_eq!(
            item_line("provider", &json!({"id": "x"})).unwrap(),
            "{\"v\":1,\"type\":\"provider\",\"id\":\"x\"}\n"
        );
        assert_eq!(item_line("empty", &json!({})).unwrap(), "{\"v\":1,\"type\":\"empty\"}\n");
        assert!(item_line("list", &json!([1])).is_err());
    }

    proptest! {
        #[test]
        fn any_body_comes_back_byte_for_byte(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let line = value(&Notice::Received(sample::event(&bytes).into()));
            let request = &line["event"]["request"];
            let text = request["body"].as_str().unwrap();
            let read = match request["body_encoding"].as_str() {
                Some("utf8") => text.as_bytes().to_vec(),
                _ => BASE64_STANDARD.decode(text).unwrap(),
            };
            prop_assert_eq!(read, bytes);
        }
    }
}

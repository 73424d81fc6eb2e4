//! An `event` line of `--json` read back, exactly: nothing is guessed, what is wrong is refused.

use std::sync::Arc;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::Record;
use crate::model::{
    Attempt, Delivery, DeliveryError, Event, EventId, FailureKind, Reason, Repeat, Request, Response, Verdict,
    VerdictStatus,
};
use crate::output::{HEADER_LATIN1, HEADER_MASKED, MASK};

/// What `listen --json` says besides its events.
const BESIDE_EVENTS: [&str; 8] =
    ["ready", "answered", "confirmation", "forwarded", "refused", "target", "lagged", "stopped"];
/// The version of the lines that are understood.
const VERSION: u64 = 1;

#[derive(Deserialize)]
struct Line {
    v: u64,
    r#type: String,
    event: Option<EventFields>,
    #[serde(default)]
    deliveries: Vec<AttemptFields>,
    #[serde(default)]
    waiting: Vec<String>,
}

#[derive(Deserialize)]
struct EventFields {
    id: String,
    #[serde(deserialize_with = "time")]
    received_at: Timestamp,
    provider: String,
    event_type: Option<String>,
    delivery_id: Option<String>,
    handshake: Option<String>,
    verdict: VerdictFields,
    request: RequestFields,
    retry: Option<RetryFields>,
}

/// A verdict's object.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct VerdictFields {
    status: String,
    scheme: Option<String>,
    reason: Option<String>,
    hint: Option<String>,
    secret: Option<String>,
}

#[derive(Deserialize)]
struct RequestFields {
    method: String,
    path: String,
    query: Option<String>,
    remote: std::net::SocketAddr,
    headers: Vec<(String, String)>,
    #[serde(default)]
    header_encodings: Vec<(usize, String)>,
    body: String,
    body_encoding: String,
    body_bytes: Option<usize>,
    body_sha256: Option<String>,
}

#[derive(Deserialize)]
struct RetryFields {
    number: u32,
    of: String,
}

#[derive(Deserialize)]
struct AttemptFields {
    #[serde(deserialize_with = "time")]
    made_at: Timestamp,
    delivery: DeliveryFields,
}

#[derive(Deserialize)]
struct DeliveryFields {
    target: String,
    attempt: u32,
    status: Option<u16>,
    duration_ms: f64,
    error: Option<ErrorFields>,
    response: Option<ResponseFields>,
}

#[derive(Deserialize)]
struct ErrorFields {
    kind: FailureKind,
    message: String,
}

#[derive(Deserialize)]
struct ResponseFields {
    headers: Vec<(String, String)>,
    #[serde(default)]
    header_encodings: Vec<(usize, String)>,
    body: String,
    body_encoding: String,
    truncated: bool,
}

/// Reads a line of the type `event`, or `received` as `listen --json` writes it; `None` for its other
/// lines. The error says in one line what is wrong.
pub fn recorded(line: &[u8]) -> Result<Option<Record>, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| foreign(&error))?;
    if line.v != VERSION {
        return Err(format!("it is of version {}, and this version of hookctl reads {VERSION}", line.v));
    }
    match (line.r#type.as_str(), line.event) {
        ("event" | "received", Some(event)) => {
            let event = event.event()?;
            let method = &event.request.method;
            let deliveries =
                line.deliveries.into_iter().map(|attempt| attempt.attempt(method)).collect::<Result<_, _>>()?;
            Ok(Some(Record { event, deliveries, waiting: line.waiting }))
        }
        ("event" | "received", None) => Err("missing field `event`".to_owned()),
        (other, None) if BESIDE_EVENTS.contains(&other) => Ok(None),
        (other, _) => Err(format!("a line of the type `{other}` is no event")),
    }
}

fn time<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Timestamp, D::Error> {
    String::deserialize(source)?.parse().map_err(serde::de::Error::custom)
}

/// An error of the JSON reader, without the line that it counts itself.
pub(super) fn foreign(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((text, _)) => format!("{text} (column {})", error.column()),
        None => text,
    }
}

/// The id of an event: a UUIDv7, since the history finds times by ids.
pub(super) fn event_id(text: &str) -> Result<EventId, String> {
    let id: EventId = text.parse().map_err(|error| format!("its id is none: {error}"))?;
    if id.get_version_num() == 7 { Ok(id) } else { Err(format!("its id {id} is not a UUID of version 7")) }
}

impl EventFields {
    fn event(self) -> Result<Event, String> {
        let repeat = match self.retry {
            Some(RetryFields { number, of }) => Some(Repeat { retry: number, first: event_id(&of)? }),
            None => None,
        };
        if self.provider.is_empty() {
            return Err("its provider has no name".to_owned());
        }
        let remote = self.request.remote;
        Ok(Event {
            id: event_id(&self.id)?,
            received_at: self.received_at,
            provider: self.provider.into(),
            event_type: self.event_type,
            delivery_id: self.delivery_id,
            verdict: self.verdict.verdict()?,
            request: self.request.request()?,
            remote,
            handshake: self.handshake.map(Arc::from),
            repeat,
        })
    }
}

impl VerdictFields {
    /// The verdict as it was recorded.
    pub(super) fn verdict(self) -> Result<Verdict, String> {
        let Self { status, scheme, reason, hint, secret } = self;
        let status = VerdictStatus::parse(&status).ok_or_else(|| format!("its verdict `{status}` is none"))?;
        let is_valid = status == VerdictStatus::Valid;
        let reason = match reason.filter(|reason| !reason.is_empty()) {
            Some(_) if is_valid => return Err("its verdict is valid and has a reason".to_owned()),
            None if !is_valid => return Err(format!("its verdict is {} without a reason", status.as_str())),
            reason => reason.map(|text| Reason::Recorded { text }),
        };
        let mut verdict = Verdict::new(status, scheme.map(Arc::from), reason);
        verdict.hint = hint;
        verdict.secret = secret.map(Arc::from);
        Ok(verdict)
    }
}

impl RequestFields {
    fn request(self) -> Result<Request, String> {
        let body = body(self.body, &self.body_encoding)?;
        if self.body_bytes.is_some_and(|bytes| bytes != body.len()) {
            return Err("its body has another length than `body_bytes` says".to_owned());
        }
        if self.body_sha256.is_some_and(|digest| digest != hex::encode(Sha256::digest(&body))) {
            return Err("its body is another than `body_sha256` says".to_owned());
        }
        let target = match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        };
        let uri: Uri = target.parse().map_err(|error| format!("its path and query cannot be read: {error}"))?;
        // A `#` would be cut off in silence.
        if uri.path() != self.path || uri.query() != self.query.as_deref() {
            return Err("its path and query are not those of a request".to_owned());
        }
        Ok(Request {
            method: Method::from_bytes(self.method.as_bytes()).map_err(|error| format!("its method: {error}"))?,
            uri,
            headers: headers(self.headers, &self.header_encodings, Masked::Sealed)?,
            body,
        })
    }
}

impl AttemptFields {
    /// A delivery sends on what was received, so its method is that of the event.
    fn attempt(self, method: &Method) -> Result<Attempt, String> {
        let DeliveryFields { target, attempt, status, duration_ms, error, response } = self.delivery;
        if !["http://", "https://"].iter().any(|scheme| target.starts_with(scheme)) || attempt == 0 {
            return Err("a delivery has no target or attempt".to_owned());
        }
        let (response, truncated) = match (status, response) {
            (Some(status), Some(response)) => {
                let truncated = response.truncated;
                (Some(response.response(status)?), truncated)
            }
            (None, None) => (None, false),
            _ => return Err("a delivery has a status without an answer, or an answer without a status".to_owned()),
        };
        // Microseconds are written with three places.
        let duration = Duration::try_from_secs_f64(duration_ms / 1000.0)
            .map_err(|_| "the duration of a delivery is none".to_owned())?;
        let micros = duration.as_nanos().saturating_add(500) / 1000;
        Ok(Attempt {
            made_at: self.made_at,
            delivery: Delivery {
                method: method.clone(),
                target,
                attempt,
                duration: Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX)),
                response,
                truncated,
                error: error.map(|ErrorFields { kind, message }| DeliveryError { kind, message, hint: None }),
            },
        })
    }
}

impl ResponseFields {
    fn response(self, status: u16) -> Result<Response, String> {
        let status = StatusCode::from_u16(status).ok().filter(|status| status.as_u16() < 600);
        Ok(Response {
            status: status.ok_or("the status of a delivery is none")?,
            headers: headers(self.headers, &self.header_encodings, Masked::Text)?,
            body: body(self.body, &self.body_encoding)?,
        })
    }
}

/// What becomes of a value that was masked when it was written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Masked {
    /// Known to be missing.
    Sealed,
    /// The mask itself: answers have no sealed values.
    Text,
}

fn headers(pairs: Vec<(String, String)>, encodings: &[(usize, String)], masked: Masked) -> Result<HeaderMap, String> {
    if let Some((position, _)) = encodings.iter().find(|(position, _)| *position >= pairs.len()) {
        return Err(format!("`header_encodings` names header {position}, which is not there"));
    }
    let mut headers = HeaderMap::new();
    for (position, (name, value)) in pairs.into_iter().enumerate() {
        let encoding = encodings.iter().find(|(at, _)| *at == position).map(|(_, encoding)| encoding.as_str());
        let bytes = match encoding {
            None => value.into_bytes(),
            Some(HEADER_LATIN1) => latin1(&value).ok_or_else(|| format!("header `{name}` is not Latin-1"))?,
            Some(HEADER_MASKED) if masked == Masked::Text => MASK.into(),
            Some(HEADER_MASKED) => Vec::new(),
            Some(other) => return Err(format!("header `{name}` has the unknown encoding `{other}`")),
        };
        let mut value =
            HeaderValue::from_bytes(&bytes).map_err(|_| format!("header `{name}` has a control character"))?;
        value.set_sensitive(encoding == Some(HEADER_MASKED) && masked == Masked::Sealed);
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("`{name}` is not a header name"))?;
        headers.try_append(parsed, value).map_err(|_| "it has too many headers")?;
    }
    Ok(headers)
}

fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

fn body(text: String, encoding: &str) -> Result<Bytes, String> {
    match encoding {
        "utf8" => Ok(text.into()),
        "base64" => {
            BASE64_STANDARD.decode(text).map(Bytes::from).map_err(|error| format!("its body is not base64: {error}"))
        }
        other => Err(format!("its body has the unknown encoding `{other}`")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::output::write_past;

    fn header() -> impl Strategy<Value = (String, Vec<u8>, bool)> {
        let value = proptest::collection::vec(prop_oneof![b' '..=b'~', 0x80..=0xff_u8, Just(b'\t')], 0..12);
        ("[a-d]{1,2}", value, proptest::bool::weighted(0.1))
    }

    fn header_map(fields: &[(String, Vec<u8>, bool)], sealed: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value, is_sealed) in fields {
            let mut value = HeaderValue::from_bytes(value).unwrap();
            if sealed && *is_sealed {
                value = HeaderValue::from_static("");
                value.set_sensitive(true);
            }
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
        }
        headers
    }

    fn body() -> impl Strategy<Value = Bytes> {
        prop_oneof![
            any::<String>().prop_map(Bytes::from),
            proptest::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from)
        ]
    }

    fn verdict() -> impl Strategy<Value = Verdict> {
        prop_oneof![
            Just(Verdict::valid("v1".into())),
            Just(Verdict::unchecked(Reason::UnknownProvider).with_hint("say \"which\"")),
            ".{1,9}".prop_map(|place| {
                Verdict::new(VerdictStatus::Unsigned, None, Some(Reason::MissingSignature { place }))
            }),
        ]
    }

    fn attempt() -> impl Strategy<Value = Attempt> {
        let answer = (100_u16..600, proptest::collection::vec(header(), 0..3), body(), any::<bool>());
        (0_u64..1 << 50, proptest::option::of(answer), 1_u32..9).prop_map(|(micros, answer, attempt)| Attempt {
            made_at: Timestamp::UNIX_EPOCH,
            delivery: Delivery {
                method: Method::POST,
                target: "http://localhost:3000/x".to_owned(),
                attempt,
                duration: Duration::from_micros(micros),
                truncated: answer.as_ref().is_some_and(|(.., truncated)| *truncated),
                error: answer.is_none().then(|| DeliveryError {
                    kind: FailureKind::Refused,
                    message: "connection refused".to_owned(),
                    hint: None,
                }),
                response: answer.map(|(status, fields, body, _)| Response {
                    status: StatusCode::from_u16(status).unwrap(),
                    headers: header_map(&fields, false),
                    body,
                }),
            },
        })
    }

    prop_compose! {
        fn record()(
            random in any::<[u8; 10]>(),
            micros in 0_i64..1 << 52,
            names in (
                "[^\0]{1,8}",
                proptest::option::of(any::<String>()),
                proptest::option::of(any::<String>()),
                proptest::option::of("[a-z_]{1,8}"),
            ),
            verdict in verdict(),
            path in "(/[a-z%'*=~é.]{0,5}){1,3}",
            query in proptest::option::of("[a-z&=%?/+]{0,9}"),
            fields in proptest::collection::vec(header(), 0..6),
            body in body(),
            retry in proptest::option::of(1_u32..9),
            deliveries in proptest::collection::vec(attempt(), 0..3),
        ) -> Record {
            let target = query.map_or(path.clone(), |query| format!("{path}?{query}"));
            let id = uuid::Builder::from_unix_timestamp_millis(1, &random).into_uuid();
            let request = Request { method: Method::POST, uri: target.parse().unwrap(), headers: header_map(&fields, true), body };
            Record {
                event: Event {
                    id,
                    received_at: Timestamp::from_microsecond(micros).unwrap(),
                    provider: names.0.into(),
                    event_type: names.1,
                    delivery_id: names.2,
                    verdict,
                    request,
                    remote: ([127, 0, 0, 1], 5).into(),
                    handshake: names.3.map(Arc::from),
                    repeat: retry.map(|retry| Repeat { retry, first: id }),
                },
                deliveries,
                waiting: vec!["http://h/".to_owned()],
            }
        }
    }

    fn line(record: &Record) -> Vec<u8> {
        let mut out = Vec::new();
        write_past(&mut out, &record.event, &record.deliveries, &record.waiting);
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn a_line_reads_back_as_what_was_written(record in record()) {
            let written = line(&record);
            let read = recorded(&written).unwrap().unwrap();
            prop_assert_eq!(&read.event.request, &record.event.request);
            let is_sealed = |record: &Record| -> Vec<bool> {
                record.event.request.headers.values().map(HeaderValue::is_sensitive).collect()
            };
            prop_assert_eq!(is_sealed(&read), is_sealed(&record));
            prop_assert_eq!(String::from_utf8(line(&read)).unwrap(), String::from_utf8(written).unwrap());
        }

        #[test]
        fn a_damaged_line_is_an_error_or_an_event_and_never_a_panic(
            record in record(), at in any::<prop::sample::Index>(), byte in any::<u8>()
        ) {
            let mut written = line(&record);
            let at = at.index(written.len());
            written[at] = byte;
            let _ = recorded(&written);
            let _ = recorded(&written[..at]);
        }
    }
}

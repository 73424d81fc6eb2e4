//! Writing an archive. What has no place in the format stands in `_hookctl`, a custom field as the
//! specification allows them.

use std::io::{self, Write};

use base64::prelude::{BASE64_STANDARD, Engine};
use http::HeaderMap;
use serde::Serialize;
use serde_json::ser::Formatter;

use crate::history::Record;
use crate::json::steers_terminal;
use crate::model::{Attempt, Delivery};

/// An unknown size (HAR 1.2, `headersSize`).
const UNKNOWN: i64 = -1;
/// What is received is not told apart further.
const HTTP: &str = "HTTP/1.1";

#[derive(Serialize)]
struct Entry<'a> {
    #[serde(rename = "startedDateTime")]
    started: String,
    time: f64,
    request: Request<'a>,
    response: Response<'a>,
    cache: Empty,
    timings: Timings,
    _hookctl: Own<'a>,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    method: &'a str,
    url: String,
    http_version: &'a str,
    cookies: [Empty; 0],
    headers: Vec<Pair>,
    query_string: Vec<Pair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_data: Option<PostData>,
    headers_size: i64,
    body_size: usize,
}

#[derive(Serialize)]
struct Pair {
    name: String,
    value: String,
}

#[derive(Serialize)]
struct PostData {
    #[serde(rename = "mimeType")]
    media_type: String,
    text: String,
    #[serde(rename = "_encoding", skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    status: u16,
    status_text: &'a str,
    http_version: &'a str,
    cookies: [Empty; 0],
    headers: Vec<Pair>,
    content: Content,
    #[serde(rename = "redirectURL")]
    redirect_url: String,
    headers_size: i64,
    body_size: i64,
    /// As Chrome writes why no answer came.
    #[serde(rename = "_error", skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct Content {
    size: usize,
    #[serde(rename = "mimeType")]
    media_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
}

#[derive(Serialize)]
struct Timings {
    send: f64,
    wait: f64,
    receive: f64,
}

#[derive(Serialize)]
struct Own<'a> {
    id: String,
    provider: &'a str,
    event_type: Option<&'a str>,
    delivery_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handshake: Option<&'a str>,
    verdict: Verdict<'a>,
    remote: String,
    /// Where the last delivery went, whose answer is the response.
    target: Option<&'a str>,
    attempt: Option<u32>,
}

#[derive(Serialize)]
struct Verdict<'a> {
    status: &'a str,
    scheme: Option<&'a str>,
    reason: Option<String>,
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

/// Writes what stands before the entries.
pub(in crate::history) fn begin(out: &mut dyn Write) -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    writeln!(
        out,
        "{{\"log\":{{\"version\":\"1.2\",\"creator\":{{\"name\":\"hookctl\",\"version\":\"{version}\"}},\"entries\":["
    )
}

/// Writes an event; a line of its own.
pub(in crate::history) fn entry(out: &mut dyn Write, record: &Record, is_first: bool) -> io::Result<()> {
    let last = record.deliveries.last();
    let time = last.map_or(0.0, |Attempt { delivery, .. }| delivery.duration.as_secs_f64() * 1000.0);
    let entry = Entry {
        started: format!("{:.6}", record.event.received_at),
        time,
        request: request(record),
        response: last.map_or_else(none, |attempt| response(&attempt.delivery)),
        cache: Empty {},
        timings: Timings { send: 0.0, wait: time, receive: 0.0 },
        _hookctl: own(record),
    };
    if !is_first {
        out.write_all(b",\n")?;
    }
    entry.serialize(&mut serde_json::Serializer::with_formatter(out, Harmless)).map_err(io::Error::from)
}

/// Writes what stands behind the entries.
pub(in crate::history) fn end(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"\n]}}\n")
}

fn own(record: &Record) -> Own<'_> {
    let event = &record.event;
    let last = record.deliveries.last().map(|attempt| &attempt.delivery);
    let verdict = &event.verdict;
    Own {
        id: event.id.to_string(),
        provider: &event.provider,
        event_type: event.event_type.as_deref(),
        delivery_id: event.delivery_id.as_deref(),
        handshake: event.handshake.as_deref(),
        verdict: Verdict {
            status: verdict.status.as_str(),
            scheme: verdict.scheme.as_deref(),
            reason: verdict.reason.as_ref().map(ToString::to_string),
            hint: verdict.hint.as_deref(),
            secret: verdict.secret.as_deref(),
        },
        remote: event.remote.to_string(),
        target: last.map(|delivery| delivery.target.as_str()),
        attempt: last.map(|delivery| delivery.attempt),
    }
}

fn request(record: &Record) -> Request<'_> {
    let request = &record.event.request;
    let query = request.uri.query().unwrap_or_default();
    let pairs = form_urlencoded::parse(query.as_bytes());
    Request {
        method: request.method.as_str(),
        url: record.url(),
        http_version: HTTP,
        cookies: [],
        headers: headers(&request.headers),
        query_string: pairs.map(|(name, value)| Pair { name: name.into(), value: value.into() }).collect(),
        post_data: (!request.body.is_empty()).then(|| post_data(&request.headers, &request.body)),
        headers_size: UNKNOWN,
        body_size: request.body.len(),
    }
}

fn post_data(headers: &HeaderMap, body: &[u8]) -> PostData {
    let (text, encoding) = text(body);
    PostData {
        media_type: media_type(headers),
        text,
        encoding,
        comment: encoding.map(|_| "the body is not UTF-8: the text is its base64"),
    }
}

fn response(delivery: &Delivery) -> Response<'_> {
    let error = delivery.error.as_ref().map(|error| error.message.as_str());
    let Some(answer) = &delivery.response else { return Response { error, ..none() } };
    let (text, encoding) = text(&answer.body);
    let location = answer.headers.get(http::header::LOCATION).map(|value| latin1_or_utf8(value.as_bytes()));
    Response {
        status: answer.status.as_u16(),
        status_text: answer.status.canonical_reason().unwrap_or_default(),
        http_version: HTTP,
        cookies: [],
        headers: headers(&answer.headers),
        content: Content {
            size: answer.body.len(),
            media_type: media_type(&answer.headers),
            text: (!answer.body.is_empty()).then_some(text),
            encoding,
        },
        redirect_url: location.unwrap_or_default(),
        headers_size: UNKNOWN,
        body_size: i64::try_from(answer.body.len()).unwrap_or(UNKNOWN),
        error,
    }
}

/// No answer, as browsers write it.
fn none<'a>() -> Response<'a> {
    Response {
        status: 0,
        status_text: "",
        http_version: "",
        cookies: [],
        headers: Vec::new(),
        content: Content { size: 0, media_type: "x-unknown".to_owned(), text: None, encoding: None },
        redirect_url: String::new(),
        headers_size: UNKNOWN,
        body_size: UNKNOWN,
        error: None,
    }
}

fn headers(headers: &HeaderMap) -> Vec<Pair> {
    let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| Pair {
        name: name.as_str().to_owned(),
        value: latin1_or_utf8(value.as_bytes()),
    };
    headers.iter().map(pair).collect()
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(http::header::CONTENT_TYPE);
    value.map(|value| latin1_or_utf8(value.as_bytes())).unwrap_or_default()
}

fn latin1_or_utf8(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

fn text(body: &[u8]) -> (String, Option<&'static str>) {
    match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (BASE64_STANDARD.encode(body), Some("base64")),
    }
}

/// JSON in which nothing steers a terminal: such characters are escapes, which say the same.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, character)) = rest.char_indices().find(|(_, character)| steers_terminal(*character)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + character.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

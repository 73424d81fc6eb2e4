//! Reading an archive: of hookctl, of browsers, of proxies.

use std::sync::Arc;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::history::Record;
use crate::history::recorded::{VerdictFields, event_id, foreign};
use crate::model::{Attempt, Delivery, Event, EventId, Reason, Request, Response, Verdict};
use crate::provider::{Identity, Provider, identify};

/// An archive is read as a whole; browsers export some ten megabytes.
pub const MAX_ARCHIVE_BYTES: u64 = 256 * 1024 * 1024;

/// Why an archive, or an entry of it, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HarError(pub String);

#[derive(Deserialize)]
struct Archive<'a> {
    #[serde(borrow)]
    log: Log<'a>,
}

#[derive(Deserialize)]
struct Log<'a> {
    #[serde(borrow)]
    entries: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "startedDateTime")]
    started: String,
    #[serde(default)]
    time: Option<f64>,
    request: RequestFields,
    #[serde(default)]
    response: Option<ResponseFields>,
    #[serde(default)]
    _hookctl: Option<Own>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestFields {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostData {
    #[serde(default)]
    mime_type: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    params: Vec<Pair>,
    #[serde(default, alias = "_encoding")]
    encoding: Option<String>,
}

#[derive(Deserialize)]
struct ResponseFields {
    status: i64,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    content: Option<Content>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    encoding: Option<String>,
}

#[derive(Deserialize)]
struct Own {
    id: String,
    provider: String,
    event_type: Option<String>,
    delivery_id: Option<String>,
    handshake: Option<String>,
    verdict: VerdictFields,
    remote: std::net::SocketAddr,
    target: Option<String>,
    attempt: Option<u32>,
}

/// The entries of an archive, each still to be read.
pub fn archive(text: &[u8]) -> Result<Vec<&RawValue>, HarError> {
    // Some tools begin the file with a byte order mark.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let archive: Archive<'_> = serde_json::from_slice(text).map_err(|error| HarError(foreign(&error)))?;
    Ok(archive.log.entries)
}

/// The event of an entry. `occurrence` counts the entries before it that are the same in every byte:
/// with it, reading a file again gives the same ids.
pub fn entry(raw: &RawValue, occurrence: u32, providers: &[Arc<Provider>]) -> Result<Record, HarError> {
    let fields: Entry = serde_json::from_str(raw.get()).map_err(|error| HarError(foreign(&error)))?;
    let received_at: Timestamp = parsed(fields.started.parse(), "startedDateTime", &fields.started)?;
    let request = request(&fields.request)?;
    let duration = Duration::try_from_secs_f64(fields.time.unwrap_or_default() / 1000.0).unwrap_or_default();
    let (event, own) = match fields._hookctl {
        Some(own) => {
            let id = event_id(&own.id).map_err(HarError)?;
            let event = Event {
                id,
                received_at,
                provider: own.provider.as_str().into(),
                event_type: own.event_type.clone(),
                delivery_id: own.delivery_id.clone(),
                verdict: own.verdict.clone().verdict().map_err(HarError)?,
                request,
                remote: own.remote,
                handshake: own.handshake.as_deref().map(Arc::from),
                repeat: None,
            };
            (event, Some(own))
        }
        None => (recognised(derived_id(raw, received_at, occurrence)?, received_at, request, providers), None),
    };
    let target = own.as_ref().map_or_else(|| Some(fields.request.url.clone()), |own| own.target.clone());
    let attempt = own.and_then(|own| own.attempt).unwrap_or(1).max(1);
    let answer = fields.response.map(|response| answer(&response)).transpose()?.flatten();
    let deliveries = match (answer, target) {
        (Some(answer), Some(target)) if is_http(&target) => {
            let method = event.request.method.clone();
            let made_at = received_at.checked_add(duration).unwrap_or(received_at);
            let response = Some(answer);
            let delivery = Delivery { method, target, attempt, duration, response, truncated: false, error: None };
            vec![Attempt { made_at, delivery }]
        }
        _ => Vec::new(),
    };
    Ok(Record { event, deliveries, waiting: Vec::new() })
}

/// An event that hookctl did not receive itself: whose it is can be told, not whether it is genuine.
fn recognised(id: EventId, received_at: Timestamp, request: Request, providers: &[Arc<Provider>]) -> Event {
    let provider = match identify(providers, &request) {
        Identity::Known(provider) => Some(provider),
        Identity::Candidates(_) | Identity::Unknown => None,
    };
    Event {
        id,
        received_at,
        provider: provider.as_ref().map_or_else(|| "unknown".into(), |provider| Arc::clone(provider.id())),
        event_type: provider.as_ref().and_then(|provider| provider.event_type(&request)),
        delivery_id: provider.as_ref().and_then(|provider| provider.delivery_id(&request)),
        verdict: Verdict::unchecked(Reason::Recorded { text: "imported: its signature was not checked".to_owned() }),
        request,
        // The peer is not in the file.
        remote: ([0, 0, 0, 0], 0).into(),
        handshake: None,
        repeat: None,
    }
}

fn derived_id(raw: &RawValue, received_at: Timestamp, occurrence: u32) -> Result<EventId, HarError> {
    let millis = u64::try_from(received_at.as_millisecond())
        .map_err(|_| HarError(format!("its time {received_at} is before 1970")))?;
    let mut digest = Sha256::new();
    digest.update(raw.get());
    digest.update(occurrence.to_be_bytes());
    let mut random = [0; 10];
    random.copy_from_slice(&digest.finalize()[..10]);
    Ok(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

fn request(fields: &RequestFields) -> Result<Request, HarError> {
    let url: url::Url = parsed(fields.url.parse(), "url", &fields.url)?;
    if !is_http(&fields.url) {
        return Err(HarError(format!("its URL has the scheme `{}`, not http", url.scheme())));
    }
    let mut headers = headers(&fields.headers)?;
    if !headers.contains_key(http::header::HOST) {
        // HTTP/2 has it in `:authority`.
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let host = parsed(HeaderValue::from_str(host), "host", host)?;
        headers.try_insert(http::header::HOST, host).map_err(|_| too_many())?;
    }
    let body = fields.post_data.as_ref().map(body).transpose()?.unwrap_or_default();
    Ok(Request {
        method: parsed(Method::from_bytes(fields.method.as_bytes()), "method", &fields.method)?,
        uri: target(&fields.url)?,
        headers,
        body,
    })
}

/// Path and query as they are written: `Url` would change both.
fn target(url: &str) -> Result<Uri, HarError> {
    let url = url.split('#').next().unwrap_or_default();
    let behind = url.split_once("://").map_or("", |(_, behind)| behind);
    let path = behind.find(['/', '?']).map_or("/", |at| &behind[at..]);
    let slash = if path.starts_with('/') { "" } else { "/" };
    parsed(format!("{slash}{path}").parse(), "url", url)
}

fn is_http(url: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

fn headers(pairs: &[Pair]) -> Result<HeaderMap, HarError> {
    let mut headers = HeaderMap::new();
    // Pseudo-fields of HTTP/2 (`:path`) are no headers.
    for Pair { name, value } in pairs.iter().filter(|pair| !pair.name.starts_with(':')) {
        let parsed_name = parsed(HeaderName::from_bytes(name.as_bytes()), "header", name)?;
        // Browsers put repeated fields on lines of one value.
        for value in value.split('\n') {
            let value = parsed(HeaderValue::from_bytes(value.trim().as_bytes()), "value of the header", name)?;
            headers.try_append(parsed_name.clone(), value).map_err(|_| too_many())?;
        }
    }
    Ok(headers)
}

fn too_many() -> HarError {
    HarError("it has too many headers".to_owned())
}

fn body(data: &PostData) -> Result<Bytes, HarError> {
    match (&data.text, data.params.as_slice()) {
        (Some(text), _) => decoded(text, data.encoding.as_deref()),
        (None, []) => Ok(Bytes::new()),
        (None, params) if data.mime_type.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") => {
            let pairs = params.iter().map(|Pair { name, value }| (name, value));
            Ok(form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into())
        }
        (None, _) => Err(HarError("its body is not in the file, only the names and values of its parts".to_owned())),
    }
}

fn decoded(text: &str, encoding: Option<&str>) -> Result<Bytes, HarError> {
    match encoding {
        None | Some("") => Ok(Bytes::copy_from_slice(text.as_bytes())),
        Some("base64") => match BASE64_STANDARD.decode(text) {
            Ok(bytes) => Ok(bytes.into()),
            Err(error) => Err(HarError(format!("its body is not base64: {error}"))),
        },
        Some(other) => Err(HarError(format!("its body is encoded as `{other}`"))),
    }
}

/// Status 0 stands for no answer.
fn answer(fields: &ResponseFields) -> Result<Option<Response>, HarError> {
    let Some(status) = u16::try_from(fields.status).ok().filter(|status| (100..600).contains(status)) else {
        return Ok(None);
    };
    let content = fields.content.as_ref();
    let body = content.and_then(|content| content.text.as_deref());
    let body = body.map(|text| decoded(text, content.and_then(|content| content.encoding.as_deref()))).transpose()?;
    Ok(Some(Response {
        status: parsed(StatusCode::from_u16(status), "status", &status.to_string())?,
        headers: headers(&fields.headers)?,
        body: body.unwrap_or_default(),
    }))
}

fn parsed<T, E: std::fmt::Display>(result: Result<T, E>, what: &str, text: &str) -> Result<T, HarError> {
    /// Enough of a wrong value to find it.
    const SHOWN: usize = 60;
    result.map_err(|error| {
        let shown: String = text.chars().take(SHOWN).collect();
        HarError(format!("its {what} `{shown}` cannot be read: {error}"))
    })
}

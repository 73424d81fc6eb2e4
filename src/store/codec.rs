//! How a row's bytes are written: heads as [postcard](https://postcard.jamesmunns.com/), heads and bodies
//! compressed with zstd and a dictionary trained on the fixtures. Never lossy.
//!
//! Every format is read for ever: a new dictionary or layout gets a number of its own.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use serde::{Deserialize, Serialize};
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::{CParameter, get_frame_content_size};

use super::LastAttempt;
use crate::model::{Delivery, DeliveryError, Event, FailureKind, Reason, Request, Response, Verdict, VerdictStatus};

/// As it is.
const RAW: u8 = 0;
/// zstd with the first dictionary.
const DICTIONARY_1: u8 = 1;
/// zstd without a dictionary: it gains nothing for larger content.
const PLAIN: u8 = 2;

/// Up to this size a dictionary pays.
const MAX_SMALL: usize = 16 * 1024;
/// The level with a dictionary; more costs time and gains little.
const SMALL_LEVEL: i32 = 3;
/// The level for larger content, whose time counts.
const LARGE_LEVEL: i32 = 1;
/// Nothing kept is larger; a damaged row must not ask for all memory.
const MAX_UNPACKED: usize = 1 << 30;

static HEAD_1: &[u8] = include_bytes!("dictionaries/head-1.zdict");
static BODY_1: &[u8] = include_bytes!("dictionaries/body-1.zdict");

/// Bytes as a row holds them.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    pub(super) format: u8,
    pub(super) bytes: Bytes,
}

/// What a dictionary was trained on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content {
    Head,
    Body,
}

/// A row's bytes that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("unknown format {0}")]
    Format(u8),
    #[error("it does not unpack: {0}")]
    Unpack(String),
    #[error("its head does not read: {0}")]
    Head(String),
}

/// Everything of an event besides its row's columns and the body.
#[derive(Serialize, Deserialize)]
struct EventHead<'a> {
    method: &'a str,
    uri: &'a str,
    remote: std::net::SocketAddr,
    #[serde(borrow)]
    headers: Vec<(&'a str, &'a [u8])>,
    /// Positions of headers whose value is not kept.
    sealed: Vec<u16>,
    delivery_id: Option<&'a str>,
    scheme: Option<&'a str>,
    /// JSON: names of fields outlive their order.
    reason: Option<String>,
    hint: Option<&'a str>,
}

/// What an event's head got later: it follows the head, and older heads end before it.
#[derive(Default, Serialize, Deserialize)]
struct EventMore<'a> {
    /// Label of the secret that matched, where there were several.
    secret: Option<&'a str>,
    /// Which handshake it is, where it is one.
    handshake: Option<&'a str>,
}

/// Everything of a delivery besides its row's columns and the body of the answer.
#[derive(Serialize, Deserialize)]
struct DeliveryHead<'a> {
    method: &'a str,
    attempt: u32,
    duration_us: u64,
    status: Option<u16>,
    #[serde(borrow)]
    headers: Vec<(&'a str, &'a [u8])>,
    truncated: bool,
    error: Option<ErrorHead>,
}

#[derive(Serialize, Deserialize)]
struct ErrorHead {
    /// JSON, as with reasons.
    kind: String,
    message: String,
    hint: Option<String>,
}

/// An event's row, apart from what SQLite finds it by.
#[derive(Debug)]
pub(super) struct EventColumns {
    pub(super) provider: Arc<str>,
    pub(super) event_type: Option<String>,
    pub(super) verdict: VerdictStatus,
}

pub(super) fn pack_event(event: &Event) -> (Packed, Packed) {
    let Request { method, uri, headers, body } = &event.request;
    let uri = uri.to_string();
    let Verdict { scheme, reason, hint, secret, .. } = &event.verdict;
    let head = EventHead {
        method: method.as_str(),
        uri: &uri,
        remote: event.remote,
        headers: headers.iter().map(kept_header).collect(),
        sealed: (0..).zip(headers.values()).filter(|(_, value)| value.is_sensitive()).map(|(at, _)| at).collect(),
        delivery_id: event.delivery_id.as_deref(),
        scheme: scheme.as_deref(),
        reason: reason.as_ref().and_then(|reason| serde_json::to_string(reason).ok()),
        hint: hint.as_deref(),
    };
    let more = EventMore { secret: secret.as_deref(), handshake: event.handshake.as_deref() };
    let head = [written(&head), written(&more)].concat();
    (pack(Content::Head, head.into()), pack(Content::Body, body.clone()))
}

pub(super) fn unpack_event(
    id: uuid::Uuid,
    received_at: jiff::Timestamp,
    columns: EventColumns,
    head: (u8, &[u8]),
    body: (u8, &[u8]),
) -> Result<Event, Unreadable> {
    let mut event = unpack_event_head(id, received_at, columns, head)?;
    event.request.body = unpack(Content::Body, body.0, body.1)?.into();
    Ok(event)
}

/// The event without its body.
pub(super) fn unpack_event_head(
    id: uuid::Uuid,
    received_at: jiff::Timestamp,
    columns: EventColumns,
    head: (u8, &[u8]),
) -> Result<Event, Unreadable> {
    let head = unpack(Content::Head, head.0, head.1)?;
    let (head, more): (EventHead<'_>, &[u8]) = parsed(postcard::take_from_bytes(&head))?;
    let more: EventMore<'_> = if more.is_empty() { EventMore::default() } else { read(more)? };
    let mut headers = read_headers(&head.headers)?;
    for (position, value) in (0_u16..).zip(headers.values_mut()) {
        if head.sealed.contains(&position) {
            value.set_sensitive(true);
        }
    }
    let reason = match &head.reason {
        Some(text) => Some(serde_json::from_str::<Reason>(text).map_err(|error| Unreadable::Head(error.to_string()))?),
        None => None,
    };
    let mut verdict = Verdict::new(columns.verdict, head.scheme.map(Arc::from), reason);
    verdict.hint = head.hint.map(str::to_owned);
    verdict.secret = more.secret.map(Arc::from);
    Ok(Event {
        id,
        received_at,
        provider: columns.provider,
        event_type: columns.event_type,
        delivery_id: head.delivery_id.map(str::to_owned),
        verdict,
        request: Request {
            method: parsed(Method::from_bytes(head.method.as_bytes()))?,
            uri: parsed(head.uri.parse::<Uri>())?,
            headers,
            body: Bytes::new(),
        },
        remote: head.remote,
        handshake: more.handshake.map(Arc::from),
        repeat: None,
    })
}

/// The status of a delivery as its row has it: 0 where no whole answer came.
pub(super) fn status_of(delivery: &Delivery) -> u16 {
    delivery.status().filter(|_| delivery.error.is_none()).unwrap_or_default()
}

pub(super) fn pack_delivery(delivery: &Delivery) -> (Packed, Packed) {
    let response = delivery.response.as_ref();
    let head = DeliveryHead {
        method: delivery.method.as_str(),
        attempt: delivery.attempt,
        duration_us: u64::try_from(delivery.duration.as_micros()).unwrap_or(u64::MAX),
        status: delivery.status(),
        headers: response.map(|response| response.headers.iter().map(kept_header).collect()).unwrap_or_default(),
        truncated: delivery.truncated,
        error: delivery.error.as_ref().map(|error| ErrorHead {
            kind: serde_json::to_string(&error.kind).unwrap_or_default(),
            message: error.message.clone(),
            hint: error.hint.clone(),
        }),
    };
    let body = response.map(|response| response.body.clone()).unwrap_or_default();
    (pack(Content::Head, written(&head)), pack(Content::Body, body))
}

pub(super) fn unpack_delivery(target: String, head: (u8, &[u8]), body: (u8, &[u8])) -> Result<Delivery, Unreadable> {
    let head = unpack(Content::Head, head.0, head.1)?;
    let head: DeliveryHead<'_> = read(&head)?;
    let response = match head.status {
        Some(status) => Some(Response {
            status: parsed(StatusCode::from_u16(status))?,
            headers: read_headers(&head.headers)?,
            body: unpack(Content::Body, body.0, body.1)?.into(),
        }),
        None => None,
    };
    let error = read_error(head.error)?;
    Ok(Delivery {
        method: parsed(Method::from_bytes(head.method.as_bytes()))?,
        target,
        attempt: head.attempt,
        duration: std::time::Duration::from_micros(head.duration_us),
        response,
        truncated: head.truncated,
        error,
    })
}

/// How an attempt ended, without what came back.
pub(super) fn unpack_outcome(target: String, head: (u8, &[u8])) -> Result<LastAttempt, Unreadable> {
    let head = unpack(Content::Head, head.0, head.1)?;
    let head: DeliveryHead<'_> = read(&head)?;
    Ok(LastAttempt {
        target,
        status: head.status,
        duration: std::time::Duration::from_micros(head.duration_us),
        error: read_error(head.error)?,
    })
}

fn read_error(error: Option<ErrorHead>) -> Result<Option<DeliveryError>, Unreadable> {
    let Some(ErrorHead { kind, message, hint }) = error else { return Ok(None) };
    Ok(Some(DeliveryError { kind: parsed(serde_json::from_str::<FailureKind>(&kind))?, message, hint }))
}

/// A credential that was right is the user's secret: its value is not kept.
fn kept_header<'h>((name, value): (&'h HeaderName, &'h HeaderValue)) -> (&'h str, &'h [u8]) {
    (name.as_str(), if value.is_sensitive() { b"" } else { value.as_bytes() })
}

fn read_headers(pairs: &[(&str, &[u8])]) -> Result<HeaderMap, Unreadable> {
    let mut headers = HeaderMap::with_capacity(pairs.len());
    for (name, value) in pairs {
        headers.append(parsed(HeaderName::from_bytes(name.as_bytes()))?, parsed(HeaderValue::from_bytes(value))?);
    }
    Ok(headers)
}

fn parsed<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, Unreadable> {
    result.map_err(|error| Unreadable::Head(error.to_string()))
}

fn written(head: &impl Serialize) -> Bytes {
    // Plain data into memory: it cannot fail.
    postcard::to_allocvec(head).unwrap_or_default().into()
}

fn read<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, Unreadable> {
    parsed(postcard::from_bytes(bytes))
}

fn dictionary(content: Content) -> &'static [u8] {
    match content {
        Content::Head => HEAD_1,
        Content::Body => BODY_1,
    }
}

/// Compresses, where that saves anything.
pub(super) fn pack(content: Content, bytes: Bytes) -> Packed {
    let packed = if bytes.len() <= MAX_SMALL {
        with_compressor(content, |compressor| compressor.compress(&bytes)).map(|small| (DICTIONARY_1, small))
    } else {
        zstd::bulk::compress(&bytes, LARGE_LEVEL).map(|small| (PLAIN, small))
    };
    match packed {
        Ok((format, small)) if small.len() < bytes.len() => Packed { format, bytes: small.into() },
        _ => Packed { format: RAW, bytes },
    }
}

/// The bytes that were packed.
pub(super) fn unpack(content: Content, format: u8, bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let failed = |error: std::io::Error| Unreadable::Unpack(error.to_string());
    match format {
        RAW => Ok(bytes.to_vec()),
        DICTIONARY_1 => {
            let size = unpacked_size(bytes)?;
            with_decompressor(content, |decompressor| decompressor.decompress(bytes, size)).map_err(failed)
        }
        PLAIN => zstd::bulk::decompress(bytes, unpacked_size(bytes)?).map_err(failed),
        other => Err(Unreadable::Format(other)),
    }
}

/// The same, in place of what a buffer holds.
pub(super) fn unpack_into(content: Content, format: u8, bytes: &[u8], buffer: &mut Vec<u8>) -> Result<(), Unreadable> {
    buffer.clear();
    if format == DICTIONARY_1 {
        buffer.reserve(unpacked_size(bytes)?);
        with_decompressor(content, |decompressor| decompressor.decompress_to_buffer(bytes, buffer))
            .map_err(|error| Unreadable::Unpack(error.to_string()))?;
    } else {
        *buffer = unpack(content, format, bytes)?;
    }
    Ok(())
}

/// What can be searched of an unpacked head: the target, then each header as `name: value`.
pub(super) fn lines(head: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), Unreadable> {
    let head: EventHead<'_> = read(head)?;
    each(head.uri.as_bytes());
    let mut line = Vec::new();
    for (name, value) in &head.headers {
        line.clear();
        line.extend_from_slice(name.as_bytes());
        line.extend_from_slice(b": ");
        line.extend_from_slice(value);
        each(&line);
    }
    Ok(())
}

fn unpacked_size(bytes: &[u8]) -> Result<usize, Unreadable> {
    match get_frame_content_size(bytes).ok().flatten().and_then(|size| usize::try_from(size).ok()) {
        Some(size) if size <= MAX_UNPACKED => Ok(size),
        Some(size) => Err(Unreadable::Unpack(format!("{size} bytes are too many"))),
        None => Err(Unreadable::Unpack("its size is not readable".into())),
    }
}

fn with_compressor<T>(
    content: Content,
    use_it: impl FnOnce(&mut Compressor<'static>) -> std::io::Result<T>,
) -> std::io::Result<T> {
    static DICTIONARIES: OnceLock<[EncoderDictionary<'static>; 2]> = OnceLock::new();
    thread_local! {
        static COMPRESSORS: [RefCell<Option<Compressor<'static>>>; 2] = const { [RefCell::new(None), RefCell::new(None)] };
    }
    let dictionaries = DICTIONARIES.get_or_init(|| {
        [Content::Head, Content::Body].map(|content| EncoderDictionary::copy(dictionary(content), SMALL_LEVEL))
    });
    COMPRESSORS.with(|compressors| {
        let mut kept = compressors[content as usize].borrow_mut();
        let compressor = match kept.as_mut() {
            Some(compressor) => compressor,
            None => {
                let mut made = Compressor::with_prepared_dictionary(&dictionaries[content as usize])?;
                // The format column says which dictionary.
                made.set_parameter(CParameter::DictIdFlag(false))?;
                kept.insert(made)
            }
        };
        use_it(compressor)
    })
}

fn with_decompressor<T>(
    content: Content,
    use_it: impl FnOnce(&mut Decompressor<'static>) -> std::io::Result<T>,
) -> std::io::Result<T> {
    static DICTIONARIES: OnceLock<[DecoderDictionary<'static>; 2]> = OnceLock::new();
    thread_local! {
        static DECOMPRESSORS: [RefCell<Option<Decompressor<'static>>>; 2] = const { [RefCell::new(None), RefCell::new(None)] };
    }
    let dictionaries = DICTIONARIES
        .get_or_init(|| [Content::Head, Content::Body].map(|content| DecoderDictionary::copy(dictionary(content))));
    DECOMPRESSORS.with(|decompressors| {
        let mut kept = decompressors[content as usize].borrow_mut();
        let decompressor = match kept.as_mut() {
            Some(decompressor) => decompressor,
            None => kept.insert(Decompressor::with_prepared_dictionary(&dictionaries[content as usize])?),
        };
        use_it(decompressor)
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::model::{Repeat, Secret};
    use crate::provider::{Catalogue, Draft, Generator, compose, renew};

    /// Bytes of a dictionary; larger ones gain nothing on bodies of this size.
    const HEAD_SIZE: usize = 8 * 1024;
    const BODY_SIZE: usize = 16 * 1024;
    /// Of a larger sample the beginning is enough: it repeats itself.
    const MAX_PART: usize = 2 * 1024;

    /// The content of a dictionary: of samples, the smallest first, each that what is there already does
    /// not make small. For bodies this gains more than zstd's training, which wants thousands of samples.
    fn dictionary_of(samples: &[Vec<u8>], size: usize) -> Vec<u8> {
        let mut samples: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
        samples.sort_by_key(|sample| sample.len());
        let mut content = Vec::new();
        for sample in samples {
            let mut compressor = Compressor::with_dictionary(SMALL_LEVEL, &content).unwrap();
            let part = &sample[..sample.len().min(MAX_PART)];
            if compressor.compress(part).unwrap().len() * 10 > part.len() * 3 && content.len() + part.len() <= size {
                content.extend_from_slice(part);
            }
        }
        content
    }

    fn event(request: Request) -> Event {
        Event {
            id: uuid::Uuid::nil(),
            received_at: jiff::Timestamp::UNIX_EPOCH,
            provider: "unknown".into(),
            event_type: Some("a.b".into()),
            delivery_id: Some("evt_1".into()),
            verdict: Verdict::new(
                VerdictStatus::Invalid,
                Some("v1".into()),
                Some(Reason::TooOld { by: 1, age: 301, tolerance: 300 }),
            )
            .with_hint("check the clock"),
            request,
            remote: ([127, 0, 0, 1], 4321).into(),
            handshake: Some("url_verification".into()),
            repeat: None::<Repeat>,
        }
    }

    fn back(event: &Event) -> Event {
        let (head, body) = pack_event(event);
        let columns = EventColumns {
            provider: Arc::clone(&event.provider),
            event_type: event.event_type.clone(),
            verdict: event.verdict.status,
        };
        unpack_event(event.id, event.received_at, columns, (head.format, &head.bytes), (body.format, &body.bytes))
            .unwrap()
    }

    #[test]
    fn an_event_comes_back_as_it_was() {
        let mut request = Request { method: Method::PUT, uri: "/a?b=c&b=%2B".parse().unwrap(), ..Request::default() };
        for (name, value) in [("x-b", &b"1"[..]), ("x-a", b"caf\xe9"), ("x-b", b"2"), ("x-empty", b"")] {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        request.body = Bytes::from_static(b"\x00\xff{\"a\":1.0,\"a\":2}");
        let event = event(request);
        let read = back(&event);
        assert_eq!(read.request, event.request);
        assert_eq!(read.verdict, event.verdict);
        assert_eq!((read.remote, read.delivery_id), (event.remote, event.delivery_id));
    }

    #[test]
    fn a_credential_is_not_kept() {
        let mut value = HeaderValue::from_static("hunter2-hunter2");
        value.set_sensitive(true);
        let mut request = Request::default();
        request.headers.insert("x-token", value);
        let event = event(request);
        let (head, _) = pack_event(&event);
        let plain = unpack(Content::Head, head.format, &head.bytes).unwrap();
        assert!(!plain.windows(7).any(|window| window == b"hunter2"));
        let read = back(&event);
        assert!(read.request.headers["x-token"].is_sensitive());
        assert!(read.request.headers["x-token"].is_empty());
    }

    #[test]
    fn damaged_bytes_are_an_error_and_ask_for_no_memory() {
        assert!(matches!(unpack(Content::Body, 9, b"x"), Err(Unreadable::Format(9))));
        assert!(matches!(unpack(Content::Body, DICTIONARY_1, b"nonsense"), Err(Unreadable::Unpack(_))));
        let huge = [0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00];
        assert!(matches!(unpack(Content::Body, PLAIN, &huge), Err(Unreadable::Unpack(_))));
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..512), times in 0_usize..80) {
            let bytes = Bytes::from(bytes.repeat(times));
            for content in [Content::Head, Content::Body] {
                let packed = pack(content, bytes.clone());
                prop_assert!(packed.bytes.len() <= bytes.len());
                prop_assert_eq!(unpack(content, packed.format, &packed.bytes).unwrap(), bytes.to_vec());
            }
        }

        #[test]
        fn reading_nonsense_never_panics(format in 0_u8..4, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let columns =
                EventColumns { provider: "x".into(), event_type: None, verdict: VerdictStatus::Unchecked };
            let id = uuid::Uuid::nil();
            let _ = unpack_event(id, jiff::Timestamp::UNIX_EPOCH, columns, (format, &bytes), (format, &bytes));
            let _ = unpack_delivery(String::new(), (format, &bytes), (format, &bytes));
        }
    }

    /// Heads and bodies as providers send them, each event several times with other ids and times, so
    /// that a dictionary learns what stays.
    fn samples() -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let catalogue = Catalogue::default();
        let (mut heads, mut bodies) = (Vec::new(), Vec::new());
        for id in catalogue.ids() {
            for name in catalogue.events(&id) {
                let fixture = catalogue.find_fixture(&name, Some(&id)).unwrap();
                for seed in 0..12 {
                    let now = jiff::Timestamp::from_second(1_790_000_000 + seed * 7919).unwrap();
                    let generator = RefCell::new(Generator::new(seed.unsigned_abs(), now));
                    let provider = &fixture.provider;
                    let body = renew(provider, &fixture.event, &fixture.body, &generator).unwrap();
                    let draft = Draft {
                        event: &fixture.event,
                        content_type: Some(&fixture.content_type),
                        headers: &HeaderMap::new(),
                        body: &body,
                        url: "http://127.0.0.1:4000/webhooks",
                        signature: None,
                    };
                    let secret = Secret::new(format!("whsec_{seed}"), "test").unwrap();
                    let Ok(mut request) = compose(provider, &draft, Some(&secret), &generator) else { continue };
                    for (header, value) in [("host", "127.0.0.1:4000"), ("content-length", "731"), ("accept", "*/*")] {
                        request.headers.insert(header, HeaderValue::from_static(value));
                    }
                    let mut event = event(request);
                    event.verdict = match seed % 3 {
                        0 => Verdict::valid(Arc::from(provider.signatures().first().map_or("v1", |known| known.id()))),
                        1 => Verdict::unchecked(Reason::NoSecret { provider: id.clone() })
                            .with_hint("give it with --secret-env NAME"),
                        _ => event.verdict,
                    };
                    event.delivery_id = provider.delivery_id(&event.request);
                    let (head, _) = pack_event(&event);
                    heads.push(unpack(Content::Head, head.format, &head.bytes).unwrap());
                    bodies.push(body);
                }
            }
        }
        (heads, bodies)
    }

    /// `HOOKCTL_TRAIN=1 cargo test --lib trained` writes the dictionaries of the next format. One that was
    /// released is never written again: rows are read with it for ever.
    #[test]
    fn the_trained_dictionaries_make_a_row_small() {
        let (heads, bodies) = samples();
        if std::env::var_os("HOOKCTL_TRAIN").is_some() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/dictionaries");
            let heads = zstd::dict::from_samples(&heads, HEAD_SIZE).unwrap();
            for (name, dictionary) in [("head-1", heads), ("body-1", dictionary_of(&bodies, BODY_SIZE))] {
                std::fs::write(folder.join(format!("{name}.zdict")), dictionary).unwrap();
            }
        }
        for (content, samples, most) in [(Content::Head, &heads, 0.4), (Content::Body, &bodies, 0.4)] {
            let before: usize = samples.iter().map(Vec::len).sum();
            let after: usize =
                samples.iter().map(|sample| pack(content, Bytes::from(sample.clone())).bytes.len()).sum();
            let ratio = after as f64 / before as f64;
            assert!(ratio < most, "{content:?}: {before} bytes to {after}, {ratio:.2}");
        }
    }
}

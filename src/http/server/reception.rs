//! One request: its head is checked, its body read, the handler asked.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, Version};
use hyper::body::{Body, Incoming};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::body::{Clock, Reader, too_large};
use super::memory::Memory;
use super::pulse::Pulse;
use super::refusal::Fault;
use super::reply::{Payload, Reply};
use super::{Answer, Handler, Received};
use crate::http::Limits;
use crate::model::Request;

/// Headers of one request; the bound of hyper's HTTP/1 parser, held for HTTP/2 as well.
const MAX_HEADERS: usize = 100;

/// What all connections of a server share.
#[derive(Debug)]
pub(super) struct House<H> {
    pub handler: Arc<H>,
    pub limits: Limits,
    pub memory: Memory,
}

/// One connection, as its requests see it.
#[derive(Debug)]
pub(super) struct Visit<H> {
    pub house: Arc<House<H>>,
    pub remote: SocketAddr,
    pub pulse: Arc<Pulse>,
    /// HTTP/2: requests run beside each other and may be reset one by one.
    pub multiplexed: bool,
    /// Held by everything the server waits for when it stops.
    pub alive: mpsc::Sender<()>,
}

/// Receives one request and returns the response to write.
pub(super) async fn receive<H: Handler>(
    visit: Arc<Visit<H>>,
    request: http::Request<Incoming>,
) -> Result<Response<Payload>, Infallible> {
    let turn = Turn::begin(&visit.pulse);
    let (head, body) = request.into_parts();
    let is_head = head.method == Method::HEAD;
    let clock = if visit.multiplexed { Clock::Stream(None) } else { Clock::Connection(&visit.pulse) };
    let House { handler, limits, memory } = &*visit.house;
    let most = limits.max_body.min(handler.most(&head));
    let mut reader = Reader::new(limits, most, clock, memory, turn.begun);
    let body = match admit(&visit, &head, &body, most) {
        Ok(()) => reader.read(body).await,
        Err(fault) => Err(fault),
    };
    let answer = match body {
        Ok(body) => handle(&visit, Received { request: as_received(head, body), remote: visit.remote }).await,
        Err(fault) => refuse(&visit, fault).into(),
    };
    Ok(response(answer, is_head, &visit.pulse))
}

/// Marks the connection as busy for as long as it lives.
struct Turn<'a> {
    pulse: &'a Pulse,
    begun: Instant,
}

impl<'a> Turn<'a> {
    fn begin(pulse: &'a Pulse) -> Self {
        Self { pulse, begun: pulse.begin() }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.pulse.end();
    }
}

/// What can be told from the head alone; nothing of the body has been asked for yet.
fn admit<H: Handler>(visit: &Visit<H>, head: &Parts, body: &Incoming, most: usize) -> Result<(), Fault> {
    let limits = &visit.house.limits;
    check_host(head, H::NO_HOST)?;
    if head.method == Method::CONNECT {
        return Err(Fault::new(StatusCode::METHOD_NOT_ALLOWED, "this is not a proxy"));
    }
    if uri_length(&head.uri) > limits.max_uri {
        let reason = format!("the request target is longer than {} bytes", limits.max_uri);
        return Err(Fault::new(StatusCode::URI_TOO_LONG, reason));
    }
    if head.headers.len() > MAX_HEADERS {
        let reason = format!("more than {MAX_HEADERS} headers");
        return Err(Fault::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, reason));
    }
    // Of unknown length is only what has Transfer-Encoding.
    let size = body.size_hint();
    if size.exact().is_none() && !visit.multiplexed && visit.pulse.head_declares_length() {
        let reason = "both Content-Length and Transfer-Encoding are set";
        return Err(Fault::new(StatusCode::BAD_REQUEST, reason));
    }
    if size.lower() > most as u64 {
        return Err(too_large(most));
    }
    Ok(())
}

/// RFC 9112 section 3.2: one `Host`, no more and, since HTTP/1.1, no less.
fn check_host(head: &Parts, status: StatusCode) -> Result<(), Fault> {
    let mut hosts = head.headers.get_all(HOST).iter();
    let missing = hosts.next().is_none() && head.version == Version::HTTP_11;
    if missing {
        return Err(Fault::new(status, "the Host header is missing"));
    }
    if hosts.next().is_some() {
        return Err(Fault::new(status, "there is more than one Host header"));
    }
    Ok(())
}

fn uri_length(uri: &Uri) -> usize {
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    authority + uri.path_and_query().map_or(0, |path| path.as_str().len())
}

/// Asks the handler. An HTTP/2 peer may reset the stream at any time, which drops this future, so
/// there the handler gets a task of its own; hyper does not drop an HTTP/1 request whose body has
/// been read.
async fn handle<H: Handler>(visit: &Arc<Visit<H>>, received: Received) -> Reply {
    if !visit.multiplexed {
        return visit.house.handler.handle(received).await.into();
    }
    let visit = Arc::clone(visit);
    let handled = tokio::spawn(async move {
        let _alive = visit.alive.clone();
        visit.house.handler.handle(received).await
    });
    match handled.await {
        Ok(reply) => reply.into(),
        Err(_) => Answer { status: StatusCode::INTERNAL_SERVER_ERROR, ..Answer::default() }.into(),
    }
}

/// The request as it stood on the wire: HTTP/2's authority becomes `Host`, its target origin-form.
fn as_received(mut head: Parts, body: Bytes) -> Request {
    if head.version == Version::HTTP_2 {
        let host = head.uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
        if let Some(host) = host
            && !head.headers.contains_key(HOST)
        {
            head.headers.insert(HOST, host);
        }
        head.uri = head.uri.into_parts().path_and_query.map(Uri::from).unwrap_or_default();
    }
    Request { method: head.method, uri: head.uri, headers: head.headers, body }
}

fn refuse<H: Handler>(visit: &Visit<H>, fault: Fault) -> Answer {
    visit.pulse.refuse();
    let answer = fault.answer();
    visit.house.handler.refused(fault.told_of(visit.remote));
    answer
}

fn response(reply: Reply, is_head: bool, pulse: &Arc<Pulse>) -> Response<Payload> {
    let Reply { answer: Answer { status, mut headers, body }, tail } = reply;
    drop_framing(&mut headers, is_head);
    let mut response = Response::new(Payload::new(body, tail.filter(|_| !is_head), pulse));
    *response.headers_mut() = headers;
    *response.status_mut() = if status.is_informational() { StatusCode::BAD_GATEWAY } else { status };
    response
}

/// The framing of an answer is hyper's; only the answer to HEAD may state a length it does not have.
fn drop_framing(headers: &mut HeaderMap, is_head: bool) {
    if headers.is_empty() {
        return;
    }
    headers.remove(TRANSFER_ENCODING);
    if !is_head {
        headers.remove(CONTENT_LENGTH);
    }
}

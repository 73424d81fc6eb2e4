//! One connection: its protocol is told, its requests are served, its deadlines are kept.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::{HttpService, Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep_until};

use super::Handler;
use super::pulse::{Overdue, Pulse};
use super::reception::{House, Visit, receive};
use super::refusal::Fault;
use super::stop::Stop;
use super::wire::Wire;

/// Requests of one HTTP/2 connection at once.
const MAX_STREAMS: u32 = 100;
/// Bytes of one HTTP/2 header list; a webhook's headers stay under 8 KiB.
const MAX_HEADER_LIST: u32 = 16 * 1024;
/// Streams a peer may have reset before we took notice of them (CVE-2023-44487).
const MAX_PENDING_RESETS: usize = 20;
/// Streams a peer may make us reset by errors of its own (CVE-2025-8671).
const MAX_LOCAL_RESETS: usize = 64;
/// Bytes an HTTP/2 connection may send before we read them, and each of its streams.
const CONNECTION_WINDOW: u32 = 1024 * 1024;
const STREAM_WINDOW: u32 = 256 * 1024;
/// Answer bytes kept for one HTTP/2 stream.
const SEND_BUFFER: usize = 64 * 1024;
/// An HTTP/2 peer is asked for a sign of life this often, and has as long as a head to give it.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// Serves one connection to its end.
pub(super) async fn attend<H: Handler>(
    house: Arc<House<H>>,
    stream: TcpStream,
    remote: SocketAddr,
    stop: Arc<Stop>,
    alive: mpsc::Sender<()>,
) {
    // Answers are written whole, so waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let pulse = Arc::new(Pulse::new(&house.limits));
    let mut wire = Wire::new(stream, Arc::clone(&pulse));
    let ending = match tell_protocol(&mut wire, &pulse, &stop).await {
        Protocol::None => Ending::Quiet,
        Protocol::TooSlow => Ending::Late(Overdue::Head),
        Protocol::Http1 => {
            let visit = visit(&house, remote, &pulse, false, alive);
            watch(http1(wire, visit), &pulse, &stop).await
        }
        Protocol::Http2 => {
            pulse.multiplex();
            let visit = visit(&house, remote, &pulse, true, alive);
            watch(http2(wire, visit), &pulse, &stop).await
        }
    };
    if let Some(fault) = ending.fault() {
        house.handler.refused(fault.from(remote));
    }
}

/// How a connection ended.
enum Ending {
    /// As it should.
    Quiet,
    /// A deadline passed.
    Late(Overdue),
    /// Its bytes were not HTTP, or it broke.
    Failed(hyper::Error),
}

impl Ending {
    /// What to tell about it: only a request that was begun and turned away is worth a word.
    fn fault(&self) -> Option<Fault> {
        match self {
            Self::Late(Overdue::Head) => {
                Some(Fault::new(StatusCode::REQUEST_TIMEOUT, "the request head did not come in time"))
            }
            Self::Failed(error) if error.is_parse_too_large() => {
                Some(Fault::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the request head is too large"))
            }
            Self::Failed(error) if error.is_parse() => {
                Some(Fault::new(StatusCode::BAD_REQUEST, format!("malformed request: {error}")))
            }
            Self::Quiet | Self::Late(_) | Self::Failed(_) => None,
        }
    }
}

enum Protocol {
    Http1,
    Http2,
    /// The peer left, or was silent for too long.
    None,
    /// The peer began the HTTP/2 preface and did not go on.
    TooSlow,
}

async fn tell_protocol(wire: &mut Wire, pulse: &Pulse, stop: &Stop) -> Protocol {
    let bell = stop.bell();
    if stop.is_raised() {
        return Protocol::None;
    }
    tokio::select! {
        biased;
        told = wire.begins_with_preface() => match told {
            Ok(true) => Protocol::Http2,
            Ok(false) => Protocol::Http1,
            Err(_) => Protocol::None,
        },
        late = overdue(pulse) => if late == Overdue::Head { Protocol::TooSlow } else { Protocol::None },
        () = bell => Protocol::None,
    }
}

/// Completes when a deadline of the connection has passed.
async fn overdue(pulse: &Pulse) -> Overdue {
    let mut alarm = pin!(sleep_until(pulse.deadline()));
    let mut set = false;
    poll_fn(|cx| poll_overdue(alarm.as_mut(), &mut set, pulse, cx)).await
}

fn visit<H>(
    house: &Arc<House<H>>,
    remote: SocketAddr,
    pulse: &Arc<Pulse>,
    multiplexed: bool,
    alive: mpsc::Sender<()>,
) -> Arc<Visit<H>> {
    Arc::new(Visit { house: Arc::clone(house), remote, pulse: Arc::clone(pulse), multiplexed, alive })
}

/// Half-closed senders are served, and for the same reason a request whose body has come is not
/// dropped when its sender hangs up. Answers are not held back while unread bytes wait
/// (`pipeline_flush`): a stray line end after a body would hold them back for good.
fn http1<H: Handler>(wire: Wire, visit: Arc<Visit<H>>) -> impl Conversation {
    let max_head = visit.house.limits.max_head;
    hyper::server::conn::http1::Builder::new()
        .half_close(true)
        .header_read_timeout(None)
        .max_header_size(max_head)
        .serve_connection(TokioIo::new(wire), service_fn(move |request| receive(Arc::clone(&visit), request)))
}

fn http2<H: Handler>(wire: Wire, visit: Arc<Visit<H>>) -> impl Conversation {
    let patience = visit.house.limits.header_deadline;
    hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_LIST)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_local_error_reset_streams(MAX_LOCAL_RESETS)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .initial_stream_window_size(STREAM_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(patience)
        .serve_connection(TokioIo::new(wire), service_fn(move |request| receive(Arc::clone(&visit), request)))
}

/// A connection that hyper drives.
trait Conversation: Future<Output = hyper::Result<()>> {
    /// Ends it after the requests in flight.
    fn wind_down(self: Pin<&mut Self>);
}

impl<S> Conversation for hyper::server::conn::http1::Connection<TokioIo<Wire>, S>
where
    S: HttpService<Incoming, ResBody = Full<Bytes>>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn wind_down(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<S> Conversation for hyper::server::conn::http2::Connection<TokioIo<Wire>, S, TokioExecutor>
where
    S: Service<http::Request<Incoming>, Response = http::Response<Full<Bytes>>>,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn wind_down(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Drives a conversation until it ends, a deadline passes, or the stop signal winds it down.
///
/// All of this is one future in one task, so the timer and the bell each need to be polled once to
/// know whom to wake; after that a poll costs two loads.
async fn watch(conversation: impl Conversation, pulse: &Pulse, stop: &Stop) -> Ending {
    let mut conversation = pin!(conversation);
    let mut alarm = pin!(sleep_until(pulse.deadline()));
    let mut alarm_set = false;
    let mut bell = pin!(stop.bell());
    let mut bell_set = false;
    let mut winding_down = false;
    poll_fn(move |cx| {
        if !bell_set {
            bell_set = true;
            let _ = bell.as_mut().poll(cx);
        }
        if !winding_down && stop.is_raised() {
            winding_down = true;
            conversation.as_mut().wind_down();
        }
        loop {
            if let Poll::Ready(result) = conversation.as_mut().poll(cx) {
                return Poll::Ready(result.map_or_else(Ending::Failed, |()| Ending::Quiet));
            }
            match poll_overdue(alarm.as_mut(), &mut alarm_set, pulse, cx) {
                Poll::Pending => return Poll::Pending,
                // The reader of the body sees that its time is up when it is polled again.
                Poll::Ready(Overdue::Body) => {}
                Poll::Ready(late) => return Poll::Ready(Ending::Late(late)),
            }
        }
    })
    .await
}

/// Ready with what is overdue. The alarm is moved only when a deadline nearer than it turns up, or
/// when it rings too early because what it was set for has long happened.
fn poll_overdue(mut alarm: Pin<&mut Sleep>, set: &mut bool, pulse: &Pulse, cx: &mut Context<'_>) -> Poll<Overdue> {
    loop {
        let deadline = pulse.deadline();
        if deadline < alarm.deadline() {
            alarm.as_mut().reset(deadline);
            *set = false;
        }
        if *set && !alarm.is_elapsed() {
            return Poll::Pending;
        }
        *set = true;
        if alarm.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        if let Some(late) = pulse.overdue() {
            return Poll::Ready(late);
        }
        alarm.as_mut().reset(pulse.deadline());
        *set = false;
    }
}

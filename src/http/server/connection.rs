//! One connection: its protocol is told, its requests are served, its deadlines are kept.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::Handler;
use super::pulse::{Overdue, Pulse};
use super::reception::{House, Visit, receive};
use super::refusal::Fault;
use super::stop::Stop;
use super::watch::{Conversation, Ending, overdue, watch};
use super::wire::{Opening, Wire};

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
    let ending = match opening(&mut wire, &pulse, &stop).await {
        Err(ending) => ending,
        Ok(Opening::Tls) => Ending::Tls,
        Ok(Opening::Http1) => {
            let visit = visit(&house, remote, &pulse, false, alive);
            watch(http1(wire, visit), &pulse, &stop).await
        }
        Ok(Opening::Http2) => {
            pulse.multiplex();
            let visit = visit(&house, remote, &pulse, true, alive);
            watch(http2(wire, visit), &pulse, &stop).await
        }
    };
    if let Some(fault) = ending.fault() {
        house.handler.refused(fault.told_of(remote));
    }
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
            Self::Tls => {
                let reason = "the sender speaks TLS, this port speaks plain HTTP: use http://";
                Some(Fault::new(StatusCode::BAD_REQUEST, reason))
            }
            Self::Quiet | Self::Late(_) | Self::Failed(_) => None,
        }
    }
}

/// The protocol of a connection, or how it ended before that was known.
async fn opening(wire: &mut Wire, pulse: &Pulse, stop: &Stop) -> Result<Opening, Ending> {
    let bell = stop.bell();
    if stop.is_raised() {
        return Err(Ending::Quiet);
    }
    tokio::select! {
        biased;
        opening = wire.opening() => opening.map_err(|_| Ending::Quiet),
        late = overdue(pulse) => Err(Ending::Late(late)),
        () = bell => Err(Ending::Quiet),
    }
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
        .writev(false)
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

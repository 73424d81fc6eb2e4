//! One kept connection, and one request and answer over it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Response;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::session::HeaderCase;
use super::wire::Wire;

/// A connection that has rested longer is given one turn of the reactor, to learn whether its peer
/// has closed it, before it is used. Back-to-back requests skip that.
const FRESH: Duration = Duration::from_millis(2);

/// A request as hyper sends it.
pub(super) type Outgoing = http::Request<Full<Bytes>>;

/// A connection and the sender that feeds it. Both are polled by the session's own future: no task
/// stands between the caller and the socket.
pub(super) struct Kept {
    sender: SendRequest<Full<Bytes>>,
    connection: Pin<Box<Connection<TokioIo<Wire>, Full<Bytes>>>>,
    ended: bool,
    rested_since: Instant,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kept(ended: {})", self.ended)
    }
}

/// How reading a body ended.
pub(super) enum BodyEnd {
    /// Whole.
    Whole,
    /// Cut at the limit.
    Cut,
    /// Broken off.
    Broken(hyper::Error),
}

impl Kept {
    /// Speaks HTTP/1.1 over a connected stream.
    pub async fn open(wire: Wire, case: HeaderCase) -> hyper::Result<Self> {
        let (sender, connection) =
            Builder::new().title_case_headers(case == HeaderCase::Title).handshake(TokioIo::new(wire)).await?;
        Ok(Self { sender, connection: Box::pin(connection), ended: false, rested_since: Instant::now() })
    }

    /// Whether another request can be sent, as far as can be known.
    pub async fn is_usable(&mut self) -> bool {
        if self.rested_since.elapsed() > FRESH {
            tokio::task::yield_now().await;
        }
        poll_fn(|cx| {
            self.drive(cx);
            if self.ended { Poll::Ready(false) } else { self.sender.poll_ready(cx).map(|ready| ready.is_ok()) }
        })
        .await
    }

    /// Sends a request and waits for the head of its answer.
    #[allow(clippy::result_large_err)]
    pub async fn send(&mut self, request: Outgoing) -> Result<Response<Incoming>, TrySendError<Outgoing>> {
        let mut answer = pin!(self.sender.try_send_request(request));
        let (connection, ended) = (&mut self.connection, &mut self.ended);
        poll_fn(|cx| {
            drive(connection, ended, cx);
            answer.as_mut().poll(cx)
        })
        .await
    }

    /// Reads a body into `into`, up to `limit` bytes.
    pub async fn read(&mut self, mut body: Incoming, into: &mut BytesMut, limit: usize) -> BodyEnd {
        loop {
            let frame = poll_fn(|cx| {
                self.drive(cx);
                Pin::new(&mut body).poll_frame(cx)
            });
            match frame.await {
                None => return self.rest(),
                Some(Err(error)) => return BodyEnd::Broken(error),
                Some(Ok(frame)) => {
                    let data = frame.into_data().unwrap_or_default();
                    let room = limit - into.len();
                    into.extend_from_slice(&data[..data.len().min(room)]);
                    if data.len() > room {
                        return BodyEnd::Cut;
                    }
                }
            }
        }
    }

    fn rest(&mut self) -> BodyEnd {
        self.rested_since = Instant::now();
        BodyEnd::Whole
    }

    fn drive(&mut self, cx: &mut Context<'_>) {
        drive(&mut self.connection, &mut self.ended, cx);
    }
}

/// Lets the connection move. How it ends is told to the request or the body, which know more.
fn drive(connection: &mut Pin<Box<Connection<TokioIo<Wire>, Full<Bytes>>>>, ended: &mut bool, cx: &mut Context<'_>) {
    if !*ended && connection.as_mut().poll(cx).is_ready() {
        *ended = true;
    }
}

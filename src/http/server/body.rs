//! Reading a request body within its bounds of size, time and memory.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use hyper::body::{Body, Frame, Incoming};
use tokio::time::{Instant, Sleep, sleep_until};

use super::memory::{Hold, Memory};
use super::pulse::Pulse;
use super::refusal::Fault;
use crate::http::Limits;

/// Room made for a body at its first frame, and the size up to which a body needs no share of the
/// common memory: 1,024 of these are 64 MiB.
const FIRST_ROOM: usize = 64 * 1024;

/// Who wakes the reader of a body at its deadline.
pub(super) enum Clock<'a> {
    /// The watch over an HTTP/1 connection, which runs in the same task.
    Connection(&'a Pulse),
    /// A timer of its own, for a stream of an HTTP/2 connection.
    Stream(Option<Pin<Box<Sleep>>>),
}

/// A body under way.
pub(super) struct Reader<'a> {
    limits: &'a Limits,
    /// Bytes that are taken.
    most: usize,
    clock: Clock<'a>,
    hold: Hold<'a>,
    /// When the head had come.
    started: Instant,
    /// What `Content-Length` says.
    declared: Option<usize>,
}

impl<'a> Reader<'a> {
    /// A reader that has read nothing, and takes so many bytes at most.
    pub fn new(limits: &'a Limits, most: usize, clock: Clock<'a>, memory: &'a Memory, started: Instant) -> Self {
        Self { limits, most, clock, hold: Hold::none(memory), started, declared: None }
    }

    /// Reads the body to its end. The hold is kept in `self` until the reader is dropped.
    pub async fn read(&mut self, mut body: Incoming) -> Result<Bytes, Fault> {
        if body.is_end_stream() {
            return Ok(Bytes::new());
        }
        self.declared = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
        let Some(first) = self.next(&mut body, 0).await? else { return Ok(Bytes::new()) };
        if body.is_end_stream() {
            return self.within(first.len()).map(|()| first);
        }
        let mut gathered = BytesMut::new();
        self.append(&mut gathered, &first)?;
        while let Some(more) = self.next(&mut body, gathered.len()).await? {
            self.append(&mut gathered, &more)?;
        }
        Ok(gathered.freeze())
    }

    /// The next piece of data, `None` at the end. Trailers are dropped.
    async fn next(&mut self, body: &mut Incoming, received: usize) -> Result<Option<Bytes>, Fault> {
        let deadline = self.started + self.limits.body_patience(received);
        loop {
            let frame = poll_fn(|cx| self.poll_frame(body, deadline, cx)).await;
            self.clock.rest();
            match frame {
                None => return Err(self.too_slow(received)),
                Some(None) => return Ok(None),
                Some(Some(Err(error))) => return Err(self.broken(&error, received)),
                Some(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// The next frame, or `None` once the deadline has passed.
    #[allow(clippy::type_complexity)]
    fn poll_frame(
        &mut self,
        body: &mut Incoming,
        deadline: Instant,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Option<hyper::Result<Frame<Bytes>>>>> {
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            return Poll::Ready(Some(frame));
        }
        self.clock.poll_passed(deadline, cx).map(|()| None)
    }

    fn append(&mut self, gathered: &mut BytesMut, piece: &Bytes) -> Result<(), Fault> {
        let length = gathered.len() + piece.len();
        self.within(length)?;
        if length > gathered.capacity() {
            let wanted = self.room_for(length);
            if wanted > FIRST_ROOM && !self.hold.grow_to(wanted) {
                return Err(Fault::new(StatusCode::SERVICE_UNAVAILABLE, "too many large bodies at once"));
            }
            gathered.reserve(wanted - gathered.len());
        }
        gathered.extend_from_slice(piece);
        Ok(())
    }

    /// Room for `length` bytes and a fair guess at what follows: doubling, up to what was declared.
    fn room_for(&self, length: usize) -> usize {
        let ceiling = self.declared.unwrap_or(self.most).max(length);
        length.next_power_of_two().max(FIRST_ROOM).min(ceiling)
    }

    fn within(&self, length: usize) -> Result<(), Fault> {
        if length > self.most { Err(too_large(self.most)) } else { Ok(()) }
    }

    fn too_slow(&self, received: usize) -> Fault {
        let came = self.progress(received);
        let waited = self.started.elapsed().as_secs_f32();
        Fault::new(StatusCode::REQUEST_TIMEOUT, format!("the body is too slow: {came} came in {waited:.1} s"))
    }

    fn broken(&self, error: &hyper::Error, received: usize) -> Fault {
        let came = self.progress(received);
        let reason = if is_malformed(error) {
            format!("the chunked body is malformed after {came}")
        } else {
            format!("the sender hung up when {came} had come")
        };
        Fault::new(StatusCode::BAD_REQUEST, reason)
    }

    fn progress(&self, received: usize) -> String {
        match self.declared {
            Some(declared) => format!("{received} of {declared} bytes"),
            None => format!("{received} bytes"),
        }
    }
}

/// The fault of a body over the limit.
pub(super) fn too_large(most: usize) -> Fault {
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than the limit of {most} bytes"))
}

/// Whether the body's own bytes are wrong, rather than missing.
fn is_malformed(error: &hyper::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return matches!(io.kind(), std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData);
        }
        source = cause.source();
    }
    false
}

impl Clock<'_> {
    /// Ready once `deadline` has passed; else the task is woken then.
    fn poll_passed(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Connection(pulse) => {
                if pulse.is_body_overdue() {
                    return Poll::Ready(());
                }
                pulse.expect_body_by(deadline);
                Poll::Pending
            }
            Self::Stream(timer) => {
                let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
                if timer.deadline() != deadline {
                    timer.as_mut().reset(deadline);
                }
                timer.as_mut().poll(cx)
            }
        }
    }

    fn rest(&self) {
        if let Self::Connection(pulse) = self {
            pulse.expect_no_body();
        }
    }
}

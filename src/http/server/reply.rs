//! The body of an answer on its way to the wire: whole, or piece by piece.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use super::Answer;
use super::pulse::Pulse;

/// An answer, and what may follow it.
#[derive(Debug, Default)]
pub struct Reply {
    /// Status, headers, and the body or its beginning.
    pub answer: Answer,
    /// What follows while it is made.
    pub tail: Option<Tail>,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self { answer, tail: None }
    }
}

/// What follows the body of an answer, piece by piece, until its sender is dropped. The answer then has no length in
/// advance, and its connection is at work for as long.
#[derive(Debug)]
pub struct Tail(mpsc::Receiver<Bytes>);

impl Tail {
    /// A tail, and what feeds it: at most `room` pieces wait for a peer that reads slowly.
    pub fn new(room: usize) -> (mpsc::Sender<Bytes>, Self) {
        let (sender, receiver) = mpsc::channel(room);
        (sender, Self(receiver))
    }
}

/// A tail that is being written: its connection is at work.
#[derive(Debug)]
struct Flow {
    pieces: mpsc::Receiver<Bytes>,
    pulse: Arc<Pulse>,
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.pulse.end();
    }
}

/// The body that hyper writes.
#[derive(Debug)]
pub(super) struct Payload {
    first: Bytes,
    flow: Option<Flow>,
}

impl Payload {
    /// What is written of these on the connection of `pulse`.
    pub(super) fn new(first: Bytes, tail: Option<Tail>, pulse: &Arc<Pulse>) -> Self {
        let flow = tail.map(|Tail(pieces)| {
            pulse.begin();
            Flow { pieces, pulse: Arc::clone(pulse) }
        });
        Self { first, flow }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        if !this.first.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.first)))));
        }
        let Some(flow) = &mut this.flow else { return Poll::Ready(None) };
        let piece = ready!(flow.pieces.poll_recv(cx));
        if piece.is_none() {
            this.flow = None;
        }
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.flow.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match self.flow {
            None => SizeHint::with_exact(self.first.len() as u64),
            Some(_) => SizeHint::default(),
        }
    }
}

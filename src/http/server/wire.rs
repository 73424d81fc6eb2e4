//! The socket of a connection, which tells the pulse what moves.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::pulse::Pulse;

/// The first bytes of HTTP/2 (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The first byte of TLS (RFC 8446 section 5.1); no method of HTTP begins with it.
const TLS_HANDSHAKE: u8 = 0x16;
/// The first read of a connection: most requests come whole in it.
const FIRST_READ: usize = 4 * 1024;
/// What is read and thrown away at a time while a refused sender is still sending.
const DISCARD: usize = 16 * 1024;

/// What a peer's first bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    Http1,
    Http2,
    Tls,
}

/// A socket with the bytes that were read to tell the protocol, and a pulse.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    first: Bytes,
    pulse: Arc<Pulse>,
    refused: bool,
    half_closed: bool,
}

impl Wire {
    /// Watches a socket.
    pub fn new(stream: TcpStream, pulse: Arc<Pulse>) -> Self {
        Self { stream, first: Bytes::new(), pulse, refused: false, half_closed: false }
    }

    /// Reads as far as it takes to tell the protocol; what was read will be read again.
    pub async fn opening(&mut self) -> io::Result<Opening> {
        self.stream.readable().await?;
        let mut first = Vec::with_capacity(FIRST_READ);
        loop {
            let count = self.read_buf(&mut first).await?;
            let known = first.len().min(PREFACE.len());
            let matches = first[..known] == PREFACE[..known];
            if count == 0 || !matches || known == PREFACE.len() {
                let opening = match first.first() {
                    Some(&TLS_HANDSHAKE) => Opening::Tls,
                    Some(_) if matches && known == PREFACE.len() => Opening::Http2,
                    _ => Opening::Http1,
                };
                self.first = Bytes::from(first);
                return Ok(opening);
            }
        }
    }

    fn read_first(&mut self, buf: &mut ReadBuf<'_>) {
        let count = self.first.len().min(buf.remaining());
        buf.put_slice(&self.first[..count]);
        self.first.advance(count);
    }

    fn note_write(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match result {
            Poll::Pending => self.pulse.write_blocked(),
            Poll::Ready(_) => self.pulse.write_moved(),
        }
        result
    }

    /// Reads and drops what still comes, to the peer's end.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut space = [0; DISCARD];
        loop {
            let mut buf = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf))?;
            if buf.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.first.is_empty() {
            this.read_first(buf);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let came = &buf.filled()[before..];
        if !came.is_empty() {
            this.pulse.heard(came);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.note_write(result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.note_write(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    /// Closes our half. After a refusal the peer's half is then read for a while: to close a socket
    /// with unread bytes resets it, and the reset may overtake the answer.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.half_closed {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            this.half_closed = true;
            this.refused = this.pulse.was_refused();
            this.pulse.close();
        }
        if this.refused { this.poll_discard(cx) } else { Poll::Ready(Ok(())) }
    }
}

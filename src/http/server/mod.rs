//! The server: an accept loop that never ends by accident, connections whose every wait is bounded,
//! and one [`Handler`] that sees whole requests only.

mod accept;
mod bind;
mod body;
mod connection;
mod descriptors;
mod head;
mod memory;
mod pulse;
mod reception;
mod refusal;
mod reply;
mod stop;
#[cfg(test)]
mod tests;
mod watch;
mod wire;

use std::net::SocketAddr;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use crate::model::Request;

pub use accept::serve;
pub use bind::bind;
pub use refusal::Refusal;
pub use reply::{Reply, Tail};

/// What answers requests.
///
/// A handler that has been given a request is run to its end: a sender that hangs up does not
/// cancel it. Only a drain deadline that passes, or the end of the process, cuts it short.
pub trait Handler: Send + Sync + 'static {
    /// The status for a request without exactly one `Host` (RFC 9112 section 3.2 asks for 400).
    const NO_HOST: StatusCode = StatusCode::BAD_REQUEST;

    /// What it answers with: a whole [`Answer`], or a [`Reply`] that may go on.
    type Reply: Into<Reply> + Send + 'static;

    /// How long a body may be that follows this head, where the limits allow as much.
    fn most(&self, head: &Parts) -> usize {
        let _ = head;
        usize::MAX
    }

    /// Answers one request, whose body has come whole.
    fn handle(&self, received: Received) -> impl Future<Output = Self::Reply> + Send;

    /// Is told of each request that was turned away before it reached [`Handler::handle`].
    fn refused(&self, refusal: Refusal) {
        let _ = refusal;
    }
}

/// A whole request and its sender.
#[derive(Debug, Clone)]
pub struct Received {
    /// The request, exactly as it came. Over HTTP/2 the authority stands in `Host`.
    pub request: Request,
    /// The peer.
    pub remote: SocketAddr,
}

/// What to send back. `Content-Length` and `Date` are added.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The status; an informational one is sent as 502, since no answer would follow it.
    pub status: StatusCode,
    /// Header fields. `Content-Length` and `Transfer-Encoding` are replaced by the true ones.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

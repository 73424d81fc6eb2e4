//! The inspector: a page on this machine, and its API, over the history.
//!
//! It reads what the listener writes from the file, like any other reader, so that it never stands in the way of
//! receiving and shows what other processes do as well. What it sends goes through [`Desk`].

mod address;
mod answer;
mod asked;
mod body;
mod catalogue;
mod coding;
mod compare;
mod cursor;
mod cut;
mod desk;
mod event;
mod explain;
mod export;
mod found;
mod guard;
mod lines;
mod list;
mod news;
mod page;
mod parameters;
mod pin;
mod poll;
mod range;
mod readers;
mod replay;
mod resent;
mod route;
mod row;
#[cfg(test)]
mod sample;
mod send;
mod sender;
mod server;
mod snapshots;
mod stats;
mod status;
mod stream;
mod token;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

pub use address::{Address, AddressError, DEFAULT_PORTS};
pub use desk::{Desk, Verifiers};
pub use route::{Call, ROUTES, Route};
pub use token::Token;

use guard::Names;
use poll::Poll;
use readers::Readers;
use server::Server;
use snapshots::Snapshots;

use crate::http::{Limits, serve};

/// Connections at once: a browser opens six for a page, and a person has some pages open.
const MAX_CONNECTIONS: usize = 64;
/// A body of 25 MiB as base64, and what stands around it.
const MAX_BODY: usize = 36 * 1024 * 1024;
/// Requests of a page are answered at once; only a send to a slow target takes longer, and nobody waits for it.
const DRAIN_DEADLINE: Duration = Duration::from_secs(2);

/// What an inspector shows, and with what it sends.
#[derive(Debug)]
pub struct Options {
    /// The file of the history.
    pub history: PathBuf,
    /// What a page must know to read or to send.
    pub token: Token,
    /// The listener beside it, where there is one.
    pub listening: Option<Listening>,
    /// With what requests are made and sent.
    pub desk: Desk,
}

/// A listener, as the page tells of it.
#[derive(Debug, Clone)]
pub struct Listening {
    /// Where it receives.
    pub url: String,
    /// Where it forwards to.
    pub forward: Vec<String>,
    /// The providers it was told to expect.
    pub providers: Vec<String>,
    /// Requests that it has not answered yet, and deliveries for which no sender waits.
    pub in_flight: Arc<AtomicUsize>,
}

/// An inspector at work.
#[derive(Debug)]
struct Inspector {
    options: Options,
    /// Tells a page that this is another run.
    instance: Uuid,
    readers: Readers,
    /// Lists that pages scroll through.
    snapshots: Arc<Snapshots>,
    /// Tells streams of what happens.
    poll: Arc<Poll>,
    /// Room for streams.
    seats: Arc<Semaphore>,
    /// Becomes true when the inspector ends.
    closing: watch::Receiver<bool>,
}

/// Serves the page and its API until `stop`. Needs a tokio runtime.
pub async fn inspect(sockets: Vec<TcpListener>, options: Options, stop: impl Future<Output = ()>) {
    let bound: Vec<SocketAddr> = sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect();
    let (close, closing) = watch::channel(false);
    let readers = Readers::new(options.history.clone());
    let poll = Poll::new(options.history.clone());
    let inspector = Arc::new(Inspector {
        options,
        instance: Uuid::new_v4(),
        readers,
        snapshots: Arc::default(),
        poll,
        seats: Arc::new(Semaphore::new(stream::MAX_STREAMS)),
        closing,
    });
    let limits = Limits {
        max_connections: MAX_CONNECTIONS,
        max_body: MAX_BODY,
        body_memory: MAX_BODY * 2,
        drain_deadline: DRAIN_DEADLINE,
        ..Limits::default()
    };
    let until = async {
        stop.await;
        // Streams would go on for as long as their pages are open.
        let _ = close.send(true);
    };
    serve(sockets, Arc::new(Server { inspector, names: Names::new(bound) }), limits, until).await;
}

//! The accept loop.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Handler;
use super::connection::attend;
use super::descriptors;
use super::memory::Memory;
use super::reception::House;
use super::refusal::{RETRY_AFTER_SECONDS, Refusal};
use super::stop::Stop;
use crate::http::Limits;

/// Pause after an accept that failed for want of descriptors or memory: long enough not to spin,
/// short against the senders' patience.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections over the limit that are told so at a time; the rest are closed without a word.
const MAX_TURNED_AWAY: usize = 16;
/// How long one that is turned away has to read its 503.
const TURN_AWAY_TIME: Duration = Duration::from_millis(500);

/// Serves all `listeners` until `stop` completes, then lets requests in flight end within
/// `limits.drain_deadline`. Never ends for any other reason.
pub async fn serve<H: Handler>(
    listeners: Vec<TcpListener>,
    handler: Arc<H>,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let (alive, mut ended) = mpsc::channel::<()>(1);
    let drain = limits.drain_deadline;
    let mut door = Door::new(handler, limits, alive);
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&listeners) => match accepted {
                Ok((stream, remote)) => door.admit(stream, remote),
                Err(error) if is_about_the_peer(&error) => {}
                Err(error) => {
                    door.tell_shortage(&error);
                    tokio::select! { () = &mut stop => break, () = sleep(ACCEPT_PAUSE) => {} }
                }
            },
        }
    }
    drop(listeners);
    let mut visits = door.close();
    let drained = async {
        while visits.join_next().await.is_some() {}
        ended.recv().await
    };
    let _ = timeout(drain, drained).await;
}

/// The next connection of any listener.
async fn accept(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|cx| {
        for listener in listeners {
            if let Poll::Ready(accepted) = listener.poll_accept(cx) {
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    })
    .await
}

/// Errors of accept(2) that concern one connection which is already gone.
fn is_about_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Where connections come in.
struct Door<H> {
    house: Arc<House<H>>,
    capacity: usize,
    visits: JoinSet<()>,
    turned_away: JoinSet<()>,
    stop: Arc<Stop>,
    alive: mpsc::Sender<()>,
    short: bool,
}

impl<H: Handler> Door<H> {
    fn new(handler: Arc<H>, limits: Limits, alive: mpsc::Sender<()>) -> Self {
        let capacity = descriptors::affordable(limits.max_connections, MAX_TURNED_AWAY);
        let memory = Memory::new(limits.body_memory);
        Self {
            house: Arc::new(House { handler, limits, memory }),
            capacity,
            visits: JoinSet::new(),
            turned_away: JoinSet::new(),
            stop: Arc::new(Stop::default()),
            alive,
            short: false,
        }
    }

    fn admit(&mut self, stream: TcpStream, remote: SocketAddr) {
        self.short = false;
        while self.visits.try_join_next().is_some() {}
        if self.visits.len() >= self.capacity {
            return self.turn_away(stream, remote);
        }
        let (house, stop, alive) = (Arc::clone(&self.house), Arc::clone(&self.stop), self.alive.clone());
        self.visits.spawn(attend(house, stream, remote, stop, alive));
    }

    fn turn_away(&mut self, stream: TcpStream, remote: SocketAddr) {
        let reason = format!("more than {} connections at once", self.capacity);
        self.house.handler.refused(Refusal { status: 503, reason, remote: Some(remote) });
        while self.turned_away.try_join_next().is_some() {}
        if self.turned_away.len() < MAX_TURNED_AWAY {
            self.turned_away.spawn(say_busy(stream));
        }
    }

    /// Says once per shortage that connections cannot be accepted.
    fn tell_shortage(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.short, true) {
            let reason = format!("cannot accept connections for now: {error}");
            self.house.handler.refused(Refusal { status: 503, reason, remote: None });
        }
    }

    /// Winds all visits down and returns them.
    fn close(self) -> JoinSet<()> {
        self.stop.raise();
        self.visits
    }
}

/// Answers 503 without reading the request, then reads a little so that the answer survives.
async fn say_busy(mut stream: TcpStream) {
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: {RETRY_AFTER_SECONDS}\r\nconnection: close\r\n\
         content-length: 0\r\n\r\n"
    );
    let farewell = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        let mut unread = [0; 1024];
        while stream.read(&mut unread).await? > 0 {}
        io::Result::Ok(())
    };
    let _ = timeout(TURN_AWAY_TIME, farewell).await;
}

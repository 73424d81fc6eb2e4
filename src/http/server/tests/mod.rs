//! The server against real sockets.

mod bounds;
mod many;
mod protocol;
mod tail;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Answer, Handler, Received, Refusal, bind, serve};
use crate::http::Limits;
use crate::model::Request;

/// No step of a test takes longer, unless something hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers 200 with the body it was sent, and remembers what it saw.
#[derive(Default)]
struct Echo {
    requests: Mutex<Vec<Request>>,
    refusals: Mutex<Vec<Refusal>>,
    delay: Duration,
}

impl Handler for Echo {
    type Reply = Answer;

    async fn handle(&self, received: Received) -> Answer {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        let body = match received.request.uri.path() {
            "/large" => Bytes::from(vec![b'x'; 8 * 1024 * 1024]),
            _ => received.request.body.clone(),
        };
        self.requests.lock().unwrap().push(received.request);
        Answer { status: StatusCode::OK, body, ..Answer::default() }
    }

    fn refused(&self, refusal: Refusal) {
        self.refusals.lock().unwrap().push(refusal);
    }
}

/// A server on a free port; stops when asked.
struct Running {
    address: SocketAddr,
    handler: Arc<Echo>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

impl Running {
    fn start(limits: Limits) -> Self {
        Self::with(Echo::default(), limits)
    }

    fn with(handler: Echo, limits: Limits) -> Self {
        let listeners = bind("127.0.0.1", 0).unwrap();
        let address = listeners[0].local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let handler = Arc::new(handler);
        let served = tokio::spawn(serve(listeners, Arc::clone(&handler), limits, async {
            let _ = stopped.await;
        }));
        Self { address, handler, stop: Some(stop), served }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Writes `bytes` on a new connection and reads to its end.
    async fn talk(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_ref()).await.unwrap();
        read_to_end(&mut stream).await
    }

    fn ask_to_stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    fn seen(&self) -> Vec<Request> {
        self.handler.requests.lock().unwrap().clone()
    }

    fn refusals(&self) -> Vec<Refusal> {
        self.handler.refusals.lock().unwrap().clone()
    }

    /// Asserts what the handler was told, lowest first; some of it comes when the connection closes.
    async fn assert_refused(&self, statuses: &[u16]) {
        let told = || {
            let mut statuses: Vec<_> = self.refusals().iter().map(|refusal| refusal.status).collect();
            statuses.sort_unstable();
            statuses
        };
        for _ in 0..100 {
            if told().len() >= statuses.len() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(told(), statuses, "{:?}", self.refusals());
    }
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut all)).await.expect("the connection stays open");
    String::from_utf8_lossy(&all).into_owned()
}

/// Reads until `needle` has come.
async fn read_until(stream: &mut TcpStream, needle: &str) -> String {
    let mut all = Vec::new();
    while !String::from_utf8_lossy(&all).contains(needle) {
        let mut piece = [0; 4096];
        let count = timeout(PATIENCE, stream.read(&mut piece)).await.expect("no answer").unwrap();
        assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&all));
        all.extend_from_slice(&piece[..count]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

fn status_of(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("no answer")
}

/// A request that asks for the connection to be closed.
fn post(body: &str) -> String {
    format!("POST /hook?x=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

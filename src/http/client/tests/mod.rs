//! The client against real sockets.

mod failures;
mod proxies;
mod secure;
mod sending;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, Method};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use super::*;
use crate::model::{FailureKind, Request};

/// A connection that does what a test says: for each request head (and body) it reads, the next
/// piece is written; then the connection is closed.
struct Scripted {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// A server whose first connection plays the first script, and so on; the last one repeats.
    async fn start(scripts: &[&[&str]]) -> Self {
        let scripts: Vec<Vec<String>> =
            scripts.iter().map(|script| script.iter().map(|&answer| answer.to_owned()).collect()).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&seen);
        tokio::spawn(async move {
            for index in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let script = scripts[index.min(scripts.len() - 1)].clone();
                tokio::spawn(play(stream, script, Arc::clone(&record)));
            }
        });
        Self { address, seen }
    }

    /// One answer, then the end.
    async fn answering(answer: &str) -> Self {
        Self::start(&[&[answer]]).await
    }

    fn url(&self) -> Url {
        url(format!("http://{}/", self.address))
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn play(mut stream: impl AsyncRead + AsyncWrite + Unpin, script: Vec<String>, seen: Arc<Mutex<Vec<String>>>) {
    for answer in script {
        let Some(request) = read_request(&mut stream).await else { return };
        seen.lock().unwrap().push(request);
        let _ = stream.write_all(answer.as_bytes()).await;
    }
    let _ = stream.shutdown().await;
}

/// Reads a head and as many bytes as its `content-length` says.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(end) = text.find("\r\n\r\n") {
            let head = text[..end].to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return Some(text);
            }
        }
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn url(text: impl AsRef<str>) -> Url {
    Url::parse(text.as_ref()).unwrap()
}

/// A port on which nothing listens.
async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// Options that do not depend on the environment of the test.
fn options() -> ClientOptions {
    let limit = Some(Duration::from_secs(5));
    ClientOptions { timeout: limit, connect_timeout: limit, proxies: Proxies::Never, ..ClientOptions::default() }
}

fn post(uri: &str, body: &'static str) -> Request {
    let headers = HeaderMap::new();
    Request { method: Method::POST, uri: uri.parse().unwrap(), headers, body: body.into() }
}

/// Sends one request with the given options.
async fn send(options: ClientOptions, target: &Url) -> Outcome {
    Client::new(options).unwrap().session(target).send(post("/hook", "hi")).await
}

fn kind(outcome: &Outcome) -> FailureKind {
    outcome.error.as_ref().expect("it should have failed").kind
}

fn message(outcome: &Outcome) -> &str {
    &outcome.error.as_ref().expect("it should have failed").message
}

fn hint(outcome: &Outcome) -> &str {
    outcome.error.as_ref().and_then(|error| error.hint.as_deref()).unwrap_or_default()
}

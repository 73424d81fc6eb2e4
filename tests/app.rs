//! An app that receives webhooks: it records every request byte by byte.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Longer than any delivery takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request as it stood on the wire.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Request line and header lines, without the empty line.
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    /// Header lines, as written.
    pub fn headers(&self) -> Vec<&str> {
        self.head.lines().skip(1).collect()
    }

    /// All values of a header, in order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let pairs = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        pairs.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }
}

type Answer = dyn Fn(&Seen) -> Vec<u8> + Send + Sync;

/// A server that ends with the test.
pub struct App {
    address: SocketAddr,
    seen: Receiver<Seen>,
}

impl App {
    /// Answers each request with the bytes that `answer` makes of it.
    pub fn start(answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start_on(0, answer)
    }

    /// The same on a port of one's choice, such as one that was closed until now.
    pub fn start_on(port: u16, answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let address = listener.local_addr().unwrap();
        let (send, seen) = channel();
        let answer: Arc<Answer> = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (send, answer) = (send.clone(), Arc::clone(&answer));
                std::thread::spawn(move || converse(stream, &send, &*answer));
            }
        });
        Self { address, seen }
    }

    /// Answers every request with this status and body.
    pub fn answering(status: &str, body: &str) -> Self {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        Self::start(move |_| answer.clone().into_bytes())
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next request.
    pub fn next(&self) -> Seen {
        self.seen.recv_timeout(PATIENCE).expect("another request in time")
    }

    /// Requests that came and were not looked at yet.
    pub fn rest(&self) -> Vec<Seen> {
        self.seen.try_iter().collect()
    }
}

/// A port where nothing listens, for this test only. It is below those that the system gives to whoever asks for
/// any (32768 on Linux, `ip_local_port_range`), so that no other test gets it before it is used.
pub fn closed_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // Two runs at once begin at different places.
    let start = u16::try_from(std::process::id() % 10_000).unwrap();
    let ports = std::iter::repeat_with(|| 12_000 + (start + GIVEN.fetch_add(1, Ordering::Relaxed)) % 20_000);
    ports.take(1000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

fn converse(mut stream: TcpStream, seen: &Sender<Seen>, answer: &Answer) {
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer) {
        // The test may be over, and its receiver gone.
        let _ = seen.send(request.clone());
        if stream.write_all(&answer(&request)).is_err() {
            return;
        }
    }
}

fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        fill(stream, buffer)?;
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    buffer.drain(..end + 4);
    let mut seen = Seen { head, body: Vec::new() };
    let length: usize = seen.all("content-length").first().map_or(0, |length| length.parse().unwrap());
    while buffer.len() < length {
        fill(stream, buffer)?;
    }
    seen.body = buffer.drain(..length).collect();
    Some(seen)
}

fn fill(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 16 * 1024];
    let count = stream.read(&mut chunk).ok().filter(|count| *count > 0)?;
    buffer.extend_from_slice(&chunk[..count]);
    Some(())
}

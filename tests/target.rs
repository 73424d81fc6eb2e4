//! A target with answers prepared in advance, that keeps what it was sent.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

/// A request as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// `POST /path HTTP/1.1`
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Sent {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Answers each request with the next of its answers; the last one repeats.
pub struct Target {
    pub port: u16,
    requests: Receiver<Sent>,
}

pub const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

impl Target {
    pub fn start(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (send, requests) = channel();
        let answers: Vec<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
        let given = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (send, answers, given) = (send.clone(), answers.clone(), Arc::clone(&given));
                std::thread::spawn(move || {
                    serve(stream, &send, || {
                        let number = given.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        answers[number.min(answers.len() - 1)].clone()
                    })
                });
            }
        });
        Self { port, requests }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The next request.
    pub fn next(&self) -> Sent {
        self.requests.recv_timeout(PATIENCE).expect("another request in time")
    }

    /// Requests that came and were not looked at.
    pub fn rest(&self) -> Vec<Sent> {
        self.requests.try_iter().collect()
    }
}

/// Serves one connection until the other side closes it.
fn serve(stream: TcpStream, send: &Sender<Sent>, answer: impl Fn() -> String) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let answer = answer();
        if send.send(request).is_err() || answer.is_empty() {
            // An empty answer stands for silence: the connection stays open until the other side gives up.
            let _ = reader.fill_buf();
            return;
        }
        if writer.write_all(answer.as_bytes()).and_then(|()| writer.flush()).is_err() {
            return;
        }
    }
}

/// One request with its whole body; `None` when the connection is closed.
pub fn read(reader: &mut impl BufRead) -> Option<Sent> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            text => head.push(text.to_owned()),
        }
    }
    let headers: Vec<(String, String)> = head[1..]
        .iter()
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Sent { line: head[0].clone(), headers, body })
}

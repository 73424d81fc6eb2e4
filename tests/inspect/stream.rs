//! The stream: what happens is told soon, by whomever it was done, and nothing twice.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Inspector, listen};
use crate::app::App;
use crate::sandbox::{Listening, Sandbox};
use crate::wire;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A message of a stream.
#[derive(Debug, Clone, Default)]
struct Message {
    event: String,
    id: String,
    data: Value,
}

impl Message {
    /// The `n` of each row's path `/n`.
    fn paths(&self) -> Vec<&str> {
        self.data["events"].as_array().unwrap().iter().map(|row| row["request"]["path"].as_str().unwrap()).collect()
    }
}

/// An open stream.
struct Stream {
    reader: BufReader<TcpStream>,
    lines: Vec<u8>,
    status: u16,
}

impl Stream {
    fn open(inspector: &Inspector, query: &str, last: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(&inspector.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let last = last.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        let head = format!(
            "GET /api/stream?{query} HTTP/1.1\r\nhost: {}\r\nhookctl-token: {}\r\n{last}\r\n",
            inspector.address, inspector.token
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).unwrap();
        }
        Self { reader, lines: Vec::new(), status }
    }

    /// The next line, out of the chunks in which it travels (RFC 9112 section 7.1); `None` at the end.
    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.lines.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.lines.drain(..=end).collect();
                return Some(String::from_utf8(line).unwrap().trim_end().to_owned());
            }
            let mut size = String::new();
            self.reader.read_line(&mut size).unwrap();
            let size = usize::from_str_radix(size.trim(), 16).ok().filter(|size| *size > 0)?;
            let mut chunk = vec![0; size + 2];
            self.reader.read_exact(&mut chunk).unwrap();
            self.lines.extend_from_slice(&chunk[..size]);
        }
    }

    /// The next message; `None` at the end.
    fn try_next(&mut self) -> Option<Message> {
        let mut message = Message::default();
        loop {
            match self.line()?.split_once(": ") {
                Some(("event", event)) => message.event = event.to_owned(),
                Some(("id", id)) => message.id = id.to_owned(),
                Some(("data", data)) => message.data = serde_json::from_str(data).unwrap(),
                None if !message.event.is_empty() => return Some(message),
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Message {
        self.try_next().expect("another message")
    }

    /// The next message of one kind.
    fn next_of(&mut self, event: &str) -> Message {
        loop {
            let message = self.next();
            if message.event == event {
                return message;
            }
        }
    }

    /// Paths of new events until so many came.
    fn arrivals(&mut self, count: usize) -> Vec<String> {
        let mut paths = Vec::new();
        while paths.len() < count {
            paths.extend(self.next_of("events").paths().into_iter().map(str::to_owned));
        }
        paths
    }
}

fn post(listening: &Listening, path: &str) {
    wire::post(&listening.address(), path, &[], b"{}");
}

#[test]
fn a_stream_begins_with_what_is_and_tells_of_each_event_at_once() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    post(&listening, "/before");
    let mut stream = Stream::open(&inspector, "", None);
    let hello = stream.next();
    assert_eq!((hello.event.as_str(), &hello.data["resumed"]), ("hello", &false.into()));
    let status = inspector.get("/api/status").json();
    for name in ["instance", "listening", "history", "version"] {
        assert_eq!(hello.data["status"][name], status[name], "{name}");
    }
    assert_eq!(hello.data["instance"], status["instance"]);
    let mut slowest = Duration::ZERO;
    for number in 0..10 {
        let started = Instant::now();
        post(&listening, &format!("/{number}"));
        assert_eq!(stream.arrivals(1), [format!("/{number}")]);
        slowest = slowest.max(started.elapsed());
        std::thread::sleep(Duration::from_millis(number * 13));
    }
    // 100 ms on a machine that has nothing else to do.
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    let row = inspector.get("/api/events?limit=1").json()["events"][0].clone();
    post(&listening, "/last");
    let told = stream.next_of("events").data["events"][0].clone();
    assert_eq!(
        told.as_object().unwrap().keys().collect::<Vec<_>>(),
        row.as_object().unwrap().keys().collect::<Vec<_>>()
    );
    assert_eq!(told, inspector.get("/api/events?limit=1").json()["events"][0]);
}

#[test]
fn what_another_process_writes_is_told_too() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = listen(&sandbox, &[]);
    let mut stream = Stream::open(&inspector, "", None);
    stream.next_of("hello");
    let other = sandbox.listen(&[]);
    post(&other, "/elsewhere");
    assert_eq!(stream.arrivals(1), ["/elsewhere"]);
    other.interrupt();
    let app = App::answering("204 No Content", "");
    assert_eq!(sandbox.run(&["events", "replay", "@1", "--to", &app.url()]).code, 0);
    let changed = stream.next_of("changed");
    assert_eq!(changed.data["events"][0]["deliveries"]["last"]["status"], 204);
    assert_eq!(changed.paths(), ["/elsewhere"]);
}

#[test]
fn a_filter_holds_for_a_stream_as_for_a_list() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let mut stream = Stream::open(&inspector, "filter=path%3D%2Fyes", None);
    let mut texts = Stream::open(&inspector, "filter=needle", None);
    stream.next_of("hello");
    texts.next_of("hello");
    for path in ["/no", "/yes", "/no?q=needle", "/yes?x"] {
        post(&listening, path);
    }
    assert_eq!(stream.arrivals(2), ["/yes", "/yes"]);
    let found = texts.next_of("events");
    assert_eq!((found.paths(), &found.data["events"][0]["request"]["query"]), (vec!["/no"], &"q=needle".into()));
    let refused = inspector.get("/api/stream?filter=povider:x");
    assert_eq!((refused.status, refused.json()["code"].as_str()), (400, Some("filter")));
}

#[test]
fn a_stream_that_broke_off_goes_on_where_it_was_also_after_a_restart() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let mut stream = Stream::open(&inspector, "", None);
    let start = stream.next_of("hello").id;
    for path in ["/1", "/2", "/3"] {
        post(&listening, path);
    }
    let mut last = String::new();
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let message = stream.next_of("events");
        seen.extend(message.paths().into_iter().map(str::to_owned));
        last = message.id;
    }
    assert_eq!(seen, ["/1", "/2", "/3"]);
    let mut again = Stream::open(&inspector, "", Some(&start));
    let hello = again.next();
    assert_eq!((&hello.data["resumed"], &hello.id), (&true.into(), &start));
    assert_eq!(again.arrivals(3), ["/1", "/2", "/3"]);
    let newest = inspector.get("/api/events").json()["newest"].as_str().unwrap().to_owned();
    assert_eq!(newest, last, "a list says from where a stream goes on");
    let instance = hello.data["instance"].clone();
    assert_eq!(listening.interrupt().0, 0);
    let between = sandbox.listen(&[]);
    post(&between, "/4");
    between.interrupt();
    let (listening, inspector) = listen(&sandbox, &[]);
    post(&listening, "/5");
    let mut stream = Stream::open(&inspector, "", Some(&last));
    let hello = stream.next();
    assert_eq!(hello.data["resumed"], true);
    assert_ne!(hello.data["instance"], instance);
    assert_eq!(stream.arrivals(2), ["/4", "/5"]);
}

#[test]
fn a_stream_goes_on_from_the_very_list_that_was_loaded_before() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    // Another page is open already.
    let mut other = Stream::open(&inspector, "", None);
    other.next_of("hello");
    for number in 0..20 {
        post(&listening, &format!("/{number}"));
        let newest = inspector.get("/api/events?limit=1").json()["newest"].as_str().unwrap().to_owned();
        let mut stream = Stream::open(&inspector, "", Some(&newest));
        assert_eq!(stream.next().data["resumed"], true, "{number}");
        post(&listening, "/next");
        assert_eq!(stream.arrivals(1), ["/next"], "what the list had is not told again");
    }
}

#[test]
fn a_place_in_another_history_is_not_gone_on_from() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    post(&listening, "/1");
    for last in ["7.1.0", "x", "1.2.3.4"] {
        let mut stream = Stream::open(&inspector, "", Some(last));
        assert_eq!(stream.next().data["resumed"], false, "{last}");
        post(&listening, "/next");
        assert_eq!(stream.arrivals(1), ["/next"]);
    }
}

#[test]
fn changes_are_told_once_and_with_everything_that_is_known() {
    let sandbox = Sandbox::new();
    let app = App::answering("200 OK", "");
    let url = app.url();
    let (listening, inspector) = listen(&sandbox, &["-f", &url]);
    let mut stream = Stream::open(&inspector, "", None);
    stream.next_of("hello");
    post(&listening, "/1");
    let first = stream.next_of("events").data["events"][0].clone();
    let row =
        if first["deliveries"]["attempts"] == 1 { first } else { stream.next_of("changed").data["events"][0].clone() };
    assert_eq!((&row["deliveries"]["attempts"], &row["deliveries"]["last"]["status"]), (&1.into(), &200.into()));
    let id = row["id"].as_str().unwrap();
    for pinned in [true, false] {
        let answered = inspector.post(&format!("/api/events/{id}/pin"), &serde_json::json!({ "pinned": pinned }));
        assert_eq!(answered.status, 200, "{}", answered.text());
        let changed = stream.next_of("changed");
        assert_eq!(
            (&changed.data["events"][0]["pinned"], &changed.data["events"][0]["id"]),
            (&pinned.into(), &id.into())
        );
        assert_eq!(changed.data["events"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_page_that_is_too_far_behind_is_told_to_load_anew() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let mut stream = Stream::open(&inspector, "", None);
    let start = stream.next_of("hello").id;
    drop(stream);
    let body = wire::request("POST", "/", &[], b"{}").repeat(50);
    for _ in 0..24 {
        let mut line = wire::Line::open(&listening.address());
        line.write(&body);
        for _ in 0..50 {
            assert_eq!(line.answer(false).unwrap().status, 200);
        }
    }
    let mut stream = Stream::open(&inspector, "", Some(&start));
    assert_eq!(stream.next().data["resumed"], true);
    let skipped = stream.next();
    assert_eq!((skipped.event.as_str(), &skipped.data["missed"]), ("skipped", &1200.into()));
    post(&listening, "/next");
    assert_eq!(stream.arrivals(1), ["/next"]);
    let newest = inspector.get("/api/events?limit=1").json()["newest"].as_str().unwrap().to_owned();
    assert_eq!(newest.split('.').nth(1), Some("1201"));
}

#[test]
fn a_list_with_deleted_events_is_to_be_loaded_anew() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    for path in ["/1", "/2", "/3"] {
        post(&listening, path);
    }
    let mut stream = Stream::open(&inspector, "", None);
    stream.next_of("hello");
    assert_eq!(sandbox.run(&["events", "delete", "@2"]).code, 0);
    assert_eq!(stream.next_of("skipped").data["missed"], 0);
    post(&listening, "/4");
    assert_eq!(stream.arrivals(1), ["/4"]);
}

#[test]
fn what_the_listener_does_is_told() {
    let sandbox = Sandbox::new();
    let app = App::start(|_| {
        std::thread::sleep(Duration::from_millis(1500));
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()
    });
    let url = app.url();
    let (listening, inspector) = listen(&sandbox, &["-f", &url]);
    let mut stream = Stream::open(&inspector, "", None);
    assert_eq!(stream.next_of("hello").data["status"]["listening"]["in_flight"], 0);
    let address = listening.address();
    let sender = std::thread::spawn(move || wire::post(&address, "/", &[], b"{}"));
    assert_eq!(stream.next_of("status").data["listening"]["in_flight"], 1);
    assert_eq!(stream.next_of("status").data["listening"]["in_flight"], 0);
    sender.join().unwrap();
}

#[test]
fn a_delivery_that_no_sender_waits_for_is_in_flight_too() {
    let sandbox = Sandbox::new();
    let app = App::start(|_| {
        std::thread::sleep(Duration::from_millis(1500));
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()
    });
    let (listening, inspector) = listen(&sandbox, &["--respond", "now", "-f", &app.url()]);
    let mut stream = Stream::open(&inspector, "", None);
    stream.next_of("hello");
    post(&listening, "/");
    assert_eq!(stream.next_of("status").data["listening"]["in_flight"], 1);
    assert_eq!(stream.next_of("status").data["listening"]["in_flight"], 0);
}

#[test]
fn streams_are_bounded_and_a_closed_one_makes_room() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let mut open: Vec<Stream> = (0..32).map(|_| Stream::open(&inspector, "", None)).collect();
    assert!(open.iter_mut().all(|stream| stream.status == 200 && stream.next().event == "hello"));
    let refused = inspector.get("/api/stream");
    assert_eq!((refused.status, refused.json()["code"].as_str()), (503, Some("too_many_streams")));
    open.pop();
    let end = Instant::now() + PATIENCE;
    while Stream::open(&inspector, "", None).status != 200 {
        assert!(Instant::now() < end, "the room was not given back");
        std::thread::sleep(Duration::from_millis(20));
    }
    post(&listening, "/all");
    assert!(open.iter_mut().all(|stream| stream.arrivals(1) == ["/all"]));
}

#[test]
fn a_stream_ends_with_the_listener() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let mut stream = Stream::open(&inspector, "", None);
    stream.next_of("hello");
    let started = Instant::now();
    assert_eq!(listening.interrupt().0, 0);
    while stream.try_next().is_some() {}
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

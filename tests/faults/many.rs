//! Several processes on one file, too few descriptors, and peers that go away.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{Ledger, Sender, assert_integrity, has, post, stored, until};
use crate::app::App;
use crate::sandbox::Sandbox;
use crate::wire::{self, Line};

#[test]
fn two_listeners_and_readers_share_a_file() {
    let sandbox = Sandbox::new();
    let ledger = Ledger::default();
    let listeners = [(); 2].map(|()| sandbox.listen(&["--db", "history.db", "-q"]));
    for number in 0..200 {
        assert_eq!(post(&listeners[0].address(), &format!("old {number}")), 200);
    }
    let mut old: Vec<String> =
        stored(&sandbox, "history.db").iter().map(|line| line["event"]["id"].as_str().unwrap().to_owned()).collect();
    let loads: Vec<_> =
        (0..2).map(|number| ledger.load(&listeners[number].address(), &number.to_string(), 6, 3000)).collect();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        let ended = sandbox.run(&["events", "list", "-n", "20", "--db", "history.db"]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        if let Some(id) = old.pop() {
            let deleted = sandbox.run(&["events", "delete", &id, "--yes", "--db", "history.db"]);
            assert_eq!(deleted.code, 0, "{}", deleted.stderr);
        }
    }
    for load in loads {
        load.end();
    }
    let refused = ledger.of(|status| status != 200);
    assert!(refused.is_empty(), "{} were refused", refused.len());
    for listening in listeners {
        listening.interrupt();
    }
    assert_integrity(&sandbox.path().join("history.db"));
    let stored = stored(&sandbox, "history.db");
    let (rest, new): (Vec<_>, Vec<_>) = stored
        .into_iter()
        .partition(|line| line["event"]["request"]["body"].as_str().is_some_and(|body| body.starts_with("old")));
    assert!(rest.len() == old.len() && old.len() < 200, "{} of {} old ones", rest.len(), old.len());
    assert_eq!(new.len(), ledger.acknowledged().len());
    ledger.assert_kept(&new);
}

#[test]
fn without_descriptors_it_sheds_and_recovers() {
    if !has(&["prlimit"]) {
        return;
    }
    let sandbox = Sandbox::new();
    let mut listening = sandbox.listen_under(&["prlimit", "--nofile=64:64"], &["--db", "history.db"]);
    let ledger = Ledger::default();
    let mut early = Sender::open(&listening.address()).unwrap();
    assert_eq!(early.post("before").unwrap(), 200);
    let crowd: Vec<TcpStream> = (0..300).filter_map(|_| TcpStream::connect(listening.address()).ok()).collect();
    listening.next_of("refused");
    assert_eq!(early.post("amid").unwrap(), 200, "who is in is served, and the history has its descriptors");
    drop(crowd);
    let start = Instant::now();
    until("it receives again", || ledger.post(&listening.address(), "after") == 200);
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert!(listening.is_running());
    listening.interrupt();
    let bodies: Vec<String> = stored(&sandbox, "history.db")
        .iter()
        .map(|line| line["event"]["request"]["body"].as_str().unwrap().to_owned())
        .collect();
    assert!(["before", "amid", "after"].iter().all(|body| bodies.iter().any(|kept| kept == body)), "{bodies:?}");
}

#[test]
fn of_a_sender_that_leaves_mid_body_nothing_is_kept() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--db", "history.db"]);
    for length in 0..50 {
        let mut stream = TcpStream::connect(listening.address()).unwrap();
        let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n";
        stream.write_all(format!("{head}{}", "x".repeat(length * 2)).as_bytes()).unwrap();
    }
    let mut line = Line::open(&listening.address());
    line.write(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
    drop(line);
    assert_eq!(post(&listening.address(), "whole"), 200);
    listening.interrupt();
    let stored = stored(&sandbox, "history.db");
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0]["event"]["request"]["body"], "whole");
}

#[test]
fn a_target_that_leaves_mid_answer_costs_no_event() {
    let sandbox = Sandbox::new();
    let target = App::start(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\nhalf".to_vec());
    let resetting = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", resetting.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in resetting.incoming().map_while(Result::ok) {
            // What is unread when it closes makes the kernel reset the connection.
            let _ = stream.peek(&mut [0]);
            let _ = (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-le");
        }
    });
    for url in [address, target.url()] {
        let db = format!("{}.db", url.rsplit(':').next().unwrap());
        let listening = sandbox.listen(&["-f", &url, "--db", &db, "--forward-timeout", "2s"]);
        let answered = wire::post(&listening.address(), "/", &[], b"{}");
        assert!(answered.status == 502 || answered.status == 504, "{}", answered.status);
        let forwarded = listening.next_of("forwarded");
        assert!(forwarded["delivery"]["error"]["kind"].is_string(), "{forwarded}");
        listening.interrupt();
        assert_eq!(stored(&sandbox, &db).len(), 1);
    }
}

#[test]
fn a_credential_that_was_right_is_nowhere_on_the_disk() {
    const SENTINEL: &str = "sentinel-7f3a9c-credential";
    let config = "[provider.prokeep]\nsecret = \"env:SENTINEL\"\n[provider.prokeep.signature]\nscheme = \"token\"\nsource = \"header:X-Api-Key\"\n";
    let sandbox = Sandbox::new().env("SENTINEL", SENTINEL);
    sandbox.write("hookctl.toml", config);
    let listening = sandbox.listen(&["--db", "history.db", "--provider", "prokeep"]);
    let header = format!("X-Api-Key: {SENTINEL}");
    for _ in 0..20 {
        let answered = wire::post(&listening.address(), "/", &[&header], br#"{"type":"message_received"}"#);
        assert_eq!(answered.status, 200, "{}", answered.text());
    }
    let holds = |bytes: &[u8]| bytes.windows(SENTINEL.len()).any(|window| window == SENTINEL.as_bytes());
    for name in ["history.db", "history.db-wal"] {
        assert!(!holds(&std::fs::read(sandbox.path().join(name)).unwrap()), "{name}");
    }
    listening.interrupt();
    let ended = sandbox.run(&["events", "list", "--json", "--db", "history.db"]);
    assert_eq!(ended.lines().len(), 20);
    assert!(!holds(ended.stdout.as_bytes()), "unpacked");
}

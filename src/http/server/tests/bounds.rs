use std::time::Instant;

use super::*;

/// Quick waits, so that each test ends within a fraction of a second.
fn impatient() -> Limits {
    Limits {
        header_deadline: Duration::from_millis(100),
        idle_deadline: Duration::from_millis(300),
        body_deadline: Duration::from_millis(400),
        rate_grace: Duration::from_millis(100),
        write_stall: Duration::from_millis(100),
        drain_deadline: Duration::from_millis(300),
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_silent_connection_is_closed_at_the_header_deadline() {
    let server = Running::start(impatient());
    let started = Instant::now();
    assert_eq!(read_to_end(&mut server.connect().await).await, "");
    assert!(started.elapsed() >= Duration::from_millis(90));
    server.assert_refused(&[]).await;
}

#[tokio::test]
async fn a_head_that_drips_is_cut_off() {
    let server = Running::start(impatient());
    let mut stream = server.connect().await;
    let started = Instant::now();
    for letter in b"POST / HTTP/1.1\r\nHost: a\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" {
        if stream.write_all(&[*letter]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    read_to_end(&mut stream).await;
    assert!(started.elapsed() < Duration::from_secs(1));
    server.assert_refused(&[408]).await;
}

#[tokio::test]
async fn half_an_http_2_preface_is_cut_off() {
    let server = Running::start(impatient());
    let mut stream = server.connect().await;
    stream.write_all(b"PRI * HTTP/2.0").await.unwrap();
    read_to_end(&mut stream).await;
    server.assert_refused(&[408]).await;
}

#[tokio::test]
async fn half_a_body_then_silence_is_answered_408() {
    let server = Running::start(impatient());
    let answer = server.talk("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc").await;
    assert_eq!(status_of(&answer), "408", "{answer}");
    assert!(answer.contains("3 of 6 bytes"), "{answer}");
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn a_body_that_drips_is_cut_off_and_a_steady_one_is_not() {
    let server = Running::start(Limits { min_body_rate: 1000, ..impatient() });
    for (piece, status) in [(1, "408"), (100, "200")] {
        let mut stream = server.connect().await;
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", piece * 15);
        stream.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..15 {
            let _ = stream.write_all(&vec![b'x'; piece]).await;
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        assert_eq!(status_of(&read_to_end(&mut stream).await), status);
    }
}

#[tokio::test]
async fn a_steady_body_still_ends_at_the_body_deadline() {
    let server = Running::start(impatient());
    let mut stream = server.connect().await;
    stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n").await.unwrap();
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(500) {
        let _ = stream.write_all(&[b'x'; 1000]).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(status_of(&read_to_end(&mut stream).await), "408");
}

#[tokio::test]
async fn a_resting_connection_is_closed_at_the_idle_deadline_and_not_before() {
    let server = Running::start(impatient());
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(post("again").replace("Connection: close\r\n", "").as_bytes()).await.unwrap();
        read_until(&mut stream, "again").await;
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    let started = Instant::now();
    assert_eq!(read_to_end(&mut stream).await, "");
    assert!(started.elapsed() >= Duration::from_millis(100));
}

#[tokio::test]
async fn a_handler_may_take_longer_than_every_deadline() {
    let server = Running::with(Echo { delay: Duration::from_millis(700), ..Echo::default() }, impatient());
    assert_eq!(status_of(&server.talk(post("slow")).await), "200");
}

#[tokio::test]
async fn a_peer_that_does_not_read_its_answer_is_let_go() {
    let mut server = Running::start(Limits { idle_deadline: PATIENCE, drain_deadline: PATIENCE, ..impatient() });
    let mut stream = server.connect().await;
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.ask_to_stop();
    timeout(Duration::from_millis(200), server.served).await.expect("the connection is still there").unwrap();
}

#[tokio::test]
async fn a_declared_or_streamed_body_over_the_limit_is_answered_413() {
    let server = Running::start(Limits { max_body: 100_000, ..Limits::default() });
    assert_eq!(status_of(&server.talk(post(&"x".repeat(100_000))).await), "200");
    let before_reading = server.talk("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n").await;
    assert_eq!(status_of(&before_reading), "413");
    assert_eq!(status_of(&server.talk(post(&"x".repeat(3_000_000))).await), "413", "answer survives the upload");
    let chunk = format!("{:x}\r\n{}\r\n", 60_000, "x".repeat(60_000));
    let streamed = format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}");
    assert_eq!(status_of(&server.talk(streamed).await), "413");
    server.assert_refused(&[413, 413, 413]).await;
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn ten_thousand_headers_or_a_huge_one_or_a_long_target_are_refused() {
    let server = Running::start(Limits::default());
    let many: String = (0..10_000).map(|number| format!("x-{number}: y\r\n")).collect();
    let cases = [
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), "431"),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(1024 * 1024)), "431"),
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "y".repeat(20 * 1024)), "414"),
    ];
    for (request, status) in cases {
        assert_eq!(status_of(&server.talk(request).await), status);
    }
    let hundred: String = (0..98).map(|number| format!("x-{number}: y\r\n")).collect();
    let fine = server.talk(format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{hundred}\r\n")).await;
    assert_eq!(status_of(&fine), "200");
    server.assert_refused(&[414, 431, 431]).await;
}

#[tokio::test]
async fn large_bodies_share_a_bounded_memory() {
    let server = Running::start(Limits { body_memory: 1_500_000, ..Limits::default() });
    let mut first = server.connect().await;
    let body = "x".repeat(1_000_000);
    let request = post(&body);
    let (most, rest) = request.split_at(request.len() - 10);
    first.write_all(most.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let second = server.talk(&request).await;
    assert_eq!(status_of(&second), "503");
    assert!(second.contains("retry-after: 1"), "{second}");
    assert_eq!(status_of(&server.talk(post("small")).await), "200");
    first.write_all(rest.as_bytes()).await.unwrap();
    assert!(read_to_end(&mut first).await.ends_with(&body));
    assert_eq!(status_of(&server.talk(&request).await), "200", "the memory was given back");
}

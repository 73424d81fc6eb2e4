use std::time::Instant;

use super::*;

fn within(limit: Duration) -> ClientOptions {
    ClientOptions { timeout: Some(limit), ..options() }
}

#[tokio::test]
async fn a_refusal_names_every_address_tried_and_the_cure() {
    let port = free_port().await;
    let outcome = send(options(), &url(format!("http://127.0.0.1:{port}/"))).await;
    assert_eq!(kind(&outcome), FailureKind::Refused);
    assert_eq!(message(&outcome), format!("connection refused by 127.0.0.1:{port}"));
    assert_eq!(hint(&outcome), "start your app, or check the port");
    let both = send(options(), &url(format!("http://localhost:{port}/"))).await;
    assert!(message(&both).starts_with(&format!("connection refused by 127.0.0.1:{port}")), "{both:?}");
}

#[tokio::test]
async fn localhost_finds_an_app_that_listens_on_ipv6_only() {
    let Ok(listener) = TcpListener::bind("[::1]:0").await else { return };
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        play(stream, vec![OK.to_owned()], Arc::default()).await;
    });
    assert!(send(options(), &url(format!("http://localhost:{port}/"))).await.error.is_none());
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_a_dns_failure() {
    let outcome = send(options(), &url("http://nonexistent.invalid/")).await;
    assert_eq!(kind(&outcome), FailureKind::Dns, "{outcome:?}");
    assert!(message(&outcome).starts_with("cannot resolve nonexistent.invalid: "), "{outcome:?}");
}

#[tokio::test]
async fn another_scheme_is_refused_without_a_connection() {
    let outcome = send(options(), &url("ftp://127.0.0.1/")).await;
    assert_eq!(message(&outcome), "cannot send to a ftp: URL");
}

#[tokio::test]
async fn silence_ends_at_the_time_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = url(format!("http://{}/", listener.local_addr().unwrap()));
    let started = Instant::now();
    let outcome = send(within(Duration::from_millis(100)), &target).await;
    assert!(started.elapsed() < Duration::from_millis(400));
    assert_eq!(kind(&outcome), FailureKind::Timeout);
    assert!(message(&outcome).contains("no answer from 127.0.0.1:") && message(&outcome).ends_with("within 100ms"));
    assert!(hint(&outcome).contains("--timeout"));
}

#[tokio::test]
async fn an_answer_that_stops_in_the_middle_leaves_what_came_and_why() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = url(format!("http://{}/", listener.local_addr().unwrap()));
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await.unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
    });
    let outcome = send(within(Duration::from_millis(100)), &target).await;
    assert_eq!(kind(&outcome), FailureKind::Timeout);
    assert!(message(&outcome).contains("was not complete within 100ms"));
    assert_eq!(outcome.response.unwrap().body, "half");
    let server = Scripted::answering("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await;
    let outcome = send(options(), &server.url()).await;
    assert_eq!((kind(&outcome), message(&outcome).contains("broke off after 4 bytes")), (FailureKind::Reset, true));
    assert_eq!(outcome.response.unwrap().body, "half");
}

#[tokio::test]
async fn a_session_is_usable_again_after_a_time_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = url(format!("http://{}/", listener.local_addr().unwrap()));
    tokio::spawn(async move {
        let (_silent, _) = listener.accept().await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        play(stream, vec![OK.to_owned()], Arc::default()).await;
    });
    let mut session = Client::new(within(Duration::from_millis(100))).unwrap().session(&target);
    assert_eq!(kind(&session.send(post("/", "")).await), FailureKind::Timeout);
    assert!(session.send(post("/", "")).await.error.is_none());
}

#[tokio::test]
async fn a_reset_is_told_from_a_close_without_an_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = url(format!("http://{}/", listener.local_addr().unwrap()));
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_zero_linger().unwrap();
    });
    let outcome = send(options(), &target).await;
    assert_eq!(kind(&outcome), FailureKind::Reset, "{outcome:?}");
    let server = Scripted::answering("").await;
    let outcome = send(options(), &server.url()).await;
    assert_eq!(kind(&outcome), FailureKind::Reset);
    assert!(message(&outcome).ends_with("closed the connection without an answer"), "{outcome:?}");
}

#[tokio::test]
async fn a_peer_that_does_not_speak_http_is_a_protocol_failure() {
    for answer in ["SSH-2.0-OpenSSH_9.2\r\n", "\u{15}\u{3}\u{1}\0\u{2}\u{2}\u{16}"] {
        let server = Scripted::answering(answer).await;
        let outcome = send(options(), &server.url()).await;
        assert_eq!(kind(&outcome), FailureKind::Protocol, "{outcome:?}");
        assert_eq!(hint(&outcome), "if this port speaks TLS, use https://");
    }
}

#[tokio::test]
async fn the_own_ports_are_never_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap();
    let port = own.port();
    let forbidding = ClientOptions { forbid: vec![own], ..options() };
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f.1"] {
        let outcome = send(forbidding.clone(), &url(format!("http://{host}:{port}/"))).await;
        assert_eq!(kind(&outcome), FailureKind::Loop, "{host}");
    }
    let connected = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(connected.is_err(), "something connected");
}

use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::*;

#[tokio::test]
async fn a_request_arrives_exactly_and_its_answer_goes_back() {
    let server = Running::start(Limits::default());
    let answer = server
        .talk("POST /a%2Fb//c?x=1&x=2 HTTP/1.1\r\nHost: a\r\nX-Two: 1\r\nB: b\r\nx-two: 2\r\nConnection: close\r\nContent-Length: 5\r\n\r\n\x00\u{7f}abc")
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n\x00\u{7f}abc"), "{answer}");
    let request = server.seen().remove(0);
    assert_eq!(request.uri.to_string(), "/a%2Fb//c?x=1&x=2");
    assert_eq!(&request.body[..], b"\x00\x7fabc");
    let names: Vec<_> = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    assert_eq!(names[..4], [("host", &b"a"[..]), ("x-two", b"1"), ("x-two", b"2"), ("b", b"b")]);
}

#[tokio::test]
async fn a_connection_is_kept_and_pipelined_requests_are_answered_in_order() {
    let server = Running::start(Limits::default());
    let mut stream = server.connect().await;
    for body in ["one", "two"] {
        stream.write_all(post(body).replace("Connection: close\r\n", "").as_bytes()).await.unwrap();
        read_until(&mut stream, body).await;
    }
    let both = post("three").replace("Connection: close\r\n", "") + &post("four");
    stream.write_all(both.as_bytes()).await.unwrap();
    let answers = read_to_end(&mut stream).await;
    assert!(answers.find("three").unwrap() < answers.find("four").unwrap());
}

#[tokio::test]
async fn a_stray_line_end_after_a_body_does_not_hold_the_answer_back() {
    let server = Running::start(Limits::default());
    let mut stream = server.connect().await;
    stream.write_all((post("abc").replace("Connection: close\r\n", "") + "\r\n").as_bytes()).await.unwrap();
    read_until(&mut stream, "abc").await;
}

#[tokio::test]
async fn a_chunked_body_is_put_together_and_its_trailers_dropped() {
    let server = Running::start(Limits::default());
    let answer = server
        .talk("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n")
        .await;
    assert!(answer.ends_with("abcde"), "{answer}");
    assert!(!server.seen()[0].headers.contains_key("x-t"));
}

#[tokio::test]
async fn a_large_body_in_many_pieces_is_whole() {
    let server = Running::start(Limits::default());
    let body = "0123456789abcdef".repeat(200_000);
    let answer = server.talk(post(&body)).await;
    assert!(answer.ends_with(&body));
    assert_eq!(server.seen()[0].body, body);
}

#[tokio::test]
async fn http_1_0_and_head_and_an_absolute_target_work() {
    let server = Running::start(Limits::default());
    assert_eq!(status_of(&server.talk("GET / HTTP/1.0\r\n\r\n").await), "200");
    let head = server.talk("HEAD /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(head.contains("content-length: 8388608") && head.ends_with("\r\n\r\n"), "{head}");
    server.talk("GET http://b/c HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n").await;
    assert_eq!(server.seen()[2].uri.to_string(), "http://b/c");
}

#[tokio::test]
async fn a_sender_that_half_closes_is_answered() {
    let server = Running::start(Limits { ..Limits::default() });
    let mut stream = server.connect().await;
    stream.write_all(post("half").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert!(read_to_end(&mut stream).await.ends_with("half"));
}

#[tokio::test]
async fn a_handler_runs_to_its_end_when_the_sender_hangs_up() {
    let server = Running::with(Echo { delay: Duration::from_millis(100), ..Echo::default() }, Limits::default());
    let mut stream = server.connect().await;
    stream.write_all(post("gone").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(30)).await;
    drop(stream);
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_continue_is_sent_only_when_the_body_is_wanted() {
    let server = Running::start(Limits { max_body: 10, ..Limits::default() });
    let head = |length: usize| {
        format!(
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let mut stream = server.connect().await;
    stream.write_all(head(3).as_bytes()).await.unwrap();
    read_until(&mut stream, "HTTP/1.1 100 Continue\r\n\r\n").await;
    stream.write_all(b"abc").await.unwrap();
    assert_eq!(status_of(&read_to_end(&mut stream).await), "200");
    assert_eq!(status_of(&server.talk(head(11)).await), "413");
}

#[tokio::test]
async fn two_hosts_or_none_or_both_framings_are_refused() {
    let server = Running::start(Limits::default());
    for head in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "hello there\r\n\r\n",
    ] {
        assert_eq!(status_of(&server.talk(head).await), "400", "{head:?}");
    }
    assert_eq!(server.seen().len(), 0);
    server.assert_refused(&[400; 14]).await;
    assert_eq!(status_of(&server.talk(post("fine")).await), "200");
}

#[tokio::test]
async fn chunked_requests_on_a_kept_connection_are_not_mistaken_for_two_framings() {
    let server = Running::start(Limits::default());
    let mut stream = server.connect().await;
    stream.write_all(post("with length").replace("Connection: close\r\n", "").as_bytes()).await.unwrap();
    read_until(&mut stream, "with length").await;
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    stream.write_all(chunked.as_bytes()).await.unwrap();
    read_until(&mut stream, "abc").await;
}

#[tokio::test]
async fn a_bad_chunk_or_a_broken_upload_reaches_no_handler() {
    let server = Running::start(Limits::default());
    let bad = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
    assert_eq!(status_of(&server.talk(bad).await), "400");
    let mut stream = server.connect().await;
    stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 600\r\n\r\n300 bytes").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(status_of(&read_to_end(&mut stream).await), "400");
    assert_eq!(server.seen().len(), 0);
    server.assert_refused(&[400, 400]).await;
    let refusals = server.refusals();
    assert!(refusals[0].reason.contains("malformed"), "{refusals:?}");
    assert!(refusals[1].reason.contains("9 of 600 bytes"), "{refusals:?}");
}

#[tokio::test]
async fn tls_to_the_plain_port_is_named() {
    let server = Running::start(Limits::default());
    assert_eq!(server.talk("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}").await, "");
    server.assert_refused(&[400]).await;
    assert!(server.refusals()[0].reason.contains("use http://"));
}

#[tokio::test]
async fn connect_is_refused_and_an_upgrade_is_an_ordinary_request() {
    let server = Running::start(Limits::default());
    assert_eq!(status_of(&server.talk("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n").await), "405");
    let upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n";
    assert_eq!(status_of(&server.talk(upgrade).await), "200");
}

#[tokio::test]
async fn http_2_with_prior_knowledge_looks_like_http_1_to_the_handler() {
    let server = Running::start(Limits { max_body: 100, ..Limits::default() });
    let stream = server.connect().await;
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = |size: usize| {
        let uri = format!("http://{}/hook?x=1", server.address);
        http::Request::post(uri).body(Full::new(Bytes::from(vec![b'b'; size]))).unwrap()
    };
    let answer = sender.send_request(request(50)).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), vec![b'b'; 50]);
    let seen = server.seen().remove(0);
    assert_eq!((seen.uri.to_string().as_str(), seen.header("host")), ("/hook?x=1", Some(&*server.address.to_string())));
    assert_eq!(sender.send_request(request(101)).await.unwrap().status(), 413);
}

#[tokio::test]
async fn an_http_2_preface_in_pieces_is_recognised() {
    let server = Running::start(Limits::default());
    let mut stream = server.connect().await;
    for piece in ["PRI * HT", "TP/2.0\r\n\r\nSM\r", "\n\r\n\0\0\0\x04\0\0\0\0\0"] {
        stream.write_all(piece.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut settings = [0; 9];
    timeout(PATIENCE, stream.read_exact(&mut settings)).await.unwrap().unwrap();
    assert_eq!(settings[3], 4, "a SETTINGS frame");
}

use http::HeaderName;

use super::*;

#[tokio::test]
async fn a_request_goes_out_byte_for_byte_with_host_and_length_only() {
    let server = Scripted::start(&[&[OK, OK]]).await;
    let mut session = Client::new(options()).unwrap().session(&server.url());
    let mut request = post("http://ignored/a%2Fb//c?x=1&x=2", "{\"a\": 1.0}");
    for (name, value) in [("x-sig", "t=1"), ("content-type", "application/json"), ("x-sig", "v=2")] {
        request.headers.append(HeaderName::from_static(name), value.parse().unwrap());
    }
    let outcome = session.send(request.clone()).await;
    assert_eq!(outcome.response.unwrap().body, "ok");
    let expected = format!(
        "POST /a%2Fb//c?x=1&x=2 HTTP/1.1\r\nhost: {}\r\nx-sig: t=1\r\nx-sig: v=2\r\ncontent-type: application/json\r\n\
         content-length: 10\r\n\r\n{{\"a\": 1.0}}",
        server.address
    );
    assert_eq!(server.seen()[0], expected);
    request.headers.insert("host", "other.test".parse().unwrap());
    request.headers.insert("content-length", "999".parse().unwrap());
    request.headers.insert("transfer-encoding", "chunked".parse().unwrap());
    session.send(request).await;
    let second = &server.seen()[1];
    assert!(second.contains("host: other.test\r\ncontent-length: 10\r\n") && !second.contains("chunked"), "{second}");
}

#[tokio::test]
async fn header_names_can_be_written_in_title_case() {
    let server = Scripted::answering(OK).await;
    let client = Client::new(options()).unwrap();
    client.session(&server.url()).with_header_case(HeaderCase::Title).send(post("/", "")).await;
    assert!(server.seen()[0].contains("\r\nHost: ") && server.seen()[0].contains("\r\nContent-Length: 0\r\n"));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let other = Scripted::answering(OK).await;
    for status in [301, 302, 303, 307, 308] {
        let answer = format!("HTTP/1.1 {status} Moved\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", other.url());
        let server = Scripted::answering(&answer).await;
        let outcome = send(options(), &server.url()).await;
        assert_eq!(outcome.response.unwrap().status, status);
    }
    assert_eq!(other.seen().len(), 0);
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let server = Scripted::start(&[&[OK, OK, OK], &[]]).await;
    let mut session = Client::new(options()).unwrap().session(&server.url());
    for _ in 0..3 {
        assert!(session.send(post("/", "hi")).await.error.is_none());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_kept_connection_that_has_gone_is_replaced() {
    let server = Scripted::start(&[&[OK]]).await;
    let mut session = Client::new(options()).unwrap().session(&server.url());
    for _ in 0..3 {
        let outcome = session.send(post("/", "hi")).await;
        assert!(outcome.error.is_none(), "{:?}", outcome.error);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_request_that_may_have_been_seen_is_not_sent_again() {
    let server = Scripted::start(&[&[OK, ""]]).await;
    let mut session = Client::new(options()).unwrap().session(&server.url());
    assert!(session.send(post("/", "one")).await.error.is_none());
    let outcome = session.send(post("/", "two")).await;
    assert_eq!(kind(&outcome), FailureKind::Reset);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn an_endless_answer_is_cut_at_the_limit() {
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(300_000));
    let server = Scripted::answering(&endless).await;
    let outcome = send(ClientOptions { max_response: 100_000, ..options() }, &server.url()).await;
    assert!(outcome.truncated && outcome.error.is_none());
    assert_eq!(outcome.response.unwrap().body.len(), 100_000);
    let exact = send(ClientOptions { max_response: 300_000, ..options() }, &server.url()).await;
    assert!(!exact.truncated);
}

#[tokio::test]
async fn an_empty_or_chunked_or_informational_answer_is_understood() {
    for (answer, body) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", ""),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "abc"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nz", "z"),
        ("HTTP/1.0 200 OK\r\n\r\nto the end", "to the end"),
    ] {
        let server = Scripted::answering(answer).await;
        assert_eq!(send(options(), &server.url()).await.response.unwrap().body, body);
    }
}

#[tokio::test]
async fn sessions_can_move_between_tasks() {
    fn assert_send(_: &(impl Send + 'static)) {}
    let client = Client::new(options()).unwrap();
    let mut session = client.session(&url("http://127.0.0.1:1/"));
    assert_send(&client);
    assert_send(&async move { session.send(Request::default()).await });
}

#[tokio::test]
async fn an_ipv6_target_has_brackets_in_its_host() {
    let Ok(listener) = TcpListener::bind("[::1]:0").await else { return };
    let port = listener.local_addr().unwrap().port();
    let target = url(format!("http://[::1]:{port}/"));
    let sending = tokio::spawn(async move { send(options(), &target).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    let request = read_request(&mut stream).await.unwrap();
    assert!(request.contains(&format!("host: [::1]:{port}\r\n")), "{request}");
    stream.write_all(OK.as_bytes()).await.unwrap();
    assert!(sending.await.unwrap().error.is_none());
}

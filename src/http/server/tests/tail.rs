//! Answers that go on.

use std::time::Duration;

use super::*;
use crate::http::{Reply, Tail};

/// Between two pieces.
const REST: Duration = Duration::from_millis(120);

/// Sends three pieces, slowly; and has its own word for a request without a name.
struct Slow;

impl Handler for Slow {
    const NO_HOST: StatusCode = StatusCode::MISDIRECTED_REQUEST;
    type Reply = Reply;

    async fn handle(&self, _: Received) -> Reply {
        let (pieces, tail) = Tail::new(1);
        tokio::spawn(async move {
            for piece in ["one ", "two ", "three"] {
                tokio::time::sleep(REST).await;
                if pieces.send(Bytes::from_static(piece.as_bytes())).await.is_err() {
                    return;
                }
            }
        });
        Reply { answer: Answer { body: Bytes::from_static(b"zero "), ..Answer::default() }, tail: Some(tail) }
    }
}

async fn talk(request: &str, limits: Limits) -> String {
    let listeners = bind("127.0.0.1", 0).unwrap();
    let address = listeners[0].local_addr().unwrap();
    tokio::spawn(serve(listeners, Arc::new(Slow), limits, std::future::pending()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    read_to_end(&mut stream).await
}

#[tokio::test]
async fn an_answer_may_go_on_for_longer_than_a_connection_may_rest() {
    let limits = Limits { idle_deadline: REST / 3, ..Limits::default() };
    let answer = talk("GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n", limits.clone()).await;
    assert!(answer.contains("transfer-encoding: chunked"), "{answer}");
    for piece in ["5\r\nzero ", "4\r\none ", "4\r\ntwo ", "5\r\nthree\r\n0\r\n\r\n"] {
        assert!(answer.contains(piece), "{answer}");
    }
    let head = talk("HEAD / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n", limits).await;
    assert!(head.ends_with("\r\n\r\n") && !head.contains("zero"), "{head}");
}

#[tokio::test]
async fn a_handler_may_have_its_own_status_for_a_request_without_a_host() {
    for hosts in ["", "host: a\r\nhost: a\r\n"] {
        let answer = talk(&format!("GET / HTTP/1.1\r\n{hosts}\r\n"), Limits::default()).await;
        assert!(answer.starts_with("HTTP/1.1 421 "), "{answer}");
    }
}

use std::process::Command;
use std::time::Instant;

use super::*;

#[tokio::test]
async fn one_connection_too_many_is_told_to_come_back_and_the_others_go_on() {
    let server = Running::start(Limits { max_connections: 4, ..Limits::default() });
    let mut kept = Vec::new();
    for _ in 0..4 {
        let mut stream = server.connect().await;
        stream.write_all(post("kept").replace("Connection: close\r\n", "").as_bytes()).await.unwrap();
        read_until(&mut stream, "kept").await;
        kept.push(stream);
    }
    let turned_away = server.talk(post("late")).await;
    assert_eq!(status_of(&turned_away), "503");
    assert!(turned_away.contains("retry-after: 1"));
    for stream in &mut kept {
        stream.write_all(post("still").replace("Connection: close\r\n", "").as_bytes()).await.unwrap();
        read_until(stream, "still").await;
    }
    kept.pop();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(status_of(&server.talk(post("again")).await), "200");
    server.assert_refused(&[503]).await;
}

#[tokio::test]
async fn hundreds_of_slow_heads_do_not_hinder_a_quick_sender() {
    let server = Running::start(Limits::default());
    let mut slow = Vec::new();
    for _ in 0..300 {
        let mut stream = server.connect().await;
        stream.write_all(b"POST / HTTP/1.1\r\nHo").await.unwrap();
        slow.push(stream);
    }
    let started = Instant::now();
    for _ in 0..20 {
        assert_eq!(status_of(&server.talk(post("quick")).await), "200");
    }
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn connections_that_ended_do_not_count() {
    let server = Running::start(Limits { max_connections: 4, ..Limits::default() });
    for _ in 0..50 {
        assert_eq!(status_of(&server.talk(post("short")).await), "200");
    }
}

#[tokio::test]
async fn a_stop_lets_the_request_in_flight_end_and_closes_resting_connections() {
    let mut server = Running::with(Echo { delay: Duration::from_millis(100), ..Echo::default() }, Limits::default());
    let mut silent = server.connect().await;
    let mut resting = server.connect().await;
    resting.write_all(post("rest").replace("Connection: close\r\n", "").as_bytes()).await.unwrap();
    read_until(&mut resting, "rest").await;
    let mut busy = server.connect().await;
    busy.write_all(post("busy").replace("Connection: close\r\n", "").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(30)).await;
    server.ask_to_stop();
    assert!(read_to_end(&mut busy).await.ends_with("busy"));
    assert_eq!(read_to_end(&mut resting).await, "");
    assert_eq!(read_to_end(&mut silent).await, "");
    timeout(PATIENCE, server.served).await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "nothing listens any more");
}

#[tokio::test]
async fn a_stop_ends_at_the_drain_deadline_at_the_latest() {
    let limits = Limits { drain_deadline: Duration::from_millis(100), ..Limits::default() };
    let mut server = Running::with(Echo { delay: Duration::from_secs(60), ..Echo::default() }, limits);
    let mut busy = server.connect().await;
    busy.write_all(post("busy").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(30)).await;
    server.ask_to_stop();
    timeout(Duration::from_secs(1), server.served).await.expect("still draining").unwrap();
}

/// Runs the test below in a process that may open 64 files.
#[test]
#[cfg(target_os = "linux")]
fn a_process_out_of_descriptors_goes_on_serving() {
    let name = "http::server::tests::many::serves_while_descriptors_run_out";
    let child = Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\" --exact --ignored --nocapture \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg(name)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test]
#[ignore = "needs a low descriptor limit; started by the test above"]
async fn serves_while_descriptors_run_out() {
    // More files than the server counted on when it started.
    let limits = Limits { header_deadline: Duration::from_millis(500), ..Limits::default() };
    let server = Running::start(limits);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let files: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    let mut files = files.into_iter();
    files.next();
    // The client's socket takes the last descriptor, so the accept fails until some are free.
    let mut stream = server.connect().await;
    stream.write_all(post("patient").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(files);
    let started = Instant::now();
    assert!(read_to_end(&mut stream).await.ends_with("patient"));
    assert!(started.elapsed() < Duration::from_secs(2));
    server.assert_refused(&[503]).await;
}

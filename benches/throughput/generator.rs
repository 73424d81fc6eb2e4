//! The load: keep-alive connections that write the bytes of one signed request again and again, the
//! next when the answer to the last has come.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Result, ensure};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use super::SECRET;

/// What to send where.
#[derive(Clone, Copy)]
pub struct Load {
    pub address: SocketAddr,
    pub connections: usize,
    pub requests: u64,
    pub body_size: usize,
}

/// Sends the load and prints requests a second and the 99th percentile in microseconds.
pub fn run(runtime: &Runtime, load: Load) -> Result<()> {
    let request: Rc<[u8]> = request(&body(load.body_size))?.into();
    let left = Rc::new(Cell::new(load.requests));
    let tasks = LocalSet::new();
    let started = Instant::now();
    let mut times: Vec<u128> = tasks.block_on(runtime, async {
        let connections: Vec<_> = (0..load.connections)
            .map(|_| tokio::task::spawn_local(converse(load.address, Rc::clone(&request), Rc::clone(&left))))
            .collect();
        let mut times = Vec::new();
        for connection in connections {
            times.extend(connection.await??);
        }
        anyhow::Ok(times)
    })?;
    let elapsed = started.elapsed();
    ensure!(times.len() as u64 == load.requests, "{} answers to {} requests", times.len(), load.requests);
    times.sort_unstable();
    let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or_default();
    println!("{:.0} {p99}", times.len() as f64 / elapsed.as_secs_f64());
    Ok(())
}

/// One connection; gives back how long each answer took, in microseconds.
async fn converse(address: SocketAddr, request: Rc<[u8]>, left: Rc<Cell<u64>>) -> Result<Vec<u128>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut times = Vec::new();
    let mut answer = [0; 1024];
    while let Some(fewer) = left.get().checked_sub(1) {
        left.set(fewer);
        let started = Instant::now();
        stream.write_all(&request).await?;
        let mut filled = 0;
        while !answer[..filled].ends_with(b"\r\n\r\n") {
            let count = stream.read(&mut answer[filled..]).await?;
            ensure!(count > 0, "the server hung up");
            filled += count;
        }
        ensure!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..filled]));
        times.push(started.elapsed().as_micros());
    }
    Ok(times)
}

/// An event of Prospektr, filled up to `size` bytes with a list of contacts.
pub fn body(size: usize) -> Vec<u8> {
    let head = r#"{"type":"prospect.added","tenant":"bench","prospect":{"id":"prospect-1","score":87},"contacts":["#;
    let contact = r#"{"name":"Ada Example","mail":"ada@example.com"},"#;
    let mut body = head.as_bytes().to_vec();
    while body.len() + contact.len() + 16 < size {
        body.extend_from_slice(contact.as_bytes());
    }
    body.push(b'"');
    body.resize(size.saturating_sub(3).max(body.len()), b'x');
    body.extend_from_slice(b"\"]}");
    body
}

/// The bytes of a signed request.
fn request(body: &[u8]) -> Result<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    mac.update(body);
    let head = format!(
        "POST /hook HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Prospektr\r\nContent-Type: application/json\r\n\
         X-Prospektr-Signature: sha256={}\r\nContent-Length: {}\r\n\r\n",
        hex::encode(mac.finalize().into_bytes()),
        body.len()
    );
    Ok([head.as_bytes(), body].concat())
}

//! A plain sender: hyper client connections that post one fixed, unsigned body in a loop.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Result, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::{LocalSet, spawn_local};

use super::generator::body;

/// Size of the body that is sent, about that of the fixture that `hookctl send` sends.
const BODY_SIZE: usize = 600;

/// Sends `requests` on so many connections and prints requests a second.
pub fn run(runtime: &Runtime, address: SocketAddr, connections: usize, requests: u64) -> Result<()> {
    let body = Bytes::from(body(BODY_SIZE));
    let left = Rc::new(Cell::new(requests));
    let started = Instant::now();
    LocalSet::new().block_on(runtime, async {
        let tasks: Vec<_> =
            (0..connections).map(|_| spawn_local(converse(address, body.clone(), Rc::clone(&left)))).collect();
        for task in tasks {
            task.await??;
        }
        anyhow::Ok(())
    })?;
    println!("{:.0}", requests as f64 / started.elapsed().as_secs_f64());
    Ok(())
}

async fn converse(address: SocketAddr, body: Bytes, left: Rc<Cell<u64>>) -> Result<()> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    spawn_local(connection);
    while let Some(fewer) = left.get().checked_sub(1) {
        left.set(fewer);
        let request = Request::post("/hook")
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .body(Full::new(body.clone()))?;
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        ensure!(answer.status().is_success(), "{}", answer.status());
        answer.into_body().collect().await?;
    }
    Ok(())
}

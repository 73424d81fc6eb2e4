//! Receiving and sending beside a bare hyper server, in one run and in turns: the ratios count, since
//! absolute figures vary with the machine and the moment.
//!
//! The binary starts itself again for every role, so that server and load are processes of their own,
//! each on its own core where `taskset` is there.

#[path = "../figures.rs"]
mod figures;
mod generator;
mod plain;
mod process;
mod receiving;
mod sending;
mod server;

use anyhow::{Context as _, Result, bail};

/// The secret of all signed requests.
const SECRET: &str = "a secret for benchmarks only";
/// The environment variable in which the listener and the sender find it.
const SECRET_VARIABLE: &str = "BENCH_SECRET";
/// Samples of each side, taken in turns; their median counts.
const SAMPLES: usize = 5;
/// Core of whatever answers, and core of whatever asks.
const SERVER_CORE: usize = 0;
const CLIENT_CORE: usize = 1;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        [] => {
            receiving::measure()?;
            sending::measure()
        }
        ["receiving"] => receiving::measure(),
        ["sending"] => sending::measure(),
        ["server"] => runtime()?.block_on(server::serve()),
        ["generator", address, connections, requests, size] => {
            let load = generator::Load {
                address: address.parse()?,
                connections: connections.parse()?,
                requests: requests.parse()?,
                body_size: size.parse()?,
            };
            generator::run(&runtime()?, load)
        }
        ["plain", address, connections, requests] => {
            plain::run(&runtime()?, address.parse()?, connections.parse()?, requests.parse()?)
        }
        other => bail!("unknown role: {}", other.join(" ")),
    }
}

/// One thread: every role has one core.
fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime")
}

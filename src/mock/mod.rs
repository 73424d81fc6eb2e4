//! A provider on this machine: its registration API, and deliveries with its retry rules, on a clock that
//! may run faster.
//!
//! The manifest is read from the other side here: what the client of a registration API sends is what the
//! mock reads, and what verification expects is what the mock signs. Beside the provider's own API stand
//! control calls below `/_mock`, by which events are made to happen; no web page can drive them.

mod api;
mod attempt;
mod auth;
mod clock;
mod control;
mod emit;
mod engine;
mod guard;
mod judge;
mod lanes;
mod limits;
mod paging;
mod refusal;
mod register;
mod scenario;
mod server;
mod state;
mod tell;
mod webhook;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;

pub use clock::TIME_SCALES;
pub use emit::{Emitted, Order};
pub use refusal::Refused;
pub use server::CONTROL;
pub use state::StateError;

use engine::Engine;
use server::Server;

use crate::http::{ClientError, ClientOptions, Limits, serve};
use crate::model::{MessageState, MockCredentials, Notice};
use crate::provider::{Catalogue, Provider};

/// What a mock needs to know.
pub struct Options {
    /// Whose mock it is.
    pub provider: Arc<Provider>,
    /// Where its fixtures are.
    pub catalogue: Catalogue,
    /// How fast the provider's clock runs.
    pub time_scale: f64,
    /// Where the state is kept; in memory without a file.
    pub state: Option<PathBuf>,
    /// How targets are reached. Time limits and the size of answers are the provider's and the mock's.
    pub client: ClientOptions,
    /// Is told what happens. Must not block.
    pub tell: Arc<dyn Fn(Notice) + Send + Sync>,
}

/// Why a mock cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum MockError {
    /// Its state cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// A certificate file cannot be used.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// A mock provider.
#[derive(Clone)]
pub struct Mock {
    engine: Arc<Engine>,
}

impl Mock {
    /// Opens the state; nothing is delivered yet.
    pub fn open(options: Options) -> Result<Self, MockError> {
        Ok(Self { engine: Arc::new(Engine::open(options)?) })
    }

    /// Registers a webhook, or changes the one that has this URL.
    pub fn register(&self, url: &str, events: &[String], secret: Option<&str>) -> Result<String, Refused> {
        self.engine.register_again(url, events, secret)
    }

    /// Throw-away credentials for its API.
    pub fn credentials(&self) -> Result<MockCredentials, StateError> {
        self.engine.credentials()
    }

    /// The path of its API below the root; empty where the provider has none.
    pub fn api_path(&self) -> &str {
        self.engine.api_path()
    }

    /// Makes an event happen.
    pub fn emit(&self, order: &Order) -> Result<Emitted, Refused> {
        self.engine.emit(order)
    }

    /// How many messages are in each state.
    pub fn tally(&self) -> Result<Vec<(MessageState, u64)>, StateError> {
        self.engine.state.tally()
    }

    /// Answers requests and delivers until `stop` completes. `host` is the name it was bound by.
    pub async fn serve(&self, sockets: Vec<TcpListener>, host: &str, stop: impl Future<Output = ()>) {
        let (halt, halted) = watch::channel(false);
        let delivering = tokio::spawn(engine::run(Arc::clone(&self.engine), halted));
        let server = Server::new(Arc::clone(&self.engine), host, &sockets);
        let limits =
            Limits { max_body: limits::MAX_REQUEST, drain_deadline: limits::LAST_MOMENTS, ..Limits::default() };
        serve(sockets, Arc::new(server), limits, stop).await;
        // The engine listens until it has ended.
        let _ = halt.send(true);
        let _ = delivering.await;
    }

    /// Delivers without a server, until `until` completes.
    pub async fn deliver(&self, until: impl Future<Output = ()>) {
        let (halt, halted) = watch::channel(false);
        let delivering = tokio::spawn(engine::run(Arc::clone(&self.engine), halted));
        until.await;
        let _ = halt.send(true);
        let _ = delivering.await;
    }
}

/// How messages are named: `msg_1`.
fn message_id(seq: i64) -> String {
    format!("msg_{seq}")
}

/// The number in the name of a message; `1` is `msg_1`.
fn message_seq(id: &str) -> Option<i64> {
    id.strip_prefix("msg_").unwrap_or(id).parse().ok().filter(|seq| *seq > 0)
}

//! The server: control calls, and the provider's own API.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::net::TcpListener;

use super::control;
use super::engine::Engine;
use super::guard::{self, Names};
use super::refusal::Refused;
use crate::http::{Answer, Handler, Received, Refusal};
use crate::model::{MockCall, Notice};

/// The path below which the control calls stand.
pub const CONTROL: &str = "/_mock";
/// Says in every answer that a mock gave it, and whose.
const MARK: HeaderName = HeaderName::from_static("hookctl-mock");

/// Answers requests.
pub(super) struct Server {
    engine: Arc<Engine>,
    names: Names,
}

impl Server {
    pub(super) fn new(engine: Arc<Engine>, host: &str, sockets: &[TcpListener]) -> Self {
        let bound: Vec<SocketAddr> = sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect();
        Self { engine, names: Names::new(host, bound) }
    }

    async fn answer(&self, received: &Received) -> Answer {
        let request = &received.request;
        match self.control_path(request.uri.path()) {
            Some(path) => {
                let told = match guard::check(request, &self.names) {
                    Ok(()) => control::answer(&self.engine, path, request).await,
                    Err(refused) => Err(refused),
                };
                let (status, body) = told.unwrap_or_else(|refused| (refused.status, refused.body()));
                json(status, body)
            }
            None => self.engine.api_answer(request).unwrap_or_else(|| {
                let id = self.engine.provider.id();
                let reason = format!("the mock of {id} has nothing at {}", request.uri.path());
                let refused = Refused::absent("not_found", reason);
                json(refused.status, refused.body())
            }),
        }
    }

    /// What stands behind `/_mock`, at the root or below the API.
    fn control_path<'p>(&self, path: &'p str) -> Option<&'p str> {
        let below = path.strip_prefix(self.engine.api_path()).unwrap_or(path);
        let rest = path.strip_prefix(CONTROL).or_else(|| below.strip_prefix(CONTROL))?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }
}

impl Handler for Server {
    type Reply = Answer;

    async fn handle(&self, received: Received) -> Answer {
        let mut answer = self.answer(&received).await;
        if let Ok(id) = HeaderValue::from_str(self.engine.provider.id()) {
            answer.headers.insert(MARK, id);
        }
        self.engine.tell(Notice::MockCall(MockCall {
            method: received.request.method.to_string(),
            path: received.request.uri.path().to_owned(),
            status: answer.status.as_u16(),
        }));
        answer
    }

    fn refused(&self, refusal: Refusal) {
        self.engine.tell(Notice::Refused { status: refusal.status, reason: refusal.reason });
    }
}

/// A JSON answer that no browser takes for anything else.
fn json(status: StatusCode, body: Vec<u8>) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Answer { status, headers, body: Bytes::from(body) }
}

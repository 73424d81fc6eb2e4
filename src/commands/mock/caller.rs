//! Calls to a mock that runs.

use std::time::Duration;

use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;
use url::Url;

use super::Context;
use crate::delivery::Target;
use crate::error::{Exit, Failure};
use crate::http::{Client, ClientOptions, Proxies};
use crate::mock::CONTROL;
use crate::model::{FailureKind, Request};

/// A call waits for the first attempts, or for a whole scenario.
const PATIENCE: Duration = Duration::from_secs(3700);
/// Longer than a local connect ever takes.
const CONNECT: Duration = Duration::from_secs(5);
/// Room for a long log.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// Words for scripts that a mock answers with.
const CODES: [&str; 12] = [
    "invalid",
    "unknown_event",
    "unknown_webhook",
    "unknown_message",
    "unknown_scenario",
    "cannot_sign",
    "full",
    "forbidden",
    "state",
    "too_large",
    "busy",
    "unknown_call",
];

/// A mock that is called.
pub(super) struct Caller {
    root: Url,
    typed: String,
}

impl Caller {
    /// The mock at this URL; only its authority counts.
    pub(super) fn new(api_url: &str) -> Result<Self, Failure> {
        let mut root = Target::parse(api_url)?.url().clone();
        root.set_path("");
        root.set_query(None);
        Ok(Self { root, typed: api_url.to_owned() })
    }

    /// Makes a call and reads its answer.
    pub(super) fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        context: &Context,
    ) -> Result<Value, Failure> {
        let client = Client::new(ClientOptions {
            timeout: Some(PATIENCE),
            connect_timeout: Some(CONNECT),
            proxies: Proxies::Environment,
            max_response: MAX_ANSWER,
            ..ClientOptions::default()
        })?;
        let request = self.request(method, path, body)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut session = client.session(&self.root);
        let outcome = runtime.block_on(async {
            tokio::select! {
                outcome = session.send(request) => Some(outcome),
                () = crate::commands::ending::interrupt() => None,
            }
        });
        let Some(outcome) = outcome else {
            context.say("interrupted; the mock goes on");
            return Err(Failure::new(Exit::Interrupted, "interrupted", anyhow::anyhow!("interrupted")));
        };
        if let Some(error) = outcome.error {
            return Err(self.absent(&error.message, error.kind));
        }
        let answer = outcome.response.ok_or_else(|| self.absent("no answer", FailureKind::Protocol))?;
        if !answer.headers.contains_key("hookctl-mock") && !answer.status.is_client_error() {
            return Err(self.other());
        }
        let Ok(value) = serde_json::from_slice::<Value>(&answer.body) else { return Err(self.other()) };
        if answer.status.is_success() { Ok(value) } else { Err(refused(answer.status.as_u16(), &value)) }
    }

    fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Request, Failure> {
        let uri = format!("{}{}{path}", self.root.as_str().trim_end_matches('/'), CONTROL);
        let mut headers = HeaderMap::new();
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Ok(host) = HeaderValue::from_str(self.root.authority()) {
            headers.insert(HOST, host);
        }
        Ok(Request {
            method,
            uri: uri.parse().map_err(|_| Failure::usage(format!("`{}` is not a URL", self.typed)))?,
            headers,
            body: body.map(Value::to_string).unwrap_or_default().into(),
        })
    }

    fn absent(&self, problem: &str, kind: FailureKind) -> Failure {
        let failure = Failure::machine("no_mock", anyhow::anyhow!("no mock answers at {}: {problem}", self.root));
        match kind {
            FailureKind::Refused => {
                failure.hint("start one with `hookctl mock PROVIDER`, or name its address with --api-url")
            }
            _ => failure.hint("name the mock's address with --api-url"),
        }
    }

    fn other(&self) -> Failure {
        let error = anyhow::anyhow!("what answers at {} is no mock of hookctl", self.root);
        Failure::machine("no_mock", error).hint("name the mock's address with --api-url, as it says when it is ready")
    }
}

fn refused(status: u16, value: &Value) -> Failure {
    let code = value["error"].as_str().and_then(|word| CODES.into_iter().find(|code| *code == word));
    let reason = value["reason"].as_str().map_or_else(|| format!("the mock answered {status}"), str::to_owned);
    let exit = if status >= 500 { Exit::Machine } else { Exit::Usage };
    let failure = Failure::new(exit, code.unwrap_or("refused"), anyhow::Error::msg(reason));
    match value["hint"].as_str() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

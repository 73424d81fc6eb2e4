//! The server: files of the page, and calls of its API.

use std::sync::Arc;

use http::request::Parts;
use http::{Method, StatusCode};

use super::answer::{self, Refused};
use super::guard::{self, Names};
use super::parameters::Parameters;
use super::route::{self, Call, Found};
use super::{Inspector, body, catalogue, compare, event, export, list, page, pin, replay, send, stats, status, stream};
use crate::http::{Answer, Handler, Received, Reply};
use crate::model::Request;

/// Everything below it is the API.
const API: &str = "/api/";
/// The description of the API (<https://spec.openapis.org/oas/v3.1.1.html>).
const OPENAPI: &str = include_str!("openapi.json");

/// Bytes of a body that is read of who may not call: enough to say why, and nothing that fills the memory.
const MAX_STRANGE: usize = 16 * 1024;

/// Answers requests.
pub(super) struct Server {
    pub(super) inspector: Arc<Inspector>,
    pub(super) names: Names,
}

impl Handler for Server {
    const NO_HOST: StatusCode = StatusCode::MISDIRECTED_REQUEST;
    type Reply = Reply;

    fn most(&self, head: &Parts) -> usize {
        let request = Request { method: head.method.clone(), headers: head.headers.clone(), ..Request::default() };
        let is_known = guard::check_caller(&request, &self.inspector.options.token).is_ok();
        if is_known { usize::MAX } else { MAX_STRANGE }
    }

    async fn handle(&self, received: Received) -> Reply {
        self.answer(&received.request).await.unwrap_or_else(|refused| Answer::from(refused).into())
    }
}

impl Server {
    async fn answer(&self, request: &Request) -> Result<Reply, Refused> {
        guard::check_host(request, &self.names)?;
        let path = request.uri.path();
        if !path.starts_with(API) {
            return file(&request.method, path).map(Reply::from);
        }
        match route::find(&request.method, path) {
            Found::Call(Call::OpenApi, _) => Ok(answer::of("application/json", OPENAPI).into()),
            found => {
                guard::check_caller(request, &self.inspector.options.token)?;
                match found {
                    Found::Call(call, pieces) => self.call(call, &pieces, request).await,
                    Found::WrongMethod(right) => {
                        let message = format!("{} is not a method of this call: it takes {right}", request.method);
                        Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", message))
                    }
                    Found::Nothing => Err(Refused::absent("unknown_call", format!("no call {path}"))
                        .hint("/api/openapi.json describes them all")),
                }
            }
        }
    }

    async fn call(&self, call: Call, pieces: &[String], request: &Request) -> Result<Reply, Refused> {
        let inspector = &self.inspector;
        let parameters = Parameters::parse(request.uri.query());
        let piece = |place: usize| pieces.get(place).map_or("", String::as_str);
        let answer = match call {
            Call::Status => {
                parameters.end()?;
                status::status(inspector).await
            }
            Call::Event => event::event(inspector, piece(0), parameters).await,
            Call::Body => body::body(inspector, piece(0), parameters, &request.headers).await,
            Call::AnswerBody => body::of_answer(inspector, piece(0), piece(1), parameters, &request.headers).await,
            Call::Export => export::export(inspector, piece(0), parameters).await,
            Call::Pin => pin::pin(inspector, piece(0), parameters, &request.body).await,
            Call::Replay => replay::replay(inspector, piece(0), parameters, &request.body).await,
            Call::Diff => compare::diff(inspector, parameters).await,
            Call::Providers => catalogue::providers(inspector, parameters).await,
            Call::Fixture => catalogue::fixture(inspector, piece(0), piece(1), parameters).await,
            Call::Send => send::answer(inspector, parameters, &request.body).await,
            Call::Events => list::events(inspector, parameters).await,
            Call::Stats => stats::stats(inspector, parameters).await,
            Call::Stream => return stream::stream(inspector, parameters, request).await,
            // It needs no token, and so is answered before.
            Call::OpenApi => Ok(answer::of("application/json", OPENAPI)),
        };
        answer.map(Reply::from)
    }
}

fn file(method: &Method, path: &str) -> Result<Answer, Refused> {
    if method != Method::GET && method != Method::HEAD {
        let message = format!("{method} is no method of a file");
        return Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", message));
    }
    page::file(path).ok_or_else(|| Refused::absent("no_such_file", "the inspector has no such file"))
}

//! A session: requests to one authority, over at most one kept connection.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use http::Method;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};
use url::Url;

use super::Inner;
use super::exchange::{BodyEnd, Kept, Outgoing};
use super::failure::{self, Stage};
use super::target::Target;
use crate::model::{Delivery, DeliveryError, Request, Response};

/// How header names are written; names have no case of their own (RFC 9110 section 5.1), but some
/// receivers look for one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HeaderCase {
    /// `content-type`
    #[default]
    Lower,
    /// `Content-Type`
    Title,
}

/// What came of sending one request. An answer whose body broke off leaves both `response`, with
/// what came, and `error`.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The answer.
    pub response: Option<Response>,
    /// Whether the body of the answer was cut at the limit.
    pub truncated: bool,
    /// Why nothing, or not all, came back.
    pub error: Option<DeliveryError>,
    /// From the first connect to the last byte.
    pub duration: Duration,
    /// Whether the peer may have seen the request; otherwise no connection came about.
    pub may_have_arrived: bool,
}

impl Outcome {
    /// The delivery this was.
    pub fn into_delivery(self, method: Method, target: impl Into<String>, attempt: u32) -> Delivery {
        let Self { response, truncated, error, duration, .. } = self;
        Delivery { method, target: target.into(), attempt, duration, response, truncated, error }
    }
}

/// Sends requests to one authority, one after the other.
#[derive(Debug)]
pub struct Session {
    client: Arc<Inner>,
    target: Result<Target, DeliveryError>,
    case: HeaderCase,
    kept: Option<Kept>,
}

/// What has come so far; survives a time limit that passes.
struct Progress {
    stage: Stage,
    head: Option<http::response::Parts>,
    body: BytesMut,
    truncated: bool,
}

impl Session {
    pub(super) fn new(client: Arc<Inner>, target: &Url) -> Self {
        let target = Target::new(&client, target);
        let case = client.header_case;
        Self { client, target, case, kept: None }
    }

    /// Writes header names in this case.
    #[must_use]
    pub fn with_header_case(mut self, case: HeaderCase) -> Self {
        self.case = case;
        self
    }

    /// Sends a request and reads its answer. Only path and query of `request.uri` are used. `Host`
    /// is set when absent, `Content-Length` always; nothing else is added, and `Transfer-Encoding`
    /// is dropped, since bodies are sent whole.
    ///
    /// The kept connection is used while it lives. A request is sent a second time only when the
    /// kept connection turned out to be closed before any of it was written.
    pub async fn send(&mut self, request: Request) -> Outcome {
        let started = Instant::now();
        let mut progress = Progress { stage: Stage::Connecting, head: None, body: BytesMut::new(), truncated: false };
        let error = self.within_time(request, &mut progress).await.err();
        let response = progress.head.map(|head| Response {
            status: head.status,
            headers: head.headers,
            body: progress.body.freeze(),
        });
        let may_have_arrived = error.is_none() || progress.stage != Stage::Connecting;
        Outcome { response, truncated: progress.truncated, error, duration: started.elapsed(), may_have_arrived }
    }

    async fn within_time(&mut self, request: Request, progress: &mut Progress) -> Result<(), DeliveryError> {
        let Some(limit) = self.client.timeout else { return self.deliver(request, progress).await };
        match timeout(limit, self.deliver(request, progress)).await {
            Ok(delivered) => delivered,
            Err(_) => Err(self.too_late(progress.stage, limit)),
        }
    }

    async fn deliver(&mut self, request: Request, progress: &mut Progress) -> Result<(), DeliveryError> {
        let kept = self.usable().await;
        let target = self.target.as_ref().map_err(Clone::clone)?;
        let outgoing = target.prepare(request)?;
        let (mut kept, answer) = self.exchange(target, kept, outgoing, progress).await?;
        let (head, body) = answer.into_parts();
        (progress.stage, progress.head) = (Stage::Reading, Some(head));
        match kept.read(body, &mut progress.body, self.client.max_response).await {
            BodyEnd::Whole => self.kept = Some(kept),
            BodyEnd::Cut => progress.truncated = true,
            BodyEnd::Broken(error) => return Err(failure::body(&target.endpoint, progress.body.len(), &error)),
        }
        Ok(())
    }

    /// The kept connection if it still lives. Taken, so that one given up in the middle of an
    /// exchange is not used again.
    async fn usable(&mut self) -> Option<Kept> {
        let mut kept = self.kept.take()?;
        kept.is_usable().await.then_some(kept)
    }

    /// Sends over the kept connection, or over a fresh one when there is none or when it was closed
    /// before any of the request was written.
    async fn exchange(
        &self,
        target: &Target,
        kept: Option<Kept>,
        mut outgoing: Outgoing,
        progress: &mut Progress,
    ) -> Result<(Kept, http::Response<Incoming>), DeliveryError> {
        if let Some(mut kept) = kept {
            progress.stage = Stage::Waiting;
            match kept.send(outgoing).await {
                Ok(answer) => return Ok((kept, answer)),
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) => outgoing = unsent,
                    None => return Err(target.broken(failed.error())),
                },
            }
        }
        progress.stage = Stage::Connecting;
        let mut kept = self.open(target).await?;
        progress.stage = Stage::Waiting;
        let answer = kept.send(outgoing).await.map_err(|failed| target.broken(failed.error()))?;
        Ok((kept, answer))
    }

    /// A fresh connection.
    async fn open(&self, target: &Target) -> Result<Kept, DeliveryError> {
        let opening = async {
            let wire = target.wire(&self.client).await?;
            Kept::open(wire, self.case).await.map_err(|error| target.broken(&error))
        };
        let Some(limit) = self.client.connect_timeout else { return opening.await };
        match timeout(limit, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(failure::timeout(&target.endpoint, Stage::Connecting, limit)),
        }
    }

    fn too_late(&self, stage: Stage, limit: Duration) -> DeliveryError {
        match &self.target {
            Ok(target) => failure::timeout(&target.endpoint, stage, limit),
            Err(error) => error.clone(),
        }
    }
}

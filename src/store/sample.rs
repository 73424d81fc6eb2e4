//! Events and histories for tests.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use tempfile::TempDir;

use super::{Reader, Receipt, Retention, Writer};
use crate::model::{Delivery, DeliveryError, Event, FailureKind, Request, Response, Verdict};

/// A history in a folder of its own, without limits.
pub(super) struct History {
    _folder: TempDir,
    pub(super) path: PathBuf,
    pub(super) writer: Writer,
    runtime: tokio::runtime::Runtime,
}

impl History {
    pub(super) fn new() -> Self {
        Self::keeping(Retention { max_events: None, max_bytes: None, max_age: None })
    }

    pub(super) fn keeping(retention: Retention) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("history.db");
        let writer = Writer::open(&path, retention).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { _folder: folder, path, writer, runtime }
    }

    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(super) fn append(&self, event: &Event) -> Receipt {
        self.wait(self.writer.append(Arc::new(event.clone()), Arc::from([]))).unwrap()
    }

    pub(super) fn record(&self, event: &Event, delivery: &Delivery) {
        self.wait(self.writer.record(event.id, delivery, None)).unwrap();
    }

    pub(super) fn pin(&self, event: &Event, is_pinned: bool) -> bool {
        self.wait(self.writer.pin(event.id, is_pinned)).unwrap()
    }

    pub(super) fn delete(&self, seqs: &[i64]) {
        self.wait(self.writer.delete(seqs.to_vec())).unwrap();
    }

    pub(super) fn reader(&self) -> Reader {
        Reader::open(&self.path).unwrap()
    }
}

/// A valid event of a provider.
pub(super) fn event(provider: &str, delivery_id: Option<&str>) -> Event {
    let now = jiff::Timestamp::now();
    Event {
        id: uuid::Uuid::now_v7(),
        received_at: jiff::Timestamp::from_microsecond(now.as_microsecond()).unwrap(),
        provider: provider.into(),
        event_type: Some("thing.made".into()),
        delivery_id: delivery_id.map(str::to_owned),
        verdict: Verdict::valid("sha256".into()),
        request: Request { body: Bytes::from_static(b"{\"n\":1}"), ..Request::default() },
        remote: ([127, 0, 0, 1], 1).into(),
        handshake: None,
        repeat: None,
    }
}

/// An attempt that was answered with a status, or refused without one.
pub(super) fn delivery(status: Option<u16>) -> Delivery {
    Delivery {
        method: Method::POST,
        target: "http://127.0.0.1:3000/".into(),
        attempt: 1,
        duration: Duration::from_millis(7),
        response: status.map(|status| Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(b"answer"),
        }),
        truncated: false,
        error: status.is_none().then(|| DeliveryError {
            kind: FailureKind::Refused,
            message: "connection refused".into(),
            hint: None,
        }),
    }
}

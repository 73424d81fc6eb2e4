//! `GET /api/status`: what is inspected.

use std::sync::atomic::Ordering::Relaxed;

use serde::Serialize;

use super::Inspector;
use super::answer::{Refused, Told, item};
use crate::history::mask::masked_url;

/// The answer.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    version: &'static str,
    instance: String,
    listening: Option<ListeningFields>,
    history: HistoryFields,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ListeningFields {
    url: String,
    forward: Vec<String>,
    providers: Vec<String>,
    in_flight: usize,
}

#[derive(Debug, Serialize)]
struct HistoryFields {
    path: String,
    events: u64,
    file_bytes: u64,
}

/// Answers the call.
pub(super) async fn status(inspector: &Inspector) -> Told {
    item("status", &of(inspector).await?)
}

/// The status of now.
pub(super) async fn of(inspector: &Inspector) -> Result<Status, Refused> {
    let extent = inspector.readers.read(|reader| Ok(reader.extent()?)).await?;
    Ok(Status {
        version: env!("CARGO_PKG_VERSION"),
        instance: inspector.instance.to_string(),
        listening: listening(inspector),
        history: HistoryFields {
            path: inspector.options.history.display().to_string(),
            events: extent.events,
            file_bytes: extent.file_bytes,
        },
    })
}

/// The listener of now, where there is one.
pub(super) fn listening(inspector: &Inspector) -> Option<ListeningFields> {
    inspector.options.listening.as_ref().map(|listening| ListeningFields {
        url: listening.url.clone(),
        forward: listening.forward.iter().map(|url| masked_url(url)).collect(),
        providers: listening.providers.clone(),
        in_flight: listening.in_flight.load(Relaxed),
    })
}

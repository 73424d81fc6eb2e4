//! Where an event goes: the named target, or those that the history knows.

use std::sync::Arc;

use http::Uri;

use super::{Target, TargetError};
use crate::model::Attempt;

/// One URL that an event goes to.
#[derive(Debug, Clone)]
pub struct Destination {
    /// As the history keeps it.
    pub target: String,
    /// `Err` when the event's path leads out of the target.
    pub uri: Result<Uri, TargetError>,
    /// Under which name the event still waits for it, where it does.
    pub waits: Option<Arc<str>>,
    /// Attempts that are recorded.
    pub attempts: u32,
    /// Whether one of them was answered with a 2xx.
    pub delivered: bool,
    /// Whether the last of them failed.
    pub failed: bool,
}

/// The destinations of an event whose request came to `path`: `to`, else every target it went to, as recorded, or
/// still waits for. `attempts` and `waiting` are what the history knows of it.
pub fn destinations(
    path: &Uri,
    attempts: &[Attempt],
    waiting: &[String],
    to: Option<&Target>,
) -> Result<Vec<Destination>, TargetError> {
    let mut found = Vec::new();
    match to {
        Some(target) => found.push(Destination::joined(target, path)),
        None => {
            for target in attempts.iter().map(|attempt| &attempt.delivery.target) {
                add(&mut found, Destination::recorded(target)?);
            }
            for target in waiting {
                add(&mut found, Destination::joined(&Target::parse(target)?, path));
            }
        }
    }
    for destination in &mut found {
        destination.take_past(attempts);
    }
    for name in waiting {
        let joined = Destination::joined(&Target::parse(name)?, path);
        if let Some(destination) = found.iter_mut().find(|destination| destination.target == joined.target) {
            destination.waits = Some(name.as_str().into());
        }
    }
    Ok(found)
}

fn add(found: &mut Vec<Destination>, destination: Destination) {
    if !found.iter().any(|known| known.target == destination.target) {
        found.push(destination);
    }
}

impl Destination {
    /// The event's path below a target, as forwarding joins them.
    fn joined(target: &Target, path: &Uri) -> Self {
        let uri = target.join(path);
        let text = uri.as_ref().map_or_else(|_| target.to_string(), ToString::to_string);
        Self { target: text, uri, waits: None, attempts: 0, delivered: false, failed: false }
    }

    /// A whole URL, as it was recorded.
    fn recorded(url: &str) -> Result<Self, TargetError> {
        let uri = url.parse().map_err(|_| TargetError::NotUrl(url.to_owned()))?;
        Ok(Self { target: url.to_owned(), uri: Ok(uri), waits: None, attempts: 0, delivered: false, failed: false })
    }

    fn take_past(&mut self, attempts: &[Attempt]) {
        let own = attempts.iter().filter(|attempt| attempt.delivery.target == self.target);
        for attempt in own {
            self.attempts = self.attempts.saturating_add(1);
            self.failed = !attempt.delivery.is_success();
            self.delivered |= !self.failed;
        }
    }
}

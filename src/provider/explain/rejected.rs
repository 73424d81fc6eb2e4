//! What is said of a signature that is missing, or right at the wrong time: nothing has to be searched for.

use super::header::near;
use crate::model::{Reason, Request};
use crate::provider::Provider;
use crate::provider::template::Source;

/// What to say when the signature is not there at all.
pub(in crate::provider) fn missing(provider: &Provider, request: &Request) -> String {
    let wanted: Vec<&str> = provider
        .signatures
        .iter()
        .flat_map(|signature| &signature.sources)
        .filter_map(|source| match source.source() {
            Source::Header(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let near = wanted.iter().find_map(|wanted| near(wanted, request));
    match near {
        Some(near) => format!("the request has a header `{near}`: is the name right?"),
        None => format!(
            "set a secret at {} so that it signs, or check that no proxy drops the header",
            provider.about().name
        ),
    }
}

/// A time that is wrong by decades is in another unit.
const ANOTHER_UNIT: i64 = 1_000_000_000;

/// What to say about a right signature at the wrong time.
pub(in crate::provider) fn stale(reason: &Reason) -> Option<String> {
    match reason {
        Reason::TooOld { age, .. } if *age > ANOTHER_UNIT => {
            Some("the timestamp is in seconds where milliseconds are expected: send milliseconds".into())
        }
        Reason::TooOld { .. } => {
            Some("a replay keeps its old timestamp: sign it again, or verify with `--tolerance none`".into())
        }
        Reason::TooNew { ahead, .. } if *ahead > ANOTHER_UNIT => {
            Some("the timestamp is in milliseconds where seconds are expected: send seconds".into())
        }
        Reason::TooNew { .. } => Some("the clocks differ: set this machine's or the sender's".into()),
        _ => None,
    }
}

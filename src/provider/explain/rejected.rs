//! What is said of a signature that is missing, or right at the wrong time: nothing has to be searched for.

use super::header::near;
use crate::model::{Reason, Request};
use crate::provider::Provider;
use crate::provider::signature::Signature;
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

/// What to say about a right signature whose time or what it binds is wrong: the secret is not to blame.
pub(in crate::provider) fn rejected(signature: &Signature, reason: &Reason) -> Option<String> {
    match reason {
        Reason::CheckFailed { name } => Some(unbound(signature, name)),
        Reason::MalformedTimestamp { value, expected } => {
            Some(format!("the sender writes the time {}: let it write {expected}", unit(value)))
        }
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

/// The signature goes with another body, URL or value than these.
fn unbound(signature: &Signature, name: &str) -> String {
    let other = if signature.checks(name, Source::is_of_body) {
        "what was signed is another body: pass on the bytes that came, and change none"
    } else if signature.checks(name, Source::is_of_url) {
        "what was signed is another URL: give the one that the sender calls (`verify --url`, `listen --public-url`)"
    } else if signature.checks(name, |source| matches!(source, Source::Given(_))) {
        "it was signed for another value than the one given with --var"
    } else {
        "it was signed for something else: is it a request of this provider?"
    };
    format!("the secret is right, and {other}")
}

/// As far as digits tell: seconds have ten of them for centuries.
fn unit(value: &str) -> &'static str {
    match value.len() {
        _ if !value.bytes().all(|byte| byte.is_ascii_digit()) => "as text",
        ..=11 => "in seconds",
        12..=14 => "in milliseconds",
        _ => "in smaller units",
    }
}

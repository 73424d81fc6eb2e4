//! What verification must know besides the request.

use std::sync::Arc;

use jiff::Timestamp;

use super::Provider;
use super::explain::Effort;
use super::key::Supplied;
use crate::model::Secret;

/// What verification must know besides the request.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The wall clock.
    pub now: Timestamp,
    /// How old a signature may be.
    pub tolerance: Tolerance,
    /// The URL as the provider knows it, where a proxy or tunnel stands in between.
    pub url: Option<&'a str>,
    /// Whether to work out the signature that would have matched (for a local terminal only).
    pub reveal: bool,
    /// Secrets that are not this provider's: a signature made with one of them is explained, never valid.
    pub known: &'a [Secret],
    /// Published keys that were fetched for this request; `None` where none may be fetched.
    pub supplied: Option<&'a [Supplied]>,
    /// Providers whose request it may be instead.
    pub providers: &'a [Arc<Provider>],
    /// How much may be tried to explain a signature that does not match.
    pub effort: Effort,
}

impl Circumstances<'_> {
    /// The provider's own tolerance at this moment; nothing is explained.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            tolerance: Tolerance::Provider,
            url: None,
            reveal: false,
            known: &[],
            supplied: None,
            providers: &[],
            effort: Effort::NONE,
        }
    }
}

/// How old or how far ahead a signature may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tolerance {
    /// As the manifest says.
    Provider,
    /// This many seconds.
    Seconds(i64),
    /// Any age.
    Unlimited,
}

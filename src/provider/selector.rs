//! A place in a request, named as manifests name it: `json:/data/id`, `header:X-Topic`, `query:page`.

use std::borrow::Cow;

use super::template::{Expression, Scope};
use crate::model::Request;

/// A place in a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector(Expression);

/// A text that names no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SelectorError(String);

impl Selector {
    /// Reads a ref such as `json:/data/id`, `header:X-Topic`, `query:page`, `form:From`, `method`,
    /// `path` or `body`, with filters where wanted.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        Expression::parse(text, &[]).map(Self).map_err(|error| SelectorError(error.problem))
    }

    /// What stands there: text decoded, numbers as they are written; `None` where there is nothing.
    pub fn find<'r>(&self, request: &'r Request) -> Option<Cow<'r, [u8]>> {
        self.0.lookup(&Scope::of(request))
    }

    /// The place as a person says it: ``JSON value `/data/id` ``.
    pub fn place(&self) -> String {
        self.0.source().place()
    }
}

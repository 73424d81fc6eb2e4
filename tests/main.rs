//! One test binary; a module per verb or promise.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod sandbox;
mod vectors;

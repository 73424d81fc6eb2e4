//! Sending a request to a target: where exactly it goes, and what a forwarded request may carry.

mod forward;
mod target;

pub use forward::{HOP, forwardable, has_looped};
pub use target::{Target, TargetError};

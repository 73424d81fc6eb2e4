//! Sending a request to a target: where exactly it goes, and what a forwarded request may carry.

mod forward;
mod target;

pub use forward::{ATTEMPT, EVENT_ID, HOP, carried, forwardable, has_looped, mark};
pub use target::{Target, TargetError};

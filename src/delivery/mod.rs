//! Sending a request to a target: where exactly it goes, what a forwarded request may carry, and how a body
//! is edited before it goes.

mod edit;
mod forward;
mod target;

pub use edit::{EditError, edit};
pub use forward::{ATTEMPT, EVENT_ID, HOP, carried, forwardable, has_looped, mark};
pub use target::{Target, TargetError};

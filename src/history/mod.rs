//! What is asked of the history: which events a person means, and what they are turned into.

mod expectation;
mod filter;
mod nearest;

pub use expectation::Expectation;
pub use filter::{Condition, Filter, FilterError, Operator};
pub use nearest::{Nearest, Part, Unmet};

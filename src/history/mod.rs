//! What is asked of the history: which events a person means, and what they are turned into.

mod filter;

pub use filter::{Condition, Filter, FilterError, Operator};

//! What is asked of the history: which events a person means, and what they are turned into.

mod anonymise;
mod drift;
mod expectation;
mod filter;
mod nearest;

pub use anonymise::{Anonymised, MAX_ANONYMISED, Personal, Replaced, Unreadable, anonymise};
pub use drift::{Difference, Drift, Fields, What};
pub use expectation::Expectation;
pub use filter::{Condition, Filter, FilterError, Operator};
pub use nearest::{Nearest, Part, Unmet};

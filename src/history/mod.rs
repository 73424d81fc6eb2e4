//! What is asked of the history: which events a person means, and what they are turned into.

mod anonymise;
mod diff;
mod drift;
mod expectation;
mod filter;
mod nearest;
mod stats;
mod values;

pub use anonymise::{Anonymised, MAX_ANONYMISED, Personal, Replaced, Unreadable, anonymise};
pub use diff::{BodyForm, Comparison, Difference, compare_events, compare_requests};
pub use drift::{Drift, Fields, Finding, What};
pub use expectation::Expectation;
pub use filter::{Condition, Filter, FilterError, Operator};
pub use nearest::{Nearest, Part, Unmet};
pub use stats::{Bucket, Stats};
pub use values::compare_json;

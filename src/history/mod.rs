//! What is asked of the history: which events a person means, and what they are turned into.

mod anonymise;
mod diff;
mod drift;
mod expectation;
mod export;
mod filter;
mod fixture_name;
pub mod har;
mod http_file;
pub mod mask;
mod nearest;
mod record;
mod recorded;
mod sheet;
mod since;
mod stats;
mod values;

pub use anonymise::{Anonymised, MAX_ANONYMISED, Personal, Replaced, Unreadable, anonymise};
pub use diff::{BodyForm, Comparison, Difference, compare_events, compare_requests};
pub use drift::{Drift, Fields, Finding, What};
pub use expectation::Expectation;
pub use export::{Exporter, Stream};
pub use filter::{Condition, Filter, FilterError, Given, Operator, Reached, quoted};
pub use fixture_name::{fixture_extension, fixture_name, safe_name};
pub use nearest::{Nearest, Part, Unmet};
pub use record::Record;
pub use recorded::recorded;
pub use since::{Since, age};
pub use stats::{Bucket, Stats};
pub use values::compare_json;

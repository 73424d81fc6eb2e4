//! The history: events and their deliveries in one SQLite file.
//!
//! - [`Writer`] is a thread that owns the one connection that writes. What waits for it is committed
//!   together, with one sync to the disk; an answer goes back only after its commit.
//! - [`Reader`] is a connection of its own that only reads.
//!
//! Several processes may use one file at once. Order is the order of arrival, not of the clock.

mod changes;
mod codec;
mod delete;
mod error;
mod insert;
mod life;
mod migrate;
mod needle;
mod numbers;
mod open;
mod overview;
mod owner;
mod pages;
mod pending;
mod pin;
mod places;
mod query;
mod reader;
mod recent;
mod retention;
mod salvage;
#[cfg(test)]
mod sample;
mod search;
mod times;
mod vacuum;
mod words;
mod writer;

use crate::model::Event;

pub use changes::Position;
pub use error::StoreError;
pub use life::Life;
pub use needle::{Found, Needle};
pub use numbers::{Outcomes, Outline};
pub use open::{Soundness, check_writable};
pub use overview::{LastAttempt, Overview};
pub use pending::{Pending, Settle};
pub use places::Places;
pub use query::{Direction, Kind, KindTest, Query, Step};
pub use reader::{Extent, Reader};
pub use retention::Retention;
pub use salvage::{Salvaged, salvage};
pub use search::Route;
pub use times::{Buckets, Endings};
pub use vacuum::{Vacuumed, vacuum};
pub use words::index_words;
pub use writer::{Imported, Receipt, Writer};

/// An event as it is kept.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The order of arrival; never used twice.
    pub seq: i64,
    /// The event. The value of a header that was a right credential in itself is not kept: it is
    /// empty and marked sensitive.
    pub event: Event,
}

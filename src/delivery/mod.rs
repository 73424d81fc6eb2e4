//! Sending a request to a target: where exactly it goes, what a forwarded request may carry, how a body is edited
//! before it goes, and how the request of a fixture or of an event of the past is made.

mod again;
mod composition;
mod content;
mod destination;
mod edit;
mod forward;
mod note;
pub mod tamper;
mod target;

pub use again::{Again, AgainError, Resign, Signer, Signers};
pub use composition::{Composition, CompositionError, Turn};
pub use content::Content;
pub use destination::{Destination, destinations};
pub use edit::{EditError, edit};
pub use forward::{ATTEMPT, EVENT_ID, HOP, carried, forwardable, has_looped, mark};
pub use note::Note;
pub use tamper::{Tamper, TamperError};
pub use target::{Target, TargetError};

//! HTTP archives, HAR 1.2 (<http://www.softwareishard.com/blog/har-12-spec/>): written one entry at a
//! time, and read as browsers and proxies write them.

mod read;
mod write;

pub use read::{HarError, MAX_ARCHIVE_BYTES, archive, entry as read_entry};
pub(super) use write::{begin, end, entry};

//! Everything that leaves through stdout and stderr: the JSON lines, the lines for people, colours,
//! tables. Formatting returns text; only [`Presenter`], [`print()`] and [`talk`] write.
//!
//! - A service that runs hands its notices to a [`Presenter`], which never blocks it.
//! - A command that ends prints [`item_line`]s, a [`table`] or the lines of [`Human`] with [`print()`].
//! - Errors are [`error_line`] (JSON) or [`error_lines`], written with [`talk`].
//! - Foreign text passes through [`untrusted`] or [`one_line`] before a terminal sees it; what is
//!   larger goes behind the gutter that [`body`] draws.

mod bar;
mod body;
mod curl;
mod explanation;
mod hex;
mod hit;
mod human;
mod json_line;
mod junit;
mod mock;
mod pretty;
mod queue;
#[cfg(test)]
mod sample;
mod size;
mod streams;
mod style;
mod table;
mod terminal;
mod unified;
mod writer;

pub use bar::{bar, sparkline};
pub use body::{GUTTER, MAX_SHOWN_LINES, MAX_SHOWN_TEXT, body};
pub use curl::{CurlCredential, curl, curl_with, is_left_out, is_variable};
pub use explanation::ExplanationFields;
pub use hex::hex_lines;
pub use human::{Human, Lines, MASK, error_lines};
pub use json_line::{
    Bodies, HEADER_LATIN1, HEADER_MASKED, error_line, item_line, write_body, write_delivery, write_event,
    write_headers, write_lagged, write_notice, write_past, write_past_with, write_verdict,
};
pub use junit::{JunitCase, JunitProblem, junit};
pub use mock::{millis, mock_attempt_object, span};
pub use pretty::{LayoutError, MAX_PRETTY, laid_out, pretty};
pub use queue::{MAX_NOTICE_BYTES, MAX_NOTICES};
pub use size::size;
pub use streams::{print, talk};
pub use style::{ColorChoice, Palette, Role};
pub use table::table;
pub use terminal::{is_plain, one_line, untrusted, untrusted_lines};
pub use unified::{CONTEXT_LINES, unified};
pub use writer::{Format, Presenter};

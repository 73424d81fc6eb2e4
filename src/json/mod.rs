//! Lossless JSON on tokens: walk it, find a value, replace a value, lay it out anew.
//!
//! Nothing here builds a tree, so numbers, key order, duplicate keys and escapes stay as they were
//! written (a signature is computed over bytes, not over values). Nothing recurses, so the nesting
//! of hostile input costs memory proportional to the input and no stack. Bytes that are not UTF-8
//! are tolerated inside strings, where webhooks do carry them.

mod edit;
mod error;
mod find;
mod layout;
mod lexer;
mod paths;
mod pointer;
mod scan;
mod string;
mod style;

pub use edit::{Missing, SetError, remove, set};
pub use error::SyntaxError;
pub use find::{elements, find, find_steps, is_ambiguous};
pub use layout::{compact, indented, spaced};
pub use lexer::{Kind, Token, Tokens, check, tokens};
pub use paths::paths;
pub use pointer::{Pointer, PointerError};
pub use string::{quote, quote_into, scalar, steers_terminal};
pub use style::{Escapes, escaped, sorted};

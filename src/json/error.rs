//! Where a text stops being JSON.

use std::fmt;

use memchr::memchr_iter;

/// Where and why a text is not JSON. One line when displayed, safe for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Byte offset, from 0.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What the grammar allows there.
    pub expected: &'static str,
    /// The byte that stands there; `None` at the end of the text.
    pub found: Option<u8>,
}

impl SyntaxError {
    pub(super) fn new(text: &[u8], offset: usize, expected: &'static str) -> Self {
        let before = &text[..offset.min(text.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let continuation = |byte: &&u8| (**byte & 0xC0) != 0x80;
        Self {
            offset,
            line: memchr_iter(b'\n', before).count() + 1,
            column: before[line_start..].iter().filter(continuation).count() + 1,
            expected,
            found: text.get(offset).copied(),
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: expected {}, found ", self.line, self.column, self.expected)?;
        match self.found {
            None => f.write_str("the end"),
            Some(byte) if byte.is_ascii_graphic() => write!(f, "`{}`", char::from(byte)),
            Some(byte) => write!(f, "byte 0x{byte:02x}"),
        }
    }
}

impl std::error::Error for SyntaxError {}

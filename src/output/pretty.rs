//! Pretty JSON, made from tokens: numbers, escapes, key order and repeated keys stay as written.

use crate::json::{self, Kind, SyntaxError, Token};

use super::style::{Palette, Role};
use super::terminal::untrusted;

/// Larger texts are shown as they are: nobody reads a pretty megabyte, and laying it out would hold
/// up the lines behind it.
pub const MAX_PRETTY: usize = 1 << 20;

/// Deeper levels are not indented further, else white space grows with the square of the depth.
const MAX_INDENT_DEPTH: usize = 64;

const INDENT: &str = "  ";

/// Lays out a JSON text over several lines without a final line break, stopping after about
/// `max_lines`. `None` when it is not JSON or larger than [`MAX_PRETTY`].
pub fn pretty(text: &[u8], palette: Palette, max_lines: usize) -> Option<String> {
    if text.len() > MAX_PRETTY || json::check(text).is_err() {
        return None;
    }
    let mut printer = Printer { out: String::with_capacity(text.len() * 2), palette, depth: 0, lines: 1, last: None };
    json::tokens(text)
        .map_while(Result::ok)
        .take_while(|token| {
            printer.token(token);
            printer.lines <= max_lines
        })
        .for_each(drop);
    Some(printer.out)
}

/// Why a text has no layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// It is not JSON.
    #[error("{0}")]
    Syntax(#[from] SyntaxError),
    /// It would become longer than this many bytes.
    #[error("the text would become longer than {0} bytes")]
    TooLong(usize),
}

/// The whole text as [`pretty`] lays it out, without colours, as long as it stays within `max` bytes.
pub fn laid_out(text: &[u8], max: usize) -> Result<String, LayoutError> {
    json::check(text)?;
    let mut printer = Printer { out: String::new(), palette: Palette::PLAIN, depth: 0, lines: 1, last: None };
    for token in json::tokens(text) {
        printer.token(&token?);
        if printer.out.len() > max {
            return Err(LayoutError::TooLong(max));
        }
    }
    Ok(printer.out)
}

struct Printer {
    out: String,
    palette: Palette,
    depth: usize,
    lines: usize,
    last: Option<Kind>,
}

impl Printer {
    fn token(&mut self, token: &Token<'_>) {
        let closes = matches!(token.kind, Kind::ObjectEnd | Kind::ArrayEnd);
        let opened = matches!(self.last, Some(Kind::ObjectStart | Kind::ArrayStart));
        self.depth -= usize::from(closes);
        // `{}` and `[]` stay together.
        if opened != closes || self.last == Some(Kind::Comma) {
            self.new_line();
        }
        let text = untrusted(token.text);
        match role(token.kind) {
            Some(role) => self.out.push_str(&self.palette.paint(role, &text)),
            None => self.out.push_str(&text),
        }
        if token.kind == Kind::Colon {
            self.out.push(' ');
        }
        self.depth += usize::from(matches!(token.kind, Kind::ObjectStart | Kind::ArrayStart));
        self.last = Some(token.kind);
    }

    fn new_line(&mut self) {
        self.lines += 1;
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(INDENT, self.depth.min(MAX_INDENT_DEPTH)));
    }
}

fn role(kind: Kind) -> Option<Role> {
    match kind {
        Kind::Key => Some(Role::Key),
        Kind::String => Some(Role::Text),
        Kind::Number => Some(Role::Number),
        Kind::True | Kind::False | Kind::Null => Some(Role::Literal),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &[u8]) -> Option<String> {
        pretty(text, Palette::PLAIN, usize::MAX)
    }

    #[test]
    fn nothing_but_white_space_changes() {
        let text = br#"{"n":12345678901234567890.10,"a":[1e5,-0],"a":{},"s":"\/\u00e9\ud800","e":[]}"#;
        let shown = plain(text).unwrap();
        assert_eq!(json::compact(shown.as_bytes()).as_deref(), Some(&text[..]));
        assert_eq!(
            shown.lines().collect::<Vec<_>>(),
            [
                "{",
                "  \"n\": 12345678901234567890.10,",
                "  \"a\": [",
                "    1e5,",
                "    -0",
                "  ],",
                "  \"a\": {},",
                "  \"s\": \"\\/\\u00e9\\ud800\",",
                "  \"e\": []",
                "}"
            ]
        );
    }

    #[test]
    fn hostile_characters_in_strings_are_shown() {
        assert_eq!(plain("\"a\u{202e}\u{9b}b\"".as_bytes()).unwrap(), "\"a\\u{202e}\\u{9b}b\"");
        assert_eq!(plain(b"\"\xff\"").unwrap(), "\"\\xff\"");
    }

    #[test]
    fn kinds_have_their_colors() {
        let shown = pretty(br#"{"k":"v","n":1,"t":null}"#, Palette::new(true), 99).unwrap();
        for painted in ["\u{1b}[34m\"k\"\u{1b}[0m", "\u{1b}[32m\"v\"", "\u{1b}[36m1", "\u{1b}[35mnull"] {
            assert!(shown.contains(painted), "{shown:?}");
        }
    }

    #[test]
    fn what_is_not_json_or_too_large_is_left_alone() {
        assert_eq!(plain(b"{"), None);
        assert_eq!(plain(format!("\"{}\"", "a".repeat(MAX_PRETTY)).as_bytes()), None);
    }

    #[test]
    fn a_whole_layout_is_the_one_that_is_shown_or_says_why_there_is_none() {
        let text = br#"{"n":1.0,"n":1e400,"s":"\u00e9","e":[]}"#;
        assert_eq!(laid_out(text, 1_000).unwrap(), plain(text).unwrap());
        assert!(matches!(laid_out(b"[1,]", 1_000), Err(LayoutError::Syntax(error)) if error.offset == 3));
        assert_eq!(laid_out(text, 10), Err(LayoutError::TooLong(10)));
    }

    #[test]
    fn hostile_depth_makes_bounded_output() {
        let text = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
        assert!(plain(&text).unwrap().len() < 30_000_000);
        assert!(pretty(&text, Palette::PLAIN, 500).unwrap().len() < 100_000);
    }
}

//! The line of an event in which a text was found.

use std::ops::Range;

use super::human::{Human, MAX_NAME_WIDTH, event_type};
use super::style::Role;
use super::terminal::{one_line, untrusted};
use crate::model::Event;

/// Bytes shown before what was found, and columns of it and behind it: with the rest, a wide line.
const BEFORE: usize = 32;
const MAX_FOUND_WIDTH: usize = 80;
const AFTER_WIDTH: usize = 48;

impl Human {
    /// The event, and what was found at `range` in `text`, which is its `place`.
    pub fn hit(&self, id: &str, event: &Event, place: &str, text: &[u8], range: Range<usize>) -> String {
        let mut start = range.start.saturating_sub(BEFORE);
        // Not from the middle of a character.
        while start < range.start && text[start] & 0xc0 == 0x80 {
            start += 1;
        }
        format!(
            "{}  {id}  {} {}  {} {}{}{}{}\n",
            self.time(event.received_at),
            one_line(&*event.provider, MAX_NAME_WIDTH),
            self.palette.paint(Role::Strong, &event_type(event)),
            self.palette.paint(Role::Dim, &format!("{place}:")),
            if start > 0 { "…" } else { "" },
            untrusted(&text[start..range.start]),
            self.palette.paint(Role::Warning, &one_line(&text[range.clone()], MAX_FOUND_WIDTH)),
            one_line(&text[range.end..], AFTER_WIDTH),
        )
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::output::{Palette, sample};

    fn hit(palette: Palette, text: &[u8], range: Range<usize>) -> String {
        let human = Human { palette, verbosity: 0, quiet: false, answers: false, zone: Some(TimeZone::UTC) };
        human.hit("019aa899", &sample::event(b""), "body", text, range)
    }

    #[test]
    fn what_was_found_stands_among_what_is_around_it() {
        assert_eq!(
            hit(Palette::PLAIN, b"{\"name\":\"Ada\"}", 9..12),
            "2026-11-21 15:04:05  019aa899  prospektr prospect.added  body: {\"name\":\"Ada\"}\n"
        );
        let long = format!("{}Ada{}", "é".repeat(40), " x".repeat(400));
        let shown = hit(Palette::PLAIN, long.as_bytes(), 80..83);
        assert!(shown.contains(&format!("body: …{}Ada x x", "é".repeat(16))), "{shown}");
        assert!(shown.ends_with("…\n") && shown.len() < 250, "{shown}");
    }

    #[test]
    fn it_is_marked_and_nothing_steers_the_terminal() {
        let shown = hit(Palette::new(true), b"\x1b[2K\xff a\nb \x9b", 6..9);
        assert!(shown.contains(" \\u{1b}[2K\\xff \u{1b}[33ma\\nb\u{1b}[0m \\x9b\n"), "{shown:?}");
    }
}

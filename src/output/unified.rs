//! Two texts as a unified diff, behind the gutter.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use super::body::GUTTER;
use super::style::{Palette, Role};
use super::terminal::untrusted_lines;

/// A diff that is not minimal says as much; hostile texts would take minutes for the shortest one.
const MAX_TIME: Duration = Duration::from_secs(2);
/// Lines shown around a change, as `diff -u` does.
pub const CONTEXT_LINES: usize = 3;
/// Longer lines are cut: one line must not fill the screen.
const MAX_LINE: usize = 4 << 10;

/// The lines that differ between two texts, with so many unchanged ones around them.
pub fn unified(before: &str, after: &str, context: usize, palette: Palette) -> String {
    let diff = TextDiff::configure().timeout(MAX_TIME).diff_lines(before, after);
    // The groups count twice the lines around a change.
    let radius = context.min(before.len() + after.len());
    let gutter = palette.paint(Role::Dim, GUTTER);
    let mut out = String::new();
    for (position, group) in diff.grouped_ops(radius).iter().enumerate() {
        if position > 0 {
            out.extend([&gutter, &palette.paint(Role::Dim, "…"), "\n"]);
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, role) = match change.tag() {
                ChangeTag::Delete => ('-', Some(Role::Bad)),
                ChangeTag::Insert => ('+', Some(Role::Good)),
                ChangeTag::Equal => (' ', None),
            };
            let line = format!("{sign}{}", shown(change.value()));
            out.extend([&gutter, &role.map_or(line.clone(), |role| palette.paint(role, &line)), "\n"]);
        }
    }
    out
}

/// A line without its end, cleaned and cut.
fn shown(line: &str) -> String {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let end = line.floor_char_boundary(MAX_LINE);
    let cut = if end < line.len() { "…" } else { "" };
    untrusted_lines(&line[..end]).replace('\n', "\\n") + cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_stand_with_some_around_them() {
        let lines =
            |changed: &'static str| (1..=20).map(move |n| if n == 10 { changed.into() } else { format!("{n}\n") });
        let (before, after): (String, String) = (lines("old\n").collect(), lines("new\u{1b}[2J\r\n").collect());
        let shown = unified(&before, &after, CONTEXT_LINES, Palette::PLAIN);
        let lines: Vec<&str> = shown.lines().map(|line| line.strip_prefix(GUTTER).expect("a gutter")).collect();
        assert_eq!(lines, [" 7", " 8", " 9", "-old", "+new\\u{1b}[2J\\r", " 11", " 12", " 13"]);
        assert_eq!(unified(&before, &after, usize::MAX, Palette::PLAIN).lines().count(), 21);
        assert_eq!(unified(&before, &before, CONTEXT_LINES, Palette::PLAIN), "");
    }
}

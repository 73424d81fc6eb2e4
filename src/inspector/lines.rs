//! Two texts side by side, line by line.

use std::time::Duration;

use super::cut::cut;
use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use std::time::Instant;

/// A diff that is not minimal says as much; hostile texts would take minutes for the shortest one.
const MAX_TIME: Duration = Duration::from_millis(500);
/// Lines of each side that are compared and told: more than anybody scrolls through.
const MAX_LINES: usize = 10_000;
/// Bytes of a line that are told.
const MAX_LINE: usize = 4 * 1024;

/// One line of either side, or of both.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    kind: &'static str,
    before: Option<Numbered>,
    after: Option<Numbered>,
}

/// A line with its number, from 1.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Numbered {
    number: usize,
    text: String,
}

/// The lines of both sides, the same ones and the changed ones beside each other, and whether there are more.
pub(super) fn aligned(before: &[String], after: &[String]) -> (Vec<Line>, bool) {
    let is_cut = before.len() > MAX_LINES || after.len() > MAX_LINES;
    let (before, after) = (&before[..before.len().min(MAX_LINES)], &after[..after.len().min(MAX_LINES)]);
    let deadline = Instant::now() + MAX_TIME;
    let side = |side: &[String], index: usize| {
        side.get(index).map(|text| Numbered { number: index + 1, text: cut(text, MAX_LINE) })
    };
    let mut lines = Vec::new();
    for op in capture_diff_slices_deadline(Algorithm::Myers, before, after, Some(deadline)) {
        let (kind, old, new) = match op {
            DiffOp::Equal { .. } => ("same", op.old_range(), op.new_range()),
            _ => ("changed", op.old_range(), op.new_range()),
        };
        for step in 0..old.len().max(new.len()) {
            let one = (step < old.len()).then(|| side(before, old.start + step)).flatten();
            let other = (step < new.len()).then(|| side(after, new.start + step)).flatten();
            let kind = match (&one, &other) {
                (Some(_), None) => "removed",
                (None, _) => "added",
                _ => kind,
            };
            lines.push(Line { kind, before: one, after: other });
        }
    }
    (lines, is_cut)
}

/// The lines that bodies are shown as.
pub(super) mod rows {
    use super::MAX_LINES;
    use crate::model::Event;
    use crate::output::{laid_out, untrusted, untrusted_lines};

    /// Longer layouts are not compared line by line.
    const MAX_LAYOUT: usize = 4 * 1024 * 1024;
    /// Nor are longer texts.
    const MAX_TEXT: usize = 4 * 1024 * 1024;

    /// JSON laid out.
    pub(in crate::inspector) fn json(event: &Event) -> Option<Vec<String>> {
        let text = laid_out(&event.request.body, MAX_LAYOUT).ok()?;
        Some(text.lines().map(str::to_owned).collect())
    }

    /// One field a line.
    pub(in crate::inspector) fn form(event: &Event) -> Option<Vec<String>> {
        let fields = form_urlencoded::parse(&event.request.body).take(MAX_LINES + 1);
        Some(fields.map(|(name, value)| format!("{} = {}", untrusted(&*name), untrusted(&*value))).collect())
    }

    /// Text as it is.
    pub(in crate::inspector) fn text(event: &Event) -> Option<Vec<String>> {
        let body = &event.request.body;
        let text = untrusted_lines(body.get(..body.len().min(MAX_TEXT))?);
        Some(text.lines().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &[&str], after: &[&str]) -> Vec<String> {
        let own = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let side =
            |side: &Option<Numbered>| side.as_ref().map_or("-".to_owned(), |one| format!("{}{}", one.number, one.text));
        let (lines, _) = aligned(&own(before), &own(after));
        lines.iter().map(|line| format!("{} {} {}", line.kind, side(&line.before), side(&line.after))).collect()
    }

    #[test]
    fn lines_stand_beside_those_they_became() {
        assert_eq!(
            shown(&["{", "a", "b", "}"], &["{", "A", "}", "x"]),
            ["same 1{ 1{", "changed 2a 2A", "removed 3b -", "same 4} 3}", "added - 4x"]
        );
        assert!(shown(&[], &[]).is_empty());
    }

    #[test]
    fn two_hostile_texts_take_a_bounded_time() {
        let make = |step: usize| (0..20_000).map(|line| format!("{}", line * step % 7_919)).collect::<Vec<_>>();
        let began = Instant::now();
        let (lines, is_cut) = aligned(&make(3), &make(5));
        assert!(is_cut && !lines.is_empty() && began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

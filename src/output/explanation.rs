//! What would make a signature match, as JSON and in lines for people.

use serde::Serialize;

use super::human::Human;
use super::style::Role;
use crate::model::{Change, Explanation, Verdict};

/// Alternatives that people are shown; JSON has them all.
const SHOWN_ALTERNATIVES: usize = 2;

/// The object in JSON lines.
#[derive(Debug, Serialize)]
pub struct ExplanationFields<'e> {
    kind: &'static str,
    change: Option<ChangeFields<'e>>,
    cure: Option<&'e str>,
    alternatives: Vec<AlternativeFields<'e>>,
    seen: &'e [String],
    ruled_out: &'e [String],
    tries: u32,
    complete: bool,
}

#[derive(Debug, Serialize)]
struct ChangeFields<'e> {
    id: &'e str,
    what: &'e str,
    then: Option<&'e str>,
}

#[derive(Debug, Serialize)]
struct AlternativeFields<'e> {
    #[serde(flatten)]
    change: ChangeFields<'e>,
    cure: Option<&'e str>,
}

impl<'e> ExplanationFields<'e> {
    /// Everything that was found.
    pub fn of(explanation: &'e Explanation) -> Self {
        let change =
            |change: &'e Change| ChangeFields { id: &change.id, what: &change.what, then: change.then.as_deref() };
        let cure = |change: &'e Change| Some(change.cure.as_str()).filter(|cure| !cure.is_empty());
        let alternative = |one: &'e Change| AlternativeFields { change: change(one), cure: cure(one) };
        Self {
            kind: explanation.kind.as_str(),
            change: explanation.best().map(change),
            cure: explanation.best().and_then(cure),
            alternatives: explanation.changes.iter().skip(1).map(alternative).collect(),
            seen: &explanation.seen,
            ruled_out: &explanation.ruled_out,
            tries: explanation.tries,
            complete: explanation.is_complete,
        }
    }
}

impl Human {
    /// What else explains a refusal besides its hint, what can be seen, or what was ruled out.
    pub(super) fn explanation(&self, verdict: &Verdict) -> String {
        let Some(explanation) = &verdict.explanation else { return String::new() };
        let mut out = String::new();
        for change in others(&explanation.changes).take(SHOWN_ALTERNATIVES) {
            out.push_str(&self.remark("or", Role::Dim, &format!("{} ({})", change.what, change.id)));
        }
        for seen in explanation.seen.iter().filter(|seen| Some(*seen) != verdict.hint.as_ref()) {
            out.push_str(&self.remark("seen", Role::Dim, seen));
        }
        if !explanation.ruled_out.is_empty() {
            let rest = if explanation.is_complete { "" } else { "; not all was tried" };
            let text = format!("{} ({} tries{rest})", explanation.ruled_out.join("; "), explanation.tries);
            out.push_str(&self.remark("ruled out", Role::Dim, &text));
        }
        out
    }
}

/// One of each kind besides the first's: a body that was laid out anew has a dozen names.
fn others(changes: &[Change]) -> impl Iterator<Item = &Change> {
    let kind = |change: &Change| change.id.split('.').next().map(str::to_owned);
    let is_first =
        move |(at, change): &(usize, &Change)| changes[..*at].iter().all(|known| kind(known) != kind(change));
    changes.iter().enumerate().filter(is_first).map(|(_, change)| change).skip(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::VerdictStatus;
    use crate::output::style::Palette;

    fn change(id: &str) -> Change {
        Change { id: id.into(), what: format!("{id} happened"), cure: String::new(), then: None }
    }

    fn shown(explanation: Explanation) -> String {
        let human = Human { palette: Palette::PLAIN, verbosity: 1, quiet: false, answers: false, zone: None };
        let mut verdict = Verdict::new(VerdictStatus::Invalid, None, None).with_hint("the first");
        verdict.explanation = Some(Box::new(explanation));
        human.advice(&verdict)
    }

    #[test]
    fn alternatives_follow_the_hint_and_what_is_the_hint_is_said_once() {
        let changes = ["a.x", "a.y", "b.x", "c.x", "d.x"].map(change).to_vec();
        let text = shown(Explanation { changes, seen: vec!["the first".into()], ..Explanation::default() });
        assert_eq!(text, "    hint: the first\n    or: b.x happened (b.x)\n    or: c.x happened (c.x)\n");
    }

    #[test]
    fn what_was_ruled_out_is_one_line() {
        let ruled_out = vec!["this".to_owned(), "that".to_owned()];
        let text = shown(Explanation { ruled_out, tries: 7, is_complete: true, ..Explanation::default() });
        assert_eq!(text, "    hint: the first\n    ruled out: this; that (7 tries)\n");
    }
}

//! One change at a time, then two, as far as the effort goes.

use std::borrow::Cow;

use super::guess::{Guess, Outcome};
use super::mutation::{CATALOGUE, Mutation, Part, Undo, Undone};
use super::rival::BY_ANOTHER;
use super::{Facts, cure};
use crate::model::{Change, Explanation, Reason, RefusalKind};

/// How much an explanation may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Guesses that are judged.
    pub tries: u32,
    /// Bytes that are made and hashed for them.
    pub bytes: usize,
}

impl Effort {
    /// No explanation.
    pub const NONE: Self = Self { tries: 0, bytes: 0 };
    /// For a request that somebody waits on: a few milliseconds, since a hash takes about a millisecond a megabyte.
    pub const BRIEF: Self = Self { tries: 600, bytes: 6 * 1024 * 1024 };
    /// For a person who asked: about a second at most.
    pub const THOROUGH: Self = Self { tries: 20_000, bytes: 256 * 1024 * 1024 };
}

/// Requests that are looked into, where several secrets and signatures make several of one: rotation needs two.
const MAX_GUESSES: usize = 6;

/// Larger bodies are not looked for with two changes: every single one is kept meanwhile.
const MAX_PAIRED_BODY: usize = 256 * 1024;

/// Providers that are named besides the first where their signatures are alike.
const MAX_NAMED: usize = 3;

/// What is left of an effort.
struct Meter {
    left: Effort,
    tries: u32,
    is_exhausted: bool,
}

impl Meter {
    fn spend(&mut self, bytes: usize) -> bool {
        if self.left.tries == 0 || self.left.bytes < bytes {
            self.is_exhausted = true;
            return false;
        }
        self.left = Effort { tries: self.left.tries - 1, bytes: self.left.bytes - bytes };
        self.tries += 1;
        true
    }
}

/// A guess, which mutations were undone in it, and in which words.
struct Step<'a> {
    place: usize,
    undone: Undone<'a>,
}

struct Search<'f, 'a> {
    facts: &'f Facts<'a>,
    mutations: Vec<&'static Mutation>,
    meter: Meter,
    found: Vec<Change>,
    tried: Vec<Part>,
}

/// Everything that one change explains; where there is none, what two changes do.
pub(super) fn search(facts: &Facts<'_>, guesses: &[Guess<'_>]) -> Explanation {
    let mutations: Vec<&Mutation> = CATALOGUE.iter().flat_map(|group| group.iter()).collect();
    let meter = Meter { left: facts.circumstances.effort, tries: 0, is_exhausted: false };
    let mut search = Search { facts, mutations, meter, found: Vec::new(), tried: Vec::new() };
    // A body that cannot be hashed once within the effort is not begun with.
    search.meter.is_exhausted = search.meter.left.bytes < facts.request.body.len();
    let count = if search.meter.is_exhausted { 0 } else { guesses.len().min(MAX_GUESSES) };
    let guesses = &guesses[..count];
    let mut judged: Vec<(&Guess<'_>, Outcome)> = guesses.iter().map(|guess| (guess, guess.judge(facts))).collect();
    // A right signature over something else: what is to be found is what it was, not who else might have signed.
    if judged.iter().any(|(_, outcome)| outcome.is_rejected()) {
        judged.retain(|(_, outcome)| outcome.is_rejected());
        search
            .mutations
            .retain(|mutation| matches!(mutation.part, Part::Body | Part::Url) || mutation.id == BY_ANOTHER);
    }
    let steps = search.singles(&judged);
    if search.found.is_empty() {
        let base = judged.iter().map(|(_, outcome)| outcome.clone()).next().unwrap_or(Outcome::Wrong);
        search.pairs(&steps, &base);
    }
    if guesses.iter().all(Guess::is_empty) {
        search.tried.clear();
    }
    search.explanation()
}

impl<'a> Search<'_, 'a> {
    /// Tries each mutation alone, and hands back what it made of the request.
    fn singles(&mut self, guesses: &[(&Guess<'a>, Outcome)]) -> Vec<Step<'a>> {
        let mut steps = Vec::new();
        for place in 0..self.mutations.len() {
            for (guess, outcome) in guesses {
                for undone in self.apply(place, guess) {
                    let Some(said) = self.improves(&undone.guess, outcome) else { continue };
                    match said {
                        Ok(then) => self.add(&[(place, &undone)], then),
                        Err(()) if guess.body.len() <= MAX_PAIRED_BODY => steps.push(Step { place, undone }),
                        Err(()) => {}
                    }
                }
            }
        }
        steps
    }

    /// Tries two, the likeliest first: both near the head of the catalogue. Bodies are changed in both orders, and a
    /// signature must be found before anything else can be.
    fn pairs(&mut self, steps: &[Step<'a>], outcome: &Outcome) {
        let count = self.mutations.len();
        for sum in 1..count * 2 {
            for step in steps {
                let Some(second) = sum.checked_sub(step.place).filter(|second| *second < count) else { continue };
                if !self.are_paired(step.place, second) {
                    continue;
                }
                for undone in self.apply(second, &step.undone.guess) {
                    if let Some(Ok(then)) = self.improves(&undone.guess, outcome) {
                        self.add(&[(step.place, &step.undone), (second, &undone)], then);
                    }
                }
                if self.meter.is_exhausted {
                    return;
                }
            }
            if !self.found.is_empty() {
                return;
            }
        }
    }

    fn are_paired(&self, first: usize, second: usize) -> bool {
        let is_of = |place: usize, part: Part| self.mutations[place].part == part;
        let is_body = is_of(first, Part::Body) && is_of(second, Part::Body);
        first < second || first > second && (is_body || is_of(first, Part::Header))
    }

    /// What a mutation makes of a guess, paid for.
    fn apply(&mut self, place: usize, guess: &Guess<'a>) -> Vec<Undone<'a>> {
        if self.meter.is_exhausted || self.meter.left.bytes < guess.body.len() {
            self.meter.is_exhausted = true;
            return Vec::new();
        }
        let mutation = self.mutations[place];
        let undone = mutation.apply(self.facts, guess);
        let made: usize = undone.iter().map(|undone| undone.guess.body.len()).sum();
        self.meter.left.bytes = self.meter.left.bytes.saturating_sub(made);
        if !undone.is_empty() && !self.tried.contains(&mutation.part) {
            self.tried.push(mutation.part);
        }
        undone
    }

    /// `Ok` where the guess is nearer to valid, with what would still be wrong; `None` where it was not paid for.
    fn improves(&mut self, guess: &Guess<'_>, outcome: &Outcome) -> Option<Result<Option<Reason>, ()>> {
        if !self.meter.spend(guess.cost()) {
            return None;
        }
        let judged = guess.judge(self.facts);
        let is_certain = !outcome.is_rejected() || guess.is_bound();
        if !is_certain || !judged.is_better_than(outcome) {
            return Some(Err(()));
        }
        Some(Ok(if let Outcome::Rejected(reason) = judged { Some(reason) } else { None }))
    }

    fn add(&mut self, undone: &[(usize, &Undone<'_>)], then: Option<Reason>) {
        let ids: Vec<&str> = undone.iter().map(|(place, _)| self.mutations[*place].id).collect();
        let join = |texts: Vec<Cow<'static, str>>, by: &str| -> String {
            let texts: Vec<&str> = texts.iter().map(|text| &**text).filter(|text| !text.is_empty()).collect();
            texts.join(by)
        };
        let cure = |(place, undone): &(usize, &Undone<'_>)| match self.mutations[*place].undo {
            Undo::Json(_) => cure::raw_body(self.facts.request).into(),
            _ => undone.cure.clone(),
        };
        let change = Change {
            id: ids.join("+"),
            what: join(undone.iter().map(|(_, undone)| undone.what.clone()).collect(), ", and "),
            cure: join(undone.iter().map(cure).collect(), "; "),
            then: then.map(|reason| reason.to_string()),
        };
        match self.found.iter_mut().find(|known| known.id == change.id) {
            None => self.found.push(change),
            // Providers that sign alike are all named.
            Some(known) if change.id == BY_ANOTHER => {
                let id = undone[0].1.guess.provider.id().to_string();
                let is_named = known.cure.split([' ', ',']).any(|word| word == id);
                if !is_named && known.cure.matches(", or ").count() < MAX_NAMED {
                    known.cure.push_str(&format!(", or {id}"));
                }
            }
            Some(_) => {}
        }
    }

    fn explanation(self) -> Explanation {
        let known = self.facts.circumstances.known.len();
        let mut ruled_out = Vec::new();
        if self.found.is_empty() {
            for part in Part::ALL.into_iter().filter(|part| self.tried.contains(part)) {
                ruled_out.push(part.ruled_out().to_owned());
                if part == Part::Secret && known > 0 {
                    let others = if known == 1 { "secret that is" } else { "secrets that are" };
                    ruled_out.push(format!("{known} other {others} known here"));
                }
            }
            if ruled_out.len() > 1 && !self.meter.is_exhausted {
                ruled_out.push("two of these at once".to_owned());
            }
        }
        Explanation {
            kind: RefusalKind::default(),
            changes: self.found,
            seen: Vec::new(),
            ruled_out,
            tries: self.meter.tries,
            is_complete: !self.meter.is_exhausted,
        }
    }
}

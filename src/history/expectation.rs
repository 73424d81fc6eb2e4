//! An expectation: which events must come, how many of them, and what came nearest.

use std::time::Duration;

use super::filter::Filter;
use super::nearest::{Nearest, Unmet};
use crate::model::Event;

/// Events that must come.
#[derive(Debug, Clone)]
pub struct Expectation {
    text: String,
    filter: Filter,
    at_least: u64,
    at_most: Option<u64>,
    any_verdict: bool,
    seen: u64,
    met_after: Option<Duration>,
    nearest: Option<Nearest>,
}

impl Expectation {
    /// At least so many good events that a filter takes. `text` names them for people.
    pub fn new(text: impl Into<String>, filter: Filter, at_least: u64) -> Self {
        Self {
            text: text.into(),
            filter,
            at_least,
            at_most: None,
            any_verdict: false,
            seen: 0,
            met_after: None,
            nearest: None,
        }
    }

    /// And no more than so many.
    #[must_use]
    pub fn at_most(mut self, at_most: Option<u64>) -> Self {
        self.at_most = at_most;
        self
    }

    /// Events count whatever verification said.
    #[must_use]
    pub fn any_verdict(mut self, any: bool) -> Self {
        self.any_verdict = any;
        self
    }

    /// Which events, as it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Which events.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// At least and at most how many.
    pub fn wanted(&self) -> (u64, Option<u64>) {
        (self.at_least, self.at_most)
    }

    /// How many have come.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Whether as many have come as should, until now.
    pub fn is_met(&self) -> bool {
        self.seen >= self.at_least && !self.is_exceeded()
    }

    /// Whether more have come than should.
    pub fn is_exceeded(&self) -> bool {
        self.at_most.is_some_and(|most| self.seen > most)
    }

    /// Whether no further event can change the answer.
    pub fn is_settled(&self) -> bool {
        if self.at_most.is_some() { self.is_exceeded() } else { self.is_met() }
    }

    /// When the last event that was needed came.
    pub fn met_after(&self) -> Option<Duration> {
        self.met_after
    }

    /// Of the events that do not count, the one that lacks least.
    pub fn nearest(&self) -> Option<&Nearest> {
        self.nearest.as_ref()
    }

    /// Counts an event if it is one of those expected, and tells whether it is.
    pub fn offer(&mut self, event: &Event, after: Duration) -> bool {
        let is_taken = self.takes(event);
        if is_taken {
            self.seen += 1;
            if self.seen == self.at_least {
                self.met_after = Some(after);
            }
        }
        is_taken
    }

    /// Remembers an event that does not count if none lacked less before.
    pub fn compare(&mut self, event: &Event) {
        if event.handshake.is_some() || self.takes(event) {
            return;
        }
        let mut unmet = self.filter.explain(event);
        if !self.is_good(event) {
            unmet.push(Unmet::verdict(&event.verdict));
        }
        let candidate = Nearest::new(event, unmet);
        if self.nearest.as_ref().is_none_or(|nearest| candidate.is_nearer_than(nearest)) {
            self.nearest = Some(candidate);
        }
    }

    fn takes(&self, event: &Event) -> bool {
        event.handshake.is_none() && self.is_good(event) && self.filter.holds(event)
    }

    fn is_good(&self, event: &Event) -> bool {
        self.any_verdict || event.verdict.is_acceptable()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::{Request, Verdict, VerdictStatus};

    fn event(event_type: &str, status: VerdictStatus) -> Event {
        Event {
            id: uuid::Uuid::nil(),
            received_at: Timestamp::UNIX_EPOCH,
            provider: "prospektr".into(),
            event_type: Some(event_type.to_owned()),
            delivery_id: None,
            verdict: Verdict::new(status, None, None),
            request: Request::default(),
            remote: ([127, 0, 0, 1], 1).into(),
            handshake: None,
            repeat: None,
        }
    }

    fn expecting(text: &str, at_least: u64) -> Expectation {
        Expectation::new(text, text.parse().unwrap(), at_least)
    }

    const AFTER: Duration = Duration::from_secs(3);

    #[test]
    fn it_is_met_once_enough_good_events_came() {
        let mut expectation = expecting("a.*", 2);
        for (event_type, status, taken) in [
            ("a.b", VerdictStatus::Valid, true),
            ("b.b", VerdictStatus::Valid, false),
            ("a.b", VerdictStatus::Invalid, false),
            ("a.b", VerdictStatus::Unchecked, false),
        ] {
            assert_eq!(expectation.offer(&event(event_type, status), AFTER), taken, "{event_type} {status:?}");
            assert!(!expectation.is_met() && expectation.met_after().is_none());
        }
        expectation.offer(&event("a.c", VerdictStatus::Valid), AFTER);
        assert!(expectation.is_met() && expectation.is_settled());
        assert_eq!((expectation.seen(), expectation.met_after()), (2, Some(AFTER)));
    }

    #[test]
    fn any_verdict_counts_where_that_is_asked_for() {
        let mut expectation = expecting("a.b", 1).any_verdict(true);
        assert!(expectation.offer(&event("a.b", VerdictStatus::Invalid), AFTER));
    }

    #[test]
    fn with_a_limit_it_is_settled_only_by_one_too_many() {
        let mut expectation = expecting("a.b", 0).at_most(Some(1));
        assert!(expectation.is_met() && !expectation.is_settled());
        expectation.offer(&event("a.b", VerdictStatus::Valid), AFTER);
        assert!(expectation.is_met() && !expectation.is_settled());
        expectation.offer(&event("a.b", VerdictStatus::Valid), AFTER);
        assert!(!expectation.is_met() && expectation.is_settled() && expectation.is_exceeded());
    }

    #[test]
    fn the_nearest_is_kept_and_what_counts_is_never_it() {
        let mut expectation = expecting("a.b", 1);
        expectation.compare(&event("a.b", VerdictStatus::Valid));
        assert_eq!(expectation.nearest(), None);
        for (event_type, status) in
            [("b.b", VerdictStatus::Valid), ("a.b", VerdictStatus::Unsigned), ("c.c", VerdictStatus::Valid)]
        {
            expectation.compare(&event(event_type, status));
        }
        let unmet = &expectation.nearest().unwrap().unmet;
        assert_eq!(unmet.iter().map(ToString::to_string).collect::<Vec<_>>(), ["verdict is unsigned, expected valid"]);
    }
}

//! What an event lacks to be one that a filter means, and which of several lacks least.

use std::borrow::Cow;
use std::fmt;

use http::HeaderValue;
use jiff::Timestamp;

use super::filter::{Condition, Filter, Operator, is_one_of, takes_type};
use crate::model::{Event, EventId, Verdict};
use crate::output::one_line;

/// Columns of a value in an explanation: enough to see the difference, and never a whole body.
const MAX_VALUE_WIDTH: usize = 120;
/// Stands for a header value that is a credential in itself.
const MASK: &str = "***";

/// What a part of a filter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The provider.
    Provider,
    /// The event type.
    EventType,
    /// What verification said.
    Verdict,
    /// When it was received.
    Time,
    /// A place in the request.
    Condition,
}

/// A part of a filter that does not hold of an event. The texts are clean for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// What it is about.
    pub part: Part,
    /// What is looked at: `event type`, or a place as it was typed.
    pub place: String,
    /// What is there, and `None` for nothing.
    pub found: Option<String>,
    /// What should be there.
    pub expected: String,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, found, expected, .. } = self;
        write!(f, "{place} is {}, expected {expected}", found.as_deref().unwrap_or("absent"))
    }
}

impl Filter {
    /// The parts that do not hold of an event, except `failed`, which only the store knows; empty when
    /// all do. Only what stands at the places that the filter names is told.
    pub fn explain(&self, event: &Event) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        let mut note = |part, place: &str, found: Option<String>, expected: String| {
            unmet.push(Unmet { part, place: place.to_owned(), found, expected });
        };
        if !is_one_of(&self.providers, &event.provider) {
            note(Part::Provider, "provider", Some(quoted(&*event.provider)), any_of(&self.providers));
        }
        if !takes_type(&self.events, event.event_type.as_deref()) {
            note(Part::EventType, "event type", event.event_type.as_deref().map(quoted), any_of(&self.events));
        }
        if !self.verdicts.is_empty() && !self.verdicts.contains(&event.verdict.status) {
            let wanted: Vec<&str> = self.verdicts.iter().map(|status| status.as_str()).collect();
            note(Part::Verdict, "verdict", Some(event.verdict.status.as_str().to_owned()), wanted.join(" or "));
        }
        let received = || Some(event.received_at.to_string());
        if let Some(since) = self.since.filter(|since| event.received_at < *since) {
            note(Part::Time, "time", received(), format!("{since} or later"));
        }
        if let Some(until) = self.until.filter(|until| event.received_at >= *until) {
            note(Part::Time, "time", received(), format!("before {until}"));
        }
        let shown = masked(event);
        for condition in self.conditions.iter().filter(|condition| !condition.holds(event)) {
            let place = one_line(condition.place(), MAX_VALUE_WIDTH);
            note(Part::Condition, &place, condition.found(&shown).map(quoted), wanted(condition));
        }
        unmet
    }
}

impl Unmet {
    /// That the verdict is not one that counts.
    pub fn verdict(verdict: &Verdict) -> Self {
        let reason =
            verdict.reason.as_ref().map(|reason| format!(" ({})", one_line(reason.to_string(), MAX_VALUE_WIDTH)));
        Self {
            part: Part::Verdict,
            place: "verdict".to_owned(),
            found: Some(format!("{}{}", verdict.status.as_str(), reason.unwrap_or_default())),
            expected: "valid".to_owned(),
        }
    }
}

/// The event that lacks least, and what that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest {
    /// Which event.
    pub id: EventId,
    /// When it was received.
    pub received_at: Timestamp,
    /// `provider/event type`, clean for a terminal.
    pub name: String,
    /// What it lacks.
    pub unmet: Vec<Unmet>,
}

impl Nearest {
    /// An event that lacks this.
    pub fn new(event: &Event, unmet: Vec<Unmet>) -> Self {
        Self { id: event.id, received_at: event.received_at, name: name(event), unmet }
    }

    /// Whether it lacks less than another: the type counts first, then the number of conditions.
    pub fn is_nearer_than(&self, other: &Self) -> bool {
        self.distance() < other.distance()
    }

    fn distance(&self) -> [usize; 3] {
        let lacks = |part: Part| self.unmet.iter().filter(|unmet| unmet.part == part).count();
        [
            lacks(Part::EventType) + lacks(Part::Provider),
            lacks(Part::Condition),
            lacks(Part::Verdict) + lacks(Part::Time),
        ]
    }
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.id, self.name)?;
        for (index, unmet) in self.unmet.iter().enumerate() {
            write!(f, "{}{unmet}", if index == 0 { ": " } else { "; " })?;
        }
        Ok(())
    }
}

/// `provider/event type`, clean for a terminal.
fn name(event: &Event) -> String {
    let event_type = event.event_type.as_deref().unwrap_or("-");
    one_line(format!("{}/{event_type}", event.provider), MAX_VALUE_WIDTH)
}

/// A credential in a header may be compared, but is not told.
fn masked(event: &Event) -> Cow<'_, Event> {
    if !event.request.headers.values().any(HeaderValue::is_sensitive) {
        return Cow::Borrowed(event);
    }
    let mut event = event.clone();
    for value in event.request.headers.values_mut().filter(|value| value.is_sensitive()) {
        *value = HeaderValue::from_static(MASK);
    }
    Cow::Owned(event)
}

fn wanted(condition: &Condition) -> String {
    let Some((operator, value)) = condition.test() else { return "any value".to_owned() };
    let (text, number) = (quoted(value), one_line(value, MAX_VALUE_WIDTH));
    match operator {
        Operator::Equal => text,
        Operator::Unequal => format!("anything but {text}"),
        Operator::Contains => format!("something with {text}"),
        Operator::Greater => format!("more than {number}"),
        Operator::AtLeast => format!("{number} or more"),
        Operator::Less => format!("less than {number}"),
        Operator::AtMost => format!("{number} or less"),
    }
}

fn any_of(names: &[impl fmt::Display]) -> String {
    let names: Vec<String> = names.iter().map(|name| quoted(name.to_string())).collect();
    names.join(" or ")
}

fn quoted(value: impl AsRef<[u8]>) -> String {
    format!("\"{}\"", one_line(value, MAX_VALUE_WIDTH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Reason, Request, VerdictStatus};

    fn event(event_type: &str, body: &str) -> Event {
        Event {
            id: uuid::Uuid::nil(),
            received_at: Timestamp::UNIX_EPOCH,
            provider: "prospektr".into(),
            event_type: Some(event_type.to_owned()),
            delivery_id: None,
            verdict: Verdict::valid("sha256".into()),
            request: Request { body: body.to_owned().into(), ..Request::default() },
            remote: ([127, 0, 0, 1], 1).into(),
            handshake: None,
            repeat: None,
        }
    }

    fn explained(filter: &str, event: &Event) -> String {
        let filter: Filter = filter.parse().unwrap();
        assert_eq!(filter.explain(event).is_empty(), filter.holds(event), "they agree");
        filter.explain(event).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn each_part_that_does_not_hold_says_what_is_there_and_what_should_be() {
        let event = event("prospect.added", r#"{"state":"TX","n":5}"#);
        for (filter, expected) in [
            ("prospektr/prospect.* where json:/state=TX and json:/n>=5", ""),
            ("where json:/state=FL", r#"json:/state is "TX", expected "FL""#),
            ("where json:/none=FL", r#"json:/none is absent, expected "FL""#),
            ("where json:/none", "json:/none is absent, expected any value"),
            ("where json:/state != 'TX'", r#"json:/state is "TX", expected anything but "TX""#),
            ("where json:/state~fl", r#"json:/state is "TX", expected something with "fl""#),
            (
                "where json:/n>5 and json:/n>=6",
                r#"json:/n is "5", expected more than 5; json:/n is "5", expected 6 or more"#,
            ),
            (
                "where json:/n<5 and json:/n<=4",
                r#"json:/n is "5", expected less than 5; json:/n is "5", expected 4 or less"#,
            ),
            (
                "github/push.*",
                r#"provider is "prospektr", expected "github"; event type is "prospect.added", expected "push.*""#,
            ),
        ] {
            assert_eq!(explained(filter, &event), expected, "{filter}");
        }
    }

    #[test]
    fn verdict_and_time_are_parts_too() {
        let mut event = event("prospect.added", "{}");
        event.verdict = Verdict::new(VerdictStatus::Unsigned, None, Some(Reason::UnknownProvider));
        let since = Timestamp::from_second(1).unwrap();
        let filter = Filter { verdicts: vec![VerdictStatus::Valid], since: Some(since), ..Filter::default() };
        let parts: Vec<Part> = filter.explain(&event).iter().map(|unmet| unmet.part).collect();
        assert_eq!(parts, [Part::Verdict, Part::Time]);
        let text = Unmet::verdict(&event.verdict).to_string();
        assert_eq!(text, "verdict is unsigned (no known provider matches this request), expected valid");
    }

    #[test]
    fn values_are_clean_short_and_never_a_credential() {
        let mut event = event("prospect.added", &format!("{{\"a\":\"\\u001b[2J{}\"}}", "x".repeat(10_000)));
        let mut token = HeaderValue::from_static("Bearer SENTINEL");
        token.set_sensitive(true);
        event.request.headers.insert("authorization", token);
        let text = explained("where json:/a=b and header:authorization=c and headers~nowhere", &event);
        assert!(text.contains(r#"json:/a is "\u{1b}[2Jxxx"#) && text.len() < 500, "{text}");
        assert!(text.contains(r#"header:authorization is "***""#) && !text.contains("SENTINEL"), "{text}");
    }

    #[test]
    fn the_nearest_has_the_type_first_and_then_the_most_conditions() {
        let filter: Filter = "prospect.added where json:/a=1 and json:/b=2".parse().unwrap();
        let lacks = |event_type: &str, body: &str| {
            let event = event(event_type, body);
            Nearest::new(&event, filter.explain(&event))
        };
        let other_type = lacks("prospect.updated", r#"{"a":1,"b":2}"#);
        let no_condition = lacks("prospect.added", "{}");
        let one_condition = lacks("prospect.added", r#"{"a":1}"#);
        assert!(no_condition.is_nearer_than(&other_type) && one_condition.is_nearer_than(&no_condition));
        assert!(!no_condition.is_nearer_than(&one_condition) && !no_condition.is_nearer_than(&no_condition));
        assert_eq!(
            one_condition.to_string(),
            r#"00000000-0000-0000-0000-000000000000 (prospektr/prospect.added): json:/b is absent, expected "2""#
        );
    }
}

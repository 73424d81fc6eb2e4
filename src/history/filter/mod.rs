//! The filter: which events a command means. It is given by flags, by a text of words (see [`Filter::parse_text`]),
//! or, where events are expected, by an expression:
//!
//! ```text
//! expression = [ [ provider "/" ] event-glob ] [ "where" condition { "and" condition } ]
//! ```

mod condition;
mod error;
mod given;
mod scan;
mod text;
mod word;

use std::str::FromStr;

use jiff::Timestamp;
use wildmatch::WildMatch;

pub use condition::{Condition, Operator};
pub use error::FilterError;
pub use given::Given;
pub use scan::Reached;
pub use word::quoted;

use crate::model::{Event, VerdictStatus};
use crate::store::{Direction, Kind, KindTest, Needle, Query};

/// Which events.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Ids of providers; all when empty.
    pub providers: Vec<String>,
    /// Globs of event types; all when empty.
    pub events: Vec<WildMatch>,
    /// Verdicts; all when empty.
    pub verdicts: Vec<VerdictStatus>,
    /// Received at this time or later.
    pub since: Option<Timestamp>,
    /// Received before this time.
    pub until: Option<Timestamp>,
    /// What must hold of the request.
    pub conditions: Vec<Condition>,
    /// Texts that must occur in the request.
    pub texts: Vec<Needle>,
    /// Only those that a target did not get.
    pub failed: bool,
    /// Only those that are pinned.
    pub pinned: bool,
    /// What else must hold of provider, event type and verdict.
    pub also: Option<Box<Self>>,
}

impl FromStr for Filter {
    type Err = FilterError;

    /// Reads `prospect.added where json:/prospect/state=FL and json:/x`.
    fn from_str(text: &str) -> Result<Self, FilterError> {
        let text = text.trim();
        let (what, conditions) = match text.strip_prefix("where ") {
            Some(conditions) => ("", Some(conditions)),
            None => match text.split_once(" where ") {
                Some((what, conditions)) => (what.trim(), Some(conditions)),
                None => (text, None),
            },
        };
        let conditions =
            conditions.map(|all| all.split(" and ").map(str::parse).collect::<Result<Vec<_>, _>>()).transpose()?;
        let (providers, event) = match what.split_once('/') {
            Some((provider, event)) => (vec![provider.to_owned()], event),
            None => (Vec::new(), what),
        };
        let events = Some(event).filter(|event| !event.is_empty()).map(WildMatch::new).into_iter().collect();
        Ok(Self { providers, events, conditions: conditions.unwrap_or_default(), ..Self::default() })
    }
}

impl Filter {
    /// Whether it takes every event.
    pub fn is_empty(&self) -> bool {
        let Self { providers, events, verdicts, since, until, conditions, texts, failed, pinned, also } = self;
        providers.is_empty()
            && events.is_empty()
            && verdicts.is_empty()
            && since.is_none()
            && until.is_none()
            && conditions.is_empty()
            && texts.is_empty()
            && !failed
            && !pinned
            && also.as_ref().is_none_or(|also| also.is_empty())
    }

    /// Whether provider, event type and verdict decide.
    pub fn is_by_kind(&self) -> bool {
        self.is_by_columns() && self.since.is_none() && self.until.is_none()
    }

    /// Whether provider, event type, verdict and time decide, so that no event needs to be unpacked for it.
    pub fn is_by_columns(&self) -> bool {
        self.conditions.is_empty() && self.texts.is_empty() && !self.failed && !self.pinned
    }

    /// Takes what both take.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        let Self { providers, events, verdicts, since, until, conditions, texts, failed, pinned, also } = other;
        self.since = self.since.max(since);
        self.until = [self.until, until].into_iter().flatten().min();
        self.conditions.extend(conditions);
        self.texts.extend(texts);
        self.failed |= failed;
        self.pinned |= pinned;
        let kinds = Self { providers, events, verdicts, also, ..Self::default() };
        if self.providers.is_empty() && self.events.is_empty() && self.verdicts.is_empty() && self.also.is_none() {
            let Self { providers, events, verdicts, also, .. } = kinds;
            return Self { providers, events, verdicts, also, ..self };
        }
        if !kinds.is_empty() {
            self.also = Some(Box::new(match self.also.take() {
                Some(also) => also.and(kinds),
                None => kinds,
            }));
        }
        self
    }

    /// The part of it that the store decides. What is left is [`Filter::holds`]'s.
    pub fn query(&self, direction: Direction) -> Query {
        Query {
            kinds: self.is_narrow().then(|| {
                let filter = self.clone();
                Box::new(move |kind: &Kind| filter.takes(&kind.provider, kind.event_type.as_deref(), kind.verdict))
                    as KindTest
            }),
            since: self.since,
            until: self.until,
            failed: self.failed,
            pinned: self.pinned,
            direction,
            ..Query::default()
        }
    }

    /// Whether provider, event type or verdict count.
    fn is_narrow(&self) -> bool {
        !(self.providers.is_empty() && self.events.is_empty() && self.verdicts.is_empty() && self.also.is_none())
    }

    /// Whether everything but `failed` and `pinned`, which only the store knows, holds of an event.
    pub fn holds(&self, event: &Event) -> bool {
        self.takes_kind(event)
            && self.takes_time(event.received_at)
            && self.conditions.iter().all(|condition| condition.holds(event))
            && self.texts.iter().all(|text| text.find(&event.request).is_some())
    }

    /// Whether an event was received in the time that is asked for.
    pub(super) fn takes_time(&self, received_at: Timestamp) -> bool {
        self.since.is_none_or(|since| received_at >= since) && self.until.is_none_or(|until| received_at < until)
    }

    /// Whether provider, event type and verdict are among those asked for.
    pub fn takes_kind(&self, event: &Event) -> bool {
        self.takes(&event.provider, event.event_type.as_deref(), event.verdict.status)
    }

    fn takes(&self, provider: &str, event_type: Option<&str>, verdict: VerdictStatus) -> bool {
        is_one_of(&self.providers, provider)
            && takes_type(&self.events, event_type)
            && (self.verdicts.is_empty() || self.verdicts.contains(&verdict))
            && self.also.as_ref().is_none_or(|also| also.takes(provider, event_type, verdict))
    }
}

pub(super) fn is_one_of(providers: &[String], provider: &str) -> bool {
    providers.is_empty() || providers.iter().any(|known| known == provider)
}

pub(super) fn takes_type(globs: &[WildMatch], event_type: Option<&str>) -> bool {
    globs.is_empty() || globs.iter().any(|glob| glob.matches(event_type.unwrap_or_default()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::{Request, Verdict};

    pub fn event(body: &str) -> Event {
        Event {
            id: uuid::Uuid::nil(),
            received_at: Timestamp::UNIX_EPOCH,
            provider: "prospektr".into(),
            event_type: Some("prospect.added".into()),
            delivery_id: None,
            verdict: Verdict::valid("sha256".into()),
            request: Request { body: body.to_owned().into(), ..Request::default() },
            remote: ([127, 0, 0, 1], 1).into(),
            handshake: None,
            repeat: None,
        }
    }

    #[test]
    fn a_filter_in_one_text_names_event_and_conditions() {
        let event = event(r#"{"state":"FL","n":2}"#);
        for (text, expected) in [
            ("prospect.added", true),
            ("prospect.*", true),
            ("prospektr/prospect.added", true),
            ("github/prospect.added", false),
            ("invoice.*", false),
            ("prospect.added where json:/state=FL", true),
            ("prospect.added where json:/state=FL and json:/n>1", true),
            ("prospect.added where json:/state=FL and json:/n>2", false),
            ("where json:/state=NY", false),
            ("", true),
        ] {
            assert_eq!(text.parse::<Filter>().unwrap().holds(&event), expected, "{text}");
        }
    }

    #[test]
    fn two_filters_together_take_what_both_take() {
        let event = event("{}");
        let parse = |text: &str| Filter::parse_text(text, Timestamp::UNIX_EPOCH).unwrap();
        for (one, other, expected) in [
            ("provider:prospektr", "", true),
            ("provider:prospektr", "provider:github,prospektr", true),
            ("provider:prospektr", "provider:github", false),
            ("event:prospect.*", "event:*.added", true),
            ("event:prospect.*", "event:*.gone", false),
            ("verdict:valid", "event:prospect.* verdict:invalid", false),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                assert_eq!(parse(one).and(parse(other)).holds(&event), expected, "{one} and {other}");
            }
        }
        let thrice = parse("event:prospect.*").and(parse("event:*.added")).and(parse("event:none"));
        assert!(!thrice.holds(&event));
    }
}

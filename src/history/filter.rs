//! The one filter grammar: which events a command means.
//!
//! ```text
//! filter    = [ [ provider "/" ] event-glob ] [ "where" condition { "and" condition } ]
//! condition = place [ operator value ]
//! operator  = "=" | "!=" | "~" | ">" | ">=" | "<" | "<="
//! place     = "json:/data/id" | "header:X-Topic" | "query:page" | "form:From" | "method" | "path" | "body" | …
//! ```
//!
//! `=` and `!=` compare text as it stands there; `~` asks whether the text occurs (without regard to
//! case); the others compare numbers. A place alone asks whether anything stands there.

use std::borrow::Cow;
use std::str::FromStr;

use jiff::Timestamp;
use wildmatch::WildMatch;

use crate::model::{Event, VerdictStatus};
use crate::provider::Selector;
use crate::store::{Direction, Kind, KindTest, Query};

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
    /// Only those that a target did not get.
    pub failed: bool,
}

/// One condition on a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    text: String,
    place: Selector,
    test: Option<(Operator, String)>,
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// The same text.
    Equal,
    /// Another text.
    Unequal,
    /// The text occurs.
    Contains,
    /// A larger number.
    Greater,
    /// A number as large or larger.
    AtLeast,
    /// A smaller number.
    Less,
    /// A number as small or smaller.
    AtMost,
}

impl Operator {
    /// Longer ones first, so that `>=` is not read as `>`.
    const WRITTEN: [(&'static str, Self); 7] = [
        ("!=", Self::Unequal),
        (">=", Self::AtLeast),
        ("<=", Self::AtMost),
        ("=", Self::Equal),
        ("~", Self::Contains),
        (">", Self::Greater),
        ("<", Self::Less),
    ];

    fn holds(self, found: &[u8], wanted: &str) -> bool {
        let numbers = || {
            let found: f64 = std::str::from_utf8(found).ok()?.trim().parse().ok()?;
            Some((found, wanted.trim().parse::<f64>().ok()?))
        };
        let compare = |holds: fn(f64, f64) -> bool| numbers().is_some_and(|(found, wanted)| holds(found, wanted));
        match self {
            Self::Equal => found == wanted.as_bytes(),
            Self::Unequal => found != wanted.as_bytes(),
            Self::Contains => String::from_utf8_lossy(found).to_lowercase().contains(&wanted.to_lowercase()),
            Self::Greater => compare(|found, wanted| found > wanted),
            Self::AtLeast => compare(|found, wanted| found >= wanted),
            Self::Less => compare(|found, wanted| found < wanted),
            Self::AtMost => compare(|found, wanted| found <= wanted),
        }
    }
}

/// A filter that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A condition names no place.
    #[error("`{condition}`: {problem}")]
    Condition {
        /// As typed.
        condition: String,
        /// What is wrong.
        problem: String,
    },
    /// A comparison of numbers with something else.
    #[error("`{0}` compares with something that is no number")]
    NotNumber(String),
}

impl FromStr for Condition {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let text = text.trim();
        let first = Operator::WRITTEN
            .into_iter()
            .filter_map(|(sign, operator)| Some((text.find(sign)?, sign, operator)))
            .min_by_key(|(at, sign, _)| (*at, std::cmp::Reverse(sign.len())));
        let (place, test) = match first {
            Some((at, sign, operator)) => {
                let value = text[at + sign.len()..].trim_start_matches('=').trim();
                (&text[..at], Some((operator, unquoted(value).to_owned())))
            }
            None => (text, None),
        };
        if let Some((Operator::Greater | Operator::AtLeast | Operator::Less | Operator::AtMost, value)) = &test
            && value.trim().parse::<f64>().is_err()
        {
            return Err(FilterError::NotNumber(text.to_owned()));
        }
        let place = Selector::parse(place.trim())
            .map_err(|error| FilterError::Condition { condition: text.to_owned(), problem: error.to_string() })?;
        Ok(Self { text: text.to_owned(), place, test })
    }
}

impl Condition {
    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it holds.
    pub fn holds(&self, event: &Event) -> bool {
        match (self.place.find(&event.request), &self.test) {
            (Some(found), Some((operator, wanted))) => operator.holds(&found, wanted),
            (found, None) => found.is_some(),
            (None, Some((operator, _))) => *operator == Operator::Unequal,
        }
    }

    /// The place as it was typed.
    pub fn place(&self) -> &str {
        let end = Operator::WRITTEN.into_iter().filter_map(|(sign, _)| self.text.find(sign)).min();
        self.text[..end.unwrap_or(self.text.len())].trim_end()
    }

    /// How the value is compared, and with what; `None` when anything will do.
    pub fn test(&self) -> Option<(Operator, &str)> {
        self.test.as_ref().map(|(operator, wanted)| (*operator, wanted.as_str()))
    }

    /// What stands at its place, for an explanation.
    pub fn found<'e>(&self, event: &'e Event) -> Option<Cow<'e, [u8]>> {
        self.place.find(&event.request)
    }
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
        let Self { providers, events, verdicts, since, until, conditions, failed } = self;
        providers.is_empty()
            && events.is_empty()
            && verdicts.is_empty()
            && since.is_none()
            && until.is_none()
            && conditions.is_empty()
            && !failed
    }

    /// Whether provider, event type, verdict and time decide, so that no event needs to be unpacked for it.
    pub fn is_by_columns(&self) -> bool {
        self.conditions.is_empty() && !self.failed
    }

    /// The part of it that the store decides. What is left is [`Filter::holds`]'s.
    pub fn query(&self, direction: Direction) -> Query {
        let Self { providers, events, verdicts, .. } = self.clone();
        let is_narrow = !(providers.is_empty() && events.is_empty() && verdicts.is_empty());
        Query {
            kinds: is_narrow.then(|| {
                Box::new(move |kind: &Kind| {
                    is_one_of(&providers, &kind.provider)
                        && takes_type(&events, kind.event_type.as_deref())
                        && (verdicts.is_empty() || verdicts.contains(&kind.verdict))
                }) as KindTest
            }),
            since: self.since,
            until: self.until,
            failed: self.failed,

            direction,
            ..Query::default()
        }
    }

    /// Whether everything but `failed`, which only the store knows, holds of an event.
    pub fn holds(&self, event: &Event) -> bool {
        self.takes_kind(event)
            && self.since.is_none_or(|since| event.received_at >= since)
            && self.until.is_none_or(|until| event.received_at < until)
            && self.conditions.iter().all(|condition| condition.holds(event))
    }

    /// Whether provider, event type and verdict are among those asked for.
    pub fn takes_kind(&self, event: &Event) -> bool {
        is_one_of(&self.providers, &event.provider)
            && takes_type(&self.events, event.event_type.as_deref())
            && (self.verdicts.is_empty() || self.verdicts.contains(&event.verdict.status))
    }
}

pub(super) fn is_one_of(providers: &[String], provider: &str) -> bool {
    providers.is_empty() || providers.iter().any(|known| known == provider)
}

pub(super) fn takes_type(globs: &[WildMatch], event_type: Option<&str>) -> bool {
    globs.is_empty() || globs.iter().any(|glob| glob.matches(event_type.unwrap_or_default()))
}

/// A value in quotes may begin and end with blanks.
fn unquoted(text: &str) -> &str {
    ['\'', '"'].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Request, Verdict};

    fn event(body: &str) -> Event {
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
    fn each_operator_says_what_it_means() {
        let event = event(r#"{"state":"FL","name":"Jürgen Groß","amount":120.50,"zip":"0123"}"#);
        for (text, expected) in [
            ("json:/state=FL", true),
            ("json:/state == FL", true),
            ("json:/state='FL'", true),
            ("json:/state=fl", false),
            ("json:/state!=FL", false),
            ("json:/none!=FL", true),
            ("json:/none=FL", false),
            ("json:/name~GROß", true),
            ("json:/amount>100", true),
            ("json:/amount>=120.5", true),
            ("json:/amount<120.5", false),
            ("json:/amount<=120.5", true),
            ("json:/zip=123", false),
            ("json:/zip", true),
            ("json:/none", false),
        ] {
            assert_eq!(text.parse::<Condition>().unwrap().holds(&event), expected, "{text}");
        }
        assert_eq!("json:/a>b".parse::<Condition>(), Err(FilterError::NotNumber("json:/a>b".into())));
        assert!(matches!("nowhere:x=1".parse::<Condition>(), Err(FilterError::Condition { .. })));
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
}

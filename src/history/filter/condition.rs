//! A condition on a request: a place in it, and what must stand there.
//!
//! ```text
//! condition = place [ operator value ]
//! operator  = "=" | "!=" | "~" | ">" | ">=" | "<" | "<="
//! place     = "json:/data/id" | "header:X-Topic" | "query:page" | "form:From" | "method" | "path" | "body" | …
//! ```
//!
//! `=` and `!=` compare text as it stands there; `~` asks whether the text occurs (without regard to
//! case); the others compare numbers. A place alone asks whether anything stands there.

use std::borrow::Cow;
use std::str::FromStr;

use super::FilterError;
use crate::model::Event;
use crate::provider::Selector;

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

    /// The first operator in a text, with its beginning and its end; `==` is one, too.
    pub(super) fn first_in(text: &str) -> Option<(usize, usize, Self)> {
        let found = Self::WRITTEN.into_iter().filter_map(|(sign, operator)| Some((text.find(sign)?, sign, operator)));
        let (at, sign, operator) = found.min_by_key(|(at, sign, _)| (*at, std::cmp::Reverse(sign.len())))?;
        let behind = &text[at + sign.len()..];
        let more = behind.len() - behind.trim_start_matches('=').len();
        Some((at, at + sign.len() + more, operator))
    }

    const fn is_of_numbers(self) -> bool {
        matches!(self, Self::Greater | Self::AtLeast | Self::Less | Self::AtMost)
    }

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

impl FromStr for Condition {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let text = text.trim();
        match Operator::first_in(text) {
            Some((at, end, operator)) => {
                let value = text[end..].trim();
                Self::new(text, &text[..at], Some((operator, unquoted(value).to_owned())))
            }
            None => Self::new(text, text, None),
        }
    }
}

impl Condition {
    /// `text` is the whole as it was typed.
    pub(super) fn new(text: &str, place: &str, test: Option<(Operator, String)>) -> Result<Self, FilterError> {
        if let Some((operator, value)) = &test
            && operator.is_of_numbers()
            && value.trim().parse::<f64>().is_err()
        {
            return Err(FilterError::NotNumber(text.to_owned()));
        }
        let place = Selector::parse(place.trim())
            .map_err(|error| FilterError::Condition { condition: text.to_owned(), problem: error.to_string() })?;
        Ok(Self { text: text.to_owned(), place, test })
    }

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
        let end = Operator::first_in(&self.text).map_or(self.text.len(), |(at, ..)| at);
        self.text[..end].trim_end()
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

/// A value in quotes may begin and end with blanks.
fn unquoted(text: &str) -> &str {
    ['\'', '"'].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::super::tests::event;
    use super::*;

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
}

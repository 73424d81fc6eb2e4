//! Conditions of a manifest: `ref op value`, such as `json:/type == url_verification`. A ref may have filters.

use memchr::memmem;

use super::template::{Expression, Scope, Source, TemplateError, is_unescaped};
use crate::model::Request;

/// One compiled condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    subject: Expression,
    test: Test,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Exists,
    Absent,
    Empty,
    NonEmpty,
    Equal(Box<str>),
    Unequal(Box<str>),
    OneOf(Box<[String]>),
}

impl Condition {
    /// Reads `header:X-Sig exists`, `json:/type == ping`, `json:/type in 'a','b'`.
    pub(crate) fn parse(text: &str, variables: &[&str]) -> Result<Self, TemplateError> {
        let problem = |problem: String| TemplateError { offset: 0, problem };
        let mut words = text.trim().splitn(3, char::is_whitespace);
        let subject = Expression::parse(words.next().unwrap_or_default(), variables)?;
        let operator = words.next().unwrap_or_default();
        let value = words.next().map(str::trim);
        let test = match (operator, value) {
            ("exists", None) => Test::Exists,
            ("absent", None) => Test::Absent,
            ("empty", None) => Test::Empty,
            ("nonempty", None) => Test::NonEmpty,
            ("==", Some(value)) => Test::Equal(unquote(value).into()),
            ("!=", Some(value)) => Test::Unequal(unquote(value).into()),
            ("in", Some(values)) => Test::OneOf(values.split(',').map(|value| unquote(value).to_owned()).collect()),
            ("==" | "!=" | "in", None) => return Err(problem(format!("`{operator}` needs a value"))),
            ("exists" | "absent" | "empty" | "nonempty", Some(_)) => {
                return Err(problem(format!("`{operator}` takes no value")));
            }
            (other, _) => {
                return Err(problem(format!(
                    "unknown operator `{other}` (known: exists absent empty nonempty == != in)"
                )));
            }
        };
        Ok(Self { subject, test })
    }

    /// A header that must have one value, and that value.
    pub(crate) fn fixed_header(&self) -> Option<(&Source, &str)> {
        match (self.subject.source(), &self.test) {
            (header @ Source::Header(_), Test::Equal(value)) => Some((header, value)),
            _ => None,
        }
    }

    /// Whether it asks for the method and nothing else.
    pub(crate) fn is_of_method(&self) -> bool {
        matches!(self.subject.source(), Source::Method)
    }

    /// Whether it asks for a certain value.
    pub(crate) fn names_a_value(&self) -> bool {
        matches!(self.test, Test::Equal(_) | Test::OneOf(_))
    }

    /// How much it costs to look: the order in which conditions are best asked.
    pub(crate) fn cost(&self) -> u8 {
        match self.subject.source() {
            Source::Method => 0,
            Source::Header(_) | Source::Host => 1,
            Source::Query | Source::QueryParameter(_) => 2,
            _ => 3,
        }
    }

    /// Whether a glance shows that it does not hold. Query and body are searched for the text that would have to
    /// be there, and not read.
    pub(crate) fn is_ruled_out(&self, request: &Request) -> bool {
        match self.subject.source() {
            Source::Method | Source::Header(_) | Source::Host => !self.holds(&Scope::of(request)),
            source => self.needs_presence() && (source.is_ruled_out(request) || self.lacks_text(request)),
        }
    }

    /// Whether the text that it asks for in JSON stands nowhere in the body.
    fn lacks_text(&self, request: &Request) -> bool {
        match (self.subject.source(), &self.test) {
            (Source::Json(_), Test::Equal(text)) if is_unescaped(text) && self.subject.is_plain() => {
                memmem::find(&request.body, text.as_bytes()).is_none()
            }
            _ => false,
        }
    }

    fn needs_presence(&self) -> bool {
        !matches!(self.test, Test::Absent | Test::Empty)
    }

    /// Whether it holds for this request.
    pub(crate) fn holds(&self, scope: &Scope<'_>) -> bool {
        let value = self.subject.evaluate(scope);
        let value = value.as_deref();
        match &self.test {
            Test::Exists => value.is_some(),
            Test::Absent => value.is_none(),
            Test::Empty => value.is_none_or(<[u8]>::is_empty),
            Test::NonEmpty => value.is_some_and(|value| !value.is_empty()),
            Test::Equal(expected) => value == Some(expected.as_bytes()),
            Test::Unequal(expected) => value.is_some_and(|value| value != expected.as_bytes()),
            Test::OneOf(known) => value.is_some_and(|value| known.iter().any(|known| known.as_bytes() == value)),
        }
    }
}

fn unquote(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Request;

    #[test]
    fn each_operator_says_what_it_means() {
        let request = Request { body: r#"{"type":"ping","empty":""}"#.into(), ..Request::default() };
        let holds = |text| Condition::parse(text, &[]).unwrap().holds(&Scope::of(&request));
        for text in [
            "json:/type exists",
            "json:/none absent",
            "json:/empty empty",
            "json:/type nonempty",
            "json:/type == ping",
            "json:/type != pong",
            "json:/type in 'pong','ping'",
            r#"json:/type|before("i")|upper == P"#,
        ] {
            assert!(holds(text), "{text}");
        }
        let is_ruled_out = |text| Condition::parse(text, &[]).unwrap().is_ruled_out(&request);
        for text in ["json:/type == ping", "json:/type exists", "json:/none absent", "query:a absent"] {
            assert!(!is_ruled_out(text), "{text}");
        }
        for text in ["json:/type == pong", "query:a exists", "header:x-a exists", "method == PUT"] {
            assert!(is_ruled_out(text), "{text}");
        }
        assert!(!holds("json:/none != x"), "what is absent is not unequal, it is absent");
        assert!(Condition::parse("json:/type is x", &[]).is_err());
    }
}

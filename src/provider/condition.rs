//! Conditions of a manifest: `ref op value`, such as `json:/type == url_verification`. A ref may have filters.

use super::template::{Expression, Scope, Source, TemplateError};

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
        assert!(!holds("json:/none != x"), "what is absent is not unequal, it is absent");
        assert!(Condition::parse("json:/type is x", &[]).is_err());
    }
}

//! Judging: whether an answer is the one that the provider waits for.

use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::{Asked, Handshake, HandshakeError};
use crate::model::Response;
use crate::provider::answers::Reply as Came;
use crate::provider::template::Scope;

/// What the provider waits for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RightAnswer {
    /// Statuses that are right, such as `200` or `2xx`.
    pub status: Vec<String>,
    /// Header fields that must be there with this value.
    pub headers: Vec<(String, String)>,
    /// Bodies of which it must be one; any is right where there is none.
    pub body: Vec<String>,
}

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongAnswer {
    /// One sentence.
    pub problem: String,
    /// What to change, where that shows.
    pub hint: Option<String>,
}

impl WrongAnswer {
    fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), hint: None }
    }
}

/// A header that is insisted on: its name, then the values that are right.
type Field = (http::HeaderName, Vec<Vec<u8>>);

impl Handshake {
    /// What the provider waits for.
    pub fn right_answer(&self, asked: &Asked<'_>) -> Result<RightAnswer, HandshakeError> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = self.fields(asked)?;
        Ok(RightAnswer {
            status: self.statuses(),
            headers: headers
                .iter()
                .filter_map(|(name, values)| Some((name.as_str().to_owned(), text(values.first()?))))
                .collect(),
            body: self.bodies(asked)?.unwrap_or_default().iter().map(|body| text(body)).collect(),
        })
    }

    /// Whether this answer is right; otherwise what is wrong with it.
    pub fn judge(&self, asked: &Asked<'_>, answer: &Response) -> Result<Result<(), WrongAnswer>, HandshakeError> {
        let (fields, bodies) = (self.fields(asked)?, self.bodies(asked)?);
        Ok(self.judge_status(answer).and_then(|()| judge_fields(&fields, answer)).and_then(|()| match bodies {
            Some(bodies) => judge_body(&bodies, &answer.body),
            None => Ok(()),
        }))
    }

    fn statuses(&self) -> Vec<String> {
        let own = self.reply.status.as_u16().to_string();
        let others = self.success_text.iter().filter(|text| **text != own).cloned();
        std::iter::once(own.clone()).chain(others).collect()
    }

    fn judge_status(&self, answer: &Response) -> Result<(), WrongAnswer> {
        let came = Came::Answer { status: answer.status.as_u16(), body: &answer.body };
        if answer.status == self.reply.status || self.success.contains(came) {
            return Ok(());
        }
        let mut wrong = WrongAnswer::new(format!(
            "the status is {}, expected {}",
            answer.status.as_u16(),
            self.statuses().join(" or ")
        ));
        wrong.hint = match answer.status.as_u16() {
            401 | 403 if self.signed => {
                Some("the endpoint refuses the signature: both sides need the same secret".into())
            }
            404 | 405 => Some(format!("the endpoint must take {} at this path", self.method())),
            300..=399 => Some("redirects are not followed: name the URL that it leads to".into()),
            _ => None,
        };
        Err(wrong)
    }

    fn method(&self) -> &str {
        self.message.as_ref().map_or("POST", |message| message.method.as_str())
    }

    /// Headers that the provider insists on: those that it names, and those that carry something back.
    fn fields(&self, asked: &Asked<'_>) -> Result<Vec<Field>, HandshakeError> {
        self.within(asked, |scope| {
            let wanted = self.reply.headers.iter();
            let wanted = wanted.filter(|(name, template)| self.require.contains(name) || !template.is_constant());
            wanted
                .map(|(name, template)| {
                    let others = self.accept_headers.iter().filter(|(other, _)| other == name);
                    let templates = std::iter::once(template).chain(others.map(|(_, template)| template));
                    let values = templates.map(|template| template.render(scope)).collect::<Result<_, _>>()?;
                    Ok((name.clone(), values))
                })
                .collect()
        })
    }

    /// Bodies of which the answer must be one, the usual one first; `None` where it is not looked at.
    fn bodies(&self, asked: &Asked<'_>) -> Result<Option<Vec<Vec<u8>>>, HandshakeError> {
        self.within(asked, |scope| self.rendered(scope))
    }

    fn rendered(&self, scope: &Scope<'_>) -> Result<Option<Vec<Vec<u8>>>, HandshakeError> {
        let Some(body) = &self.reply.body else { return Ok(None) };
        let all = std::iter::once(body).chain(&self.accept);
        Ok(Some(all.map(|body| body.render(scope)).collect::<Result<_, _>>()?))
    }
}

fn judge_fields(fields: &[Field], answer: &Response) -> Result<(), WrongAnswer> {
    for (name, values) in fields {
        let Some(found) = answer.headers.get(name) else {
            return Err(WrongAnswer::new(format!("the answer has no header `{name}`")));
        };
        let found = found.as_bytes().trim_ascii();
        let is_right = |value: &Vec<u8>| match *name {
            CONTENT_TYPE => media_type(value) == media_type(found),
            _ => value == found,
        };
        if !values.iter().any(is_right) {
            return Err(WrongAnswer::new(format!("header `{name}` has another value than the provider waits for")));
        }
    }
    Ok(())
}

fn media_type(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn judge_body(bodies: &[Vec<u8>], found: &[u8]) -> Result<(), WrongAnswer> {
    if bodies.iter().any(|body| is_same(body, found)) {
        return Ok(());
    }
    let mut wrong = WrongAnswer::new(if found.is_empty() {
        "the body is empty"
    } else {
        "the body is not the one that the provider waits for"
    });
    wrong.hint = bodies.iter().find_map(|body| hint(body, found)).map(str::to_owned);
    Err(wrong)
}

/// The same bytes; or JSON with at least the same members.
fn is_same(expected: &[u8], found: &[u8]) -> bool {
    expected == found
        || match (serde_json::from_slice::<Value>(expected), serde_json::from_slice::<Value>(found)) {
            (Ok(expected @ Value::Object(_)), Ok(found)) => holds(&found, &expected),
            _ => false,
        }
}

fn holds(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            expected.iter().all(|(key, value)| found.get(key).is_some_and(|found| holds(found, value)))
        }
        (found, expected) => found == expected,
    }
}

/// Mistakes that frameworks make by themselves.
fn hint(expected: &[u8], found: &[u8]) -> Option<&'static str> {
    if expected.is_empty() {
        return Some("answer without any body");
    }
    if found.trim_ascii() == expected {
        return Some("white space stands around it: answer the value alone");
    }
    if serde_json::from_slice::<String>(found).is_ok_and(|text| text.as_bytes() == expected) {
        return Some("it stands in quotes: answer it as plain text, not as JSON");
    }
    if memchr::memmem::find(found, expected).is_some() {
        return Some("there is more than the value: answer it alone");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_counts_by_its_members_and_text_by_its_bytes() {
        assert!(is_same(br#"{"a":"1"}"#, br#"{ "b": 2, "a": "1" }"#));
        assert!(!is_same(br#"{"a":"1"}"#, br#"{"a":1}"#));
        assert!(!is_same(b"17", b"17 ") && !is_same(b"17", b"17.0"));
    }

    #[test]
    fn the_usual_mistakes_are_named() {
        let told = |found: &[u8]| judge_body(&[b"abc".to_vec()], found).unwrap_err();
        assert!(told(b"\"abc\"").hint.unwrap().contains("quotes"));
        assert!(told(b"abc\n").hint.unwrap().contains("white space"));
        assert!(told(b"<p>abc</p>").hint.unwrap().contains("alone"));
        assert_eq!(told(b"").problem, "the body is empty");
        assert_eq!(told(b"xyz").hint, None);
    }
}

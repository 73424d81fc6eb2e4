//! `GET …/body`: the exact bytes of a body, or a text that shows them.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::Inspector;
use super::answer::{Refused, Told, of};
use super::coding::{self, DecodeError};
use super::found;
use super::parameters::Parameters;
use super::range::ranged;
use crate::output::{LayoutError, laid_out};

/// A layout may be some times longer than the text: what people nest stays far below, and a hostile depth makes
/// 64 bytes of one.
const MAX_LAYOUT: usize = 64 * 1024 * 1024;
/// Larger texts are not laid out: a page that shows a piece of it would wait for the whole each time.
const MAX_LAID_OUT: usize = 8 * 1024 * 1024;
/// Whatever opens a body in a window, opens it without scripts and as nobody.
const SANDBOX: &str = "default-src 'none'; sandbox";

/// How a body is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As it came.
    Exact,
    /// JSON laid out, as on a terminal.
    Pretty,
    /// Without its content coding.
    Decoded,
}

/// A body, with the headers that say what it is.
struct Content {
    headers: HeaderMap,
    bytes: Bytes,
    name: String,
}

/// Answers with the body of an event.
pub(super) async fn body(inspector: &Inspector, id: &str, parameters: Parameters, asked: &HeaderMap) -> Told {
    let (form, asked, id) = (form(parameters)?, asked.clone(), id.to_owned());
    let answer = inspector.readers.read(move |reader| {
        let request = found::stored(reader, &id)?.event.request;
        let name = format!("{id}.bin");
        answer(Content { headers: request.headers, bytes: request.body, name }, form, &asked)
    });
    answer.await
}

/// Answers with the body of what a delivery got; the first one is 1.
pub(super) async fn of_answer(
    inspector: &Inspector,
    id: &str,
    number: &str,
    parameters: Parameters,
    asked: &HeaderMap,
) -> Told {
    let form = form(parameters)?;
    let absent = |message: String| Refused::absent("unknown_delivery", message);
    let place: Option<u64> = number.parse().ok().and_then(|number: u64| number.checked_sub(1));
    let place = place.ok_or_else(|| absent(format!("`{number}` is no number of a delivery")))?;
    let (asked, id, number) = (asked.clone(), id.to_owned(), number.to_owned());
    let answer = inspector.readers.read(move |reader| {
        let stored = found::stored(reader, &id)?;
        let attempt = reader.delivery(stored.seq, place)?;
        let attempt = attempt.ok_or_else(|| absent(format!("the event has no delivery {number}")))?;
        let response = attempt.delivery.response;
        let response = response.ok_or_else(|| absent(format!("no answer came to delivery {number}")))?;
        let name = format!("{id}-answer-{number}.bin");
        answer(Content { headers: response.headers, bytes: response.body, name }, form, &asked)
    });
    answer.await
}

fn form(mut parameters: Parameters) -> Result<Form, Refused> {
    let form = parameters.take("form")?;
    parameters.end()?;
    match form.as_deref() {
        None | Some("exact") => Ok(Form::Exact),
        Some("pretty") => Ok(Form::Pretty),
        Some("decoded") => Ok(Form::Decoded),
        Some(other) => Err(Refused::invalid(format!("`form={other}`: there are exact, pretty and decoded"))),
    }
}

fn answer(content: Content, form: Form, asked: &HeaderMap) -> Told {
    let Content { headers, bytes, name } = content;
    match form {
        Form::Exact => ranged(octets(&name), &bytes, asked),
        Form::Decoded => ranged(octets(&name), &decoded(&headers, &bytes)?.into(), asked),
        Form::Pretty => ranged(of("text/plain; charset=utf-8", Bytes::new()), &pretty(&headers, &bytes)?.into(), asked),
    }
}

/// What a browser saves, whatever the bytes are.
pub(super) fn octets(name: &str) -> crate::http::Answer {
    let mut answer = of("application/octet-stream", Bytes::new());
    attach(&mut answer, name);
    answer.headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    answer
}

/// Makes an answer a file of this name, which holds nothing but letters, digits, `.`, `_` and `-`.
pub(super) fn attach(answer: &mut crate::http::Answer, name: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        answer.headers.insert(CONTENT_DISPOSITION, value);
    }
}

/// A body that says how it is coded is laid out as what it says.
fn pretty(headers: &HeaderMap, bytes: &[u8]) -> Result<String, Refused> {
    let refused = |code, message: String| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, code, message);
    let too_long = |message: String| refused("too_long", message).hint("`form=exact` has the bytes as they came");
    let bytes = if coding::is_coded(headers) { Cow::Owned(decoded(headers, bytes)?) } else { Cow::Borrowed(bytes) };
    if bytes.len() > MAX_LAID_OUT {
        return Err(too_long(format!("bodies above {MAX_LAID_OUT} bytes are not laid out")));
    }
    laid_out(&bytes, MAX_LAYOUT).map_err(|error| match error {
        LayoutError::Syntax(error) => refused("not_json", format!("not JSON: {error}")),
        LayoutError::TooLong(_) => too_long(error.to_string()),
    })
}

fn decoded(headers: &HeaderMap, bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    coding::decoded(headers, bytes).map_err(|error| {
        let code = match error {
            DecodeError::NotCoded => "not_coded",
            DecodeError::Unknown(_) | DecodeError::TooMany => "unknown_coding",
            DecodeError::Broken(_) => "broken_coding",
            DecodeError::TooLong => "too_long",
        };
        Refused::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
    })
}

//! A request printed instead of sent. Credentials are masked: what is printed goes to logs.

use http::HeaderMap;
use serde::Serialize;

use super::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::model::Request;
use crate::output;

/// Prints a request for people, as JSON, or as a curl command.
pub(super) fn show(mut request: Request, as_curl: bool, context: &Context) -> Outcome {
    let masked = mask(&mut request.headers);
    let url = request.uri.to_string();
    if as_curl {
        if masked {
            context.say("note: the credential is masked; put it in place of ***");
        }
        command(&output::curl(&request, &url), context)?;
    } else if context.json() {
        context.print_item("request", &Printed::new(&request, &url))?;
    } else {
        let human = context.human(1);
        let body = output::body(&request.headers, &request.body, human.palette);
        output::print(human.request_head(&request) + &body)?;
    }
    Ok(Exit::Done)
}

/// Prints a shell command for people, or as JSON.
pub(super) fn command(command: &str, context: &Context) -> Result<(), Failure> {
    if context.json() {
        return context.print_item("curl", &Curl { command });
    }
    Ok(output::print(format!("{command}\n"))?)
}

/// A shell command as JSON.
#[derive(Serialize)]
struct Curl<'c> {
    command: &'c str,
}

/// Puts `***` in place of headers that are credentials in themselves; tells whether there were any.
pub(super) fn mask(headers: &mut HeaderMap) -> bool {
    let mut masked = false;
    for value in headers.values_mut().filter(|value| value.is_sensitive()) {
        *value = http::HeaderValue::from_static("***");
        masked = true;
    }
    masked
}

/// A request as JSON.
#[derive(Serialize)]
struct Printed<'r> {
    method: &'r str,
    url: &'r str,
    headers: Vec<(&'r str, String)>,
    body: String,
    body_encoding: &'static str,
}

impl<'r> Printed<'r> {
    fn new(request: &'r Request, url: &'r str) -> Self {
        let (body, body_encoding) = match std::str::from_utf8(&request.body) {
            Ok(text) => (text.to_owned(), "utf8"),
            Err(_) => (base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &request.body), "base64"),
        };
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = request.headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
        Self { method: request.method.as_str(), url, headers, body, body_encoding }
    }
}

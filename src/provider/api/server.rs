//! The server's side: requests are read, answers are rendered, as the provider would.

use std::cell::RefCell;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

use super::path::Path;
use super::shape::{Invalid, Shape};
use super::{Api, Call, Encoding, Fields, Operation, client, fields, form};
use crate::model::Request;
use crate::provider::generator::Generator;
use crate::provider::template::{Scope, Template};

/// Which call a request is for.
#[derive(Debug, Clone)]
pub struct Routed {
    /// What it asks for. A disable that is written as an update is an update.
    pub operation: Operation,
    /// The values in its path: variables, and the webhook's id.
    pub fields: Fields,
    call: usize,
}

/// Errors that an API documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// The credentials are missing or wrong.
    Unauthorized,
    /// There is no such webhook, or path.
    NotFound,
    /// The request says something that cannot be.
    Invalid,
}

impl Api {
    /// The path of the base URL, such as `/v1`: what stands before every call's path.
    pub fn base_path(&self) -> &str {
        let rest = self.base_url.split_once("://").map_or("", |(_, rest)| rest);
        rest.find('/').map_or("", |at| &rest[at..])
    }

    /// The call for a method and a path (without query), if there is one.
    pub fn route(&self, method: &Method, path: &str) -> Option<Routed> {
        let base = Path::parse(self.base_path())?;
        let depth = base.segment_count();
        let (head, tail) = split_at_segment(path, depth)?;
        let mut variables = base.matches(head)?;
        for (operation, calls) in &self.calls {
            for (index, call) in calls.iter().enumerate().filter(|(_, call)| call.method == *method) {
                if let Some(found) = call.paths.iter().find_map(|path| path.matches(tail)) {
                    variables.extend(found);
                    return Some(Routed { operation: *operation, fields: variables, call: index });
                }
            }
        }
        None
    }

    /// What a request says, its path's values among it.
    pub fn read_request(&self, routed: &Routed, request: &Request) -> Result<Fields, Invalid> {
        let mut read = Fields::new();
        if let Some(shape) = self.call(routed).and_then(|call| call.body.as_ref()) {
            let value = self.parse_body(request)?;
            shape.read(&value, "", &mut read)?;
            self.check(&mut read).map_err(|invalid| placed(invalid, shape))?;
            self.events.fold(&mut read);
        }
        read.extend(routed.fields.clone());
        Ok(read)
    }

    /// What holds for the fields of any request; problems are at fields.
    fn check(&self, read: &mut Fields) -> Result<(), Invalid> {
        fields::normalise(read)?;
        if read.get("url").is_some_and(|url| !is_url(url)) {
            return Err(Invalid::at("url", "must be an http or https URL"));
        }
        self.check_events(read)
    }

    fn parse_body(&self, request: &Request) -> Result<Value, Invalid> {
        let body = &request.body;
        if body.is_empty() {
            return Ok(Value::Object(Fields::new()));
        }
        let is_form = request
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map_or(self.encoding == Encoding::Form, |kind| kind.starts_with("application/x-www-form-urlencoded"));
        // `curl -d '{…}'` says that it sends a form; APIs that take JSON look at the body.
        let is_form = is_form && !(self.encoding == Encoding::Json && body.starts_with(b"{"));
        if is_form {
            form::read(body).ok_or_else(|| Invalid::whole("the form has names that do not nest"))
        } else {
            serde_json::from_slice(body).map_err(|error| Invalid::whole(format!("the body is not JSON: {error}")))
        }
    }

    fn check_events(&self, read: &Fields) -> Result<(), Invalid> {
        let names = read.get("events").and_then(Value::as_array);
        let known = |name: &str| {
            self.events.open
                || self.events.names.is_empty()
                || self.events.names.iter().any(|known| known == name)
                || self.events.all == super::events::All::Name(name.to_owned())
        };
        match names.into_iter().flatten().filter_map(Value::as_str).find(|name| !known(name)) {
            Some(name) => Err(Invalid::at("events", format!("`{name}` is not an event"))),
            None => Ok(()),
        }
    }

    /// What a new webhook has where a request to create one says nothing.
    pub fn defaults(&self) -> &Fields {
        &self.defaults
    }

    /// What the provider makes up for a new webhook: its id, often its secret.
    pub fn made(&self, generator: &RefCell<Generator>) -> Fields {
        let mut made = Fields::new();
        for (name, template) in &self.made {
            made.insert(name.clone(), Value::String(render(template, generator)));
        }
        if !made.contains_key("id") {
            made.insert("id".to_owned(), Value::String(uuid::Uuid::now_v7().to_string()));
        }
        made
    }

    /// A token in the provider's form, where the manifest tells it.
    pub fn made_token(&self, generator: &RefCell<Generator>) -> Option<String> {
        self.auth.made.as_ref().map(|template| render(template, generator))
    }

    /// The fixture that a new webhook is sent at once.
    pub fn on_create(&self) -> Option<&str> {
        self.on_create.as_deref()
    }

    /// Headers by which a delivery tells the webhook that it is for; `known` are the webhook's fields.
    pub fn webhook_headers(&self, known: &Fields) -> HeaderMap {
        let header = |(name, shape): &(HeaderName, Shape)| {
            let text = bytes(&self.rendered(shape, known));
            HeaderValue::from_bytes(&text).ok().map(|value| (name.clone(), value))
        };
        self.webhook_headers.iter().filter_map(header).collect()
    }

    /// The fixture that this call has sent.
    pub fn emits(&self, routed: &Routed) -> Option<&str> {
        self.call(routed)?.emits.as_deref()
    }

    /// Status and body of a call that went well; `fields` are those of the webhook it is about.
    pub fn write_answer(&self, routed: &Routed, known: &Fields) -> (u16, Vec<u8>) {
        let call = self.call(routed);
        let status = call.and_then(|call| call.success.first().copied());
        let status = status.unwrap_or(if routed.operation == Operation::Create { 201 } else { 200 });
        let answer = call.and_then(|call| call.answer.as_ref());
        let value = match answer {
            Some(shape) => self.rendered(shape, known),
            None if status == 204 => Value::String(String::new()),
            None => {
                let adds = call.and_then(|call| call.adds.as_ref()).map(|adds| self.rendered(adds, known));
                let one = client::merged(Some(self.rendered(&self.webhook, known)), adds);
                let whole = Fields::from_iter([("webhook".to_owned(), one)]);
                self.rendered(&self.item, &whole)
            }
        };
        (status, bytes(&value))
    }

    /// A page of the list: `more` and `next` where there are further ones.
    pub fn write_page(&self, webhooks: &[Fields], more: bool, next: Option<&str>) -> Vec<u8> {
        let list = webhooks.iter().map(|known| self.rendered(&self.webhook, known)).collect();
        let mut whole = Fields::new();
        whole.insert("webhooks".to_owned(), Value::Array(list));
        whole.insert("more".to_owned(), more.into());
        whole.insert("next".to_owned(), next.into());
        bytes(&self.rendered(&self.items, &whole))
    }

    /// Status and body of a refusal. `known` are the values of the request's path.
    pub fn write_error(&self, kind: ErrorKind, invalid: &Invalid, known: &Fields) -> (u16, Vec<u8>) {
        let mut whole = known.clone();
        whole.insert("message".to_owned(), invalid.message.clone().into());
        whole.insert("param".to_owned(), invalid.param.clone().into());
        match self.errors.get(&kind) {
            Some((status, shape)) => (*status, bytes(&self.rendered(shape, &whole))),
            None => {
                let status = match kind {
                    ErrorKind::Unauthorized => 401,
                    ErrorKind::NotFound => 404,
                    ErrorKind::Invalid => 422,
                };
                (status, bytes(&serde_json::json!({ "error": invalid.to_string() })))
            }
        }
    }

    /// A document of this shape; what is not known is null.
    fn rendered(&self, shape: &Shape, known: &Fields) -> Value {
        let mut known = known.clone();
        self.events.expand(&mut known);
        if let Some(scope) = self.scopes.iter().find_map(|scope| scope.fill(&known).ok()) {
            known.insert("scope".to_owned(), scope.into());
        }
        loop {
            match shape.write(&known, &self.events.names) {
                Ok(value) => return value.unwrap_or(Value::Null),
                Err(missing) => known.insert(missing.to_string(), Value::Null),
            };
        }
    }

    fn call(&self, routed: &Routed) -> Option<&Call> {
        self.calls(routed.operation).get(routed.call)
    }
}

fn render(template: &Template, generator: &RefCell<Generator>) -> String {
    let nothing = Request::default();
    // A template of the manifest that needs more than a generator yields nothing.
    template.render_text(&Scope { generator: Some(generator), ..Scope::of(&nothing) }).unwrap_or_default()
}

/// A problem of a field, told by the place at which a request of this shape has it.
fn placed(invalid: Invalid, shape: &Shape) -> Invalid {
    let mut places = Vec::new();
    shape.places("", &mut places);
    let place = places.into_iter().find(|(_, field)| field.is_some() && *field == invalid.param);
    place.map_or(invalid.clone(), |(place, _)| {
        Invalid::at(&place.trim_start_matches('/').replace('/', "."), invalid.message)
    })
}

fn is_url(value: &Value) -> bool {
    let parsed = value.as_str().and_then(|text| url::Url::parse(text).ok());
    parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// JSON; a text alone is not quoted, so that an empty one is an empty body.
fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.clone().into_bytes(),
        value => value.to_string().into_bytes(),
    }
}

/// The first `count` segments of a path, and the rest.
fn split_at_segment(path: &str, count: usize) -> Option<(&str, &str)> {
    let mut slashes = path.match_indices('/').map(|(at, _)| at).skip(count);
    match slashes.next() {
        Some(at) => Some(path.split_at(at)),
        None if count == 0 => None,
        None => Some((path, "")),
    }
}

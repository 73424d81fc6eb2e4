//! The client's side: requests are rendered, answers are read.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;

use super::path::{Path, PathError};
use super::shape::{Invalid, Shape};
use super::{Api, Call, Encoding, Fields, Operation, PagingStyle, fields, form, object};
use crate::model::Webhook;

/// A request to the API, complete but for the base URL and the credentials.
#[derive(Debug, Clone)]
pub struct ApiRequest {
    /// The method.
    pub method: Method,
    /// Path and query behind the base URL.
    pub path: String,
    /// Headers, without credentials.
    pub headers: HeaderMap,
    /// The body; empty where there is none.
    pub body: Bytes,
    /// Which of the operation's calls it is: each has an answer of its own.
    pub call: usize,
}

/// A request that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The provider documents no such call.
    #[error("no call to {0} a webhook is documented")]
    Unsupported(Operation),
    /// A variable or field has no value.
    #[error("`{name}` is missing")]
    Missing {
        /// Its name.
        name: String,
        /// Whether it is one of the API's variables, which a user sets once.
        is_variable: bool,
    },
    /// A value would lead elsewhere in the API, or is no part of a URL.
    #[error("`{0}` cannot have this value")]
    Unfit(String),
}

/// An answer that has not the documented shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is not JSON.
    #[error("the answer is not JSON: {0}")]
    NotJson(String),
    /// It is JSON of another shape.
    #[error("the answer is not what is documented: {0}")]
    Shape(#[from] Invalid),
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// What is on it, in the provider's order.
    pub webhooks: Vec<Webhook>,
    /// What asks for the next page, where this one says that there is one. Not for `Link` headers.
    pub cursor: Option<String>,
}

impl Api {
    /// The base URL with its variables, which may only stand for one label of the host or one segment.
    pub fn base_url(&self, variables: &BTreeMap<String, String>) -> Result<String, ApiError> {
        let mut url = self.base_url.clone();
        for name in &self.variables {
            let placeholder = format!("{{{name}}}");
            if url.contains(&placeholder) {
                let value = variables.get(name).filter(|value| !value.is_empty());
                let value = value.ok_or_else(|| ApiError::Missing { name: name.clone(), is_variable: true })?;
                let is_label = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
                if !is_label {
                    return Err(ApiError::Unfit(name.clone()));
                }
                url = url.replace(&placeholder, value);
            }
        }
        Ok(url)
    }

    /// The requests that do this, in order; most things take one. `fields` holds the variables too.
    /// The field `cursor` asks for a further page of a list.
    pub fn requests(&self, operation: Operation, fields: &Fields) -> Result<Vec<ApiRequest>, ApiError> {
        if !self.supports(operation) {
            return Err(ApiError::Unsupported(operation));
        }
        let mut fields = fields.clone();
        self.events.expand(&mut fields);
        let mut calls = self.calls(operation);
        if calls.is_empty() {
            fields.insert("enabled".to_owned(), (operation == Operation::Enable).into());
            calls = self.calls(Operation::Update);
        }
        let several = calls.len() > 1;
        let wanted = calls.iter().enumerate().filter(|(_, call)| !several || call.concerns(&fields));
        wanted.map(|(index, call)| Ok(ApiRequest { call: index, ..self.request(operation, call, &fields)? })).collect()
    }

    fn request(&self, operation: Operation, call: &Call, fields: &Fields) -> Result<ApiRequest, ApiError> {
        let missing = |name: &str| ApiError::Missing {
            name: name.to_owned(),
            is_variable: self.variables.iter().any(|known| known == name),
        };
        let filled = |path: &Path| match path.fill(fields) {
            Err(PathError::Missing(name)) => Err(missing(&name)),
            Err(PathError::WayUp(name)) => Err(ApiError::Unfit(name.to_string())),
            Ok(path) => Ok(path),
        };
        // The first scope whose variables are known; where none is, what the first lacks is told.
        let mut tried = call.paths.iter().map(filled);
        let first = tried.next().unwrap_or_else(|| Ok(String::new()));
        let mut path = first.or_else(|error| tried.find_map(Result::ok).ok_or(error))?;
        if operation == Operation::List {
            path.push_str(&self.query(fields));
        }
        let mut headers = self.headers.clone();
        let body = match &call.body {
            None => Bytes::new(),
            Some(shape) => {
                let value = shape.write(fields, self.events.names()).map_err(|name| missing(&name))?;
                let value = value.unwrap_or_else(|| Value::Object(Fields::new()));
                let (kind, body) = match self.encoding {
                    Encoding::Json => ("application/json", value.to_string().into_bytes()),
                    Encoding::Form => ("application/x-www-form-urlencoded", form::write(&value)),
                };
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
                body.into()
            }
        };
        Ok(ApiRequest { method: call.method.clone(), path, headers, body, call: 0 })
    }

    fn query(&self, fields: &Fields) -> String {
        let Some(paging) = &self.paging else { return String::new() };
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(limit) = &paging.limit {
            query.append_pair(limit, &paging.max.to_string());
        }
        if let Some(cursor) = fields::text(fields, "cursor") {
            query.append_pair(&paging.parameter, &cursor);
        }
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    /// The fields in the answer of the operation's call of this index. `origin` says of a secret in it where it
    /// came from.
    pub fn read_webhook(
        &self,
        operation: Operation,
        call: usize,
        answer: &[u8],
        origin: &str,
    ) -> Result<Webhook, ReadError> {
        let fields = self.read_fields(operation, call, answer)?;
        let webhook = fields::webhook(&fields, origin);
        if webhook.id.is_empty() {
            return Err(Invalid::at("id", "is missing").into());
        }
        Ok(webhook)
    }

    /// All fields that a call's answer has: of `secret` and `whoami` too.
    pub fn read_fields(&self, operation: Operation, call: usize, answer: &[u8]) -> Result<Fields, ReadError> {
        let value = parsed(answer)?;
        let calls = match self.calls(operation) {
            [] => self.calls(Operation::Update),
            calls => calls,
        };
        let call = calls.get(call);
        let mut found = Fields::new();
        if let Some(shape) = call.and_then(|call| call.answer.as_ref()) {
            shape.read(&value, "", &mut found)?;
            return Ok(found);
        }
        self.item.read(&value, "", &mut found)?;
        let one = found.remove("webhook").unwrap_or(value);
        let mut read = self.read_one(&one)?;
        if let Some(adds) = call.and_then(|call| call.adds.as_ref()) {
            adds.read(&one, "", &mut read)?;
        }
        Ok(read)
    }

    fn read_one(&self, value: &Value) -> Result<Fields, ReadError> {
        let mut read = Fields::new();
        self.webhook.read(value, "", &mut read)?;
        fields::normalise(&mut read)?;
        if self.webhook.fields().contains(&"events") && !read.contains_key("events") {
            read.insert("events".to_owned(), Value::Null);
        }
        self.events.fold(&mut read);
        Ok(read)
    }

    /// A page of the list.
    pub fn read_page(&self, answer: &[u8]) -> Result<Page, ReadError> {
        let value = parsed(answer)?;
        let mut found = Fields::new();
        self.items.read(&value, "", &mut found)?;
        let Some(Value::Array(items)) = found.remove("webhooks") else {
            return Err(Invalid::whole("there is no list in it").into());
        };
        let webhooks = items
            .iter()
            .map(|item| Ok(fields::webhook(&self.read_one(item)?, "")))
            .collect::<Result<Vec<_>, ReadError>>()?;
        let more = found.get("more").and_then(Value::as_bool);
        let cursor = match self.paging.as_ref().map(|paging| paging.style) {
            Some(PagingStyle::After) if more == Some(true) => webhooks.last().map(|last| last.id.clone()),
            Some(PagingStyle::Cursor) if more != Some(false) => match found.get("next") {
                Some(Value::Number(number)) => Some(number.to_string()),
                _ => fields::text(&found, "next"),
            },
            _ => None,
        };
        // An empty one would ask for the first page again.
        let cursor = cursor.filter(|cursor| !cursor.is_empty());
        Ok(Page { webhooks, cursor })
    }

    /// What the provider says of a request that it refused, in its own words. They are not trusted.
    pub fn error_message(&self, answer: &[u8]) -> Option<String> {
        let value: Value = serde_json::from_slice(answer).ok()?;
        let read = |shape: &Shape| {
            let mut found = Fields::new();
            // A shape with another status' fields finds nothing, which is no error.
            let _ = shape.read(&value, "", &mut found);
            fields::text(&found, "message")
        };
        let described = self.errors.values().find_map(|(_, shape)| read(shape));
        described.or_else(|| {
            // What most APIs do (RFC 9457 among them), where the manifest describes no errors.
            let place = ["/error/message", "/message", "/detail", "/error", "/errors", "/title"];
            place
                .iter()
                .find_map(|place| value.pointer(place))
                .map(|said| said.as_str().map_or_else(|| said.to_string(), str::to_owned))
        })
    }
}

impl Call {
    /// Whether one of these fields is for it.
    fn concerns(&self, fields: &Fields) -> bool {
        self.body.as_ref().is_none_or(|body| body.fields().iter().any(|name| fields.contains_key(*name)))
    }
}

fn parsed(answer: &[u8]) -> Result<Value, ReadError> {
    serde_json::from_slice(answer).map_err(|error| ReadError::NotJson(error.to_string()))
}

/// The fields of one answer, for the side that writes it.
pub(super) fn merged(one: Option<Value>, adds: Option<Value>) -> Value {
    let mut whole = object(one);
    whole.extend(object(adds));
    Value::Object(whole)
}

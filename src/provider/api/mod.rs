//! A provider's registration API as its manifest describes it, read from either side.
//!
//! From the client's side it renders requests and reads answers; from the server's side, on which
//! `hookctl mock` stands, it reads requests and renders answers. Both use the same shapes, so what
//! one side writes the other can read.

mod auth;
mod client;
mod compile;
mod events;
mod fields;
mod form;
mod operation;
mod path;
mod server;
mod shape;
mod turn;

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, Method};
use serde_json::Value;

use super::template::Template;
use path::Path;
use shape::Shape;

pub use auth::{Auth, AuthKind};
pub use client::{ApiError, ApiRequest, Page, ReadError};
pub(super) use compile::compile;
pub use events::{EventNames, UnknownEvent};
pub use fields::Fields;
pub use operation::Operation;
pub use server::{ErrorKind, Routed};
pub use shape::Invalid;

/// `[api]`, compiled.
#[derive(Debug, Clone)]
pub struct Api {
    base_url: String,
    docs: Option<String>,
    scopes: Vec<Path>,
    variables: Vec<String>,
    auth: Auth,
    encoding: Encoding,
    headers: HeaderMap,
    https_only: bool,
    idempotency: Option<HeaderName>,
    request_id: Option<HeaderName>,
    webhook: Shape,
    item: Shape,
    items: Shape,
    on_create: Option<String>,
    webhook_headers: Vec<(HeaderName, Shape)>,
    made: Vec<(String, Template)>,
    defaults: Fields,
    events: EventNames,
    paging: Option<Paging>,
    calls: BTreeMap<Operation, Vec<Call>>,
    errors: BTreeMap<ErrorKind, (u16, Shape)>,
}

/// How bodies of requests are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Json,
    Form,
}

/// One call, compiled.
#[derive(Debug, Clone)]
struct Call {
    method: Method,
    /// One for each scope, or one.
    paths: Vec<Path>,
    body: Option<Shape>,
    success: Vec<u16>,
    adds: Option<Shape>,
    answer: Option<Shape>,
    emits: Option<String>,
}

/// How a long list is cut into pages.
#[derive(Debug, Clone)]
pub struct Paging {
    /// Where the next page is told.
    pub style: PagingStyle,
    /// The query parameter that asks for it.
    pub parameter: String,
    /// The query parameter of the page's size.
    pub limit: Option<String>,
    /// Webhooks on a page unless asked otherwise.
    pub size: u32,
    /// Webhooks on a page at most.
    pub max: u32,
}

/// Where the next page is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PagingStyle {
    /// In a `Link` header (RFC 8288).
    Link,
    /// It begins after the id of the last one.
    After,
    /// By a cursor in the answer.
    Cursor,
}

impl Api {
    /// The page that describes it.
    pub fn docs(&self) -> Option<&str> {
        self.docs.as_deref()
    }

    /// Names of the values that a user gives, such as `subdomain`.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Who may call.
    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// Names of events.
    pub fn events(&self) -> &EventNames {
        &self.events
    }

    /// Whether targets must be `https:`.
    pub fn https_only(&self) -> bool {
        self.https_only
    }

    /// The header that makes a repeated create harmless.
    pub fn idempotency(&self) -> Option<&HeaderName> {
        self.idempotency.as_ref()
    }

    /// The header of an answer by which the provider finds the request again.
    pub fn request_id(&self) -> Option<&HeaderName> {
        self.request_id.as_ref()
    }

    /// How lists are cut.
    pub fn paging(&self) -> Option<&Paging> {
        self.paging.as_ref()
    }

    /// Whether it can do this.
    pub fn supports(&self, operation: Operation) -> bool {
        self.calls.contains_key(&operation)
            || matches!(operation, Operation::Enable | Operation::Disable) && self.takes(Operation::Update, "enabled")
    }

    /// All that it can do.
    pub fn operations(&self) -> Vec<Operation> {
        Operation::ALL.into_iter().filter(|operation| self.supports(*operation)).collect()
    }

    /// Whether a request of this kind has a place for the field: some providers take no secret.
    pub fn takes(&self, operation: Operation, field: &str) -> bool {
        let bodies = self.calls(operation).iter().filter_map(|call| call.body.as_ref());
        bodies.flat_map(Shape::fields).any(|name| name == field)
    }

    /// The calls as documented, for checks against a description by the vendor: operation, method,
    /// paths, success statuses, and the places in body and answer with the field that stands there.
    pub fn described(&self) -> Vec<Described> {
        let places = |shape: &Shape| {
            let mut found = Vec::new();
            shape.places("", &mut found);
            found
        };
        let mut described = Vec::new();
        for (operation, calls) in &self.calls {
            for call in calls {
                described.push(Described {
                    operation: *operation,
                    method: call.method.clone(),
                    paths: call.paths.iter().map(Path::to_string).collect(),
                    success: call.success.clone(),
                    body: call.body.as_ref().map(places).unwrap_or_default(),
                    answer: places(call.answer.as_ref().unwrap_or(&self.webhook)),
                });
            }
        }
        described
    }

    fn calls(&self, operation: Operation) -> &[Call] {
        self.calls.get(&operation).map_or(&[], Vec::as_slice)
    }
}

/// One call, as a vendor's description would have it.
#[derive(Debug, Clone)]
pub struct Described {
    /// What it does.
    pub operation: Operation,
    /// The method.
    pub method: Method,
    /// Its paths behind the base URL, with `{variables}`; one for each scope.
    pub paths: Vec<String>,
    /// Statuses of success.
    pub success: Vec<u16>,
    /// JSON Pointers in the request's body, each with its field; constants have none.
    pub body: Vec<(String, Option<String>)>,
    /// JSON Pointers in the answer (of one webhook), each with its field; constants have none.
    pub answer: Vec<(String, Option<String>)>,
}

/// An object's entries, or none.
fn object(value: Option<Value>) -> serde_json::Map<String, Value> {
    match value {
        Some(Value::Object(object)) => object,
        _ => serde_json::Map::new(),
    }
}

#[cfg(test)]
mod tests;

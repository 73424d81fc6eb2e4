//! The provider's registration API, with its manifest read from the other side.

use std::cell::RefCell;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use super::auth::is_let_in;
use super::emit::Order;
use super::engine::Engine;
use super::paging;
use super::refusal::Refused;
use super::webhook::{Fields, Registered};
use crate::http::Answer;
use crate::model::Request;
use crate::provider::Generator;
use crate::provider::api::{Api, ErrorKind, Invalid, Operation, Routed};

/// Creates whose answers are given again to a caller that repeats them.
pub(super) const MAX_REPEATABLE: usize = 256;

/// Why a call of the API is answered with an error.
enum Fault {
    /// One that the API documents.
    Documented(ErrorKind, Invalid),
    /// One of the mock's own.
    Own(Refused),
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        match refused.status {
            StatusCode::UNPROCESSABLE_ENTITY => Self::Documented(ErrorKind::Invalid, Invalid::whole(refused.reason)),
            _ => Self::Own(refused),
        }
    }
}

impl From<super::StateError> for Fault {
    fn from(error: super::StateError) -> Self {
        Self::Own(error.into())
    }
}

fn not_found() -> Fault {
    Fault::Documented(ErrorKind::NotFound, Invalid::whole("Not Found"))
}

impl Engine {
    /// Answers a call of the provider's API; `None` where it has none.
    pub(super) fn api_answer(&self, request: &Request) -> Option<Answer> {
        let api = self.provider.api()?;
        let known = api.route(&request.method, request.uri.path()).map(|routed| routed.fields).unwrap_or_default();
        let mut answer = self.api_call(api, request).unwrap_or_else(|fault| match fault {
            Fault::Documented(kind, invalid) => {
                let (status, body) = api.write_error(kind, &invalid, &known);
                answer(status, body)
            }
            Fault::Own(refused) => answer(refused.status.as_u16(), refused.body()),
        });
        if let Some(name) = api.request_id()
            && let Ok(id) = HeaderValue::from_str(&uuid::Uuid::now_v7().to_string())
        {
            answer.headers.insert(name.clone(), id);
        }
        Some(answer)
    }

    fn api_call(&self, api: &Api, request: &Request) -> Result<Answer, Fault> {
        if !is_let_in(&api.auth().kind, &self.credentials()?, request) {
            let invalid = Invalid::whole("the credentials are missing or wrong");
            return Err(Fault::Documented(ErrorKind::Unauthorized, invalid));
        }
        let routed = api.route(&request.method, request.uri.path()).ok_or_else(not_found)?;
        match routed.operation {
            Operation::Create => self.create(api, &routed, request),
            Operation::List => self.list(api, &routed, request),
            Operation::Whoami => Ok(self.whoami(api, &routed)?),
            _ => self.one(api, &routed, request),
        }
    }

    fn create(&self, api: &Api, routed: &Routed, request: &Request) -> Result<Answer, Fault> {
        let key = api.idempotency().and_then(|name| request.headers.get(name)).map(HeaderValue::as_bytes);
        let Some(key) = key else { return self.create_once(api, routed, request) };
        // Held until it is made: of two callers with one key the second waits for the answer of the first.
        let mut answers = self.repeatable.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, answer)) = answers.iter().find(|(known, _)| known == key) {
            return Ok(answer.clone());
        }
        let answer = self.create_once(api, routed, request)?;
        if answers.len() == MAX_REPEATABLE {
            answers.pop_front();
        }
        answers.push_back((key.to_vec(), answer.clone()));
        Ok(answer)
    }

    fn create_once(&self, api: &Api, routed: &Routed, request: &Request) -> Result<Answer, Fault> {
        let read =
            api.read_request(routed, request).map_err(|invalid| Fault::Documented(ErrorKind::Invalid, invalid))?;
        let webhook = self.register(known(read))?;
        if let Some(event) = api.on_create().filter(|_| webhook.is_enabled())
            && let Err(refused) = self.emit_to(event, &webhook)
        {
            // Who is told that it failed finds nothing of it.
            self.delete(&webhook.id)?;
            return Err(refused.into());
        }
        let (status, body) = api.write_answer(routed, &webhook.fields);
        Ok(answer(status, body))
    }

    fn list(&self, api: &Api, routed: &Routed, request: &Request) -> Result<Answer, Fault> {
        let webhooks = self.state.webhooks()?.into_iter().map(|webhook| webhook.fields);
        let all: Vec<Fields> = webhooks.filter(|fields| is_in_scope(fields, &routed.fields)).collect();
        let host = request.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let url = format!("http://{host}{}", request.uri.path());
        let page = paging::page(api, &all, request.uri.query().unwrap_or_default(), &url);
        let mut answer = answer(200, page.body);
        answer.headers.extend(page.link);
        Ok(answer)
    }

    fn whoami(&self, api: &Api, routed: &Routed) -> Result<Answer, super::StateError> {
        let login = self.credentials()?.username.unwrap_or_else(|| "hookctl-mock".to_owned());
        let mut known = routed.fields.clone();
        known.insert("login".to_owned(), login.into());
        let (status, body) = api.write_answer(routed, &known);
        Ok(answer(status, body))
    }

    /// A call about one webhook.
    fn one(&self, api: &Api, routed: &Routed, request: &Request) -> Result<Answer, Fault> {
        let id = routed.fields.get("id").and_then(Value::as_str).ok_or_else(not_found)?;
        let found = self.state.webhook(id)?.filter(|webhook| is_in_scope(&webhook.fields, &routed.fields));
        let mut webhook = found.ok_or_else(not_found)?;
        match routed.operation {
            Operation::Update => {
                let read = api.read_request(routed, request);
                let read = read.map_err(|invalid| Fault::Documented(ErrorKind::Invalid, invalid))?;
                webhook = self.changed(&webhook.id, known(read))?;
            }
            Operation::Enable | Operation::Disable => {
                let enabled = Value::Bool(routed.operation == Operation::Enable);
                webhook = self.changed(&webhook.id, Fields::from_iter([("enabled".to_owned(), enabled)]))?;
            }
            Operation::Delete => {
                self.delete(&webhook.id)?;
            }
            Operation::Ping => {
                if let Some(event) = api.emits(routed) {
                    self.emit_to(event, &webhook)?;
                }
            }
            _ => {}
        }
        let (status, body) = api.write_answer(routed, &webhook.fields);
        Ok(answer(status, body))
    }

    /// The webhook with these fields changed; it may be gone by now.
    fn changed(&self, id: &str, mut changes: Fields) -> Result<Registered, Fault> {
        changes.insert("updated_at".to_owned(), now());
        self.change(id, changes)?.ok_or_else(not_found)
    }

    fn emit_to(&self, event: &str, webhook: &Registered) -> Result<(), Refused> {
        let webhook = Some(webhook.id.clone());
        self.emit(&Order { event: event.to_owned(), webhook, ..Order::default() }).map(drop)
    }

    /// What the provider makes up for a new webhook, and what it means when nothing is said.
    pub(super) fn completed(&self, given: Fields) -> Fields {
        let mut fields = Fields::new();
        if let Some(api) = self.provider.api() {
            let generator = RefCell::new(Generator::new(rand::random(), Timestamp::now()));
            fields.extend(api.defaults().clone());
            fields.extend(api.made(&generator));
        }
        fields.insert("created_at".to_owned(), now());
        fields.insert("updated_at".to_owned(), now());
        if !fields.contains_key("enabled") {
            fields.insert("enabled".to_owned(), true.into());
        }
        fields.extend(given);
        fields
    }
}

/// What was said: null says nothing.
fn known(read: Fields) -> Fields {
    read.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// Whether the values of the path are those with which the webhook was made: one repository does not see
/// the webhooks of another.
fn is_in_scope(webhook: &Fields, path: &Fields) -> bool {
    path.iter().filter(|(name, _)| *name != "id").all(|(name, value)| webhook.get(name) == Some(value))
}

/// RFC 3339, to the second.
fn now() -> Value {
    Value::String(format!("{:.0}", Timestamp::now()))
}

fn answer(status: u16, body: Vec<u8>) -> Answer {
    let mut headers = HeaderMap::new();
    if !body.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Answer { status, headers, body: Bytes::from(body) }
}

/// Credentials in the form of the provider's, made up once.
pub(super) fn made_token(engine: &Engine) -> String {
    let generator = RefCell::new(Generator::new(rand::random(), Timestamp::now()));
    let made = engine.provider.api().and_then(|api| api.made_token(&generator)).filter(|token| !token.is_empty());
    made.unwrap_or_else(|| format!("mock_{}", uuid::Uuid::new_v4().simple()))
}

/// Answers of creates by the key of the caller.
pub(super) type Repeatable = std::collections::VecDeque<(Vec<u8>, Answer)>;

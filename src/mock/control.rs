//! The control calls below `/_mock`: they stand beside the provider's API and make events happen.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::emit::Order;
use super::engine::Engine;
use super::lanes::Turn;
use super::limits::{MAX_LOG_BYTES, MAX_LOGGED};
use super::refusal::Refused;
use super::scenario::first_attempts;
use super::tell::{ToldMessage, ToldWebhook, told_attempts};
use super::{message_id, message_seq};
use crate::model::Request;
use crate::output::millis;

/// Longer than any scenario that a caller would wait for.
const LONGEST_SCENARIO: std::time::Duration = std::time::Duration::from_secs(3600);

/// What a call answers.
pub(super) type Told = Result<(StatusCode, Vec<u8>), Refused>;

/// `POST /_mock/webhooks`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegisterBody {
    url: String,
    #[serde(default)]
    events: Vec<String>,
    secret: Option<String>,
    description: Option<String>,
}

/// `POST /_mock/emit`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmitBody {
    event: String,
    #[serde(default)]
    set: Edits,
    #[serde(default)]
    add: bool,
    webhook: Option<String>,
    #[serde(default)]
    wait: bool,
}

/// Edits as `--set` takes them, or paths with their values.
#[derive(Deserialize)]
#[serde(untagged)]
enum Edits {
    Typed(Vec<String>),
    Values(Map<String, Value>),
}

impl Default for Edits {
    fn default() -> Self {
        Self::Typed(Vec::new())
    }
}

impl Edits {
    fn typed(self) -> Vec<String> {
        match self {
            Self::Typed(edits) => edits,
            Self::Values(values) => values.into_iter().map(|(path, value)| format!("{path}:={value}")).collect(),
        }
    }
}

/// `POST /_mock/redeliver`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RedeliverBody {
    #[serde(alias = "id")]
    message: String,
    #[serde(default)]
    wait: bool,
}

/// `POST /_mock/scenario`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioBody {
    #[serde(alias = "scenario")]
    name: String,
    #[serde(default)]
    wait: bool,
}

/// Answers a call; `path` is what stands behind `/_mock`.
pub(super) async fn answer(engine: &Arc<Engine>, path: &str, request: &Request) -> Told {
    let (method, body) = (&request.method, &request.body);
    match (method, path.trim_end_matches('/')) {
        (&Method::GET, "") => about(engine),
        (&Method::GET, "/webhooks") => webhooks(engine),
        (&Method::POST, "/webhooks") => register(engine, read(body)?),
        (&Method::DELETE, path) if path.starts_with("/webhooks/") => delete(engine, &path["/webhooks/".len()..]),
        (&Method::POST, "/emit") => emit(engine, read(body)?).await,
        (&Method::GET, "/log") => log(engine, request.uri.query().unwrap_or_default()).await,
        (&Method::POST, "/redeliver") => redeliver(engine, &read(body)?).await,
        (&Method::POST, "/scenario") => scenario(engine, &read(body)?).await,
        (_, "" | "/webhooks" | "/emit" | "/log" | "/redeliver" | "/scenario") => {
            let reason = format!("{method} is not a method of this control call");
            Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", reason))
        }
        _ => Err(Refused::absent("unknown_call", format!("no control call /_mock{path}"))
            .hint("there are webhooks, emit, log, redeliver and scenario")),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| Refused::invalid(format!("the body: {error}")))
}

fn told(status: StatusCode, value: &impl Serialize) -> Told {
    let body = serde_json::to_vec(value);
    Ok((status, body.map_err(|error| Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "json", error.to_string()))?))
}

fn about(engine: &Engine) -> Told {
    let (provider, rules) = (&engine.provider, engine.provider.delivery());
    let scenarios: Vec<&str> = provider.scenarios().iter().map(|scenario| scenario.name.as_str()).collect();
    let waits: Vec<f64> = rules.schedule.waits.iter().map(|wait| millis(*wait)).collect();
    told(
        StatusCode::OK,
        &json!({
            "provider": &**provider.id(),
            "events": engine.catalogue.events(provider.id()),
            "scenarios": scenarios,
            "time_scale": engine.clock.scale(),
            "schedule": { "basis": rules.schedule.basis.as_str(), "waits_ms": waits },
            "timeout_ms": rules.time_limit.map(millis),
        }),
    )
}

fn webhooks(engine: &Engine) -> Told {
    let webhooks: Vec<ToldWebhook> = engine.state.webhooks()?.iter().map(ToldWebhook::from).collect();
    told(StatusCode::OK, &json!({ "webhooks": webhooks }))
}

fn register(engine: &Engine, body: RegisterBody) -> Told {
    let RegisterBody { url, events, secret, description } = body;
    let events = engine.checked_events(&events)?;
    let given = secret.is_some();
    let mut fields = Map::new();
    fields.insert("url".to_owned(), url.into());
    fields.insert("events".to_owned(), events.into());
    fields.insert("enabled".to_owned(), true.into());
    for (name, value) in [("secret", secret), ("description", description)] {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value.into());
        }
    }
    let webhook = engine.register(fields)?;
    // One that was made up is told once, as providers do.
    let made = webhook.fields.get("secret").filter(|_| !given);
    told(StatusCode::CREATED, &json!({ "webhook": ToldWebhook::from(&webhook), "secret": made }))
}

fn delete(engine: &Engine, id: &str) -> Told {
    match engine.delete(id)? {
        true => told(StatusCode::OK, &json!({ "deleted": id })),
        false => Err(Refused::absent("unknown_webhook", format!("no webhook `{id}`"))),
    }
}

async fn emit(engine: &Engine, body: EmitBody) -> Told {
    let EmitBody { event, set, add, webhook, wait } = body;
    let emitted = engine.emit(&Order { event, set: set.typed(), add, webhook, shared: None })?;
    let attempts = if wait { first_attempts(emitted.firsts).await } else { Vec::new() };
    let answer = json!({ "event": emitted.event, "messages": emitted.messages, "attempts": told_attempts(&attempts) });
    told(if wait { StatusCode::OK } else { StatusCode::ACCEPTED }, &answer)
}

async fn log(engine: &Arc<Engine>, query: &str) -> Told {
    let mut most = MAX_LOGGED;
    let mut message = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "limit" => {
                let limit = value.parse::<usize>();
                most = limit.map_err(|_| Refused::invalid(format!("`limit={value}` is not a number")))?.min(MAX_LOGGED);
            }
            "message" => message = Some(known(&value)?),
            _ => {
                return Err(Refused::invalid(format!("unknown parameter `{name}`")).hint("there are limit and message"));
            }
        }
    }
    // A long log takes longer than anything else; deliveries go on meanwhile.
    let engine = Arc::clone(engine);
    let read = tokio::task::spawn_blocking(move || logged(&engine, message, most)).await;
    read.map_err(|error| Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "log", error.to_string()))?
}

fn logged(engine: &Engine, message: Option<i64>, most: usize) -> Told {
    let logged = engine.state.log(message, most)?;
    if let Some(seq) = message.filter(|_| logged.is_empty()) {
        return Err(unknown_message(&message_id(seq)));
    }
    let mut messages = Vec::new();
    let mut bytes = 0_usize;
    for message in &logged {
        let attempts = engine.state.attempts(message)?;
        let message = ToldMessage::new(message, &attempts);
        bytes = bytes.saturating_add(message.attempt_bytes());
        messages.push(message);
        if bytes > MAX_LOG_BYTES {
            break;
        }
    }
    let left_out = logged.len().saturating_sub(messages.len());
    told(StatusCode::OK, &json!({ "messages": messages, "left_out": left_out }))
}

async fn redeliver(engine: &Engine, body: &RedeliverBody) -> Told {
    let seq = known(&body.message)?;
    let job = engine.state.job(seq)?.ok_or_else(|| unknown_message(&body.message))?;
    if engine.state.webhook(&job.webhook)?.is_none() {
        return Err(Refused::absent("unknown_webhook", format!("the webhook of {} is deleted", message_id(seq))));
    }
    let first = engine.wait_for(seq);
    engine.push(&job.url, Turn { due: 0, seq, is_manual: true });
    let attempts = if body.wait { first_attempts(vec![first]).await } else { Vec::new() };
    let status = if body.wait { StatusCode::OK } else { StatusCode::ACCEPTED };
    told(status, &json!({ "message": message_id(seq), "attempts": told_attempts(&attempts) }))
}

async fn scenario(engine: &Arc<Engine>, body: &ScenarioBody) -> Told {
    let playing = engine.play(&body.name)?;
    let steps: Vec<Value> = playing
        .scenario
        .steps
        .iter()
        .map(|step| {
            let real = engine.clock.real(step.after);
            json!({ "event": step.event, "after_ms": millis(step.after), "real_after_ms": millis(real) })
        })
        .collect();
    let attempts = match body.wait {
        true => {
            tokio::time::timeout(LONGEST_SCENARIO, playing.over).await.ok().and_then(Result::ok).unwrap_or_default()
        }
        false => Vec::new(),
    };
    let status = if body.wait { StatusCode::OK } else { StatusCode::ACCEPTED };
    told(status, &json!({ "scenario": body.name, "steps": steps, "attempts": told_attempts(&attempts) }))
}

fn known(id: &str) -> Result<i64, Refused> {
    message_seq(id).ok_or_else(|| unknown_message(id))
}

fn unknown_message(id: &str) -> Refused {
    Refused::absent("unknown_message", format!("no message `{id}`")).hint("`hookctl mock log` shows them")
}

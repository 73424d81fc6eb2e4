//! `POST /api/events/{id}/replay`: an event goes out again, as it came or as a page changed it.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use super::answer::{Refused, Told, of};
use super::parameters::Parameters;
use super::resent::original_headers;
use super::sender::{DeskSigners, Encoding, bytes, impossible, read, said, send, target};
use super::{Desk, Inspector, found};
use crate::delivery::{Again, Destination, Note, Resign, Target, destinations};
use crate::history::{Record, mask};
use crate::http::Client;
use crate::json::quote_into;
use crate::model::{Delivery, EventId, Request};
use crate::output::write_delivery;
use crate::provider::{Generator, Verifier};
use crate::store::{Reader, Settle};

/// Targets of one replay; a listener has a handful.
const MAX_TARGETS: usize = 16;

/// What a page asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    to: Option<String>,
    body: Option<String>,
    body_encoding: Option<Encoding>,
    headers: Option<Vec<(String, String)>>,
    method: Option<String>,
    resign: Option<bool>,
    sign_as: Option<String>,
    secret: Option<String>,
}

/// Everything that goes out, made before any of it is sent.
struct Plan {
    id: EventId,
    seq: i64,
    shots: Vec<Shot>,
    notes: Vec<String>,
}

/// One request that is ready to go.
struct Shot {
    url: Url,
    request: Request,
    attempt: u32,
    /// Under which name the event still waits for this target.
    waits: Option<Arc<str>>,
}

/// Where an event goes by default.
struct Ways {
    verifiers: Vec<Arc<Verifier>>,
    default: Vec<Target>,
    /// Those that a page is shown.
    known: Vec<Target>,
}

/// Answers the call.
pub(super) async fn replay(inspector: &Inspector, id: &str, parameters: Parameters, body: &Bytes) -> Told {
    parameters.end()?;
    let desk = &inspector.options.desk;
    let ways = Ways { verifiers: desk.verifiers.now(), default: desk.default_targets(), known: desk.known_targets() };
    let (id, body) = (id.to_owned(), body.clone());
    let plan = inspector.readers.read(move |reader| plan(reader, &id, read(&body)?, ways)).await?;
    let Plan { id, seq, shots, mut notes } = plan;
    // One target that does not answer keeps no other waiting.
    let sending: Vec<_> = shots.into_iter().map(|shot| tokio::spawn(fire(desk.client.clone(), shot))).collect();
    let (mut made, mut refused) = (Vec::new(), None);
    for shot in sending {
        match shot.await.map_err(|error| Refused::broken(error.to_string()))? {
            (Ok(delivery), waits) => {
                notes.extend(keep(desk, id, seq, &delivery, waits).await);
                made.push(delivery);
            }
            (Err(error), _) => {
                notes.push(error.message.clone());
                refused = Some(error);
            }
        }
    }
    if let Some(refused) = refused.filter(|_| made.is_empty()) {
        return Err(refused);
    }
    notes.sort_unstable();
    notes.dedup();
    told(id, &made, &notes)
}

fn plan(reader: &Reader, id: &str, wish: Wish, ways: Ways) -> Result<Plan, Refused> {
    let (seq, record) = found::record(reader, id)?;
    let destinations = wanted(&record, wish.to.as_deref(), &ways)?;
    let event = &record.event;
    let again = again(&wish, &event.request)?;
    let signers = DeskSigners::new(ways.verifiers, wish.secret, event.verdict.secret.clone());
    let mut notes: Vec<Note> = Vec::new();
    let mut shots = Vec::new();
    for destination in destinations {
        let uri = destination.uri.map_err(|error| impossible("bad_target", error.to_string()))?;
        let url = Url::parse(&destination.target).map_err(|error| impossible("bad_target", error.to_string()))?;
        let attempt = destination.attempts.saturating_add(1);
        let generator = RefCell::new(Generator::new(rand::random(), Timestamp::now()));
        let (request, new) = again.request(event, &uri, attempt, &generator, &signers)?;
        for note in new {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        shots.push(Shot { url, request, attempt, waits: destination.waits });
    }
    Ok(Plan { id: event.id, seq, shots, notes: notes.iter().map(said).collect() })
}

/// Where the event goes: to the named target, to where it first went, or to where everything goes.
fn wanted(record: &Record, to: Option<&str>, ways: &Ways) -> Result<Vec<Destination>, Refused> {
    let (path, attempts, waiting) = (&record.event.request.uri, &record.deliveries, &record.waiting);
    let bad = |error: crate::delivery::TargetError| impossible("bad_target", error.to_string());
    let known = destinations(path, attempts, waiting, None).map_err(bad)?;
    let mut found = match to.map(str::trim).filter(|to| !to.is_empty()) {
        // As a page shows it, a URL that the event went to is whole: its path is not joined once more.
        Some(to) => match known.into_iter().find(|one| one.target == to || mask::masked_url(&one.target) == to) {
            Some(destination) => vec![destination],
            None => destinations(path, attempts, waiting, Some(&target(to, &ways.known)?)).map_err(bad)?,
        },
        None => known,
    };
    if found.is_empty() {
        for target in &ways.default {
            found.extend(destinations(path, attempts, waiting, Some(target)).map_err(bad)?);
        }
    }
    if found.is_empty() {
        return Err(impossible("no_target", "the event went to no target yet").hint("name one: 3000, or a URL"));
    }
    if found.len() > MAX_TARGETS {
        let count = found.len();
        return Err(impossible("many_targets", format!("the event went to {count} targets")).hint("name one of them"));
    }
    Ok(found)
}

/// The recipe that the wish describes.
fn again(wish: &Wish, received: &Request) -> Result<Again, Refused> {
    let all_headers: Option<Vec<(HeaderName, HeaderValue)>> =
        wish.headers.as_ref().map(|wanted| original_headers(wanted, received)).transpose()?;
    let method = wish.method.as_deref().map(|method| {
        Method::from_bytes(method.as_bytes()).map_err(|_| impossible("bad_method", format!("`{method}` is no method")))
    });
    let is_asked = wish.resign.unwrap_or(false) || wish.secret.is_some();
    Ok(Again {
        all_headers,
        method: method.transpose()?,
        body: wish.body.clone().map(|text| bytes(text, wish.body_encoding)).transpose()?,
        sign: match &wish.sign_as {
            Some(id) => Resign::As(id.clone()),
            None if is_asked => Resign::Own,
            None => Resign::No,
        },
        ..Again::default()
    })
}

/// Sends one request; hands on under which name the event waits for its target.
async fn fire(client: Client, shot: Shot) -> (Result<Delivery, Refused>, Option<Arc<str>>) {
    (send(&client, &shot.url, shot.request, shot.attempt).await, shot.waits)
}

/// Keeps what came of a request; says why it is not kept.
async fn keep(desk: &Desk, id: EventId, seq: i64, delivery: &Delivery, waits: Option<Arc<str>>) -> Option<String> {
    let settle = if delivery.is_success() { Settle::Done } else { Settle::Tried };
    let problem = match &desk.writer {
        Some(writer) => {
            let settled = waits.map(|target| (target, seq, settle));
            writer.record(id, delivery, settled).await.err()?.to_string()
        }
        None => "it cannot be written".to_owned(),
    };
    Some(format!("the attempt is not kept in the history: {problem}"))
}

fn told(id: EventId, made: &[Delivery], notes: &[String]) -> Told {
    let mut out = format!("{{\"v\":1,\"type\":\"replayed\",\"event_id\":\"{id}\",\"deliveries\":[").into_bytes();
    for (position, delivery) in made.iter().enumerate() {
        let delivery = mask::masked_delivery(delivery.clone());
        out.extend_from_slice(if position == 0 { b"{\"target\":" } else { b",{\"target\":" });
        quote_into(&mut out, &delivery.target);
        out.extend_from_slice(b",\"delivery\":");
        write_delivery(&mut out, &delivery);
        out.push(b'}');
    }
    out.extend_from_slice(b"],\"notes\":");
    out.extend(serde_json::to_vec(notes).map_err(|error| Refused::broken(error.to_string()))?);
    out.extend_from_slice(b"}\n");
    Ok(of("application/json", out))
}

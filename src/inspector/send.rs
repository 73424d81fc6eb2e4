//! `POST /api/send`: a fixture, or a body of one's own, goes out as its provider would send it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use super::Inspector;
use super::answer::{Refused, Told, of};
use super::parameters::Parameters;
use super::sender::{Encoding, bytes, header, impossible, read, said, secret, send, target, verifier};
use crate::delivery::{Composition, Content, Tamper, Target, Turn};
use crate::history::mask;
use crate::json::quote_into;
use crate::model::{Delivery, Event, EventId, Request};
use crate::output::{write_delivery, write_headers};
use crate::provider::{Catalogue, LookupError, Provider, Signature, Verifier};
use crate::store::Reader;

/// Events that came meanwhile among which the one that was sent is looked for.
const MAX_LOOKED_AT: usize = 64;

/// What a page asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    event: String,
    to: Option<String>,
    body: Option<String>,
    body_encoding: Option<Encoding>,
    headers: Option<Vec<(String, String)>>,
    secret: Option<String>,
    tamper: Option<String>,
    exact: Option<bool>,
}

/// A request that is ready to go.
struct Ready {
    url: Url,
    request: Request,
    provider: Arc<Provider>,
    notes: Vec<String>,
}

/// Answers the call.
pub(super) async fn answer(inspector: &Inspector, parameters: Parameters, body: &Bytes) -> Told {
    parameters.end()?;
    let desk = &inspector.options.desk;
    let (verifiers, catalogue, body) = (desk.verifiers.now(), desk.catalogue.clone(), body.clone());
    let known = desk.known_targets();
    // A large body takes a while to be read and signed.
    let making = tokio::task::spawn_blocking(move || ready(read(&body)?, &verifiers, &catalogue, &known));
    let ready = making.await.map_err(|error| Refused::broken(error.to_string()))??;
    let Ready { url, request, provider, notes } = ready;
    // Without a history it is sent all the same.
    let newest = inspector.readers.read(|reader| Ok(reader.last_seq()?)).await.ok();
    let delivery = send(&desk.client, &url, request.clone(), 1).await?;
    let sent = request.clone();
    let event = match newest {
        Some(newest) => inspector.readers.read(move |reader| became(reader, newest, &sent)).await.ok().flatten(),
        None => None,
    };
    told(event, request, &provider, delivery, &notes)
}

/// The event that a listener made of the request, where one came into this history meanwhile.
fn became(reader: &Reader, after: i64, sent: &Request) -> Result<Option<EventId>, Refused> {
    let last = reader.last_seq()?;
    for seq in (after + 1..=last).take(MAX_LOOKED_AT) {
        let found = reader.by_seq(seq)?.map(|stored| stored.event);
        let is_it = |event: &Event| {
            let there = &event.request;
            there.body == sent.body && there.method == sent.method && there.uri.path() == sent.uri.path()
        };
        if let Some(event) = found.filter(is_it) {
            return Ok(Some(event.id));
        }
    }
    Ok(None)
}

fn ready(wish: Wish, verifiers: &[Arc<Verifier>], catalogue: &Catalogue, known: &[Target]) -> Result<Ready, Refused> {
    let tamper = wish.tamper.as_deref().map(|word| {
        Tamper::parse(word).ok_or_else(|| {
            let known: Vec<&str> = Tamper::ALL.iter().map(|kind| kind.as_str()).collect();
            impossible("cannot_tamper", format!("`{word}` cannot be spoiled")).hint(known.join(", "))
        })
    });
    let target = match wish.to.as_deref().filter(|to| !to.trim().is_empty()) {
        Some(to) => target(to, known)?,
        None => known
            .first()
            .cloned()
            .ok_or_else(|| impossible("no_target", "no target is named").hint("name one: 3000, or a URL"))?,
    };
    let own = wish.body.map(|text| bytes(text, wish.body_encoding)).transpose()?;
    let content = content(&wish.event, own, verifiers, catalogue)?;
    let verifier = verifier(verifiers, content.provider.id())?;
    let typed = wish.headers.unwrap_or_default();
    let typed = typed.iter().map(|(name, value)| header(name, value)).collect::<Result<Vec<_>, _>>()?;
    let mut headers = HeaderMap::new();
    typed.into_iter().for_each(|(name, value)| _ = headers.append(name, value));
    let composition = Composition {
        headers: content.headers_under(headers).map_err(|error| impossible("bad_header", error.to_string()))?,
        is_exact: wish.exact.unwrap_or(false),
        edits: Vec::new(),
        adds: false,
        target,
        secret: wish.secret.as_deref().map(|label| secret(&verifier, label)).transpose()?,
        previous: None,
        tamper: tamper.transpose()?,
        seed: rand::random(),
        dated: None,
        content,
    };
    let notes = composition.check()?.iter().map(said).collect();
    let now = Timestamp::now();
    let request = composition.request(Turn { number: 0, attempt: 1, first: now, now })?;
    Ok(Ready { url: composition.target.url().clone(), request, provider: composition.content.provider, notes })
}

/// The fixture, or a body of one's own: that may go by any event name of a known provider.
fn content(
    name: &str,
    own: Option<Bytes>,
    verifiers: &[Arc<Verifier>],
    catalogue: &Catalogue,
) -> Result<Content, Refused> {
    let mut content = match (catalogue.find_fixture(name, None), name.split_once('/')) {
        (Ok(fixture), _) => Content::of_fixture(fixture),
        (Err(LookupError::UnknownEvent { .. }), Some((id, event))) if own.is_some() => {
            Content::bare(Arc::clone(verifier(verifiers, id)?.provider()), event, Vec::new())
        }
        (Err(error), _) => return Err(error.into()),
    };
    // With the signature and the values that this machine's configuration gives it.
    content.provider = Arc::clone(verifier(verifiers, content.provider.id())?.provider());
    if let Some(body) = own {
        content.body = body.to_vec();
        content.is_fixture = false;
        content.note = None;
        content.content_type = content.content_type.clone().or_else(|| Some(content.guessed_type(None)));
    }
    Ok(content)
}

fn told(
    event: Option<EventId>,
    mut request: Request,
    provider: &Provider,
    delivery: Delivery,
    notes: &[String],
) -> Told {
    let body_bytes = request.body.len();
    provider.mask_credentials(&mut request);
    // Not every header of a signature has a name that says so.
    let signed: Vec<&HeaderName> = provider.signatures().iter().filter_map(Signature::header).collect();
    for (name, value) in request.headers.iter_mut() {
        value.set_sensitive(value.is_sensitive() || signed.contains(&name));
    }
    let request = mask::masked_request(request);
    let delivery = Delivery { target: request.uri.to_string(), ..mask::masked_delivery(delivery) };
    let id = event.map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
    let mut out = format!("{{\"v\":1,\"type\":\"sent\",\"event_id\":{id},\"request\":{{\"method\":").into_bytes();
    quote_into(&mut out, request.method.as_str());
    out.extend_from_slice(b",\"url\":");
    quote_into(&mut out, &request.uri.to_string());
    out.extend_from_slice(b",\"headers\":");
    write_headers(&mut out, &request.headers);
    out.extend_from_slice(format!(",\"body_bytes\":{body_bytes}}},\"delivery\":").as_bytes());
    write_delivery(&mut out, &delivery);
    out.extend_from_slice(b",\"notes\":");
    out.extend(serde_json::to_vec(notes).map_err(|error| Refused::broken(error.to_string()))?);
    out.extend_from_slice(b"}\n");
    Ok(of("application/json", out))
}

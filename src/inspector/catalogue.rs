//! `GET /api/providers` and `GET /api/fixtures/…`: what can be sent, where to, and signed with what.

use std::cell::RefCell;
use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;

use super::answer::{Refused, Told, item, of};
use super::parameters::Parameters;
use super::{Desk, Inspector};
use crate::delivery::Content;
use crate::history::mask::masked_url;
use crate::json::quote_into;
use crate::model::Secret;
use crate::output::{write_body, write_headers};
use crate::provider::{Catalogue, Draft, Generator, Identity, Provider, Verifier, compose_attempt, identify};

/// A request is composed for some URL.
const SOMEWHERE: &str = "http://localhost/";

/// The answer.
#[derive(Serialize)]
struct Known {
    providers: Vec<ProviderFields>,
    targets: Vec<TargetFields>,
}

#[derive(Serialize)]
struct ProviderFields {
    id: String,
    name: String,
    signs: bool,
    /// Whether a sample of it is known to be its own even where nothing signs it.
    known_unsigned: bool,
    events: Vec<EventFields>,
    secrets: Vec<String>,
}

#[derive(Serialize)]
struct EventFields {
    name: String,
    documented: bool,
}

#[derive(Serialize)]
struct TargetFields {
    url: String,
    label: &'static str,
}

/// Answers with everything that this run knows.
pub(super) async fn providers(inspector: &Inspector, parameters: Parameters) -> Told {
    parameters.end()?;
    let desk = &inspector.options.desk;
    let (verifiers, catalogue, targets) = (desk.verifiers.now(), desk.catalogue.clone(), targets(desk));
    // Fixtures may be files.
    let listing = tokio::task::spawn_blocking(move || {
        let all: Vec<Arc<Provider>> = verifiers.iter().map(|verifier| Arc::clone(verifier.provider())).collect();
        let mut providers: Vec<ProviderFields> =
            verifiers.iter().map(|verifier| fields(verifier, &catalogue, &all)).collect();
        providers.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        providers
    });
    let providers = listing.await.map_err(|error| Refused::broken(error.to_string()))?;
    item("providers", &Known { providers, targets })
}

fn fields(verifier: &Arc<Verifier>, catalogue: &Catalogue, all: &[Arc<Provider>]) -> ProviderFields {
    let provider = verifier.provider();
    let documented = |name: &str| provider.fixtures().get(name).is_none_or(|note| note.documented);
    let events = catalogue.events(provider.id()).into_iter();
    ProviderFields {
        id: provider.id().to_string(),
        name: provider.about().name.clone(),
        signs: !provider.signatures().is_empty(),
        known_unsigned: is_known_unsigned(provider, catalogue, all),
        events: events.map(|name| EventFields { documented: documented(&name), name }).collect(),
        secrets: verifier.secrets().map(Secret::label).map(str::to_owned).collect(),
    }
}

/// Whether an unsigned sample of a provider is recognised as its own: a good one to begin with, where no secret is known.
fn is_known_unsigned(provider: &Arc<Provider>, catalogue: &Catalogue, all: &[Arc<Provider>]) -> bool {
    let request = || {
        let event = catalogue.events(provider.id()).into_iter().next()?;
        let content = Content::of_fixture(catalogue.fixture(provider.id(), &event).ok()?);
        let generator = RefCell::new(Generator::new(0, Timestamp::UNIX_EPOCH));
        let draft = Draft {
            event: &content.event,
            body: &content.body,
            content_type: content.content_type.as_deref(),
            headers: &content.headers_under(HeaderMap::new()).ok()?,
            url: SOMEWHERE,
            signature: None,
        };
        compose_attempt(&content.provider, &draft, 1, None, &generator).ok()
    };
    let is_own = |found: &Identity| matches!(found, Identity::Known(known) if known.id() == provider.id());
    request().is_some_and(|request| is_own(&identify(all, &request)))
}

fn targets(desk: &Desk) -> Vec<TargetFields> {
    let own = desk.listener.iter().map(|target| (target, "this listener"));
    let forward = desk.forward.iter().map(|target| (target, "forward target"));
    own.chain(forward).map(|(target, label)| TargetFields { url: masked_url(&target.to_string()), label }).collect()
}

/// Answers with a fixture: its exact body, or with `fresh` as it would be sent now.
pub(super) async fn fixture(inspector: &Inspector, provider: &str, event: &str, mut parameters: Parameters) -> Told {
    let is_fresh = parameters.take_flag("fresh")?;
    parameters.end()?;
    let catalogue = inspector.options.desk.catalogue.clone();
    let (provider, event) = (provider.to_owned(), event.to_owned());
    let reading = tokio::task::spawn_blocking(move || read(&catalogue, &provider, &event, is_fresh));
    let out = reading.await.map_err(|error| Refused::broken(error.to_string()))??;
    Ok(of("application/json", out))
}

fn read(catalogue: &Catalogue, provider: &str, event: &str, is_fresh: bool) -> Result<Vec<u8>, Refused> {
    let fixture = catalogue.fixture(provider, event)?;
    let documented = fixture.note.as_ref().is_none_or(|note| note.documented);
    let source = fixture.note.as_ref().and_then(|note| note.source.clone());
    let content = Content::of_fixture(fixture);
    let headers = content.headers_under(HeaderMap::new()).map_err(|error| Refused::broken(error.to_string()))?;
    let generator = RefCell::new(Generator::new(rand::random(), Timestamp::now()));
    let body = if is_fresh {
        content.renewed(&generator).map_err(|error| Refused::broken(error.to_string()))?
    } else {
        content.body.clone()
    };
    let mut out = b"{\"v\":1,\"type\":\"fixture\",\"provider\":".to_vec();
    quote_into(&mut out, content.provider.id());
    out.extend_from_slice(b",\"event\":");
    quote_into(&mut out, &content.event);
    out.extend_from_slice(format!(",\"documented\":{documented},\"source\":").as_bytes());
    match &source {
        Some(source) => quote_into(&mut out, source),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"content_type\":");
    quote_into(&mut out, content.content_type.as_deref().unwrap_or_default());
    out.extend_from_slice(b",\"headers\":");
    write_headers(&mut out, &headers);
    write_body(&mut out, &body);
    out.extend_from_slice(b"}\n");
    Ok(out)
}

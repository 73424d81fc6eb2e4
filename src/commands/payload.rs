//! What `send` sends: a fixture, a file or stdin, as which provider, with which edits.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Context, captured, chosen, input};
use crate::cli::SendArgs;
use crate::delivery::edit;
use crate::error::Failure;
use crate::json;
use crate::model::Event;
use crate::provider::{Fixture, Generator, LookupError, Origin, Provider, renew};

/// The provider for a body that no provider is named for: any event, no signature of its own.
const NEUTRAL: &str = "generic";

/// A body with everything that is known about it.
#[derive(Debug, Clone)]
pub(super) struct Payload {
    pub(super) provider: Arc<Provider>,
    pub(super) event: String,
    pub(super) body: Vec<u8>,
    pub(super) content_type: Option<String>,
    /// Headers that the manifest gives this fixture.
    pub(super) headers: Vec<String>,
    /// Whether it is a fixture, whose ids and times are renewed, not a person's own bytes.
    pub(super) is_fixture: bool,
    /// The file to watch.
    pub(super) file: Option<PathBuf>,
    /// Said once on stderr.
    pub(super) note: Option<String>,
}

/// Finds what was named on the command line.
pub(super) fn find(args: &SendArgs, context: &Context) -> Result<Payload, Failure> {
    let mut payload = match args.what.as_deref() {
        None => neutral(args, context, None)?,
        Some(what) => named(what, args, context)?,
    };
    if let Some(data) = &args.data {
        payload.body = input::text_or_file(data)?;
        payload.file = data.strip_prefix('@').map(|path| context.path(path.as_ref()));
        payload.is_fixture = false;
        payload.note = None;
        payload.content_type = guess_type(&payload);
    }
    payload.provider = chosen::with_configured_signature(context, payload.provider, &args.signature)?;
    payload.provider = chosen::with_variables(payload.provider, &args.variables.variables)?;
    Ok(payload)
}

fn named(what: &str, args: &SendArgs, context: &Context) -> Result<Payload, Failure> {
    if let Some(stored) = captured::find(what, context)? {
        return from_event(stored.event, args, context);
    }
    if what == "-" || what.starts_with('@') {
        return from_file(what, args, context);
    }
    match context.catalogue.find_fixture(what, args.provider.as_deref()) {
        Ok(fixture) => Ok(from_fixture(fixture)),
        // A body of one's own may go by any event name.
        Err(LookupError::UnknownEvent { .. }) if args.data.is_some() && args.provider.is_some() => {
            neutral(args, context, Some(what))
        }
        Err(error @ LookupError::UnknownEvent { .. }) => {
            let path = context.path(what.as_ref());
            if path.exists() && !path.is_dir() {
                return from_file(what, args, context);
            }
            if args.provider.is_none() && context.catalogue.ids().iter().any(|id| id == what) {
                return Err(is_provider(what, context));
            }
            if !path.is_dir() && !is_path(what, &error) {
                return Err(error.into());
            }
            // It cannot be read, which says what is wrong with it.
            let hint = error.hint().filter(|_| !path.is_dir() && has_nearest(&error));
            from_file(what, args, context).map_err(|failure| match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            })
        }
        Err(error) => Err(error.into()),
    }
}

/// Extensions of files that hold a body; no event of a provider ends so.
const EXTENSIONS: [&str; 4] = [".json", ".xml", ".form", ".txt"];

/// Whether a name that is no event was meant as a file.
fn is_path(what: &str, error: &LookupError) -> bool {
    let is_of_provider = matches!(error, LookupError::UnknownEvent { provider: Some(_), .. });
    what.starts_with(['.', '/', '~'])
        || EXTENSIONS.iter().any(|extension| what.ends_with(extension))
        || what.contains('/') && !is_of_provider && !has_nearest(error)
}

fn has_nearest(error: &LookupError) -> bool {
    matches!(error, LookupError::UnknownEvent { nearest: Some(_), .. })
}

/// Names of events in a hint; more would hide the error.
const MAX_NAMED: usize = 12;

fn is_provider(id: &str, context: &Context) -> Failure {
    let events = context.catalogue.events(id);
    let more = if events.len() > MAX_NAMED { " … (`hookctl fixtures list` shows them all)" } else { "" };
    let named: Vec<String> = events.iter().take(MAX_NAMED).map(|event| format!("{id}/{event}")).collect();
    let failure = Failure::usage(format!("`{id}` is a provider, not an event"));
    match named.is_empty() {
        true => failure.hint(format!("it has no fixtures: --provider {id} --data @FILE sends a body of your own")),
        false => failure.hint(format!("its events: {}{more}", named.join(", "))),
    }
}

fn from_fixture(fixture: Fixture) -> Payload {
    let note = fixture.note.as_ref().filter(|note| !note.documented).map(|_| {
        format!(
            "note: {}/{} is illustrative: the provider does not document this payload",
            fixture.provider.id(),
            fixture.event
        )
    });
    let headers = fixture.note.iter().flat_map(|note| &note.headers).map(|(name, value)| format!("{name}: {value}"));
    Payload {
        headers: headers.collect(),
        event: fixture.event,
        body: fixture.body,
        content_type: Some(fixture.content_type),
        is_fixture: true,
        file: match fixture.origin {
            Origin::Disk(path) => Some(path),
            Origin::Embedded => None,
        },
        note,
        provider: fixture.provider,
    }
}

/// The body of a captured event, to be sent as its provider would send it now.
fn from_event(event: Event, args: &SendArgs, context: &Context) -> Result<Payload, Failure> {
    let own = || context.catalogue.provider(&event.provider).or_else(|_| context.catalogue.provider(NEUTRAL));
    let provider = args.provider.as_deref().map_or_else(own, |id| context.catalogue.provider(id))?;
    let content_type = event.request.header("content-type").map(str::to_owned);
    let name = event.event_type.or_else(|| provider.event_type(&event.request));
    let mut payload = Payload {
        provider,
        event: name.unwrap_or_default(),
        body: event.request.body.to_vec(),
        content_type: None,
        headers: Vec::new(),
        is_fixture: false,
        file: None,
        note: None,
    };
    payload.content_type = content_type.or_else(|| guess_type(&payload));
    Ok(payload)
}

fn neutral(args: &SendArgs, context: &Context, event: Option<&str>) -> Result<Payload, Failure> {
    let provider = context.catalogue.provider(args.provider.as_deref().unwrap_or(NEUTRAL))?;
    Ok(Payload {
        provider,
        event: event.unwrap_or_default().to_owned(),
        body: Vec::new(),
        content_type: None,
        headers: Vec::new(),
        is_fixture: false,
        file: None,
        note: None,
    })
}

fn from_file(name: &str, args: &SendArgs, context: &Context) -> Result<Payload, Failure> {
    let mut payload = neutral(args, context, None)?;
    payload.body = input::read(name)?;
    if name != "-" {
        payload.file = Some(context.path(name.strip_prefix('@').unwrap_or(name).as_ref()));
    }
    payload.content_type = guess_type(&payload);
    let request = crate::model::Request { body: payload.body.clone().into(), ..Default::default() };
    payload.event = payload.provider.event_type(&request).unwrap_or_default();
    Ok(payload)
}

/// JSON where it is JSON; else the provider's usual type, or by the file's extension.
fn guess_type(payload: &Payload) -> Option<String> {
    let usual = payload.provider.delivery().content_types.first();
    if json::check(&payload.body).is_ok() {
        return Some(
            usual.filter(|usual| usual.contains("json")).cloned().unwrap_or_else(|| "application/json".into()),
        );
    }
    let extension = payload.file.as_ref().and_then(|path| path.extension()?.to_str());
    Some(match (extension, usual) {
        (Some("xml"), _) => "application/xml".to_owned(),
        (Some("form"), _) => "application/x-www-form-urlencoded".to_owned(),
        (_, Some(usual)) if !usual.contains("json") => usual.clone(),
        _ if std::str::from_utf8(&payload.body).is_ok() => "text/plain; charset=utf-8".to_owned(),
        _ => "application/octet-stream".to_owned(),
    })
}

impl Payload {
    /// The body of one delivery: fresh ids and times, then the edits.
    pub(super) fn body(&self, args: &SendArgs, generator: &RefCell<Generator>) -> Result<Vec<u8>, Failure> {
        let body = if self.is_fixture && !args.exact {
            renew(&self.provider, &self.event, &self.body, generator)?
        } else {
            self.body.clone()
        };
        Ok(edit(body, self.content_type.as_deref(), &args.set, args.add)?)
    }
}

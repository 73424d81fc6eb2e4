//! What `send` sends: a fixture, a file or stdin, as which provider, with which edits.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Context, chosen, input};
use crate::cli::SendArgs;
use crate::error::Failure;
use crate::json::{self, Missing, Pointer, SetError};
use crate::provider::{Fixture, Generator, LookupError, Origin, Provider, renew, set_field};

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
    Ok(payload)
}

fn named(what: &str, args: &SendArgs, context: &Context) -> Result<Payload, Failure> {
    if let Some(name) = what.strip_prefix('@') {
        let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let hint = "history is not kept by this version; @FILE is a file's bytes";
        return from_file(what, args, context).map_err(|failure| match is_number || name == "last" {
            true => failure.hint(hint),
            false => failure,
        });
    }
    if what == "-" {
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
        let missing = if args.add { Missing::Add } else { Missing::Refuse };
        args.set.iter().try_fold(body, |body, edit| self.edited(body, edit, missing))
    }

    fn edited(&self, body: Vec<u8>, edit: &str, missing: Missing) -> Result<Vec<u8>, Failure> {
        let Some((path, value)) = edit.split_once('=') else {
            return Err(Failure::usage(format!("`--set {edit}` has no `=`")).hint("write path=text or path:=JSON"));
        };
        let (path, raw) = match path.strip_suffix(':') {
            Some(path) => (path, true),
            None => (path, false),
        };
        if self.content_type.as_deref().is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            return edited_form(&body, path, value, missing);
        }
        let pointer = Pointer::from_path(path).map_err(|error| Failure::usage(format!("`--set {path}`: {error}")))?;
        let value = if raw { value.to_owned() } else { json::quote(value) };
        json::set(&body, &pointer, value.as_bytes(), missing).map_err(|error| set_failure(path, error))
    }
}

fn edited_form(body: &[u8], name: &str, value: &str, missing: Missing) -> Result<Vec<u8>, Failure> {
    if let Some(edited) = set_field(body, name, value) {
        return Ok(edited);
    }
    if missing == Missing::Add {
        let mut text = String::from_utf8_lossy(body).into_owned();
        let separator = if text.is_empty() { "" } else { "&" };
        text.push_str(separator);
        text.extend(form_urlencoded::byte_serialize(name.as_bytes()));
        text.push('=');
        text.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        return Ok(text.into_bytes());
    }
    let fields: Vec<String> = form_urlencoded::parse(body).map(|(key, _)| key.into_owned()).collect();
    let nearest = fields.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
    let failure = Failure::usage(format!("the body has no field `{name}`"));
    Err(match nearest {
        Some(nearest) => failure.hint(format!("nearest: `{nearest}`; --add makes a new one")),
        None => failure.hint("--add makes a new one"),
    })
}

fn set_failure(path: &str, error: SetError) -> Failure {
    let hint = match &error {
        SetError::UnknownPath { nearest: Some(nearest), .. } => format!("nearest: `{nearest}`; --add makes a new one"),
        SetError::UnknownPath { nearest: None, .. } => "--add makes a new one".to_owned(),
        SetError::BadValue(_) => "after := comes JSON, such as :=3 or :='\"text\"'".to_owned(),
        _ => "--set edits JSON and form bodies".to_owned(),
    };
    let mut failure = Failure::usage(format!("`--set {path}`: {error}")).hint(hint);
    failure.code = "bad_set";
    failure
}

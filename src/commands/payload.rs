//! What `send` sends: a fixture, a file or stdin, as which provider, with which edits.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Context, captured, chosen, input};
use crate::cli::SendArgs;
use crate::delivery::Content;
use crate::error::Failure;
use crate::model::Event;
use crate::provider::{Fixture, LookupError, Origin};

/// The provider for a body that no provider is named for: any event, no signature of its own.
const NEUTRAL: &str = "generic";

/// What is sent, and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct Payload {
    pub(super) content: Content,
    /// The file to watch.
    pub(super) file: Option<PathBuf>,
}

/// Finds what was named on the command line.
pub(super) fn find(args: &SendArgs, context: &Context) -> Result<Payload, Failure> {
    let mut payload = match args.what.as_deref() {
        None => neutral(args, context, None)?,
        Some(what) => named(what, args, context)?,
    };
    let content = &mut payload.content;
    if let Some(data) = &args.data {
        content.body = input::text_or_file(data)?;
        content.is_fixture = false;
        content.note = None;
        payload.file = data.strip_prefix('@').map(|path| context.path(path.as_ref()));
        content.content_type = Some(content.guessed_type(extension(payload.file.as_deref())));
    }
    let provider = chosen::with_configured_signature(context, Arc::clone(&content.provider), &args.signature)?;
    content.provider = chosen::with_variables(provider, &args.variables.variables)?;
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
    let file = match &fixture.origin {
        Origin::Disk(path) => Some(path.clone()),
        Origin::Embedded => None,
    };
    Payload { content: Content::of_fixture(fixture), file }
}

/// The body of a captured event, to be sent as its provider would send it now.
fn from_event(event: Event, args: &SendArgs, context: &Context) -> Result<Payload, Failure> {
    let own = || context.catalogue.provider(&event.provider).or_else(|_| context.catalogue.provider(NEUTRAL));
    let provider = args.provider.as_deref().map_or_else(own, |id| context.catalogue.provider(id))?;
    Ok(Payload { content: Content::of_event(provider, event), file: None })
}

fn neutral(args: &SendArgs, context: &Context, event: Option<&str>) -> Result<Payload, Failure> {
    let provider = context.catalogue.provider(args.provider.as_deref().unwrap_or(NEUTRAL))?;
    Ok(Payload { content: Content::bare(provider, event.unwrap_or_default(), Vec::new()), file: None })
}

fn from_file(name: &str, args: &SendArgs, context: &Context) -> Result<Payload, Failure> {
    let Payload { mut content, mut file } = neutral(args, context, None)?;
    content.body = input::read(name)?;
    if name != "-" {
        file = Some(context.path(name.strip_prefix('@').unwrap_or(name).as_ref()));
    }
    content.content_type = Some(content.guessed_type(extension(file.as_deref())));
    content.event = content.named_event().unwrap_or_default();
    Ok(Payload { content, file })
}

fn extension(file: Option<&Path>) -> Option<&str> {
    file?.extension()?.to_str()
}

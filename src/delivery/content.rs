//! A body with everything that is known about it: whose, of which event, of which type.

use std::cell::RefCell;
use std::sync::Arc;

use http::HeaderMap;

use super::Note;
use crate::json;
use crate::model::{Event, Request, RequestError};
use crate::provider::{Fixture, Generator, Provider, SignError, renew};

/// A body with everything that is known about it.
#[derive(Debug, Clone)]
pub struct Content {
    /// Whose it is.
    pub provider: Arc<Provider>,
    /// The event's name; empty where it has none.
    pub event: String,
    /// The bytes.
    pub body: Vec<u8>,
    /// Their type; the provider's usual one when `None`.
    pub content_type: Option<String>,
    /// Headers that the manifest gives this fixture.
    pub headers: Vec<(String, String)>,
    /// Whether it is a fixture, whose ids and times are renewed, not a person's own bytes.
    pub is_fixture: bool,
    /// What is to be known of a fixture.
    pub note: Option<Note>,
}

impl Content {
    /// A sample event.
    pub fn of_fixture(fixture: Fixture) -> Self {
        let Fixture { provider, event, body, content_type, note, .. } = fixture;
        let illustrative = || Note::Illustrative { provider: provider.id().to_string(), event: event.clone() };
        Self {
            note: note.as_ref().filter(|note| !note.documented).map(|_| illustrative()),
            headers: note.map(|note| note.headers).unwrap_or_default(),
            content_type: Some(content_type),
            is_fixture: true,
            event,
            body,
            provider,
        }
    }

    /// The body of a received event, to be sent as this provider would send it now.
    pub fn of_event(provider: Arc<Provider>, event: Event) -> Self {
        let content_type = event.request.header("content-type").map(str::to_owned);
        let name = event.event_type.or_else(|| provider.event_type(&event.request)).unwrap_or_default();
        let mut content = Self::bare(provider, &name, event.request.body.to_vec());
        content.content_type = content_type.or_else(|| Some(content.guessed_type(None)));
        content
    }

    /// A body of one's own, whose type nobody has looked for yet.
    pub fn bare(provider: Arc<Provider>, event: &str, body: Vec<u8>) -> Self {
        let event = event.to_owned();
        Self { provider, event, body, content_type: None, headers: Vec::new(), is_fixture: false, note: None }
    }

    /// JSON where it is JSON; else the provider's usual type, or by the extension of the file that it came from.
    pub fn guessed_type(&self, extension: Option<&str>) -> String {
        let usual = self.provider.delivery().content_types.first();
        if json::check(&self.body).is_ok() {
            let usual = usual.filter(|usual| usual.contains("json"));
            return usual.cloned().unwrap_or_else(|| "application/json".to_owned());
        }
        match (extension, usual) {
            (Some("xml"), _) => "application/xml".to_owned(),
            (Some("form"), _) => "application/x-www-form-urlencoded".to_owned(),
            (_, Some(usual)) if !usual.contains("json") => usual.clone(),
            _ if std::str::from_utf8(&self.body).is_ok() => "text/plain; charset=utf-8".to_owned(),
            _ => "application/octet-stream".to_owned(),
        }
    }

    /// What the body itself says of its event.
    pub fn named_event(&self) -> Option<String> {
        self.provider.event_type(&Request { body: self.body.clone().into(), ..Request::default() })
    }

    /// The fixture's headers with `typed` ones over them: these replace those of the same name.
    pub fn headers_under(&self, typed: HeaderMap) -> Result<HeaderMap, RequestError> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let (name, value) = Request::parse_header(&format!("{name}: {value}"))?;
            headers.append(name, value);
        }
        for name in typed.keys() {
            headers.remove(name);
        }
        headers.extend(typed);
        Ok(headers)
    }

    /// The body with the ids and times of `generator`, where a sender would renew them.
    pub fn renewed(&self, generator: &RefCell<Generator>) -> Result<Vec<u8>, SignError> {
        if self.is_fixture { renew(&self.provider, &self.event, &self.body, generator) } else { Ok(self.body.clone()) }
    }
}

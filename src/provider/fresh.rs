//! What a real sender would renew: ids and times, in place, leaving every other byte alone.

use std::borrow::Cow;
use std::cell::RefCell;

use super::generator::{Generate, Generator};
use super::template::{RenderError, Scope, Template};
use crate::json::{self, Pointer};
use crate::model::Request;

/// One entry of `[fresh]`.
#[derive(Debug, Clone)]
pub(crate) struct FreshRule {
    /// Only for this event; `None` for all.
    pub(crate) event: Option<Box<str>>,
    pub(crate) place: FreshPlace,
    pub(crate) value: FreshValue,
}

/// Where a value is renewed.
#[derive(Debug, Clone)]
pub(crate) enum FreshPlace {
    Json(Pointer),
    Field(Box<str>),
}

/// What it becomes.
#[derive(Debug, Clone)]
pub(crate) enum FreshValue {
    Generator(Generate),
    Template(Template),
}

impl FreshValue {
    /// One value; `replaced` is the text that it takes the place of.
    pub(crate) fn make(&self, replaced: &str, generator: &RefCell<Generator>) -> Result<String, RenderError> {
        match self {
            Self::Generator(kind) => Ok(generator.borrow_mut().make(kind, Some(replaced))),
            Self::Template(template) => {
                let nothing = Request::default();
                template.render_text(&Scope { generator: Some(generator), ..Scope::of(&nothing) })
            }
        }
    }
}

impl FreshRule {
    /// Whether the body has this place.
    pub(crate) fn is_in(&self, body: &[u8]) -> bool {
        match &self.place {
            FreshPlace::Json(pointer) => json::find(body, pointer).is_some(),
            FreshPlace::Field(name) => form_urlencoded::parse(body).any(|(key, _)| key == **name),
        }
    }

    fn apply(&self, body: Vec<u8>, generator: &RefCell<Generator>) -> Result<Vec<u8>, RenderError> {
        self.place.replace(body, |old| self.value.make(old, generator))
    }
}

impl FreshPlace {
    /// Puts a value here; a body without the place stays as it is.
    pub(crate) fn set(&self, body: Vec<u8>, value: &str) -> Vec<u8> {
        let replaced = self.replace(body, |_| Ok::<_, std::convert::Infallible>(value.to_owned()));
        match replaced {
            Ok(body) => body,
            Err(never) => match never {},
        }
    }

    /// Replaces the value here by what `make` makes of it.
    fn replace<E>(&self, body: Vec<u8>, make: impl FnOnce(&str) -> Result<String, E>) -> Result<Vec<u8>, E> {
        match self {
            Self::Json(pointer) => {
                let Some(span) = json::find(&body, pointer) else { return Ok(body) };
                let is_string = body[span.start] == b'"';
                let old = String::from_utf8_lossy(&json::scalar(&body[span.clone()])).into_owned();
                let new = make(&old)?;
                let new = if is_string { json::quote(&new) } else { new };
                Ok([&body[..span.start], new.as_bytes(), &body[span.end..]].concat())
            }
            Self::Field(name) => {
                let old =
                    form_urlencoded::parse(&body).find(|(key, _)| key == &**name).map(|(_, value)| value.into_owned());
                let Some(old) = old else { return Ok(body) };
                let new = make(&old)?;
                Ok(set_field(&body, name, &new).unwrap_or(body))
            }
        }
    }
}

/// Renews a fixture's ids and times. The rules of one event come after the general ones.
pub(crate) fn renew(
    rules: &[FreshRule],
    event: &str,
    body: &[u8],
    generator: &RefCell<Generator>,
) -> Result<Vec<u8>, RenderError> {
    let general = rules.iter().filter(|rule| rule.event.is_none());
    let own = rules.iter().filter(|rule| rule.event.as_deref() == Some(event));
    general.chain(own).try_fold(body.to_vec(), |body, rule| rule.apply(body, generator))
}

/// Replaces the first field of this name, leaving the other fields' bytes alone; `None` when there is none.
pub fn set_field(body: &[u8], name: &str, value: &str) -> Option<Vec<u8>> {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let mut found = false;
    let mut fields: Vec<Cow<'_, [u8]>> = Vec::new();
    for field in body.split(|byte| *byte == b'&') {
        let is_named = form_urlencoded::parse(field).next().is_some_and(|(key, _)| key == name);
        if is_named && !found {
            found = true;
            fields.push(Cow::Owned(format!("{}={}", encode(name), encode(value)).into_bytes()));
        } else {
            fields.push(Cow::Borrowed(field));
        }
    }
    found.then(|| fields.join(&b'&'))
}

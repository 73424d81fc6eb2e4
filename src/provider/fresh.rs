//! What a real sender would renew: ids and times, in place, leaving every other byte alone.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use uuid::Uuid;

use super::template::{Generate, RenderError, Scope, Template};
use crate::json::{self, Missing, Pointer};
use crate::model::Request;

/// Makes up ids and times for one delivery. With a seed and a time the values are reproducible.
#[derive(Debug)]
pub struct Generator {
    random: StdRng,
    now: Timestamp,
    shared: HashMap<Box<str>, String>,
}

impl Generator {
    /// Values from this seed, times at this moment.
    pub fn new(seed: u64, now: Timestamp) -> Self {
        Self { random: StdRng::seed_from_u64(seed), now, shared: HashMap::new() }
    }

    /// The moment of the delivery.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// One value. `replaced` is the text that it takes the place of, whose precision a time keeps.
    pub fn make(&mut self, kind: &Generate, replaced: Option<&str>) -> String {
        match kind {
            Generate::Uuid => self.uuid(uuid::Builder::from_random_bytes),
            Generate::Uuid7 => {
                let millis = u64::try_from(self.now.as_millisecond()).unwrap_or_default();
                self.uuid(|random| {
                    let mut counter = [0; 10];
                    counter.copy_from_slice(&random[..10]);
                    uuid::Builder::from_unix_timestamp_millis(millis, &counter)
                })
            }
            Generate::Hex(length) => self.pick(*length, b"0123456789abcdef"),
            Generate::Alphanumeric(length) => {
                self.pick(*length, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
            }
            Generate::Digits(length) => {
                let first = self.pick(1, b"123456789");
                first + &self.pick(length - 1, b"0123456789")
            }
            Generate::Integer => (self.random.next_u32() >> 1).max(1).to_string(),
            Generate::Unix => self.now.as_second().to_string(),
            Generate::UnixMillis => self.now.as_millisecond().to_string(),
            Generate::Rfc3339 => rfc3339(self.now, replaced),
            Generate::Same(name) => {
                if let Some(value) = self.shared.get(name) {
                    return value.clone();
                }
                let value = self.make(&Generate::Uuid, None);
                self.shared.insert(name.clone(), value.clone());
                value
            }
        }
    }

    fn uuid(&mut self, build: impl FnOnce([u8; 16]) -> uuid::Builder) -> String {
        let mut random = [0; 16];
        self.random.fill_bytes(&mut random);
        let id: Uuid = build(random).into_uuid();
        id.to_string()
    }

    fn pick(&mut self, length: usize, alphabet: &[u8]) -> String {
        (0..length).map(|_| char::from(alphabet[self.random.random_range(0..alphabet.len())])).collect()
    }
}

/// UTC with `Z`, with as many fraction digits as the text it replaces.
fn rfc3339(now: Timestamp, replaced: Option<&str>) -> String {
    let digits = replaced
        .and_then(|text| text.split_once('.'))
        .map_or(0, |(_, fraction)| fraction.bytes().take_while(u8::is_ascii_digit).count());
    format!("{now:.precision$}", precision = digits.min(9))
}

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
    fn make(&self, replaced: &str, generator: &RefCell<Generator>) -> Result<String, RenderError> {
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
        match &self.place {
            FreshPlace::Json(pointer) => {
                let Some(span) = json::find(&body, pointer) else { return Ok(body) };
                let is_string = body[span.start] == b'"';
                let old = String::from_utf8_lossy(&json::scalar(&body[span])).into_owned();
                let new = self.value.make(&old, generator)?;
                let new = if is_string { json::quote(&new) } else { new };
                json::set(&body, pointer, new.as_bytes(), Missing::Refuse)
                    .map_err(|error| RenderError::unusable(error.to_string()))
            }
            FreshPlace::Field(name) => {
                let old =
                    form_urlencoded::parse(&body).find(|(key, _)| key == &**name).map(|(_, value)| value.into_owned());
                let Some(old) = old else { return Ok(body) };
                let new = self.value.make(&old, generator)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_values() {
        let now: Timestamp = "2026-11-21T10:00:00.123456Z".parse().unwrap();
        let make = |seed| {
            let mut generator = Generator::new(seed, now);
            [Generate::Uuid, Generate::Uuid7, Generate::Hex(8)].map(|kind| generator.make(&kind, None))
        };
        assert_eq!(make(7), make(7));
        assert_ne!(make(7), make(8));
    }

    #[test]
    fn a_time_keeps_the_precision_of_the_one_it_replaces() {
        let mut generator = Generator::new(1, "2026-11-21T10:00:00.123456Z".parse().unwrap());
        let mut time = |replaced| generator.make(&Generate::Rfc3339, Some(replaced));
        assert_eq!(time("2025-11-03T16:44:01.005482Z"), "2026-11-21T10:00:00.123456Z");
        assert_eq!(time("2026-04-26T12:34:56.000Z"), "2026-11-21T10:00:00.123Z");
        assert_eq!(time("2026-04-25T14:30:00Z"), "2026-11-21T10:00:00Z");
    }
}

//! Sequences of events whose ids hang together.

use std::cell::RefCell;
use std::time::Duration;

use super::fresh::{FreshPlace, FreshValue};
use super::generator::{Generate, Generator};
use super::manifest::{ScenarioTable, SharedTable};
use super::problem::{Compiled, SENDER_NAMES, duration, problem};
use super::sign::SignError;
use super::template::Template;
use crate::json::Pointer;

/// `[[scenario]]`, compiled.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// As it is asked for.
    pub name: String,
    /// One line.
    pub description: Option<String>,
    /// The events in their order.
    pub steps: Vec<Step>,
    shared: Vec<Shared>,
}

/// One event of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The fixture.
    pub event: String,
    /// How long after the step before.
    pub after: Duration,
}

/// A value that stands in several events.
#[derive(Debug, Clone)]
struct Shared {
    value: FreshValue,
    places: Vec<(Box<str>, FreshPlace)>,
}

/// The values of one run, in the order of the manifest.
#[derive(Debug, Clone)]
pub struct SharedValues(Vec<String>);

impl Scenario {
    pub(super) fn read(table: &ScenarioTable) -> Compiled<Self> {
        let steps = table.steps.iter().map(|step| {
            let after = step.after.as_ref().map(|text| duration("after", text)).transpose()?;
            Ok(Step { event: step.event.get_ref().clone(), after: after.unwrap_or_default() })
        });
        Ok(Self {
            name: table.name.clone(),
            description: table.description.clone(),
            steps: steps.collect::<Compiled<_>>()?,
            shared: table.shared.values().map(shared).collect::<Compiled<_>>()?,
        })
    }

    /// Makes up the values that the events of one run share.
    pub fn values(&self, generator: &RefCell<Generator>) -> Result<SharedValues, SignError> {
        let values = self.shared.iter().map(|shared| shared.value.make("", generator));
        let failed = |problem| SignError::Template { place: format!("scenario `{}`", self.name), problem };
        values.collect::<Result<_, _>>().map(SharedValues).map_err(failed)
    }

    /// Puts the shared values into the body of one of its events; all other bytes stay.
    pub fn share(&self, event: &str, body: Vec<u8>, values: &SharedValues) -> Vec<u8> {
        let places = self.shared.iter().zip(&values.0).flat_map(|(shared, value)| {
            shared.places.iter().filter(|(of, _)| **of == *event).map(move |(_, place)| (place, value))
        });
        places.fold(body, |body, (place, value)| place.set(body, value))
    }
}

fn shared(table: &SharedTable) -> Compiled<Shared> {
    let kind = &table.kind;
    let value = match Generate::parse(kind.get_ref()) {
        Some(kind) => FreshValue::Generator(kind),
        None if kind.get_ref().contains('{') => FreshValue::Template(
            Template::parse(kind.get_ref(), &SENDER_NAMES)
                .map_err(|error| problem(kind, format!("`kind`: {error}")))?,
        ),
        None => return Err(problem(kind, format!("unknown generator `{}`", kind.get_ref()))),
    };
    let places = table.places.iter().map(|place| {
        let Some((event, pointer)) = place.get_ref().split_once(':') else {
            return Err(problem(place, "`places`: write EVENT:/pointer or EVENT:form:FIELD"));
        };
        let found = match pointer.strip_prefix("form:") {
            Some(field) => FreshPlace::Field(field.into()),
            None => {
                FreshPlace::Json(Pointer::parse(pointer).map_err(|error| problem(place, format!("`places`: {error}")))?)
            }
        };
        Ok((event.into(), found))
    });
    Ok(Shared { value, places: places.collect::<Compiled<_>>()? })
}

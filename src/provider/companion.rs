//! What goes with a signature: what tells it from others, its time, what it signs beside the payload, and what
//! its checks compare.

use std::cell::RefCell;

use super::Provider;
use super::condition::Condition;
use super::fresh::FreshPlace;
use super::generator::Generator;
use super::sign::{SignError, template_error};
use super::signature::Signature;
use super::template::{Scope, Source};
use super::timestamp;
use crate::model::{Request, Secret};

/// Completes a request that is about to be signed. What stands in it is kept, unless `anew`, or unless the
/// signature itself is written into the body: then the time in the body says now.
pub(super) fn complete(
    provider: &Provider,
    signature: &Signature,
    secret: &Secret,
    anew: bool,
    request: &mut Request,
    generator: &RefCell<Generator>,
) -> Result<(), SignError> {
    let is_inside = signature.sources.first().is_some_and(|source| source.source().is_in_body());
    for (place, value) in signature.when.iter().filter_map(Condition::fixed_header) {
        if !place.is_there(request) {
            put(place, request, value)?;
        }
    }
    set_time(signature, anew, is_inside, request, generator)?;
    if is_inside {
        make_up(provider, signature, request, generator)?;
    }
    set_checked(provider, signature, secret, anew, request, generator)
}

/// Puts a value at its place, or says what is in the way.
pub(super) fn put(place: &Source, request: &mut Request, value: &str) -> Result<(), SignError> {
    place.put(request, value).map_err(|problem| SignError::Place { place: place.place(), problem })
}

fn set_time(
    signature: &Signature,
    anew: bool,
    is_inside: bool,
    request: &mut Request,
    generator: &RefCell<Generator>,
) -> Result<(), SignError> {
    let Some(rule) = &signature.timestamp else { return Ok(()) };
    let Some(place) = signature.time_place() else { return Ok(()) };
    let is_due = if place.is_in_body() { anew || is_inside } else { anew || !place.is_there(request) };
    if !is_due {
        return Ok(());
    }
    put(place, request, &timestamp::write(rule.unit, generator.borrow().now()))
}

/// Values that are signed, and absent, are made up where `[fresh]` says how.
fn make_up(
    provider: &Provider,
    signature: &Signature,
    request: &mut Request,
    generator: &RefCell<Generator>,
) -> Result<(), SignError> {
    for source in signature.signed_sources() {
        let is_it = |place: &FreshPlace| match (place, source) {
            (FreshPlace::Json(known), Source::Json(pointer)) => known == pointer,
            (FreshPlace::Field(known), Source::FormField(name, None)) => known == name,
            _ => false,
        };
        let rule = provider.fresh.iter().find(|rule| rule.event.is_none() && is_it(&rule.place));
        if let Some(rule) = rule.filter(|_| !source.is_there(request)) {
            let value = rule.value.make("", generator).map_err(template_error("[fresh]"))?;
            put(source, request, &value)?;
        }
    }
    Ok(())
}

/// What a check compares with a value of the request, such as a hash of the body in the URL.
fn set_checked(
    provider: &Provider,
    signature: &Signature,
    secret: &Secret,
    anew: bool,
    request: &mut Request,
    generator: &RefCell<Generator>,
) -> Result<(), SignError> {
    for check in &signature.checks {
        let Some(place) = check.left.only_source().filter(|place| place.is_place()) else { continue };
        if place.is_in_body() || place.is_there(request) && !anew {
            continue;
        }
        let url = provider.given.public_url(request).unwrap_or_else(|| request.uri.to_string());
        let scope = Scope {
            url: Some(&url),
            secret: Some(secret.expose()),
            generator: Some(generator),
            ..provider.scope(request)
        };
        // What cannot be worked out is for the user to give, with a header or in the URL.
        if let Ok(value) = check.right.render_text(&scope) {
            put(place, request, &value)?;
        }
    }
    Ok(())
}

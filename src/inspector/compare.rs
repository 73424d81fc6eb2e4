//! `GET /api/diff`: what differs between two events, place by place, and their bodies line by line.

use http::HeaderName;
use serde::Serialize;

use super::Inspector;
use super::answer::{Refused, Told, item};
use super::cut::cut;
use super::found;
use super::lines::{Line, aligned, rows};
use super::parameters::Parameters;
use crate::history::{BodyForm, Comparison, Difference, compare_events, mask};
use crate::model::Event;
use crate::output::{MASK, untrusted};

/// Differences that are told; nobody reads more.
const MAX_DIFFERENCES: usize = 5_000;
/// Characters of a value that are told; the lines have the rest.
const MAX_VALUE: usize = 16 * 1024;

/// The answer.
#[derive(Serialize)]
struct Diff {
    form: &'static str,
    is_cut: bool,
    differences: Vec<DifferenceFields>,
    lines: Option<Vec<Line>>,
}

#[derive(Serialize)]
struct DifferenceFields {
    place: String,
    kind: &'static str,
    before: Option<String>,
    after: Option<String>,
    spelling: bool,
}

/// Answers the call.
pub(super) async fn diff(inspector: &Inspector, mut parameters: Parameters) -> Told {
    let id = |name: &str, given: Option<String>| given.ok_or_else(|| Refused::invalid(format!("`{name}` is missing")));
    let before = id("before", parameters.take("before")?)?;
    let after = id("after", parameters.take("after")?)?;
    parameters.end()?;
    let compared = inspector.readers.read(move |reader| {
        let (before, after) = (found::stored(reader, &before)?, found::stored(reader, &after)?);
        Ok(compare(&before.event, &after.event))
    });
    item("diff", &compared.await?)
}

fn compare(before: &Event, after: &Event) -> Diff {
    let Comparison { mut differences, is_cut, form, .. } = compare_events(before, after);
    let rows = |event: &Event| match form {
        BodyForm::Json => rows::json(event),
        BodyForm::Form => rows::form(event),
        BodyForm::Text => rows::text(event),
        BodyForm::Binary => None,
    };
    let sides = Option::zip(rows(before), rows(after));
    let aligned = sides.map(|(before, after)| aligned(&before, &after));
    let is_long = differences.len() > MAX_DIFFERENCES || aligned.as_ref().is_some_and(|(_, is_cut)| *is_cut);
    differences.truncate(MAX_DIFFERENCES);
    Diff {
        form: match form {
            BodyForm::Json => "json",
            BodyForm::Form => "form",
            BodyForm::Text => "text",
            BodyForm::Binary => "binary",
        },
        is_cut: is_cut || is_long,
        differences: differences.into_iter().map(fields).collect(),
        lines: aligned.map(|(lines, _)| lines),
    }
}

fn fields(difference: Difference) -> DifferenceFields {
    let kind = difference.kind();
    let Difference { place, before, after, is_spelling } = difference;
    let told = |value: Option<Vec<u8>>| {
        let text = value.map(|bytes| String::from_utf8(bytes).unwrap_or_else(|error| untrusted(error.as_bytes())))?;
        Some(cut(&masked(&place, text), MAX_VALUE))
    };
    let (before, after) = (told(before), told(after));
    DifferenceFields { place, kind, before, after, spelling: is_spelling }
}

/// The value at this place, or `***` where it is a credential.
fn masked(place: &str, value: String) -> String {
    let Some((part, name)) = place.split_once(':') else {
        return if place == "query" { mask::masked_query(&value) } else { value };
    };
    // A repeated name carries its number.
    let name =
        name.rsplit_once('#').filter(|(_, number)| number.parse::<usize>().is_ok()).map_or(name, |(name, _)| name);
    match part {
        "header" => match HeaderName::from_bytes(name.as_bytes()) {
            Ok(name) if mask::is_secret_header(&name) => MASK.to_owned(),
            Ok(name) if mask::is_url_header(&name) => mask::masked_url(&value),
            _ => value,
        },
        "query" if mask::is_secret_name(name) => MASK.to_owned(),
        _ => value,
    }
}

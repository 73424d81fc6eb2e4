//! `GET /api/events/{id}`: one event with everything that is known of it.

use serde::Serialize;

use super::Inspector;
use super::answer::{Refused, Told, of};
use super::explain::Explainer;
use super::found;
use super::parameters::Parameters;
use crate::history::mask;
use crate::model::{Request, parts};
use crate::output::{Bodies, millis, write_past_with};
use crate::store::{Life, Reader};

/// Events with the same delivery id that are named; a page shows a handful.
const MAX_REPEATS: usize = 1_000;
/// Parts of a multipart body that are named; forms have some dozen.
const MAX_PARTS: usize = 1_000;

/// What stands behind the members of the command line's lines.
#[derive(Serialize)]
struct More {
    repeats: Vec<String>,
    pinned: bool,
    life: LifeFields,
    parts: Option<Vec<PartFields>>,
}

/// Milliseconds from the arrival; null where nobody knows.
#[derive(Serialize, Default)]
struct LifeFields {
    stored_ms: Option<f64>,
    answered_ms: Option<f64>,
    answer_status: Option<u16>,
}

impl LifeFields {
    fn of(life: Life) -> Self {
        Self {
            stored_ms: Some(millis(life.stored)),
            answered_ms: life.answered.map(millis),
            answer_status: life.status,
        }
    }
}

/// A part, and where its bytes stand in the body.
#[derive(Serialize)]
struct PartFields {
    name: Option<String>,
    filename: Option<String>,
    content_type: Option<String>,
    from: usize,
    bytes: usize,
}

/// Answers the call.
pub(super) async fn event(inspector: &Inspector, id: &str, mut parameters: Parameters) -> Told {
    let has_bodies = parameters.take_as("body", "true or false")?.unwrap_or(true);
    let reveals = parameters.take_flag("show_secrets")?;
    parameters.end()?;
    let bodies = if has_bodies { Bodies::Whole } else { Bodies::Counted };
    let (explainer, id) = (Explainer::of(&inspector.options.desk), id.to_owned());
    let object = inspector.readers.read(move |reader| object(reader, &id, bodies, reveals, &explainer));
    Ok(of("application/json", object.await?))
}

fn object(reader: &Reader, id: &str, bodies: Bodies, reveals: bool, explainer: &Explainer) -> Result<Vec<u8>, Refused> {
    let (seq, mut record) = found::record(reader, id)?;
    explainer.explain(&mut record.event);
    let repeats = reader.repeats(seq)?.iter().take(MAX_REPEATS).map(ToString::to_string).collect();
    let more = More {
        repeats,
        pinned: reader.is_pinned(seq)?,
        life: reader.life(seq)?.map(LifeFields::of).unwrap_or_default(),
        parts: part_fields(&record.event.request),
    };
    let record = if reveals { mask::revealed(record) } else { mask::masked(record) };
    let mut out = Vec::new();
    write_past_with(&mut out, &record.event, &record.deliveries, &record.waiting, bodies);
    let more = serde_json::to_vec(&more).map_err(|error| Refused::broken(error.to_string()))?;
    // Two objects become one.
    out.push(b',');
    out.extend_from_slice(more.get(1..).unwrap_or_default());
    out.push(b'\n');
    Ok(out)
}

/// The parts of a multipart body.
fn part_fields(request: &Request) -> Option<Vec<PartFields>> {
    let content_type = request.headers.get("content-type").map(|value| String::from_utf8_lossy(value.as_bytes()))?;
    let found = parts(&content_type, &request.body)?;
    let fields = found.into_iter().take(MAX_PARTS).map(|part| PartFields {
        name: part.name,
        filename: part.filename,
        content_type: part.content_type,
        from: part.from,
        bytes: part.body.len(),
    });
    Some(fields.collect())
}

//! `POST /api/events/{id}/pin`: an event that a person wants to keep, whatever the limits of the history say.

use bytes::Bytes;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::Inspector;
use super::answer::{Refused, Told, item};
use super::found;
use super::parameters::Parameters;
use super::sender::read;

/// Bytes of a wish: one flag.
const MAX_WISH: usize = 1024;

/// What a page asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    pinned: bool,
}

/// The answer.
#[derive(Serialize)]
struct Pinned {
    id: String,
    pinned: bool,
}

/// Answers the call.
pub(super) async fn pin(inspector: &Inspector, id: &str, parameters: Parameters, body: &Bytes) -> Told {
    parameters.end()?;
    if body.len() > MAX_WISH {
        let message = format!("the body is longer than {MAX_WISH} bytes");
        return Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message));
    }
    let Wish { pinned } = read(body)?;
    let Some(writer) = &inspector.options.desk.writer else {
        return Err(Refused::new(StatusCode::CONFLICT, "read_only", "the history cannot be written"));
    };
    let id = found::id(id)?;
    if !writer.pin(id, pinned).await? {
        return Err(found::absent(&id.to_string()));
    }
    item("pinned", &Pinned { id: id.to_string(), pinned })
}

//! `POST /api/events/{id}/pin`: an event that a person wants to keep.

use bytes::Bytes;
use http::StatusCode;

use super::Inspector;
use super::answer::{Refused, Told};
use super::parameters::Parameters;

/// Answers the call.
pub(super) async fn pin(_inspector: &Inspector, _id: &str, parameters: Parameters, _body: &Bytes) -> Told {
    parameters.end()?;
    Err(Refused::new(StatusCode::NOT_IMPLEMENTED, "not_yet", "this call is not there yet"))
}

//! The form that was parsed and encoded again. `application/x-www-form-urlencoded` is the WHATWG's; others
//! write a blank as `%20` (RFC 3986).

use super::Facts;
use super::body::replace;
use super::guess::Guess;
use super::mutation::{Mutation, Part, Undo, Undone};
use crate::json;

/// A form with more fields is not encoded again: a hostile body is nothing but `&`.
const MAX_FIELDS: usize = 4096;

const fn form(id: &'static str, what: &'static str, undo: fn(&[u8]) -> Option<Vec<u8>>) -> Mutation {
    let cure = "verify the raw body, before any form parser";
    Mutation { id, part: Part::Body, what, cure, undo: Undo::Body(undo) }
}

/// Its escapes, and the field that holds the payload.
pub(super) const ENCODED_AGAIN: [Mutation; 6] = [
    form("form.plus_decoded", "a `%2B` of the form became a plain `+`, which reads as a blank", |body| {
        Some(replace(is_form(body)?, b"=+", b"=%2B"))
    }),
    form(
        "form.space_as_percent",
        "the form was encoded again (it was signed with `+` for blanks, here it is `%20`)",
        |body| Some(replace(is_form(body)?, b"%20", b"+")),
    ),
    form(
        "form.space_as_plus",
        "the form was encoded again (it was signed with `%20` for blanks, here it is `+`)",
        |body| Some(replace(is_form(body)?, b"+", b"%20")),
    ),
    form("form.encoded_again", "the form was encoded again, with other escapes", |body| encoded(is_form(body)?)),
    form("form.lower_case", "the form was encoded again (it was signed with lower-case escapes (`%2f`))", |body| {
        cased(is_form(body)?)
    }),
    Mutation {
        id: "form.payload",
        part: Part::Body,
        what: "only the payload of the form is here, and the whole form was signed",
        cure: "verify the raw body, before the payload is taken out",
        undo: Undo::Other(payload),
    },
];

fn is_form(body: &[u8]) -> Option<&[u8]> {
    let is_text = !body.iter().any(|byte| matches!(byte, b'{' | b'<' | b'\n' | b'"'));
    (is_text && body.contains(&b'=')).then_some(body)
}

fn encoded(body: &[u8]) -> Option<Vec<u8>> {
    if body.iter().filter(|byte| **byte == b'&').count() > MAX_FIELDS {
        return None;
    }
    let mut fields = form_urlencoded::Serializer::new(String::new());
    fields.extend_pairs(form_urlencoded::parse(body));
    Some(fields.finish().into_bytes())
}

fn cased(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = body.to_vec();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'%', out.get(at..)?) {
        let end = (at + found + 3).min(out.len());
        out[at + found + 1..end].make_ascii_lowercase();
        at = end;
    }
    Some(out)
}

/// `payload=…` around the JSON, where this provider sends its JSON in a form.
fn payload<'a>(_: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let is_payload =
        guess.signature.covers_body() && guess.body.first() == Some(&b'{') && json::check(&guess.body).is_ok();
    let says_form = guess.request.media_type().as_deref() == Some("application/x-www-form-urlencoded");
    if !is_payload || !says_form {
        return Vec::new();
    }
    let encoded: String = form_urlencoded::byte_serialize(&guess.body).collect();
    vec![Undone {
        guess: guess.with_body(format!("payload={encoded}").into_bytes()),
        what: "only the payload of the form is here, and the whole form was signed".into(),
        cure: "verify the raw body, before the payload is taken out".into(),
    }]
}

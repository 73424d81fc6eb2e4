//! `--set`: edits of a body that touch nothing but what they name.

use crate::error::Failure;
use crate::json::{self, Missing, Pointer, SetError};
use crate::provider::set_field;

/// Applies `path=text` and `path:=JSON` edits in their order. Paths that are not there are made with `add`.
pub(super) fn apply(
    body: Vec<u8>,
    content_type: Option<&str>,
    edits: &[String],
    add: bool,
) -> Result<Vec<u8>, Failure> {
    let missing = if add { Missing::Add } else { Missing::Refuse };
    edits.iter().try_fold(body, |body, edit| edited(body, content_type, edit, missing))
}

fn edited(body: Vec<u8>, content_type: Option<&str>, edit: &str, missing: Missing) -> Result<Vec<u8>, Failure> {
    let Some((path, value)) = edit.split_once('=') else {
        return Err(Failure::usage(format!("`--set {edit}` has no `=`")).hint("write path=text or path:=JSON"));
    };
    let (path, raw) = match path.strip_suffix(':') {
        Some(path) => (path, true),
        None => (path, false),
    };
    if content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return edited_form(&body, path, value, missing);
    }
    let pointer = Pointer::from_path(path).map_err(|error| Failure::usage(format!("`--set {path}`: {error}")))?;
    let value = if raw { value.to_owned() } else { json::quote(value) };
    json::set(&body, &pointer, value.as_bytes(), missing).map_err(|error| set_failure(path, error))
}

fn edited_form(body: &[u8], name: &str, value: &str, missing: Missing) -> Result<Vec<u8>, Failure> {
    if let Some(edited) = set_field(body, name, value) {
        return Ok(edited);
    }
    if missing == Missing::Add {
        let mut text = String::from_utf8_lossy(body).into_owned();
        let separator = if text.is_empty() { "" } else { "&" };
        text.push_str(separator);
        text.extend(form_urlencoded::byte_serialize(name.as_bytes()));
        text.push('=');
        text.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        return Ok(text.into_bytes());
    }
    let fields: Vec<String> = form_urlencoded::parse(body).map(|(key, _)| key.into_owned()).collect();
    let nearest = fields.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
    let failure = Failure::usage(format!("the body has no field `{name}`"));
    Err(match nearest {
        Some(nearest) => failure.hint(format!("nearest: `{nearest}`; --add makes a new one")),
        None => failure.hint("--add makes a new one"),
    })
}

fn set_failure(path: &str, error: SetError) -> Failure {
    let hint = match &error {
        SetError::UnknownPath { nearest: Some(nearest), .. } => format!("nearest: `{nearest}`; --add makes a new one"),
        SetError::UnknownPath { nearest: None, .. } => "--add makes a new one".to_owned(),
        SetError::BadValue(_) => "after := comes JSON, such as :=3 or :='\"text\"'".to_owned(),
        _ => "--set edits JSON and form bodies".to_owned(),
    };
    let mut failure = Failure::usage(format!("`--set {path}`: {error}")).hint(hint);
    failure.code = "bad_set";
    failure
}

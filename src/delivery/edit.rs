//! `--set`: edits of a body that touch nothing but what they name.

use crate::json::{self, Missing, Pointer, PointerError, SetError};
use crate::provider::set_field;

/// Why a body cannot be edited so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// No value was given.
    #[error("`--set {0}` has no `=`")]
    NoValue(String),
    /// The path is none.
    #[error("`--set {path}`: {source}")]
    Path {
        /// As typed.
        path: String,
        /// What is wrong.
        source: PointerError,
    },
    /// The value cannot be set there.
    #[error("`--set {path}`: {source}")]
    Set {
        /// As typed.
        path: String,
        /// What is wrong.
        source: SetError,
    },
    /// A form has no such field.
    #[error("the body has no field `{name}`")]
    NoField {
        /// As typed.
        name: String,
        /// The nearest that is there.
        nearest: Option<String>,
    },
}

impl EditError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoValue(_) => "write path=text or path:=JSON".to_owned(),
            Self::Path { .. } => return None,
            Self::NoField { nearest: Some(nearest), .. }
            | Self::Set { source: SetError::UnknownPath { nearest: Some(nearest), .. }, .. } => {
                format!("nearest: `{nearest}`; --add makes a new one")
            }
            Self::NoField { nearest: None, .. } | Self::Set { source: SetError::UnknownPath { .. }, .. } => {
                "--add makes a new one".to_owned()
            }
            Self::Set { source: SetError::BadValue(_), .. } => {
                "after := comes JSON, such as :=3 or :='\"text\"'".to_owned()
            }
            Self::Set { .. } => "--set edits JSON and form bodies".to_owned(),
        })
    }
}

/// Applies `path=text` and `path:=JSON` edits in their order. Paths that are not there are made with `add`.
pub fn edit(body: Vec<u8>, content_type: Option<&str>, edits: &[String], add: bool) -> Result<Vec<u8>, EditError> {
    let missing = if add { Missing::Add } else { Missing::Refuse };
    edits.iter().try_fold(body, |body, edit| edited(body, content_type, edit, missing))
}

fn edited(body: Vec<u8>, content_type: Option<&str>, edit: &str, missing: Missing) -> Result<Vec<u8>, EditError> {
    let (path, value) = edit.split_once('=').ok_or_else(|| EditError::NoValue(edit.to_owned()))?;
    let (path, raw) = match path.strip_suffix(':') {
        Some(path) => (path, true),
        None => (path, false),
    };
    if content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return edited_form(&body, path, value, missing);
    }
    let pointer = Pointer::from_path(path).map_err(|source| EditError::Path { path: path.to_owned(), source })?;
    let value = if raw { value.to_owned() } else { json::quote(value) };
    json::set(&body, &pointer, value.as_bytes(), missing)
        .map_err(|source| EditError::Set { path: path.to_owned(), source })
}

fn edited_form(body: &[u8], name: &str, value: &str, missing: Missing) -> Result<Vec<u8>, EditError> {
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
    let nearest = fields.into_iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
    Err(EditError::NoField { name: name.to_owned(), nearest })
}

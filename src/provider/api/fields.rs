//! What is known of a webhook, by name.

use serde_json::Value;

use super::shape::Invalid;
use super::turn::flag;
use crate::model::{Secret, Webhook};

/// Values by field name: `id`, `url`, `secret`, `description`, `created_at` (RFC 3339) and variables are
/// text, `events` is a list of texts, `enabled` a boolean.
pub type Fields = serde_json::Map<String, Value>;

/// Gives every field the type it has by its name; forms have text for all of them.
pub(super) fn normalise(fields: &mut Fields) -> Result<(), Invalid> {
    if let Some(value) = fields.get_mut("enabled").filter(|value| !value.is_null()) {
        *value = Value::Bool(flag(value).ok_or_else(|| Invalid::at("enabled", "must be a boolean"))?);
    }
    if let Some(value) = fields.get("events").filter(|value| !value.is_null()) {
        let is_list = value.as_array().is_some_and(|names| names.iter().all(Value::is_string));
        if !is_list {
            return Err(Invalid::at("events", "must be a list of names"));
        }
    }
    for name in ["id", "url", "secret", "description"] {
        match fields.get_mut(name) {
            Some(value @ Value::Number(_)) => *value = Value::String(value.to_string()),
            Some(Value::String(_) | Value::Null) | None => {}
            Some(_) => return Err(Invalid::at(name, "must be text")),
        }
    }
    Ok(())
}

/// The text of a field.
pub(super) fn text(fields: &Fields, name: &str) -> Option<String> {
    fields.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// The webhook that these fields describe. `origin` says where a secret came from.
pub(super) fn webhook(fields: &Fields, origin: &str) -> Webhook {
    let time = |name| text(fields, name).and_then(|text| text.parse().ok());
    let names = fields.get("events").and_then(Value::as_array);
    Webhook {
        id: text(fields, "id").unwrap_or_default(),
        url: text(fields, "url").unwrap_or_default(),
        events: names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
        enabled: fields.get("enabled").and_then(Value::as_bool),
        description: text(fields, "description").filter(|text| !text.is_empty()),
        secret: text(fields, "secret").and_then(|secret| Secret::new(secret, origin).ok()),
        created_at: time("created_at"),
        updated_at: time("updated_at"),
    }
}

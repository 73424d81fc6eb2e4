//! The shape of a JSON document with fields in it: rendered to write one, read to find the fields again.
//!
//! A shape mirrors its document. A string that is one placeholder, `{url}`, stands for a value of any
//! type; everything else is constant, and what is constant means nothing when it is read.

use serde_json::{Map, Value};

use super::Fields;
use super::turn::{Turn, flag};

/// A shape, compiled.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// Written as it is, ignored when read.
    Constant(Value),
    /// One field.
    Field(Place),
    /// Text with fields in it; ignored when read.
    Text(Vec<Piece>),
    /// An object, in this order.
    Object(Vec<(Box<str>, Shape)>),
    /// One key for each event name, between these two texts.
    Names { before: Box<str>, after: Box<str> },
    /// A list that begins so; what a document has behind that is ignored.
    List(Vec<Shape>),
}

/// A field and how its value is turned on the way out.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) name: Box<str>,
    optional: bool,
    turns: Vec<Turn>,
}

/// A part of a text.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    Literal(Box<str>),
    Field(Box<str>),
}

/// A document that has not the shape it must have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", param.as_ref().map(|param| format!("`{param}`: ")).unwrap_or_default())]
pub struct Invalid {
    /// Where, with dots between keys (`config.url`); `None` for the document as a whole.
    pub param: Option<String>,
    /// What is wrong there.
    pub message: String,
}

impl Invalid {
    /// A problem of the document as a whole.
    pub fn whole(message: impl Into<String>) -> Self {
        Self { param: None, message: message.into() }
    }

    /// A problem at one place.
    pub fn at(param: &str, message: impl Into<String>) -> Self {
        Self { param: Some(param.to_owned()).filter(|param| !param.is_empty()), message: message.into() }
    }
}

impl Place {
    /// Reads what stands between braces: `?secret|masked`.
    fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.split('|').map(str::trim);
        let first = parts.next().unwrap_or_default();
        let (name, optional) = first.strip_prefix('?').map_or((first, false), |name| (name, true));
        if !is_name(name) {
            return Err(format!("`{{{text}}}` names no field"));
        }
        Ok(Self { name: name.into(), optional, turns: parts.map(Turn::parse).collect::<Result<_, _>>()? })
    }

    /// `Ok(None)` where an optional field is not known.
    fn write(&self, fields: &Fields) -> Result<Option<Value>, Box<str>> {
        let Some(value) = fields.get(&*self.name) else {
            return if self.optional { Ok(None) } else { Err(self.name.clone()) };
        };
        Ok(Some(self.turns.iter().fold(value.clone(), |value, turn| turn.write(value))))
    }

    fn read(&self, value: &Value, at: &str, fields: &mut Fields) -> Result<(), Invalid> {
        let mut value = value.clone();
        for turn in self.turns.iter().rev() {
            value = turn.read(value).map_err(|message| Invalid::at(at, message))?;
        }
        if !(value.is_null() && self.turns.contains(&Turn::Masked)) {
            fields.insert(self.name.to_string(), value);
        }
        Ok(())
    }
}

/// Field names are those of variables.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

impl Shape {
    /// Compiles a value of the manifest.
    pub(super) fn parse(value: &toml::Value) -> Result<Self, String> {
        match value {
            toml::Value::String(text) => Self::text(text),
            toml::Value::Array(items) => Ok(Self::List(items.iter().map(Self::parse).collect::<Result<_, _>>()?)),
            toml::Value::Table(table) => {
                let entries = table.iter().map(|(key, value)| match key.split_once('*') {
                    None => Ok((key.as_str().into(), Self::parse(value)?)),
                    Some((before, after)) if value.as_str() == Some("{events|flags}") => {
                        Ok((key.as_str().into(), Self::Names { before: before.into(), after: after.into() }))
                    }
                    Some(_) => Err(format!("`{key}`: a key with `*` stands for {{events|flags}}")),
                });
                Ok(Self::Object(entries.collect::<Result<_, String>>()?))
            }
            toml::Value::Boolean(flag) => Ok(Self::Constant(Value::Bool(*flag))),
            toml::Value::Integer(number) => Ok(Self::Constant((*number).into())),
            toml::Value::Float(number) => Ok(Self::Constant((*number).into())),
            toml::Value::Datetime(_) => Err("a date is written as text".to_owned()),
        }
    }

    fn text(text: &str) -> Result<Self, String> {
        if text == "{null}" {
            return Ok(Self::Constant(Value::Null));
        }
        let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        if let Some(inner) = inner.filter(|inner| !inner.contains('{')) {
            return Place::parse(inner).map(Self::Field);
        }
        if !text.contains('{') {
            return Ok(Self::Constant(Value::String(text.to_owned())));
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').ok_or_else(|| format!("`{text}`: a brace is not closed"))?;
            if !is_name(name) {
                return Err(format!("`{text}`: `{{{name}}}` names no field"));
            }
            pieces.extend([Piece::Literal(before.into()), Piece::Field(name.into())]);
            rest = behind;
        }
        pieces.push(Piece::Literal(rest.into()));
        Ok(Self::Text(pieces))
    }

    /// The document; or the first field that is needed and not known. `names` are the API's events.
    pub(super) fn write(&self, fields: &Fields, names: &[String]) -> Result<Option<Value>, Box<str>> {
        Ok(Some(match self {
            Self::Constant(value) => value.clone(),
            Self::Field(place) => return place.write(fields),
            Self::Text(pieces) => Value::String(pieces.iter().map(|piece| piece.write(fields)).collect()),
            Self::Names { .. } => return Ok(None),
            Self::List(items) => {
                let written = items.iter().filter_map(|item| item.write(fields, names).transpose());
                Value::Array(written.collect::<Result<_, _>>()?)
            }
            Self::Object(entries) => {
                let mut object = Map::new();
                for (key, shape) in entries {
                    if let Self::Names { before, after } = shape {
                        // A change of something else leaves the events as they are.
                        let Some(events) = fields.get("events") else { continue };
                        let flag = |name: &String| (format!("{before}{name}{after}"), holds(events, name).into());
                        let flags = names.iter().map(flag);
                        object.extend(flags);
                    } else if let Some(value) = shape.write(fields, names)? {
                        object.insert(key.to_string(), value);
                    }
                }
                // A table whose every field is optional and unknown says nothing.
                if object.is_empty() && !entries.is_empty() {
                    return Ok(None);
                }
                Value::Object(object)
            }
        }))
    }

    /// Finds the fields of a document; `at` is its place.
    pub(super) fn read(&self, value: &Value, at: &str, fields: &mut Fields) -> Result<(), Invalid> {
        match self {
            Self::Constant(_) | Self::Text(_) | Self::Names { .. } => Ok(()),
            Self::List(items) => {
                let found = items.iter().zip(value.as_array().into_iter().flatten()).enumerate();
                found
                    .into_iter()
                    .try_for_each(|(index, (item, value))| item.read(value, &format!("{at}[{index}]"), fields))
            }
            Self::Field(place) => place.read(value, at, fields),
            Self::Object(entries) => {
                let Value::Object(object) = value else {
                    return Err(Invalid::at(at, "must be an object"));
                };
                entries.iter().try_for_each(|(key, shape)| shape.read_key(object, key, at, fields))
            }
        }
    }

    fn read_key(&self, object: &Map<String, Value>, key: &str, at: &str, fields: &mut Fields) -> Result<(), Invalid> {
        if let Self::Names { before, after } = self {
            let name = |key: &str| Some(key.strip_prefix(&**before)?.strip_suffix(&**after)?.to_owned());
            let flags: Vec<(String, &Value)> =
                object.iter().filter_map(|(key, value)| Some((name(key)?, value))).collect();
            if !flags.is_empty() {
                let chosen = flags.into_iter().filter(|(_, value)| flag(value) == Some(true));
                let names = chosen.map(|(name, _)| Value::String(name)).collect();
                fields.insert("events".to_owned(), Value::Array(names));
            }
            return Ok(());
        }
        let place = if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
        match object.get(key) {
            Some(value) => self.read(value, &place, fields),
            None => match self.first_required() {
                Some(_) => Err(Invalid::at(&place, "is missing")),
                None => Ok(()),
            },
        }
    }

    /// A field that must be there.
    fn first_required(&self) -> Option<&Place> {
        match self {
            Self::Field(place) => Some(place).filter(|place| !place.optional),
            Self::Object(entries) => entries.iter().find_map(|(_, shape)| shape.first_required()),
            _ => None,
        }
    }

    /// The names of all its fields.
    pub(super) fn fields(&self) -> Vec<&str> {
        match self {
            Self::Field(place) => vec![&place.name],
            Self::Names { .. } => vec!["events"],
            Self::Object(entries) => entries.iter().flat_map(|(_, shape)| shape.fields()).collect(),
            Self::List(items) => items.iter().flat_map(Self::fields).collect(),
            Self::Text(pieces) => pieces.iter().filter_map(Piece::field).collect(),
            Self::Constant(_) => Vec::new(),
        }
    }

    /// Where its values stand, as JSON Pointers, with the field's name, which a constant has not; for checks
    /// against a schema.
    pub(super) fn places(&self, at: &str, found: &mut Vec<(String, Option<String>)>) {
        match self {
            Self::Field(place) => found.push((at.to_owned(), Some(place.name.to_string()))),
            Self::Object(entries) => {
                for (key, shape) in entries {
                    shape.places(&format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
                }
            }
            Self::Constant(_) | Self::Text(_) | Self::List(_) => found.push((at.to_owned(), None)),
            Self::Names { .. } => {}
        }
    }
}

impl Piece {
    fn write(&self, fields: &Fields) -> String {
        match self {
            Self::Literal(text) => text.to_string(),
            Self::Field(name) => match fields.get(&**name) {
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
                None => String::new(),
            },
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Field(name) => Some(name),
            Self::Literal(_) => None,
        }
    }
}

/// Whether a list of events has this name, or all.
fn holds(events: &Value, name: &str) -> bool {
    let listed = |event: &Value| event.as_str().is_some_and(|event| event == name || event == "*");
    events.as_array().is_some_and(|events| events.iter().any(listed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shape(text: &str) -> Shape {
        let table: toml::Table = toml::from_str(text).unwrap();
        Shape::parse(&table["it"]).unwrap()
    }

    fn fields(value: Value) -> Fields {
        value.as_object().unwrap().clone()
    }

    const NAMES: [&str; 3] = ["a", "b", "c"];

    fn both_ways(text: &str, known: Value, document: Value) {
        let names = NAMES.map(str::to_owned);
        let shape = shape(text);
        assert_eq!(shape.write(&fields(known.clone()), &names).unwrap(), Some(document.clone()), "{text}");
        let mut read = Fields::new();
        shape.read(&document, "", &mut read).unwrap();
        assert_eq!(Value::Object(read), known, "{text}");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let hook = json!({"id": "7", "url": "https://a", "events": ["a", "c"], "enabled": false});
        both_ways(
            r#"it = { n = "web", id = "{id|int}", config = { url = "{url}" }, events = "{events|flags}", off = "{enabled|not}" }"#,
            hook.clone(),
            json!({"n": "web", "id": 7, "config": {"url": "https://a"}, "events": {"a": true, "c": true}, "off": true}),
        );
        both_ways(
            r#"it = { data = { id = "{id}", url = "{url}", "event_*" = "{events|flags}", status = '{enabled|either("on","off")}' } }"#,
            hook,
            json!({"data": {"id": "7", "url": "https://a", "event_a": true, "event_b": false, "event_c": true, "status": "off"}}),
        );
        both_ways(
            r#"it = { topic = "{events|first}", made = "{created_at|unix}", x = "{null}" }"#,
            json!({"events": ["a"], "created_at": "2026-01-01T00:00:00Z"}),
            json!({"topic": "a", "made": 1_767_225_600, "x": null}),
        );
    }

    #[test]
    fn an_unknown_optional_field_is_left_out_and_a_needed_one_is_named() {
        let shape = shape(r#"it = { url = "{url}", config = { secret = "{?secret}" } }"#);
        let written = shape.write(&fields(json!({"url": "u"})), &[]).unwrap();
        assert_eq!(written, Some(json!({"url": "u"})));
        assert_eq!(shape.write(&Fields::new(), &[]), Err("url".into()));
        let mut read = Fields::new();
        shape.read(&json!({"url": "u"}), "", &mut read).unwrap();
        assert_eq!(shape.read(&json!({}), "", &mut read), Err(Invalid::at("url", "is missing")));
        assert_eq!(shape.read(&json!([]), "", &mut read), Err(Invalid::whole("must be an object")));
        let config = Shape::read(&shape, &json!({"url": "u", "config": 1}), "", &mut read);
        assert_eq!(config, Err(Invalid::at("config", "must be an object")));
    }

    #[test]
    fn a_key_for_each_event_is_there_only_where_events_are_and_may_be_text() {
        let shape = shape(r#"it = { url = "{?url}", "event_*" = "{events|flags}" }"#);
        let names = NAMES.map(str::to_owned);
        assert_eq!(shape.write(&fields(json!({"url": "u"})), &names), Ok(Some(json!({"url": "u"}))));
        let read = |document: Value| {
            let mut read = Fields::new();
            shape.read(&document, "", &mut read).unwrap();
            Value::Object(read)
        };
        assert_eq!(read(json!({"url": "u"})), json!({"url": "u"}));
        assert_eq!(read(json!({"event_a": "true", "event_b": "false"})), json!({"events": ["a"]}));
        assert_eq!(read(json!({"event_a": false})), json!({"events": []}));
    }

    #[test]
    fn a_masked_field_is_never_written_out_nor_taken_for_the_value() {
        let shape = shape(r#"it = { secret = "{?secret|masked}" }"#);
        assert_eq!(shape.write(&fields(json!({"secret": "s3cret"})), &[]), Ok(Some(json!({"secret": "********"}))));
        let mut read = Fields::new();
        shape.read(&json!({"secret": "********"}), "", &mut read).unwrap();
        assert!(read.is_empty());
    }

    #[test]
    fn text_holds_fields() {
        let shape = shape(r#"it = "no such endpoint: '{id}'""#);
        assert_eq!(shape.write(&fields(json!({"id": "we_1"})), &[]), Ok(Some(json!("no such endpoint: 'we_1'"))));
    }

    #[test]
    fn what_is_no_placeholder_is_refused() {
        for text in ["it = \"{}\"", "it = \"{a-b}\"", "it = \"{a|nonsense}\"", "it = \"x{a\"", "it = { \"a*\" = 1 }"] {
            let table: toml::Table = toml::from_str(text).unwrap();
            assert!(Shape::parse(&table["it"]).is_err(), "{text}");
        }
    }
}

//! How a field's value is turned when it is written, and turned back when it is read.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// What stands behind `|` in a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    /// A list of names as an object of booleans.
    Flags,
    /// Digits as a number.
    Int,
    /// A boolean as its opposite.
    Not,
    /// A boolean as one of two texts: the first for true.
    Either(Box<str>, Box<str>),
    /// RFC 3339 as seconds since 1970.
    Unix,
    /// A list of one as its element.
    First,
    /// A secret as stars.
    Masked,
}

/// What a masked value looks like (<https://docs.github.com/en/rest/repos/webhooks>).
const STARS: &str = "********";

impl Turn {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let either = text.strip_prefix("either(").and_then(|rest| rest.strip_suffix(')'));
        if let Some(arguments) = either {
            let texts: Vec<String> =
                serde_json::from_str(&format!("[{arguments}]")).map_err(|_| format!("`{text}` needs two texts"))?;
            let [first, second] = <[String; 2]>::try_from(texts).map_err(|_| format!("`{text}` needs two texts"))?;
            return Ok(Self::Either(first.into(), second.into()));
        }
        Ok(match text {
            "flags" => Self::Flags,
            "int" => Self::Int,
            "not" => Self::Not,
            "unix" => Self::Unix,
            "first" => Self::First,
            "masked" => Self::Masked,
            _ => return Err(format!("unknown filter `{text}` (known: flags, int, not, either, unix, first, masked)")),
        })
    }

    /// Turns a value on its way out. One of another type stays as it is.
    pub(super) fn write(&self, value: Value) -> Value {
        match (self, &value) {
            (Self::Flags, Value::Array(names)) => {
                let flags = names.iter().filter_map(Value::as_str).map(|name| (name.to_owned(), Value::Bool(true)));
                Value::Object(flags.collect())
            }
            (Self::Int, Value::String(text)) => text.parse::<u64>().map_or(value, Value::from),
            (Self::Not, Value::Bool(flag)) => Value::Bool(!flag),
            (Self::Either(yes, no), Value::Bool(flag)) => Value::String(if *flag { yes } else { no }.to_string()),
            (Self::Unix, Value::String(text)) => {
                text.parse::<Timestamp>().map_or(value, |time| Value::from(time.as_second()))
            }
            (Self::First, Value::Array(items)) => items.first().cloned().unwrap_or(Value::Null),
            (Self::Masked, _) => Value::String(STARS.to_owned()),
            _ => value,
        }
    }

    /// Turns a value back; the error says what it must be. Forms have text for every type.
    pub(super) fn read(&self, value: Value) -> Result<Value, String> {
        if value.is_null() {
            return Ok(value);
        }
        match self {
            Self::Flags => names_of(&value).map(Value::Array).ok_or_else(|| "must be an object of booleans".to_owned()),
            Self::Int => match value {
                Value::Number(number) => Ok(Value::String(number.to_string())),
                Value::String(_) => Ok(value),
                _ => Err("must be a number".to_owned()),
            },
            Self::Not => flag(&value).map(|flag| Value::Bool(!flag)).ok_or_else(|| "must be a boolean".to_owned()),
            Self::Either(yes, no) => match value.as_str() {
                Some(text) if text == &**yes => Ok(Value::Bool(true)),
                Some(text) if text == &**no => Ok(Value::Bool(false)),
                _ => Err(format!("must be `{yes}` or `{no}`")),
            },
            Self::Unix => {
                let time = value.as_i64().and_then(|seconds| Timestamp::from_second(seconds).ok());
                time.map(|time| Value::String(time.to_string())).ok_or_else(|| "must be seconds since 1970".to_owned())
            }
            Self::First => Ok(Value::Array(vec![value])),
            Self::Masked => Ok(Value::Null),
        }
    }
}

/// A boolean, also as text.
pub(super) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Keys whose value is true.
fn names_of(value: &Value) -> Option<Vec<Value>> {
    let object: &Map<String, Value> = value.as_object()?;
    let flags: Option<Vec<(&String, bool)>> = object.iter().map(|(name, value)| Some((name, flag(value)?))).collect();
    Some(flags?.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| Value::String(name.clone())).collect())
}

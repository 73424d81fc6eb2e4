//! Forms with names in brackets: `enabled_events[0]=a&metadata[key]=b`, as PHP, Rails and Stripe read them
//! (<https://docs.stripe.com/api/metadata>).

use serde_json::{Map, Value};

/// Names nested deeper are refused: no registration API goes beyond three.
const MAX_DEPTH: usize = 8;

/// Writes an object as a form. Null is an empty value; lists are written with `[]`.
pub(super) fn write(value: &Value) -> Vec<u8> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    if let Value::Object(fields) = value {
        for (name, value) in fields {
            write_value(name, value, &mut form);
        }
    }
    // Brackets need no escape in a body, and every documentation writes them so.
    form.finish().replace("%5B", "[").replace("%5D", "]").into_bytes()
}

fn write_value(name: &str, value: &Value, form: &mut form_urlencoded::Serializer<'_, String>) {
    match value {
        Value::Null => drop(form.append_pair(name, "")),
        Value::Bool(flag) => drop(form.append_pair(name, if *flag { "true" } else { "false" })),
        Value::Number(number) => drop(form.append_pair(name, &number.to_string())),
        Value::String(text) => drop(form.append_pair(name, text)),
        Value::Array(items) => items.iter().for_each(|item| write_value(&format!("{name}[]"), item, form)),
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| write_value(&format!("{name}[{key}]"), value, form));
        }
    }
}

/// Reads a form; every value is text. `None` where names are not nested properly.
pub(super) fn read(body: &[u8]) -> Option<Value> {
    let mut root = Map::new();
    for (name, value) in form_urlencoded::parse(body) {
        let keys: Vec<&str> = match name.split_once('[') {
            Some((first, rest)) => std::iter::once(first).chain(rest.strip_suffix(']')?.split("][")).collect(),
            None => vec![&name],
        };
        if keys[0].is_empty() || keys.len() > MAX_DEPTH {
            return None;
        }
        place(&mut root, &keys, value.into_owned())?;
    }
    Some(lists(Value::Object(root)))
}

/// Puts a value at its place; `[]` counts on.
fn place(object: &mut Map<String, Value>, keys: &[&str], value: String) -> Option<()> {
    let (key, rest) = keys.split_first()?;
    let key = if key.is_empty() { object.len().to_string() } else { (*key).to_owned() };
    if rest.is_empty() {
        object.insert(key, Value::String(value));
        return Some(());
    }
    let nested = object.entry(key).or_insert_with(|| Value::Object(Map::new()));
    place(nested.as_object_mut()?, rest, value)
}

/// Objects whose keys are 0, 1, 2 … are lists.
fn lists(value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let counts = !fields.is_empty() && fields.keys().enumerate().all(|(index, key)| *key == index.to_string());
    if counts {
        return Value::Array(fields.into_iter().map(|(_, value)| lists(value)).collect());
    }
    Value::Object(fields.into_iter().map(|(key, value)| (key, lists(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_and_tables_are_written_in_brackets() {
        let value = json!({"url": "https://a/?b=c&d", "enabled_events": ["a.b", "c"], "metadata": {"k": 1}, "x": true});
        assert_eq!(
            String::from_utf8(write(&value)).unwrap(),
            "url=https%3A%2F%2Fa%2F%3Fb%3Dc%26d&enabled_events[]=a.b&enabled_events[]=c&metadata[k]=1&x=true"
        );
    }

    #[test]
    fn numbered_and_unnumbered_lists_are_read_alike() {
        let expected = json!({"e": ["a", "b"], "m": {"k": "v"}, "u": "x y"});
        assert_eq!(read(b"e[]=a&e[]=b&m[k]=v&u=x+y"), Some(expected.clone()));
        assert_eq!(read(b"e%5B0%5D=a&e%5B1%5D=b&m%5Bk%5D=v&u=x%20y"), Some(expected));
    }

    #[test]
    fn names_that_do_not_nest_are_refused() {
        for bad in ["a[=1", "a[b=1", "=1", "a=1&a[b]=2", "a[b][c][d][e][f][g][h][i]=1"] {
            assert_eq!(read(bad.as_bytes()), None, "{bad}");
        }
    }
}

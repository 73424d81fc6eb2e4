//! Replacing or adding one value; every other byte stays.

use super::find::{child, find, value_end};
use super::pointer::index;
use super::scan::skip_space;
use super::{Kind, Pointer, SyntaxError, check, paths, quote_into, tokens};

/// How many paths are compared to name the nearest one.
const MAX_COMPARED: usize = 2_000;
/// Below this likeness (0 to 1) a path is no suggestion but noise.
const MIN_LIKENESS: f64 = 0.55;
/// Longer paths (in bytes) are not compared: the cost is the product of the lengths.
const MAX_COMPARED_LENGTH: usize = 200;

/// What to do when the path is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It is an error.
    Refuse,
    /// Add the member or element, and the objects that lead to it.
    Add,
}

/// Why a value was not set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// The path is not there.
    #[error("the JSON has no `{path}`{}", nearest.as_ref().map(|it| format!("; the nearest is `{it}`")).unwrap_or_default())]
    UnknownPath {
        /// The path, dotted.
        path: String,
        /// The likeliest path that is there.
        nearest: Option<String>,
    },
    /// The text is not JSON.
    #[error("not JSON: {0}")]
    NotJson(SyntaxError),
    /// The new value is not JSON.
    #[error("the value is not JSON: {0}")]
    BadValue(SyntaxError),
    /// The path goes on through a string, number or literal.
    #[error("`{path}` is {kind}, so nothing can be set inside it")]
    NotAContainer {
        /// The path of the scalar, dotted.
        path: String,
        /// What it is, with its article.
        kind: &'static str,
    },
}

/// Puts `value` (raw JSON) in the place that `pointer` names; where a key is repeated, in the first.
///
/// With [`Missing::Add`] a missing key goes to the end of its object, in the white space of its
/// neighbour; an array takes one more element at its length or at `-`. Missing steps on the way
/// become objects, except that `0` and `-` become arrays.
pub fn set(text: &[u8], pointer: &Pointer, value: &[u8], missing: Missing) -> Result<Vec<u8>, SetError> {
    check(text).map_err(SetError::NotJson)?;
    check(value).map_err(SetError::BadValue)?;
    let mut at = skip_space(text, 0);
    for (depth, segment) in pointer.segments().iter().enumerate() {
        if let Some(kind) = scalar_kind(text, at) {
            return Err(SetError::NotAContainer { path: dotted(&pointer.segments()[..depth]), kind });
        }
        match (child(text, at, segment), missing) {
            (Some(start), _) => at = start,
            (None, Missing::Add) if may_add(text, at, segment) => {
                return Ok(add(text, at, &pointer.segments()[depth..], value));
            }
            (None, _) => return Err(unknown(text, pointer)),
        }
    }
    let end = value_end(text, at).unwrap_or(text.len());
    Ok([&text[..at], value, &text[end..]].concat())
}

/// Takes the member or element out that `pointer` names, with its comma; `None` where it is not there.
pub fn remove(text: &[u8], pointer: &Pointer) -> Option<Vec<u8>> {
    let value = find(text, pointer)?;
    let (_, parents) = pointer.segments().split_last()?;
    let container = find(text, &Pointer::of(parents.to_vec()))?;
    let start = match text[container.start] {
        b'{' => key_start(text, container.start, value.start)?,
        _ => value.start,
    };
    let behind = skip_space(text, value.end);
    let before = text[..start].trim_ascii_end();
    Some(if text.get(behind) == Some(&b',') {
        [&text[..start], &text[skip_space(text, behind + 1)..]].concat()
    } else {
        [before.strip_suffix(b",").unwrap_or(&text[..start]), &text[value.end..]].concat()
    })
}

/// Where the key of the value at `value` starts, in the object at `at`.
fn key_start(text: &[u8], at: usize, value: usize) -> Option<usize> {
    let before = tokens(&text[at..]).map_while(Result::ok).take_while(|token| at + token.start < value);
    before.filter(|token| token.kind == Kind::Key).last().map(|token| at + token.start)
}

fn dotted(segments: &[String]) -> String {
    Pointer::of(segments.to_vec()).dotted()
}

fn scalar_kind(text: &[u8], at: usize) -> Option<&'static str> {
    match text.get(at)? {
        b'{' | b'[' => None,
        b'"' => Some("a string"),
        b't' | b'f' => Some("a boolean"),
        b'n' => Some("null"),
        _ => Some("a number"),
    }
}

/// An object takes any key; an array one element more.
fn may_add(text: &[u8], at: usize, segment: &str) -> bool {
    let length = || contents(text, at).length;
    text[at] == b'{' || segment == "-" || index(segment).is_some_and(|index| index == length())
}

/// What is inside a container, as far as adding to it needs to know.
struct Contents {
    /// Members or elements.
    length: usize,
    /// Where the last member or element starts and ends; behind the bracket when there is none.
    last: (usize, usize),
    /// Where the last value starts.
    last_value: usize,
    /// Behind the bracket or comma before the last one.
    gap_start: usize,
}

/// Walks the container at `at`, which lies in a text that was checked.
fn contents(text: &[u8], at: usize) -> Contents {
    let mut inside = Contents { length: 0, last: (at + 1, at + 1), last_value: at + 1, gap_start: at + 1 };
    let mut depth = 0_usize;
    for token in tokens(&text[at..]).map_while(Result::ok) {
        let start = at + token.start;
        let closes = matches!(token.kind, Kind::ObjectEnd | Kind::ArrayEnd);
        depth -= usize::from(closes);
        match token.kind {
            _ if closes && depth == 0 => break,
            Kind::Comma if depth == 1 => inside.gap_start = start + 1,
            Kind::Colon => {}
            Kind::Key if depth == 1 => inside.last = (start, start),
            _ if depth == 1 && !closes => {
                inside.length += 1;
                inside.last_value = start;
                let has_key = text[at] == b'{';
                inside.last = (if has_key { inside.last.0 } else { start }, start + token.text.len());
            }
            _ if depth == 1 => inside.last.1 = start + 1,
            _ => {}
        }
        depth += usize::from(matches!(token.kind, Kind::ObjectStart | Kind::ArrayStart));
    }
    inside
}

/// Adds the value under the missing `segments` to the container at `at`.
fn add(text: &[u8], at: usize, segments: &[String], value: &[u8]) -> Vec<u8> {
    let inside = contents(text, at);
    let mut new = Vec::new();
    if inside.length > 0 {
        new.push(b',');
        new.extend_from_slice(&text[inside.gap_start..inside.last.0]);
    }
    let is_object = text[at] == b'{';
    if let (true, Some(key)) = (is_object, segments.first()) {
        quote_into(&mut new, key);
        new.extend_from_slice(colon_like(text, &inside));
    }
    wrap(&mut new, segments.get(1..).unwrap_or_default(), value);
    [&text[..inside.last.1], &new, &text[inside.last.1..]].concat()
}

/// The colon of the last member with the white space around it.
fn colon_like<'a>(text: &'a [u8], inside: &Contents) -> &'a [u8] {
    let member = &text[inside.last.0..inside.last_value.max(inside.last.0)];
    match value_end(member, 0) {
        Some(key_end) if inside.length > 0 => &member[key_end..],
        _ => b":",
    }
}

/// Writes `value` inside the containers that `segments` call for.
fn wrap(out: &mut Vec<u8>, segments: &[String], value: &[u8]) {
    let is_array = |segment: &String| matches!(segment.as_str(), "0" | "-");
    for segment in segments {
        if is_array(segment) {
            out.push(b'[');
        } else {
            out.push(b'{');
            quote_into(out, segment);
            out.push(b':');
        }
    }
    out.extend_from_slice(value);
    out.extend(segments.iter().rev().map(|segment| if is_array(segment) { b']' } else { b'}' }));
}

fn unknown(text: &[u8], pointer: &Pointer) -> SetError {
    let path = pointer.dotted();
    let likeness = |candidate: &String| {
        let same_end = last_step(candidate) == last_step(&path);
        strsim::normalized_damerau_levenshtein(candidate, &path).max(if same_end { 0.9 } else { 0.0 })
    };
    let nearest = paths(text, MAX_COMPARED)
        .into_iter()
        .filter(|candidate| candidate.len() <= MAX_COMPARED_LENGTH && path.len() <= MAX_COMPARED_LENGTH)
        .map(|candidate| (likeness(&candidate), candidate))
        .filter(|(likeness, _)| *likeness >= MIN_LIKENESS)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate);
    SetError::UnknownPath { path, nearest }
}

fn last_step(path: &str) -> &str {
    path.rsplit(['.', '/']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edited(text: &str, path: &str, value: &str, missing: Missing) -> Result<String, SetError> {
        let pointer = Pointer::from_path(path).unwrap();
        set(text.as_bytes(), &pointer, value.as_bytes(), missing).map(|out| String::from_utf8(out).unwrap())
    }

    fn added(text: &str, path: &str) -> String {
        edited(text, path, "9", Missing::Add).unwrap()
    }

    #[test]
    fn only_the_value_changes() {
        let text = "{ \"a\" :1.0,\"b\":[ 1e2,{\"c\":\"x\"} ] ,\"a\":2}\n";
        assert_eq!(edited(text, "b[1].c", "null", Missing::Refuse).unwrap(), text.replace("\"x\"", "null"));
        assert_eq!(edited(text, "a", "[]", Missing::Refuse).unwrap(), text.replace("1.0", "[]"));
        assert_eq!(edited(text, "b", "0", Missing::Refuse).unwrap(), "{ \"a\" :1.0,\"b\":0 ,\"a\":2}\n");
    }

    #[test]
    fn an_unknown_path_names_the_nearest() {
        let text = r#"{"data":{"text":"x","id":1}}"#;
        let nearest = |path: &str| match edited(text, path, "1", Missing::Refuse) {
            Err(SetError::UnknownPath { nearest, .. }) => nearest,
            other => panic!("{other:?}"),
        };
        assert_eq!(nearest("data.txet").as_deref(), Some("data.text"));
        assert_eq!(nearest("text").as_deref(), Some("data.text"));
        assert_eq!(nearest("zzzzzzzzzzzz"), None);
        let error = edited(text, "data.txt", "1", Missing::Refuse).unwrap_err();
        assert_eq!(error.to_string(), "the JSON has no `data.txt`; the nearest is `data.text`");
    }

    #[test]
    fn a_missing_key_is_added_in_the_style_of_its_neighbour() {
        assert_eq!(added("{}", "a"), r#"{"a":9}"#);
        assert_eq!(added(r#"{"a":1}"#, "b"), r#"{"a":1,"b":9}"#);
        assert_eq!(added(r#"{"a":1, "b": {"x": [1]} }"#, "c"), r#"{"a":1, "b": {"x": [1]}, "c": 9 }"#);
        assert_eq!(added("{\n  \"a\": [\n    1\n  ]\n}", "b"), "{\n  \"a\": [\n    1\n  ],\n  \"b\": 9\n}");
        assert_eq!(added(r#"{"a":{"b":1},"c":2}"#, "a.d"), r#"{"a":{"b":1,"d":9},"c":2}"#);
    }

    #[test]
    fn missing_steps_on_the_way_are_created() {
        assert_eq!(added(r#"{"a":1}"#, "b.c.d"), r#"{"a":1,"b":{"c":{"d":9}}}"#);
        assert_eq!(added("{}", "b[0].c"), r#"{"b":[{"c":9}]}"#);
    }

    #[test]
    fn an_array_grows_by_one_and_has_no_holes() {
        assert_eq!(added("[]", "[0]"), "[9]");
        assert_eq!(added("[ 1, [2] ]", "[2]"), "[ 1, [2], 9 ]");
        assert_eq!(added("[1]", "/-"), "[1,9]");
        assert!(matches!(edited("[1]", "[2]", "9", Missing::Add), Err(SetError::UnknownPath { .. })));
        assert!(matches!(edited("[1]", "a", "9", Missing::Add), Err(SetError::UnknownPath { .. })));
    }

    #[test]
    fn nothing_is_set_inside_a_scalar() {
        let error = edited(r#"{"a":{"b":"x"}}"#, "a.b.c", "1", Missing::Add).unwrap_err();
        assert_eq!(error.to_string(), "`a.b` is a string, so nothing can be set inside it");
    }

    #[test]
    fn what_is_removed_takes_its_comma_along() {
        let removed = |text: &str, path: &str| {
            remove(text.as_bytes(), &Pointer::from_path(path).unwrap()).map(|out| String::from_utf8(out).unwrap())
        };
        assert_eq!(removed(r#"{"a":{"x":1},"b":2}"#, "a").unwrap(), r#"{"b":2}"#);
        assert_eq!(removed(r#"{"a":1, "b": {"c":[1, 2]} }"#, "b").unwrap(), r#"{"a":1 }"#);
        assert_eq!(removed(r#"{"a":1, "b": {"c":[1, 2]} }"#, "b.c[1]").unwrap(), r#"{"a":1, "b": {"c":[1]} }"#);
        assert_eq!(removed(r#"{"a":1}"#, "a").unwrap(), "{}");
        assert_eq!(removed(r#"{"a":1}"#, "b"), None);
    }

    #[test]
    fn both_sides_must_be_json() {
        assert!(matches!(edited("{", "a", "1", Missing::Add), Err(SetError::NotJson(_))));
        assert!(matches!(edited("{}", "a", "x", Missing::Add), Err(SetError::BadValue(_))));
    }

    proptest! {
        #[test]
        fn what_was_set_is_found_and_the_text_stays_json(path in "[abc](\\.[abc]|\\[[012]\\]){0,3}") {
            let text = br#"{"a":{"b":[1,{"c":[]}],"c":"x"},"b":{ }}"#;
            let pointer = Pointer::from_path(&path).unwrap();
            if let Ok(out) = set(text, &pointer, b"[7]", Missing::Add) {
                prop_assert_eq!(check(&out), Ok(()));
                let span = find(&out, &pointer).unwrap();
                prop_assert_eq!(&out[span], b"[7]");
            }
        }
    }
}

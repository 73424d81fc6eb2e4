//! Finding one value in a JSON text without reading more than necessary.
//!
//! This runs for every request, so it is lexical: it trusts brackets and quotes, allocates nothing,
//! and stops as soon as the value's end is known. Text that is not JSON gives some answer or none;
//! it never panics.

use std::ops::Range;

use memchr::memchr2;

use super::Pointer;
use super::pointer::index;
use super::scan::skip_space;
use super::string::unescape;

/// The span of the value that `pointer` names. Where a key is repeated the first one counts.
pub fn find(text: &[u8], pointer: &Pointer) -> Option<Range<usize>> {
    find_steps(text, pointer.segments())
}

/// The same by the steps of a pointer.
pub fn find_steps(text: &[u8], steps: &[String]) -> Option<Range<usize>> {
    let mut at = skip_space(text, 0);
    for segment in steps {
        at = child(text, at, segment)?;
    }
    Some(at..value_end(text, at)?)
}

/// Whether a key on the way to what these steps name is repeated: readers differ in which of its values counts.
pub fn is_ambiguous(text: &[u8], steps: &[String]) -> bool {
    let mut at = skip_space(text, 0);
    for step in steps {
        let Some(found) = child(text, at, step) else { return false };
        let rest = value_end(text, found).and_then(|end| past_comma(text, end));
        if text[at] == b'{' && rest.is_some_and(|rest| member(text, rest, step.as_bytes()).is_some()) {
            return true;
        }
        at = found;
    }
    false
}

/// The spans of the elements of the array that `pointer` names, in one pass; none where it is no array.
pub fn elements<'t>(text: &'t [u8], pointer: &Pointer) -> impl Iterator<Item = Range<usize>> + 't {
    let list = find(text, pointer).filter(|list| text[list.start] == b'[');
    let mut next = list.and_then(|list| element(text, list.start + 1, 0));
    std::iter::from_fn(move || {
        let start = next?;
        let end = value_end(text, start)?;
        next = past_comma(text, end).map(|at| skip_space(text, at));
        Some(start..end)
    })
}

/// Where the value of member or element `segment` of the container at `at` starts.
pub(super) fn child(text: &[u8], at: usize, segment: &str) -> Option<usize> {
    match text.get(at)? {
        b'{' => member(text, at + 1, segment.as_bytes()),
        b'[' => element(text, at + 1, index(segment)?),
        _ => None,
    }
}

fn member(text: &[u8], mut at: usize, name: &[u8]) -> Option<usize> {
    loop {
        at = skip_space(text, at);
        let key_end = match text.get(at)? {
            b'"' => string_end(text, at)?,
            _ => return None,
        };
        let matches = key_is(&text[at + 1..key_end - 1], name);
        at = skip_space(text, key_end);
        if *text.get(at)? != b':' {
            return None;
        }
        at = skip_space(text, at + 1);
        if matches {
            return Some(at);
        }
        at = past_comma(text, value_end(text, at)?)?;
    }
}

fn element(text: &[u8], start: usize, index: usize) -> Option<usize> {
    let mut at = skip_space(text, start);
    for _ in 0..index {
        at = skip_space(text, past_comma(text, value_end(text, at)?)?);
    }
    (*text.get(at)? != b']').then_some(at)
}

fn past_comma(text: &[u8], at: usize) -> Option<usize> {
    let at = skip_space(text, at);
    (*text.get(at)? == b',').then_some(at + 1)
}

/// Compares a key as written with a name; only a key with a backslash is unescaped.
fn key_is(written: &[u8], name: &[u8]) -> bool {
    written == name || (written.len() > name.len() && *unescape(written) == *name)
}

/// The offset behind the value that starts at `at`.
pub(super) fn value_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => string_end(text, at),
        b'{' | b'[' => container_end(text, at),
        b'}' | b']' | b',' | b':' => None,
        _ => {
            let delimiter = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
            Some(text[at..].iter().position(delimiter).map_or(text.len(), |length| at + length))
        }
    }
}

fn string_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn container_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    let mut depth = 0_usize;
    loop {
        match text.get(at)? {
            b'"' => {
                at = string_end(text, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found<'a>(text: &'a str, pointer: &str) -> Option<&'a str> {
        find(text.as_bytes(), &Pointer::parse(pointer).unwrap()).map(|span| &text[span])
    }

    #[test]
    fn members_and_elements_are_found() {
        let text = r#" { "a" : [ 10 , {"b": "x,]}\""} , null ] , "c": -1.50e3, "": true } "#;
        assert_eq!(found(text, "/a/0"), Some("10"));
        assert_eq!(found(text, "/a/1/b"), Some(r#""x,]}\"""#));
        assert_eq!(found(text, "/a/2"), Some("null"));
        assert_eq!(found(text, "/c"), Some("-1.50e3"));
        assert_eq!(found(text, "/"), Some("true"));
        assert_eq!(found(text, ""), Some(text.trim()));
        assert_eq!(found("7", ""), Some("7"));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let text = r#"{"a":[1],"b":{}}"#;
        for pointer in ["/x", "/a/1", "/a/-", "/a/00", "/a/x", "/b/x", "/a/0/x", "/"] {
            assert_eq!(found(text, pointer), None, "{pointer}");
        }
        assert_eq!(found("[]", "/0"), None);
        assert_eq!(found("", ""), None);
    }

    #[test]
    fn the_first_of_repeated_keys_counts() {
        assert_eq!(found(r#"{"a":1,"a":2}"#, "/a"), Some("1"));
    }

    #[test]
    fn keys_are_compared_unescaped() {
        assert_eq!(found(r#"{"\u0061\/b":1}"#, "/a~1b"), Some("1"));
        assert_eq!(found(r#"{"a\\":2,"a":1}"#, "/a"), Some("1"));
    }

    #[test]
    fn the_rest_need_not_be_json() {
        assert_eq!(found(r#"{"a":{"b":1},,,"#, "/a/b"), Some("1"));
        assert_eq!(found(r#"{"a":{"b":1"#, "/a"), None);
    }

    #[test]
    fn deep_nesting_is_skipped_without_recursion() {
        let text = format!("{{\"x\":{}{},\"a\":1}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(found(&text, "/a"), Some("1"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(text in proptest::collection::vec(
            prop_oneof![Just(b'"'), Just(b'\\'), Just(b'{'), Just(b'['), Just(b'}'), Just(b':'), Just(b','), any::<u8>()],
            0..48)) {
            for pointer in ["", "/", "/0", "/a/1"] {
                if let Some(span) = find(&text, &Pointer::parse(pointer).unwrap()) {
                    prop_assert!(span.start < span.end && span.end <= text.len());
                }
            }
        }
    }
}

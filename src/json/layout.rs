//! A JSON text with other white space. Numbers, escapes, key order and repeats stay as written, so
//! these are the bodies that a framework may have made out of the one that was signed.

use super::{Kind, tokens};

/// Deeper texts are not indented: the white space grows with the square of the depth.
const MAX_INDENTED_DEPTH: usize = 128;
/// How many times longer a text may become, and some lines more: what people nest stays far below, and a long list
/// in many brackets would become hundreds of times longer.
const MAX_GROWTH: usize = 8;
const MAX_ADDED: usize = 64 * 1024;

/// Without any white space, as `JSON.stringify` writes. `None` when `text` is not JSON.
pub fn compact(text: &[u8]) -> Option<Vec<u8>> {
    lay_out(text, |_| b"")
}

/// With `", "` and `": "`, as Python's `json.dumps` writes. `None` when `text` is not JSON.
pub fn spaced(text: &[u8]) -> Option<Vec<u8>> {
    lay_out(text, |kind| if matches!(kind, Kind::Comma | Kind::Colon) { b" " } else { b"" })
}

/// One value a line, `width` blanks a level, as `JSON.stringify(value, null, width)` and Python's
/// `indent=width` write. `None` when `text` is not JSON, nests deeper than 128 levels or would become
/// more than eight times as long.
pub fn indented(text: &[u8], width: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let mut previous = None;
    for token in tokens(text) {
        let token = token.ok()?;
        let closes = matches!(token.kind, Kind::ObjectEnd | Kind::ArrayEnd);
        depth -= usize::from(closes);
        let opened = matches!(previous, Some(Kind::ObjectStart | Kind::ArrayStart));
        if opened != closes || previous == Some(Kind::Comma) {
            out.push(b'\n');
            out.resize(out.len() + depth * width, b' ');
        }
        out.extend_from_slice(token.text);
        if token.kind == Kind::Colon {
            out.push(b' ');
        }
        depth += usize::from(matches!(token.kind, Kind::ObjectStart | Kind::ArrayStart));
        if depth > MAX_INDENTED_DEPTH || out.len() > text.len() * MAX_GROWTH + MAX_ADDED {
            return None;
        }
        previous = Some(token.kind);
    }
    Some(out)
}

/// Writes the tokens, each followed by the white space that `after` gives for it.
fn lay_out(text: &[u8], after: impl Fn(Kind) -> &'static [u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    for token in tokens(text) {
        let token = token.ok()?;
        out.extend_from_slice(token.text);
        out.extend_from_slice(after(token.kind));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b" {\"b\":[1.0, 1.0 ,{}] ,\"b\" :{\"\\u00e9\\/\":[ ]}}\n";

    fn text(bytes: Option<Vec<u8>>) -> String {
        String::from_utf8(bytes.unwrap()).unwrap()
    }

    #[test]
    fn only_white_space_differs() {
        assert_eq!(text(compact(TEXT)), r#"{"b":[1.0,1.0,{}],"b":{"\u00e9\/":[]}}"#);
        assert_eq!(text(spaced(TEXT)), r#"{"b": [1.0, 1.0, {}], "b": {"\u00e9\/": []}}"#);
        for layout in [spaced(TEXT), indented(TEXT, 4)] {
            assert_eq!(compact(&layout.unwrap()), compact(TEXT));
        }
    }

    #[test]
    fn indented_text_looks_as_json_stringify_writes_it() {
        let expected = "{\n  \"b\": [\n    1.0,\n    1.0,\n    {}\n  ],\n  \"b\": {\n    \"\\u00e9\\/\": []\n  }\n}";
        assert_eq!(text(indented(TEXT, 2)), expected);
    }

    #[test]
    fn what_is_not_json_has_no_layout() {
        for text in [&b"{"[..], b"[1,]", b"", b"a=b"] {
            assert_eq!((compact(text), spaced(text), indented(text, 2)), (None, None, None));
        }
    }

    #[test]
    fn hostile_depth_is_compacted_and_not_indented() {
        let text = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
        assert_eq!(compact(&text).as_ref(), Some(&text));
        assert_eq!(indented(&text, 2), None);
    }

    #[test]
    fn a_long_list_in_many_brackets_is_not_indented() {
        let nested = |items: usize| [b"[".repeat(120), b"1,".repeat(items), b"1".to_vec(), b"]".repeat(120)].concat();
        assert!(indented(&nested(10), 4).is_some());
        assert_eq!(indented(&nested(100_000), 4), None);
    }
}

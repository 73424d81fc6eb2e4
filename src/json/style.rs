//! A JSON text as another serialiser would have written it: its white space, escapes and key order.
//!
//! What the serialisers write was looked up where they are at home, or tried: `JSON.stringify` (ECMA-262
//! section 25.5.2), Python 3 `json`, PHP `json_encode` (<https://www.php.net/json_encode>), Go
//! `encoding/json` (<https://pkg.go.dev/encoding/json#Marshal>), Rails
//! (`activesupport/lib/active_support/json/encoding.rb`). Numbers stay as they are written.

use super::string::{escape, unescape};
use super::{Kind, tokens};

/// Members of objects nested deeper are not sorted: each level copies what lies below it.
const MAX_SORTED_DEPTH: usize = 16;

/// How strings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escapes {
    /// Only what must be: `JSON.stringify`, Ruby, Python with `ensure_ascii=False`.
    Needed,
    /// Nothing but ASCII: Python's default.
    Ascii,
    /// Nothing but ASCII, and `\/`: PHP's default.
    Php,
    /// `\/` and no others: PHP with `JSON_UNESCAPED_UNICODE`.
    Slashes,
    /// `<`, `>`, `&`, U+2028 and U+2029: Go's default, Rails.
    Html,
}

/// The same text with its strings written in another way, white space aside. `None` when it is not JSON,
/// or not UTF-8.
pub fn escaped(text: &[u8], escapes: Escapes) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 8);
    let mut end = 0;
    for token in tokens(text) {
        let token = token.ok()?;
        out.extend_from_slice(&text[end..token.start]);
        end = token.start + token.text.len();
        match token.kind {
            Kind::Key | Kind::String => write(&mut out, token.text, escapes)?,
            _ => out.extend_from_slice(token.text),
        }
    }
    out.extend_from_slice(&text[end..]);
    Some(out)
}

fn write(out: &mut Vec<u8>, token: &[u8], escapes: Escapes) -> Option<()> {
    let inner = unescape(&token[1..token.len() - 1]);
    out.push(b'"');
    for character in std::str::from_utf8(&inner).ok()?.chars() {
        match character {
            '/' if matches!(escapes, Escapes::Php | Escapes::Slashes) => out.extend_from_slice(b"\\/"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if escapes == Escapes::Html => unicode(out, character),
            // Python alone takes DEL for no ASCII.
            '\u{7f}' if escapes == Escapes::Ascii => unicode(out, character),
            '"' | '\\' | '\0'..='\u{1f}' => escape(out, u8::try_from(character).ok()?),
            _ if character.is_ascii() => out.push(u8::try_from(character).ok()?),
            _ if matches!(escapes, Escapes::Ascii | Escapes::Php) => unicode(out, character),
            _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
    Some(())
}

fn unicode(out: &mut Vec<u8>, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
    }
}

/// Without white space and with the members of each object in the order of their names, as Go writes a map
/// and Python with `sort_keys`. `None` when it is not JSON or nests deeper than 16 levels.
pub fn sorted(text: &[u8]) -> Option<Vec<u8>> {
    let mut open = vec![Container::default()];
    for token in tokens(text) {
        let token = token.ok()?;
        match token.kind {
            Kind::ObjectStart | Kind::ArrayStart if open.len() > MAX_SORTED_DEPTH => return None,
            Kind::ObjectStart | Kind::ArrayStart => open.push(Container::default()),
            Kind::ObjectEnd | Kind::ArrayEnd => {
                let value = open.pop()?.close(token.kind == Kind::ObjectEnd);
                open.last_mut()?.add(value);
            }
            Kind::Key => open.last_mut()?.key = Some(token.text.to_vec()),
            Kind::Colon | Kind::Comma => {}
            _ => open.last_mut()?.add(token.text.to_vec()),
        }
    }
    open.pop()?.members.pop().map(|member| member.text)
}

/// A value inside a container, with the name it is sorted by.
struct Member {
    name: Vec<u8>,
    text: Vec<u8>,
}

#[derive(Default)]
struct Container {
    key: Option<Vec<u8>>,
    members: Vec<Member>,
}

impl Container {
    fn add(&mut self, value: Vec<u8>) {
        let member = match self.key.take() {
            Some(key) => {
                let name = unescape(&key[1..key.len() - 1]).into_owned();
                Member { name, text: [&key[..], b":", &value].concat() }
            }
            None => Member { name: Vec::new(), text: value },
        };
        self.members.push(member);
    }

    fn close(mut self, is_object: bool) -> Vec<u8> {
        // Stable: repeats of a name keep their order.
        self.members.sort_by(|left, right| left.name.cmp(&right.name));
        let (start, end) = if is_object { (b'{', b'}') } else { (b'[', b']') };
        let mut out = vec![start];
        for (index, member) in self.members.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&member.text);
        }
        out.push(end);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{ \"b\":\"\\u00e9/<\\u0001\\u007f\\u2028\\\"\",\"a\" : [ 1.0, {\"z\":0,\"y\":[]} ] }";

    fn written(escapes: Escapes) -> String {
        String::from_utf8(super::super::compact(&escaped(TEXT.as_bytes(), escapes).unwrap()).unwrap()).unwrap()
    }

    /// `node -e 'JSON.stringify(…)'`, `python3 -c 'json.dumps(…)'`; PHP, Go and Rails by their documentation.
    #[test]
    fn strings_are_written_as_each_serialiser_does() {
        let rest = r#","a":[1.0,{"z":0,"y":[]}]}"#;
        assert_eq!(written(Escapes::Needed), format!("{{\"b\":\"é/<\\u0001\u{7f}\u{2028}\\\"\"{rest}"));
        assert_eq!(written(Escapes::Ascii), format!("{{\"b\":\"\\u00e9/<\\u0001\\u007f\\u2028\\\"\"{rest}"));
        assert_eq!(written(Escapes::Php), format!("{{\"b\":\"\\u00e9\\/<\\u0001\u{7f}\\u2028\\\"\"{rest}"));
        assert_eq!(written(Escapes::Slashes), format!("{{\"b\":\"é\\/<\\u0001\u{7f}\u{2028}\\\"\"{rest}"));
        assert_eq!(written(Escapes::Html), format!("{{\"b\":\"é/\\u003c\\u0001\u{7f}\\u2028\\\"\"{rest}"));
    }

    #[test]
    fn white_space_stays_when_strings_change() {
        assert_eq!(escaped(b" [ \"a\" ,\n1.50 ]\n", Escapes::Php).unwrap(), b" [ \"a\" ,\n1.50 ]\n");
        assert_eq!(escaped(b"[1,]", Escapes::Php), None);
        assert_eq!(escaped(b"\"\xff\"", Escapes::Php), None);
    }

    #[test]
    fn members_are_sorted_on_every_level_and_repeats_stay() {
        let text = br#"{"b":[{"d":1,"c":2.0}],"a":"x","\u0061":1,"B":{}}"#;
        assert_eq!(sorted(text).unwrap(), br#"{"B":{},"a":"x","\u0061":1,"b":[{"c":2.0,"d":1}]}"#);
        assert_eq!(sorted(b" [3, 1] ").unwrap(), b"[3,1]");
        assert_eq!(sorted(b"7").unwrap(), b"7");
        assert_eq!(sorted(b"{"), None);
    }

    #[test]
    fn hostile_depth_is_not_sorted() {
        let nested = |depth: usize| [b"[".repeat(depth), b"]".repeat(depth)].concat();
        assert!(sorted(&nested(MAX_SORTED_DEPTH)).is_some());
        assert_eq!(sorted(&nested(MAX_SORTED_DEPTH + 1)), None);
    }
}

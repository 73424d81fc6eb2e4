//! The parts of a `multipart/*` body (RFC 2046 section 5.1, RFC 7578), borrowed from it.

use std::ops::Range;

use memchr::memmem;

/// One part of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// The field's name.
    pub name: Option<String>,
    /// The file's name, as sent: not safe as a path.
    pub filename: Option<String>,
    /// The part's media type with its parameters.
    pub content_type: Option<String>,
    /// Where its bytes begin in the whole body.
    pub from: usize,
    /// The part's bytes.
    pub body: &'a [u8],
}

/// Splits a body by the boundary that `content_type` names. `None` when this is not a multipart type,
/// names no boundary, or the boundary does not occur.
pub fn parts<'a>(content_type: &str, body: &'a [u8]) -> Option<Vec<Part<'a>>> {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if !kind.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("multipart/")) {
        return None;
    }
    let boundary = parameter(content_type, "boundary").filter(|boundary| !boundary.is_empty())?;
    let delimiter = format!("--{boundary}");
    let mut found = Vec::new();
    let mut from = delimiter_after(body, delimiter.as_bytes(), 0)? + delimiter.len();
    while !body[from..].starts_with(b"--") {
        let Some(line_end) = memchr::memchr(b'\n', &body[from..]) else { break };
        let start = from + line_end + 1;
        let next = delimiter_after(body, delimiter.as_bytes(), start);
        let end = next.unwrap_or(body.len());
        found.push(part(body, start..without_line_break(body, start, end)));
        match next {
            Some(at) => from = at + delimiter.len(),
            None => break,
        }
    }
    Some(found)
}

/// Where the next delimiter that begins a line stands, at or after `from`.
fn delimiter_after(body: &[u8], delimiter: &[u8], from: usize) -> Option<usize> {
    memmem::find_iter(&body[from..], delimiter).map(|offset| from + offset).find(|at| *at == 0 || body[at - 1] == b'\n')
}

/// The line break before a delimiter belongs to the delimiter.
fn without_line_break(body: &[u8], start: usize, end: usize) -> usize {
    match &body[start..end] {
        [.., b'\r', b'\n'] => end - 2,
        [.., b'\n'] => end - 1,
        _ => end,
    }
}

fn part(whole: &[u8], place: Range<usize>) -> Part<'_> {
    let end = place.end;
    let (head, body) = split_head(&whole[place]);
    let head = String::from_utf8_lossy(head);
    let header = |wanted: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    let disposition = header("content-disposition").unwrap_or_default();
    Part {
        name: parameter(disposition, "name"),
        filename: parameter(disposition, "filename"),
        content_type: header("content-type").map(str::to_owned),
        from: end - body.len(),
        body,
    }
}

/// Splits at the first empty line; a part may have no headers at all.
fn split_head(text: &[u8]) -> (&[u8], &[u8]) {
    for start in [&b"\r\n"[..], b"\n"] {
        if let Some(body) = text.strip_prefix(start) {
            return (&[], body);
        }
    }
    let at = |gap: &[u8]| memmem::find(text, gap).map(|at| (at, at + gap.len()));
    match [at(b"\r\n\r\n"), at(b"\n\n")].into_iter().flatten().min() {
        Some((head_end, body_start)) => (&text[..head_end], &text[body_start..]),
        None => (text, &[]),
    }
}

/// The value of a parameter such as `; name="a b"` or `; boundary=x`.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = parameter_value(after.trim_start());
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = after.split_once(';')?.1;
    }
}

/// A token or quoted string, and what follows it.
fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FORM: &str = "multipart/form-data; charset=utf-8; boundary=\"x y\"";

    #[test]
    fn parts_come_with_name_file_and_type() {
        let body = b"preamble\r\n--x y\r\nContent-Disposition: form-data; name=\"a;b\\\"\"\r\n\r\none\r\n--x y\r\n\
            content-disposition: form-data; filename=f.bin; name=file\r\nContent-Type: image/png\r\n\r\n\x00\r\n--x yz\
            \r\n--x y--\r\nepilogue";
        let found = parts(FORM, body).unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!((found[0].name.as_deref(), found[0].body), (Some("a;b\""), &b"one"[..]));
        assert_eq!(found[1].filename.as_deref(), Some("f.bin"));
        assert_eq!(found[1].content_type.as_deref(), Some("image/png"));
        assert_eq!(found[1].body, b"\x00");
        assert!(found.iter().all(|part| &body[part.from..part.from + part.body.len()] == part.body));
    }

    #[test]
    fn bare_line_feeds_missing_headers_and_a_missing_end_are_borne() {
        let found = parts("multipart/mixed;boundary=b", b"--b\n\nhello\n--b\nContent-Type: text/plain\n\nx").unwrap();
        assert_eq!(found.iter().map(|part| part.body).collect::<Vec<_>>(), [&b"hello"[..], b"x"]);
    }

    #[test]
    fn a_boundary_inside_a_line_does_not_split() {
        assert_eq!(parts("multipart/mixed;boundary=b", b"--b\r\n\r\na --b\r\n--b--").unwrap()[0].body, b"a --b");
    }

    #[test]
    fn other_types_have_no_parts() {
        assert_eq!(parts("text/plain; boundary=b", b"--b\r\n\r\nx\r\n--b--"), None);
        assert_eq!(parts("multipart/form-data", b"--\r\n\r\nx"), None);
        assert_eq!(parts("multipart/form-data; boundary=b", b"nothing"), None);
        assert_eq!(parts("multipart", b""), None);
    }

    proptest! {
        #[test]
        fn arbitrary_bodies_never_panic(
            content_type in "multipart/a; *(boundary|name)=\"?b\"?[\\\\;é]?",
            body in proptest::collection::vec(
                prop_oneof![Just(b'-'), Just(b'b'), Just(b'\n'), Just(b'\r'), Just(b':'), any::<u8>()], 0..64)
        ) {
            let _ = parts(&content_type, &body);
        }
    }
}

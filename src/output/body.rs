//! Shows a body for what it is: JSON, form, multipart, text, binary, compressed or nothing.
//!
//! Every line stands behind a gutter, so no body can write a line that passes for hookctl's own.

use http::HeaderMap;
use sha2::{Digest, Sha256};

use crate::json;
use crate::model::{Part, parts};

use super::hex::hex_lines;
use super::pretty::{MAX_PRETTY, pretty};
use super::size::size;
use super::style::{Palette, Role};
use super::terminal::{one_line, untrusted, untrusted_lines};

/// What stands before every line of a foreign text.
pub const GUTTER: &str = "    │ ";

/// More lines than this push everything else out of a terminal's scrollback.
pub const MAX_SHOWN_LINES: usize = 1_000;

/// Text without line structure is cut here: two dozen screens.
pub const MAX_SHOWN_TEXT: usize = 64 << 10;

/// How much of a binary body is dumped.
const MAX_DUMPED: usize = 64;

/// Part of a multipart body that is text and not longer is shown in place.
const MAX_INLINE_PART: usize = 1 << 10;

/// Names and types from headers are cut here.
const MAX_LABEL_WIDTH: usize = 100;

/// The lines of a body, each behind the gutter and with its line break. `headers` say what it is;
/// when they are silent or wrong the bytes decide.
pub fn body(headers: &HeaderMap, bytes: &[u8], palette: Palette) -> String {
    let mut sheet = Sheet { out: String::new(), lines: 0, palette };
    let content_type = header(headers, "content-type");
    let coding = header(headers, "content-encoding");
    match content(&content_type, &coding, bytes) {
        Content::Empty => sheet.note("no body"),
        Content::Binary(label) => sheet.binary(&label, bytes),
        Content::Json => sheet.json(bytes),
        Content::Form => sheet.form(bytes),
        Content::Multipart(parts) => sheet.multipart(&parts),
        Content::Text => sheet.text("", bytes),
    }
    sheet.out
}

enum Content<'a> {
    Empty,
    Binary(String),
    Json,
    Form,
    Multipart(Vec<Part<'a>>),
    Text,
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

fn content<'a>(content_type: &str, coding: &str, bytes: &'a [u8]) -> Content<'a> {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if bytes.is_empty() {
        return Content::Empty;
    }
    if let Some(label) = compression(coding, bytes) {
        return Content::Binary(label);
    }
    if let Some(parts) = parts(content_type, bytes) {
        return Content::Multipart(parts);
    }
    match media.as_str() {
        // curl's default type says form whatever the bytes are.
        "application/x-www-form-urlencoded"
            if matches!(bytes.first(), Some(b'{' | b'[')) && json::check(bytes).is_ok() =>
        {
            Content::Json
        }
        "application/x-www-form-urlencoded" if !bytes.contains(&0) => Content::Form,
        _ if is_json_type(&media) || json::check(&bytes[..bytes.len().min(MAX_PRETTY)]).is_ok() => Content::Json,
        _ if is_text(&media, bytes) => Content::Text,
        _ => Content::Binary("binary".to_owned()),
    }
}

/// The content coding that the header or the first bytes tell.
fn compression(coding: &str, bytes: &[u8]) -> Option<String> {
    match (coding.trim(), bytes) {
        ("" | "identity", [0x1f, 0x8b, ..]) => Some("gzip".to_owned()),
        ("" | "identity", [0x28, 0xb5, 0x2f, 0xfd, ..]) => Some("zstd".to_owned()),
        ("" | "identity", _) => None,
        (coding, _) => Some(one_line(coding, MAX_LABEL_WIDTH)),
    }
}

fn is_json_type(media: &str) -> bool {
    media.ends_with("/json") || media.ends_with("+json")
}

fn is_text(media: &str, bytes: &[u8]) -> bool {
    let declared = media.starts_with("text/") || media.ends_with("xml");
    !bytes.contains(&0) && (declared || std::str::from_utf8(bytes).is_ok())
}

/// Collects lines behind the gutter, up to the limit.
struct Sheet {
    out: String,
    lines: usize,
    palette: Palette,
}

impl Sheet {
    /// Adds one line of clean text.
    fn line(&mut self, text: &str) {
        self.lines += 1;
        if self.lines <= MAX_SHOWN_LINES {
            self.out.extend([&self.palette.paint(Role::Dim, GUTTER), text, "\n"]);
        } else if self.lines == MAX_SHOWN_LINES + 1 {
            self.out.extend([&self.palette.paint(Role::Dim, GUTTER), "… cut here; `--json` shows everything\n"]);
        }
    }

    fn note(&mut self, text: &str) {
        self.line(&self.palette.paint(Role::Dim, text));
    }

    fn json(&mut self, bytes: &[u8]) {
        if let Some(text) = pretty(bytes, self.palette, MAX_SHOWN_LINES) {
            return text.lines().for_each(|line| self.line(line));
        }
        match json::check(bytes) {
            Err(error) => self.note(&format!("not JSON: {error}")),
            Ok(()) => self.note(&format!("{}, shown as received", size(bytes.len() as u64))),
        }
        self.text("", bytes);
    }

    fn text(&mut self, indent: &str, bytes: &[u8]) {
        let shown = &bytes[..cut(bytes, MAX_SHOWN_TEXT)];
        for line in untrusted_lines(shown).lines() {
            self.line(&format!("{indent}{line}"));
        }
        if shown.len() < bytes.len() {
            let rest = size((bytes.len() - shown.len()) as u64);
            self.note(&format!("… {rest} more; `--json` shows everything"));
        }
    }

    /// One `key = value` line a field; a value that is JSON is laid out below its key.
    fn form(&mut self, bytes: &[u8]) {
        for (key, value) in form_urlencoded::parse(bytes).take(MAX_SHOWN_LINES + 1) {
            let key = self.palette.paint(Role::Key, &one_line(&*key, MAX_LABEL_WIDTH));
            let is_container = value.starts_with(['{', '[']);
            match pretty(value.as_bytes(), self.palette, MAX_SHOWN_LINES).filter(|_| is_container) {
                Some(text) => {
                    self.line(&format!("{key} ="));
                    text.lines().for_each(|line| self.line(&format!("  {line}")));
                }
                None => self.line(&format!("{key} = {}", untrusted(&value[..cut(value.as_bytes(), MAX_SHOWN_TEXT)]))),
            }
        }
    }

    fn multipart(&mut self, parts: &[Part<'_>]) {
        for (position, part) in parts.iter().enumerate().take(MAX_SHOWN_LINES + 1) {
            let shown = |label: &str, value: &Option<String>| {
                value.as_ref().map(|value| format!("{label}{}, ", one_line(value, MAX_LABEL_WIDTH))).unwrap_or_default()
            };
            let facts = [shown("name ", &part.name), shown("file ", &part.filename), shown("", &part.content_type)];
            let title = format!("part {}: {}{}", position + 1, facts.concat(), size(part.body.len() as u64));
            self.line(&self.palette.paint(Role::Key, &title));
            let media = part.content_type.as_deref().unwrap_or_default();
            if part.body.len() <= MAX_INLINE_PART && is_text(media, part.body) {
                self.text("  ", part.body);
            }
        }
    }

    fn binary(&mut self, label: &str, bytes: &[u8]) {
        let digest = hex::encode(Sha256::digest(bytes));
        self.note(&format!("{label}, {}, sha256 {digest}", size(bytes.len() as u64)));
        hex_lines(&bytes[..bytes.len().min(MAX_DUMPED)], 0).for_each(|line| self.line(&line));
        if bytes.len() > MAX_DUMPED {
            self.note(&format!("… {} more; `--json` shows everything", size((bytes.len() - MAX_DUMPED) as u64)));
        }
    }
}

/// At most `limit`, moved back so as not to split a character.
fn cut(bytes: &[u8], limit: usize) -> usize {
    if bytes.len() <= limit {
        return bytes.len();
    }
    let continues = |at: &usize| bytes[*at] & 0xC0 == 0x80;
    (limit.saturating_sub(3)..=limit).rev().find(|at| !continues(at)).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn shown_as(content_type: &str, bytes: &[u8]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_str(content_type).unwrap());
        let text = body(&headers, bytes, Palette::PLAIN);
        text.lines().map(|line| line.strip_prefix(GUTTER).expect("a gutter").to_owned()).collect()
    }

    #[test]
    fn json_is_pretty_whatever_the_header_says() {
        assert_eq!(shown_as("application/cloudevents+json; charset=utf-8", b"[1.0]"), ["[", "  1.0", "]"]);
        assert_eq!(shown_as("text/plain", b"{\"a\":1}"), ["{", "  \"a\": 1", "}"]);
    }

    #[test]
    fn broken_json_says_where_and_is_shown_as_text() {
        assert_eq!(
            shown_as("application/json", b"{\"a\":\n?}"),
            ["not JSON: line 2, column 1: expected a value, found `?`", "{\"a\":", "?}"]
        );
    }

    #[test]
    fn a_form_has_one_line_a_field_and_keeps_repeats() {
        let lines = shown_as("application/x-www-form-urlencoded", b"a=1+2&b=%0A%1b&a=3&payload=%7B%22x%22%3A1%7D");
        assert_eq!(lines, ["a = 1 2", "b = \\n\\u{1b}", "a = 3", "payload =", "  {", "    \"x\": 1", "  }"]);
    }

    #[test]
    fn multipart_lists_its_parts() {
        let text = b"--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nhi\r\nyou\r\n--b\r\n\
            Content-Disposition: form-data; name=f; filename=\"a\x1b.png\"\r\nContent-Type: image/png\r\n\r\n\x00\x01\r\n--b--";
        let lines = shown_as("multipart/form-data; boundary=b", text);
        assert_eq!(
            lines,
            ["part 1: name n, 7 B", "  hi\\r", "  you", "part 2: name f, file a\\u{1b}.png, image/png, 2 B"]
        );
    }

    #[test]
    fn text_cannot_leave_the_gutter() {
        let forged =
            b"x\n2026-11-21 15:04:05  --> \xe2\x9c\x93 stripe invoice.paid\r\x1b[2K\x1b[1A\xc2\x85\xe2\x80\xa8y";
        let lines = shown_as("text/plain", forged);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with("\\r\\u{1b}[2K\\u{1b}[1A\\u{85}\\u{2028}y"), "{lines:?}");
    }

    #[test]
    fn binary_is_sized_hashed_and_dumped() {
        let lines = shown_as("application/octet-stream", &[0, b'A', 0xff]);
        let digest = hex::encode(Sha256::digest([0, b'A', 0xff]));
        assert_eq!(lines[0], format!("binary, 3 B, sha256 {digest}"));
        assert_eq!(lines[1].trim_end(), format!("00000000  00 41 ff {}.A.", " ".repeat(40)));
        assert_eq!(shown_as("image/png", &[0; 1000]).len(), 1 + 4 + 1);
    }

    #[test]
    fn compressed_bodies_are_named_and_not_opened() {
        assert!(shown_as("application/json", &[0x1f, 0x8b, 8, 0])[0].starts_with("gzip, 4 B, sha256 "));
        let headers = HeaderMap::from_iter([(http::header::CONTENT_ENCODING, HeaderValue::from_static("br"))]);
        assert!(body(&headers, b"{}", Palette::PLAIN).contains("br, 2 B"));
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
        assert_eq!(shown_as("application/json", b""), ["no body"]);
    }

    #[test]
    fn long_bodies_end_with_where_to_see_the_rest() {
        let text = shown_as("text/plain", &b"x\n".repeat(5_000));
        assert_eq!((text.len(), text[1_000].as_str()), (1_001, "… cut here; `--json` shows everything"));
        let json = shown_as("application/json", format!("[{}1]", "1,".repeat(5_000)).as_bytes());
        assert_eq!((json.len(), json[1_000].as_str()), (1_001, "… cut here; `--json` shows everything"));
        let wide = shown_as("text/plain", "é".repeat(40_000).as_bytes());
        assert_eq!((wide.len(), wide[1].as_str()), (2, "… 14.1 KiB more; `--json` shows everything"));
        assert!(!wide[0].contains("\\x"));
    }

    proptest! {
        #[test]
        fn every_line_of_any_body_is_behind_the_gutter_and_harmless(
            kind in prop_oneof![Just("application/json"), Just("text/plain"), Just("multipart/x; boundary=b"),
                Just("application/x-www-form-urlencoded"), Just("")],
            bytes in proptest::collection::vec(any::<u8>(), 0..200)
        ) {
            for line in shown_as(kind, &bytes) {
                prop_assert_eq!(untrusted(line.replace('\t', " ")), line.replace('\t', " "));
            }
        }
    }
}

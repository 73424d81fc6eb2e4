//! Events as an `.http` file, the format of the HTTP clients in JetBrains IDEs
//! (<https://github.com/JetBrains/http-request-in-editor-spec>) and VS Code (REST Client).
//!
//! The format has no quoting: what it cannot carry as it is goes into a comment, never into the request.

use std::io::{self, Write};

use base64::prelude::{BASE64_STANDARD, Engine};
use percent_encoding::{CONTROLS, utf8_percent_encode};

use super::Record;
use super::export::title;
use crate::output::{is_left_out, is_plain, one_line};

/// Lines that mean something to one of the clients: a separator, a comment, a file to read, a script or
/// file for the answer, a variable.
const LINE_STARTS: [&str; 11] = ["###", "# ", "//", "< ", "<\t", "<@", "<>", "> ", ">>", "@", "{%"];

/// Base64 in a comment is broken into lines of this length (RFC 2045 section 6.8).
const BASE64_LINE: usize = 76;

/// Columns of a header value in a comment.
const MAX_COMMENT: usize = 200;

/// Writes a request.
pub(super) fn request(out: &mut dyn Write, record: &Record) -> io::Result<()> {
    let request = &record.event.request;
    writeln!(out, "### {}", title(record))?;
    let is_exact = is_exact(&request.body);
    if !is_exact {
        comment_body(out, &request.body)?;
    } else if request.body.ends_with(b"\n") {
        writeln!(out, "# clients drop the line break at the end of the body: a signature will not match")?;
    }
    let (fields, others): (Vec<_>, Vec<_>) = request
        .headers
        .iter()
        .filter(|(name, _)| !is_left_out(name))
        .partition(|(_, value)| is_literal(value.as_bytes()));
    for (name, value) in others {
        writeln!(out, "# {name} cannot be written here: {}", one_line(value.as_bytes(), MAX_COMMENT))?;
    }
    // Braces would be read as a variable; what is not ASCII travels like this in any case.
    let url = utf8_percent_encode(&record.url(), CONTROLS).to_string().replace("{{", "%7B%7B");
    writeln!(out, "{} {url} HTTP/1.1", request.method)?;
    for (name, value) in fields {
        writeln!(out, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
    }
    if is_exact && !request.body.is_empty() {
        out.write_all(b"\n")?;
        out.write_all(&request.body)?;
        if !request.body.ends_with(b"\n") {
            out.write_all(b"\n")?;
        }
    }
    out.write_all(b"\n")
}

/// Whether every client would read the same body.
fn is_exact(body: &[u8]) -> bool {
    let text = std::str::from_utf8(body).ok().filter(|_| is_literal_lines(body));
    text.is_some_and(|text| {
        let inner = text.strip_suffix('\n').unwrap_or(text);
        let starts_well = |line: &str| !LINE_STARTS.iter().any(|start| line.starts_with(start)) && line != "#";
        inner.trim() == inner && inner.split('\n').all(starts_well)
    })
}

fn is_literal(text: &[u8]) -> bool {
    is_literal_lines(text) && !text.contains(&b'\n')
}

/// Whether nothing in it steers a terminal or names a variable.
fn is_literal_lines(text: &[u8]) -> bool {
    // Tabs lay out JSON, and steer nothing.
    let without_tabs: Vec<u8> = text.iter().map(|byte| if *byte == b'\t' { b' ' } else { *byte }).collect();
    is_plain(&without_tabs) && memchr::memmem::find(text, b"{{").is_none()
}

fn comment_body(out: &mut dyn Write, body: &[u8]) -> io::Result<()> {
    writeln!(out, "# the body of {} bytes cannot be written here; in base64 it is", body.len())?;
    let encoded = BASE64_STANDARD.encode(body);
    encoded.as_bytes().chunks(BASE64_LINE).try_for_each(|line| {
        out.write_all(b"#   ")?;
        out.write_all(line)?;
        out.write_all(b"\n")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_a_client_would_interpret_is_not_written_as_one() {
        for body in [
            "### x",
            "a\n###\nb",
            "< ./file",
            "a\n< /etc/passwd",
            "<@ /etc/passwd",
            "x\n> {% client.test() %}",
            ">> out.json",
            "{{password}}",
            "a\r\nb",
            "\u{1b}[2J",
            " a",
            "a\n\n",
            "# a",
            "// a",
            "@a = 1",
        ] {
            assert!(!is_exact(body.as_bytes()), "{body:?}");
        }
        assert!(!is_exact(b"\xff"));
        for body in ["", "{\"a\":1}", "{\n\t\"a\": 1\n}\n", "<a>1</a>", "a=1&b=%7B", "größe"] {
            assert!(is_exact(body.as_bytes()), "{body:?}");
        }
    }
}

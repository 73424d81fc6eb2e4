//! Events as CSV (RFC 4180), one row each, safe to open as a spreadsheet.

use std::io::{self, Write};

use csv::{Terminator, WriterBuilder};

use super::Record;
use crate::output::untrusted;

/// The first row.
const COLUMNS: [&str; 13] = [
    "id",
    "received_at",
    "provider",
    "event_type",
    "delivery_id",
    "verdict",
    "reason",
    "method",
    "path",
    "query",
    "remote",
    "body_bytes",
    "last_status",
];

/// A cell that begins with one of these is a formula to some spreadsheet
/// (<https://owasp.org/www-community/attacks/CSV_Injection>, with the full-width forms).
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Writes the first row.
pub(super) fn begin(out: &mut dyn Write) -> io::Result<()> {
    row(out, &COLUMNS.map(str::to_owned))
}

/// Writes an event.
pub(super) fn record(out: &mut dyn Write, record: &Record) -> io::Result<()> {
    let event = &record.event;
    let request = &event.request;
    let last = record.deliveries.last().map(|attempt| &attempt.delivery);
    let status = last.map(|delivery| match (delivery.status(), &delivery.error) {
        (Some(status), _) => status.to_string(),
        (None, Some(error)) => error.kind.as_str().to_owned(),
        (None, None) => String::new(),
    });
    let cells = [
        event.id.to_string(),
        format!("{:.6}", event.received_at),
        event.provider.to_string(),
        event.event_type.clone().unwrap_or_default(),
        event.delivery_id.clone().unwrap_or_default(),
        event.verdict.status.as_str().to_owned(),
        event.verdict.reason.as_ref().map(ToString::to_string).unwrap_or_default(),
        request.method.to_string(),
        request.uri.path().to_owned(),
        request.uri.query().unwrap_or_default().to_owned(),
        event.remote.to_string(),
        request.body.len().to_string(),
        status.unwrap_or_default(),
    ];
    row(out, &cells.map(|cell| harmless(&cell)))
}

fn row(out: &mut dyn Write, cells: &[String]) -> io::Result<()> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    writer.write_record(cells).map_err(io::Error::from)?;
    writer.flush()
}

/// A cell that no spreadsheet computes and no terminal obeys.
fn harmless(cell: &str) -> String {
    let apostrophe = if cell.starts_with(FORMULA_STARTS) { "'" } else { "" };
    format!("{apostrophe}{}", untrusted(cell))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_would_be_a_formula_is_text() {
        for (cell, safe) in [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\\t=1"),
            ("\r=1", "'\\r=1"),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell), safe);
        }
    }

    #[test]
    fn commas_and_quotes_stay_inside_their_cell() {
        let mut out = Vec::new();
        row(&mut out, &["a,b".to_owned(), "say \"x\"".to_owned()]).unwrap();
        assert_eq!(out, b"\"a,b\",\"say \"\"x\"\"\"\r\n");
    }
}

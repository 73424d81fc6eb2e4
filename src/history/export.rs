//! The formats that events leave in as one stream, written piece by piece.

use std::io::{self, Write};

use super::{Record, har, http_file, sheet};
use crate::output;

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// The `event` lines of `--json`.
    Jsonl,
    /// An HTTP archive.
    Har,
    /// A shell script.
    Curl,
    /// A file for the HTTP clients of editors.
    Http,
    /// A table.
    Csv,
}

/// Writes events in one of the formats.
pub struct Exporter<'w> {
    stream: Stream,
    out: &'w mut dyn Write,
    count: u64,
}

impl std::fmt::Debug for Exporter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Exporter({:?}, {} written)", self.stream, self.count)
    }
}

/// The words of requests need `$'…'`, which `sh` does not know everywhere.
const SCRIPT: &str =
    "#!/usr/bin/env bash\n# Events of `hookctl events export`, oldest first, each to where it was received.\n";

impl<'w> Exporter<'w> {
    /// Nothing is written before the first event.
    pub fn new(stream: Stream, out: &'w mut dyn Write) -> Self {
        Self { stream, out, count: 0 }
    }

    /// Writes an event.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        if self.count == 0 {
            self.begin()?;
        }
        let is_first = self.count == 0;
        self.count += 1;
        match self.stream {
            Stream::Jsonl => {
                let mut line = Vec::new();
                output::write_past(&mut line, &record.event, &record.deliveries, &record.waiting);
                self.out.write_all(&line)
            }
            Stream::Har => har::entry(self.out, record, is_first),
            Stream::Curl => {
                let command = output::curl(&record.event.request, &record.url());
                write!(self.out, "\n# {}\n{command}\n", title(record))
            }
            Stream::Http => http_file::request(self.out, record),
            Stream::Csv => sheet::record(self.out, record),
        }
    }

    /// Ends the file; says how many events are in it.
    pub fn finish(self) -> io::Result<u64> {
        if self.stream == Stream::Har && self.count > 0 {
            har::end(self.out)?;
        }
        self.out.flush()?;
        Ok(self.count)
    }

    fn begin(&mut self) -> io::Result<()> {
        match self.stream {
            Stream::Har => har::begin(self.out),
            Stream::Curl => self.out.write_all(SCRIPT.as_bytes()),
            Stream::Csv => sheet::begin(self.out),
            Stream::Jsonl | Stream::Http => Ok(()),
        }
    }
}

/// What a comment says of an event; one line.
pub(super) fn title(record: &Record) -> String {
    let event = &record.event;
    let kind = event.event_type.as_deref().unwrap_or("-");
    let name = output::one_line(format!("{}/{kind}", event.provider), MAX_TITLE);
    format!("{} {:.6} {name}", event.id, event.received_at)
}

/// Columns of a name in a comment.
const MAX_TITLE: usize = 100;

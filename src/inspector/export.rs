//! `GET /api/events/{id}/export`: the event in the form of another tool.

use bytes::Bytes;

use super::Inspector;
use super::answer::{Refused, Told, of};
use super::body::{attach, octets};
use super::found;
use super::parameters::Parameters;
use crate::history::{Exporter, Record, Stream, fixture_extension, fixture_name, mask};
use crate::http::Answer;
use crate::output;

/// The forms there are.
const FORMATS: &str = "har, jsonl, http, curl and fixture";

/// Answers the call.
pub(super) async fn export(inspector: &Inspector, id: &str, mut parameters: Parameters) -> Told {
    let format = parameters.take("format")?;
    let reveals = parameters.take_flag("show_secrets")?;
    parameters.end()?;
    let format = format.ok_or_else(|| Refused::invalid(format!("`format` is missing: there are {FORMATS}")))?;
    let id = id.to_owned();
    let answer = inspector.readers.read(move |reader| {
        let (_, record) = found::record(reader, &id)?;
        let record = if reveals { mask::revealed(record) } else { mask::masked(record) };
        file(&record, &format)
    });
    answer.await
}

fn file(record: &Record, format: &str) -> Told {
    let stem = format!("hookctl-{}", record.event.id);
    match format {
        "har" => Ok(text("application/json", &format!("{stem}.har"), stream(record, Stream::Har)?)),
        "jsonl" => Ok(text("application/x-ndjson", &format!("{stem}.jsonl"), stream(record, Stream::Jsonl)?)),
        "http" => Ok(text("text/plain; charset=utf-8", &format!("{stem}.http"), stream(record, Stream::Http)?)),
        "curl" => {
            let command = output::curl(&record.event.request, &record.url()) + "\n";
            Ok(text("text/plain; charset=utf-8", &format!("{stem}.sh"), command.into_bytes()))
        }
        "fixture" => Ok(fixture(record)),
        other => Err(Refused::invalid(format!("`format={other}`: there are {FORMATS}"))),
    }
}

fn stream(record: &Record, stream: Stream) -> Result<Vec<u8>, Refused> {
    let failed = |error: std::io::Error| Refused::broken(error.to_string());
    let mut out = Vec::new();
    let mut exporter = Exporter::new(stream, &mut out);
    exporter.write(record).map_err(failed)?;
    exporter.finish().map_err(failed)?;
    Ok(out)
}

fn text(content_type: &'static str, name: &str, bytes: Vec<u8>) -> Answer {
    let mut answer = of(content_type, bytes);
    attach(&mut answer, name);
    answer
}

/// The exact body, under the name that the command line would give it.
fn fixture(record: &Record) -> Answer {
    let request = &record.event.request;
    let stem = fixture_name(record.event.event_type.as_deref()).pop().unwrap_or_default();
    let name = format!("{stem}.{}", fixture_extension(request));
    Answer { body: Bytes::clone(&request.body), ..octets(&name) }
}

//! `hookctl events show`.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use super::chosen::find;
use crate::cli::ShowEventArgs;
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::model;
use crate::output::{self, Human, Role, hex_lines, size};
use crate::store::{Reader, Stored};

/// Repeats of a delivery that are named.
const MAX_REPEATS: usize = 20;
/// Bytes of a dump written at once.
const DUMP_BLOCK: usize = 1 << 20;

/// Runs the command.
pub(super) fn run(args: &ShowEventArgs, context: &Context) -> Outcome {
    let reader = context.reader()?;
    let stored = find(&reader, &args.event)?;
    let shown = show(args, &reader, &stored, context);
    shown.map_or_else(|failure| failure.unless_closed(Exit::Done), |()| Ok(Exit::Done))
}

fn show(args: &ShowEventArgs, reader: &Reader, stored: &Stored, context: &Context) -> Result<(), Failure> {
    let content = args.part.map_or_else(|| Ok(whole(stored)), |number| part(stored, number))?;
    if let Some(file) = &args.save {
        return save(&content.bytes, &context.path(file), args.force, context);
    }
    if args.raw {
        return raw(&content.bytes, args.force);
    }
    if context.json() {
        if args.hex || args.part.is_some() {
            return Err(Failure::usage("--hex and --part are for people").hint("with --json, add --raw or --save FILE"));
        }
        return context.print_past(reader, stored);
    }
    if args.hex {
        return dump(&content.bytes);
    }
    let human = context.human(1);
    if args.headers {
        return Ok(output::print(human.request_head(&stored.event.request))?);
    }
    if args.part.is_some() {
        return Ok(output::print(output::body(&content.headers, &content.bytes, human.palette))?);
    }
    Ok(output::print(people(reader, stored, &human)?)?)
}

/// Bytes, and what says what they are.
struct Content {
    headers: HeaderMap,
    bytes: Bytes,
}

fn whole(stored: &Stored) -> Content {
    let request = &stored.event.request;
    Content { headers: request.headers.clone(), bytes: request.body.clone() }
}

fn part(stored: &Stored, number: usize) -> Result<Content, Failure> {
    let request = &stored.event.request;
    let content_type = request.headers.get("content-type").map(|value| String::from_utf8_lossy(value.as_bytes()));
    let Some(parts) = model::parts(&content_type.unwrap_or_default(), &request.body) else {
        return Err(Failure::usage("the body has no parts: it is not multipart").hint("leave --part out"));
    };
    let found = number.checked_sub(1).and_then(|index| parts.get(index));
    let found = found.ok_or_else(|| {
        Failure::usage(format!("there is no part {number}"))
            .hint(format!("the parts are 1 to {}; `hookctl events show` lists them", parts.len()))
    })?;
    let mut headers = HeaderMap::new();
    if let Some(value) = found.content_type.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
        headers.insert("content-type", value);
    }
    Ok(Content { headers, bytes: request.body.slice_ref(found.body) })
}

fn raw(bytes: &[u8], force: bool) -> Result<(), Failure> {
    if io::stdout().is_terminal() && !force {
        return Err(Failure::usage("the body could steer this terminal").hint("redirect it, or give --force"));
    }
    Ok(output::print(bytes)?)
}

fn dump(bytes: &[u8]) -> Result<(), Failure> {
    for (block, chunk) in bytes.chunks(DUMP_BLOCK).enumerate() {
        let lines: String = hex_lines(chunk, block * DUMP_BLOCK).map(|line| line + "\n").collect();
        output::print(lines)?;
    }
    Ok(())
}

/// Writes a file that is not there yet, or with `force` any.
fn save(bytes: &[u8], path: &Path, force: bool, context: &Context) -> Result<(), Failure> {
    let file = if force { File::create(path) } else { File::create_new(path) };
    let written = file.and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::usage(format!("{} exists already", path.display())).hint("--force replaces it")
        }
        _ => Failure::machine("io", anyhow::anyhow!("{}: {error}", path.display())),
    })?;
    context.say(&format!("saved {} to {}", size(bytes.len() as u64), path.display()));
    Ok(())
}

/// The event, its deliveries with their answers, who waits for it, and what came with the same delivery id.
fn people(reader: &Reader, stored: &Stored, human: &Human) -> Result<String, Failure> {
    let mut out = human.event(&stored.event);
    for attempt in reader.deliveries(stored.seq)? {
        out.push_str(&human.delivery(&stored.event.id, &attempt.delivery, attempt.made_at, true));
    }
    for target in reader.waiting_for(stored.seq)? {
        out.push_str(&human.remark("waiting", Role::Warning, &format!("{target} has still to get it")));
    }
    let repeats = reader.repeats(stored.seq)?;
    if repeats.len() > 1 {
        let id = stored.event.delivery_id.as_deref().unwrap_or("this delivery id");
        let title = format!("{} events came with {id}", repeats.len());
        out.push_str(&human.remark("retries", Role::Warning, &title));
        for repeat in repeats.iter().take(MAX_REPEATS) {
            let this = if *repeat == stored.event.id { " (this one)" } else { "" };
            out.push_str(&format!("        {repeat}{this}\n"));
        }
        if repeats.len() > MAX_REPEATS {
            out.push_str(&format!("        … {} more\n", repeats.len() - MAX_REPEATS));
        }
    }
    Ok(out)
}

//! `hookctl events show`.

use std::io::IsTerminal as _;

use super::chosen::find;
use crate::cli::ShowEventArgs;
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::output;
use crate::store::{Reader, Stored};

/// Runs the command.
pub(super) fn run(args: &ShowEventArgs, context: &Context) -> Outcome {
    let reader = context.reader()?;
    let stored = find(&reader, &args.event)?;
    if args.raw {
        return raw(&stored, args, context);
    }
    if context.json() {
        context.print_past(&reader, &stored)?;
        return Ok(Exit::Done);
    }
    people(&reader, &stored, context)
}

fn raw(stored: &Stored, args: &ShowEventArgs, _context: &Context) -> Outcome {
    if std::io::stdout().is_terminal() && !args.force {
        return Err(Failure::usage("the body could steer this terminal").hint("redirect it, or give --force"));
    }
    output::print(&stored.event.request.body)?;
    Ok(Exit::Done)
}

fn people(reader: &Reader, stored: &Stored, context: &Context) -> Outcome {
    let human = context.human(1);
    let mut out = human.event(&stored.event);
    for attempt in reader.deliveries(stored.seq)? {
        out.push_str(&human.delivery(&stored.event.id, &attempt.delivery, attempt.made_at, true));
    }
    output::print(out)?;
    Ok(Exit::Done)
}

//! `hookctl events pin`.

use serde::Serialize;

use super::chosen::{find, short_id};
use crate::cli::PinArgs;
use crate::commands::Context;
use crate::error::{Exit, Outcome};

/// The fields of the line `pinned`.
#[derive(Serialize)]
struct Pinned {
    id: String,
    pinned: bool,
}

/// Runs the command.
pub(super) fn run(args: &PinArgs, context: &Context) -> Outcome {
    let reader = context.reader()?;
    // All names are looked up before the first one is pinned.
    let found = args.events.iter().map(|name| find(&reader, name)).collect::<Result<Vec<_>, _>>()?;
    let writer = context.writer()?;
    let pinned = !args.off;
    let mut exit = Exit::Done;
    for stored in found {
        let id = stored.event.id;
        if !context.wait_for(writer.pin(id, pinned))?? {
            context.say(&format!("event {id} was deleted just now"));
            exit = Exit::No;
        } else if context.json() {
            context.print_item("pinned", &Pinned { id: id.to_string(), pinned })?;
        } else {
            let done = if pinned { "pinned" } else { "let go" };
            context.say(&format!("{} {done}", short_id(&reader, id)?));
        }
    }
    Ok(exit)
}

//! `hookctl events vacuum`.

use serde::Serialize;

use crate::commands::Context;
use crate::error::{Exit, Outcome};
use crate::output::size;
use crate::store;

/// Runs the command.
pub(super) fn run(context: &Context) -> Outcome {
    #[derive(Serialize)]
    struct Line {
        before_bytes: u64,
        after_bytes: u64,
        log_emptied: bool,
    }
    let done = store::vacuum(&context.history()?)?;
    if !done.is_log_empty {
        context.say("warning: another process is reading, so the log could not be emptied; run this again");
    }
    if context.json() {
        let store::Vacuumed { before, after, is_log_empty } = done;
        let line = Line { before_bytes: before, after_bytes: after, log_emptied: is_log_empty };
        context.print_item("vacuumed", &line)?;
    } else {
        context.say(&format!("{} before, {} after", size(done.before), size(done.after)));
    }
    Ok(Exit::Done)
}

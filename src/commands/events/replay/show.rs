//! `--dry-run`: what would go where.

use super::{Replay, Selection};
use crate::commands::printed;
use crate::error::{Exit, Outcome};
use crate::output;

/// Longer targets push the rest off the screen.
const MAX_LINE: usize = 200;

/// Prints the one request whole; of several one line each, and with JSON one object each.
pub(super) fn dry_run(replay: &Replay<'_>, selection: &Selection) -> Outcome {
    let mut is_unmarked = replay.args.missing;
    let is_whole = selection.requests == 1 || replay.context.json();
    for step in &selection.steps {
        let Some(stored) = replay.reader.by_seq(step.seq)? else { continue };
        for shot in replay.shots(&stored, &mut is_unmarked)? {
            match shot.request {
                Some(request) if is_whole => _ = printed::show(request, false, replay.context)?,
                Some(request) => {
                    let kind = stored.event.event_type.as_deref().unwrap_or("-");
                    let line = format!("{} {} {kind}", request.method, shot.destination.target);
                    let again = if shot.attempt > 1 { format!(" (attempt {})", shot.attempt) } else { String::new() };
                    output::print(format!("{} [{}]{again}\n", output::one_line(line, MAX_LINE), stored.event.id))?;
                }
                None => replay
                    .context
                    .say(&format!("event {} would go nowhere: its path leads out of the target", stored.event.id)),
            }
        }
    }
    Ok(Exit::Done)
}

//! `hookctl webhooks plan`.

use super::step;
use super::wanted::{Group, groups};
use crate::cli::{PlanArgs, WantedArgs};
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::registration::plan::{Action, Step};

/// Runs the command.
pub(super) fn run(args: &PlanArgs, context: &Context) -> Outcome {
    let planned = planned(&args.which, context)?;
    let exit =
        if args.check && planned.iter().any(|(_, steps)| steps.iter().any(differs)) { Exit::No } else { Exit::Done };
    let shown = step::show(&planned, false, context);
    shown.map_or_else(|failure| failure.unless_closed(exit), |()| Ok(exit))
}

/// What is wanted of each API, and the steps to it.
pub(super) fn planned(args: &WantedArgs, context: &Context) -> Result<Vec<(Group, Vec<Step>)>, Failure> {
    let mut planned = Vec::new();
    for group in groups(context, args)? {
        let steps = group.plan(context)?;
        planned.push((group, steps));
    }
    Ok(planned)
}

/// Whether a step says that something is not as it is wanted.
pub(super) fn differs(step: &Step) -> bool {
    matches!(step.action, Action::Create | Action::Update | Action::Impossible)
}

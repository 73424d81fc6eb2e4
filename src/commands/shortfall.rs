//! What `listen --expect` asks for, and what it says when that did not come.

use super::expectations::{UNMET, expression, missing, nearest};
use crate::cli::{Expected, ListenArgs};
use crate::error::{Exit, Failure};
use crate::history::{Expectation, Filter};
use crate::listener::Shortfall;

/// Why a listener whose time is up ends with 1.
pub(super) fn unmet(args: &ListenArgs, shortfall: &Shortfall) -> Failure {
    let Shortfall { expected, came, filtered } = shortfall;
    let filter = if args.r#where.is_empty() { "--events" } else { "--events and --where" };
    let missing = match (args.expect.as_slice(), expected.as_slice()) {
        ([Expected::Count(wanted)], [only]) => {
            format!("expected {wanted} matching, valid events, and {} came", only.seen())
        }
        _ => missing(expected),
    };
    let message = format!(
        "{missing} ({} received: {} valid, {} invalid, {} unsigned, {} unchecked; {filtered} others do not match {filter})",
        came.received, came.valid, came.invalid, came.unsigned, came.unchecked
    );
    let advice = if *filtered > 0 && came.received == 0 {
        format!(
            "events came, but none that {} for",
            if args.r#where.is_empty() { "--events asks" } else { "--events and --where ask" }
        )
    } else if came.received == 0 {
        "nothing arrived: is the sender's URL right?".to_owned()
    } else if came.unchecked > 0 && came.valid == 0 && !args.no_verify {
        "unchecked events count only with --no-verify, or where the provider signs nothing: give the secret".to_owned()
    } else {
        "the lines above say what did come".to_owned()
    };
    let hint = match nearest(expected) {
        Some(nearest) => format!("{advice}; {nearest}"),
        None => advice,
    };
    Failure::new(Exit::No, UNMET, anyhow::Error::msg(message)).hint(hint)
}

/// What `--expect` asks for, of the events that are shown.
pub(super) fn expectations(args: &ListenArgs, shown: &Filter) -> Result<Vec<Expectation>, Failure> {
    let counts = args.expect.iter().filter(|expected| matches!(expected, Expected::Count(_))).count();
    if counts > 1 {
        return Err(Failure::usage("--expect takes one number of events").hint("expressions may be several"));
    }
    let read = |expected: &Expected| match expected {
        Expected::Count(count) => Ok(Expectation::new("any that is shown", shown.clone(), *count)),
        Expected::Expression(text) => Ok(Expectation::new(text.trim(), expression(text)?, 1)),
    };
    args.expect.iter().map(read).collect()
}

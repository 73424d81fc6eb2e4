//! Asking before many requests go out.

use std::io::IsTerminal as _;

use super::Selection;
use crate::cli::ReplayArgs;
use crate::commands::Context;
use crate::error::Failure;
use crate::output;

/// More requests than this are asked about: a filter easily takes more than was meant.
pub(super) const UNASKED: u64 = 20;
/// A target in the question is cut here.
const MAX_TARGET: usize = 200;

/// Whether the requests may go out. Without a terminal to ask at, `--yes` must say so.
pub(super) fn agreed(args: &ReplayArgs, context: &Context, selection: &Selection) -> Result<bool, Failure> {
    let count = selection.requests;
    if args.yes || count <= UNASKED {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::usage(format!("this would send {count} requests, and nobody can be asked"))
            .hint("--yes sends them; --dry-run shows them"));
    }
    output::talk(question(selection))?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    let agrees = is_yes(&answer, count);
    if !agrees {
        context.say("nothing was sent");
    }
    Ok(agrees)
}

fn question(selection: &Selection) -> String {
    let (count, events) = (selection.requests, selection.steps.len());
    let target = selection.target.as_deref().unwrap_or_default();
    let others = if selection.several_targets { " and others" } else { "" };
    let target = output::one_line(target, MAX_TARGET);
    format!("{count} requests for {events} events to {target}{others}. Type {count} or yes to send them: ")
}

fn is_yes(answer: &str, count: u64) -> bool {
    let answer = answer.trim();
    answer.eq_ignore_ascii_case("yes") || answer.eq_ignore_ascii_case("y") || answer == count.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_or_the_count_is_an_agreement() {
        assert!(is_yes("yes\n", 30) && is_yes("Y", 30) && is_yes(" 30 \n", 30));
        for answer in ["", "\n", "no", "3", "300", "yess"] {
            assert!(!is_yes(answer, 30), "{answer:?}");
        }
    }
}

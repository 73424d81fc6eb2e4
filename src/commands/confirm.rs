//! Asking before something that concerns many events.

use std::io::IsTerminal as _;

use super::Context;
use crate::error::{Exit, Failure};
use crate::output;

/// More than this are asked about: a filter easily takes more than was meant.
pub(super) const MAX_UNASKED: u64 = 20;

impl Context {
    /// Asks a person at the terminal whether to go on; `question` names the `count` it is about. Without
    /// a terminal, or when the answer is neither yes nor the count, it is an error.
    pub(crate) fn confirm(&self, question: &str, count: u64) -> Result<(), Failure> {
        let unconfirmed = |exit, message| Failure::new(exit, "unconfirmed", anyhow::Error::msg(message));
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            let message = format!("nobody is here to answer: {question}");
            return Err(unconfirmed(Exit::Usage, message).hint("--yes goes on without asking"));
        }
        output::talk(format!("{question} Type {count} or yes: "))?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if is_yes(&answer, count) { Ok(()) } else { Err(unconfirmed(Exit::No, "nothing was done".to_owned())) }
    }
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

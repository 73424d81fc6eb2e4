//! Asking before something that cannot be taken back.

use std::io::IsTerminal as _;

use super::Context;
use crate::error::{Exit, Failure};
use crate::output;

impl Context {
    /// Asks a person at the terminal; without one, or when the answer is no, it is an error.
    pub(crate) fn confirm(&self, question: &str) -> Result<(), Failure> {
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            let message = format!("nobody is here to answer: {question}");
            return Err(Failure::new(Exit::Usage, "unconfirmed", anyhow::Error::msg(message))
                .hint("--yes goes on without asking"));
        }
        output::talk(format!("{question} [y/N] "))?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
            Ok(())
        } else {
            Err(Failure::new(Exit::No, "unconfirmed", anyhow::anyhow!("nothing was done")))
        }
    }
}

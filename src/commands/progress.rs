//! A progress bar on stderr.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

use super::Context;

/// A bar on a terminal when nothing else is printed there; a spinner when the end is not known.
pub(super) fn bar(context: &Context, count: Option<u64>) -> ProgressBar {
    if context.json() || context.global.quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let Some(count) = count else { return ProgressBar::new_spinner() };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {per_sec} {eta}");
    ProgressBar::new(count).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

//! What can be wrong with a manifest, and where.

use std::ops::Range;
use std::time::Duration;

use jiff::SpanRelativeTo;
use toml::Spanned;

/// Names that a sender binds; see the simulator variables of the grammar.
pub(super) const SENDER_NAMES: [&str; 4] = ["event.name", "attempt", "failure", "challenge"];

/// A manifest that cannot be used, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", self.place())]
pub struct ManifestError {
    /// The file, as a person would open it.
    pub file: String,
    /// Line and column, from 1, where known.
    pub line: Option<(usize, usize)>,
    /// What is wrong; names the key.
    pub problem: String,
}

impl ManifestError {
    fn place(&self) -> String {
        match self.line {
            Some((line, column)) => format!("{}:{line}:{column}: ", self.file),
            None => format!("{}: ", self.file),
        }
    }

    pub(super) fn at(file: &str, text: &str, span: Option<Range<usize>>, problem: impl Into<String>) -> Self {
        let line = span.map(|span| {
            let before = text.get(..span.start).unwrap_or(text);
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
        });
        Self { file: file.to_owned(), line, problem: problem.into() }
    }
}

/// A problem somewhere in the text; becomes a [`ManifestError`] once the file is known.
pub(super) struct Problem {
    pub(super) span: Range<usize>,
    pub(super) text: String,
}

pub(super) type Compiled<T> = Result<T, Problem>;

pub(super) fn problem<T>(at: &Spanned<T>, text: impl Into<String>) -> Problem {
    Problem { span: at.span(), text: text.into() }
}

/// Whole seconds of a duration such as `300s` or `5m`.
pub(super) fn duration_seconds(key: &str, text: &Spanned<String>) -> Compiled<i64> {
    Ok(i64::try_from(duration(key, text)?.as_secs()).unwrap_or(i64::MAX))
}

/// A duration such as `300s`, `5m` or `5d`, where a day is 24 hours.
pub(super) fn duration(key: &str, text: &Spanned<String>) -> Compiled<Duration> {
    let wrong = || problem(text, format!("`{key}`: `{}` is not a duration (write 300s, 5m, 2h)", text.get_ref()));
    let span: jiff::Span = text.get_ref().parse().map_err(|_| wrong())?;
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    Duration::try_from(span).map_err(|_| wrong())
}

pub(super) fn unknown(key: &str, value: &Spanned<String>, known: &[&str]) -> Problem {
    problem(value, format!("`{key}`: unknown value `{}` (known: {})", value.get_ref(), known.join(", ")))
}

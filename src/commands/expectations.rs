//! Expectations as `expect` and `listen --expect` share them: what was typed is read, and what did not
//! come is explained, on the screen and as JUnit XML.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::history::{Expectation, Filter};
use crate::output::{self, JunitCase, JunitProblem};

/// The word for an expectation that is not met, in JSON errors and reports.
pub(super) const UNMET: &str = "expectation_unmet";
const EXAMPLE: &str =
    "write it in quotes, such as 'prospect.added where json:/prospect/state=FL and json:/prospect/id'";

/// Reads an expression. What the grammar would take for the name of an event, and cannot be one, is an
/// error: it would be waited for in vain.
pub(super) fn expression(text: &str) -> Result<Filter, Failure> {
    let text = text.trim();
    let refused = |problem: &str| {
        let error = anyhow::anyhow!("`{text}` is no expression: {problem}");
        Failure::new(Exit::Usage, "bad_filter", error).hint(EXAMPLE)
    };
    let what = if text.starts_with("where ") { "" } else { text.split(" where ").next().unwrap_or_default() };
    if text.is_empty() {
        return Err(refused("it is empty ('*' is any event)"));
    }
    if ["where", "and"].contains(&what) || what.ends_with(" where") {
        return Err(refused("there is no condition behind it"));
    }
    if what.contains(['=', '<', '>', '~']) || what.split('/').next().is_some_and(|first| first.contains(':')) {
        return Err(refused(&format!("a condition stands behind `where` (where {what})")));
    }
    text.parse().map_err(|error| Failure::from(error).hint(EXAMPLE))
}

/// Which events are expected, and how many: `2 events: invoice.*`.
pub(super) fn wanted(expectation: &Expectation) -> String {
    let counted = |count: u64| if count == 1 { "1 event".to_owned() } else { format!("{count} events") };
    let how_many = match expectation.wanted() {
        (_, Some(0)) => "no event".to_owned(),
        (least, Some(most)) if least == most => format!("exactly {}", counted(most)),
        (0, Some(most)) => format!("at most {}", counted(most)),
        (least, Some(most)) => format!("{least} to {}", counted(most)),
        (least, None) => counted(least),
    };
    format!("{how_many}: {}", expectation.text())
}

/// `expected 2 events: invoice.* (1 came); also …` of all that are not met.
pub(super) fn missing(expectations: &[Expectation]) -> String {
    let each: Vec<String> = expectations.iter().filter(|expectation| !expectation.is_met()).map(missed).collect();
    format!("expected {}", each.join("; and "))
}

fn missed(expectation: &Expectation) -> String {
    format!("{} ({} came)", wanted(expectation), expectation.seen())
}

/// The nearest event of each that lacks one.
pub(super) fn nearest(expectations: &[Expectation]) -> Option<String> {
    let lacking: Vec<&Expectation> =
        expectations.iter().filter(|expectation| !expectation.is_met() && !expectation.is_exceeded()).collect();
    let told = |expectation: &&Expectation| {
        let nearest = expectation.nearest()?;
        let of = if lacking.len() > 1 { format!(" of `{}`", expectation.text()) } else { String::new() };
        Some(format!("the nearest{of} is {nearest}"))
    };
    let told: Vec<String> = lacking.iter().filter_map(told).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// What the expectations came to, for the report.
#[derive(Debug, Clone, Copy)]
pub(super) enum End<'e> {
    /// All was looked at.
    Decided,
    /// It was broken off before.
    BrokenOff(&'e str),
}

/// The file of `--junit`.
pub(super) struct Report {
    path: Option<PathBuf>,
    suite: &'static str,
}

impl Report {
    /// A report that can be written: a folder that cannot be made is better known before the wait.
    pub(super) fn new(path: Option<&Path>, suite: &'static str, context: &Context) -> Result<Self, Failure> {
        let path = path.map(|path| context.path(path));
        if let Some(path) = &path {
            let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
            folder.map_err(|error| cannot_write(path, &error))?;
        }
        Ok(Self { path, suite })
    }

    /// Writes it. One that cannot be written spoils only what went well.
    pub(super) fn finish(
        &self,
        expectations: &[Expectation],
        time: Duration,
        end: End<'_>,
        outcome: Outcome,
        context: &Context,
    ) -> Outcome {
        match (self.write(expectations, time, end), outcome) {
            (Err(failure), Ok(Exit::Done)) => Err(failure),
            (Err(failure), outcome) => {
                context.say(&format!("warning: {:#}", failure.error));
                outcome
            }
            (Ok(()), outcome) => outcome,
        }
    }

    /// One test for each expectation.
    fn write(&self, expectations: &[Expectation], time: Duration, end: End<'_>) -> Result<(), Failure> {
        let Some(path) = &self.path else { return Ok(()) };
        let cases = expectations.iter().map(|expectation| case(expectation, time, end)).collect();
        let text = output::junit(self.suite, time, cases).map_err(|error| Failure::machine("junit", error))?;
        replace(path, text.as_bytes()).map_err(|error| cannot_write(path, &error))
    }
}

fn case(expectation: &Expectation, time: Duration, end: End<'_>) -> JunitCase {
    let name = wanted(expectation);
    if expectation.is_met() && (expectation.is_settled() || matches!(end, End::Decided)) {
        let time = expectation.met_after().filter(|_| expectation.is_settled()).unwrap_or(time);
        return JunitCase { name, time, problem: None };
    }
    let expected = format!("expected {}", missed(expectation));
    let (is_error, code, message) = match end {
        End::BrokenOff(why) if !expectation.is_settled() => (true, "broken_off", format!("{why}; {expected}")),
        _ => (false, UNMET, expected),
    };
    JunitCase { name, time, problem: Some(JunitProblem { is_error, code, message, detail: detail(expectation) }) }
}

/// The nearest event, a line for each thing that it lacks.
fn detail(expectation: &Expectation) -> String {
    match expectation.nearest().filter(|_| !expectation.is_exceeded()) {
        None => format!("{} came\n", expectation.seen()),
        Some(nearest) => {
            let lacks: String = nearest.unmet.iter().map(|unmet| format!("  {unmet}\n")).collect();
            format!("nearest event: {} {} at {}\n{lacks}", nearest.id, nearest.name, nearest.received_at)
        }
    }
}

/// Whoever reads the file meanwhile sees the old one or the new one, whole.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    // What is no plain file (`/dev/stdout`, a pipe) is written to; a link keeps leading where it does.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if std::fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
        return std::fs::write(&path, content);
    }
    let mut file = new_file(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(content)?;
    file.persist(&path)?;
    Ok(())
}

/// The report is for others: its mode is that of any new file, not the private one of a temporary one.
fn new_file(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.prefix(".hookctl-").tempfile_in(folder)
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let error = anyhow::anyhow!("the report {} cannot be written: {error}", path.display());
    Failure::machine("report", error).hint("give another file with --junit")
}

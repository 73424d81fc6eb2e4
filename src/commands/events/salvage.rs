//! `hookctl events salvage`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::SalvageArgs;
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::output::{self, untrusted};
use crate::store::{Salvaged, salvage};

/// Ranges named for people; the JSON line has all.
const MAX_NAMED: usize = 8;

/// The line of JSON.
#[derive(Serialize)]
struct Line {
    file: String,
    output: String,
    #[serde(flatten)]
    salvaged: Salvaged,
}

/// Runs the command.
pub(super) fn run(args: &SalvageArgs, context: &Context) -> Outcome {
    let from = match &args.file {
        Some(file) => context.path(file),
        None => context.history()?,
    };
    let to = args.output.as_ref().map_or_else(|| beside(&from), |path| context.path(path));
    if to.symlink_metadata().is_ok() {
        return Err(Failure::usage(format!("{} is there already", to.display())).hint("name another file with -o"));
    }
    let salvaged = salvage(&from, &to)?;
    if context.json() {
        let (file, output) = (from.display().to_string(), to.display().to_string());
        context.print_item("salvaged", &Line { file, output, salvaged })?;
        return Ok(Exit::Done);
    }
    output::print(said(&salvaged, &to))?;
    Ok(Exit::Done)
}

fn said(salvaged: &Salvaged, to: &Path) -> String {
    let Salvaged { events, deliveries, waiting, unreadable } = salvaged;
    let shown = untrusted(to.display().to_string()).to_string();
    let mut text = format!("{events} events, {deliveries} deliveries and {waiting} that wait came over into {shown}\n");
    if !unreadable.is_empty() {
        let number: i64 = unreadable.iter().map(|(first, last)| last - first + 1).sum();
        let ranges: Vec<String> = unreadable
            .iter()
            .take(MAX_NAMED)
            .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") })
            .collect();
        let more = if unreadable.len() > MAX_NAMED { ", …" } else { "" };
        text.push_str(&format!(
            "{number} could not be read: number {}{more} in the order of arrival\n",
            ranges.join(", ")
        ));
    }
    text
}

/// `history.db` becomes `history-salvaged.db`.
fn beside(from: &Path) -> PathBuf {
    let mut name = from.file_stem().unwrap_or_default().to_owned();
    name.push("-salvaged.db");
    from.with_file_name(name)
}

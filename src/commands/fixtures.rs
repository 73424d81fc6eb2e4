//! `hookctl fixtures`.

use std::fs;
use std::path::PathBuf;

use serde::Serialize;

use super::{Context, input};
use crate::cli::{FixturesCommand, SaveFixtureArgs};
use crate::error::{Exit, Failure, Outcome};
use crate::json;
use crate::output;
use crate::provider::{Fixture, Origin};

/// Runs the command.
pub(super) fn run(command: &FixturesCommand, context: &Context) -> Outcome {
    match command {
        FixturesCommand::List { provider, named } => list(provider.as_deref().or(named.as_deref()), context),
        FixturesCommand::Show { name, provider } => show(name, provider.as_deref(), context),
        FixturesCommand::Save(args) => save(args, context),
    }
}

/// A fixture as JSON.
#[derive(Serialize)]
struct FixtureLine {
    provider: String,
    event: String,
    documented: bool,
    description: Option<String>,
    source: Option<String>,
    content_type: String,
    bytes: usize,
    origin: String,
}

impl From<Fixture> for FixtureLine {
    fn from(fixture: Fixture) -> Self {
        let note = fixture.note.unwrap_or(crate::provider::FixtureNote {
            documented: true,
            source: None,
            description: Some("your own".into()),
            headers: Vec::new(),
        });
        Self {
            provider: fixture.provider.id().to_string(),
            event: fixture.event,
            documented: note.documented,
            description: note.description,
            source: note.source,
            content_type: fixture.content_type,
            bytes: fixture.body.len(),
            origin: match fixture.origin {
                Origin::Embedded => "built in".to_owned(),
                Origin::Disk(path) => path.display().to_string(),
            },
        }
    }
}

fn list(provider: Option<&str>, context: &Context) -> Outcome {
    let ids = match provider {
        Some(id) => vec![context.catalogue.provider(id)?.id().to_string()],
        None => context.catalogue.ids(),
    };
    let mut lines: Vec<FixtureLine> = Vec::new();
    for id in ids {
        for event in context.catalogue.events(&id) {
            match context.catalogue.fixture(&id, &event) {
                Ok(fixture) => lines.push(fixture.into()),
                Err(problem) => {
                    context.say(&format!("warning: {problem}"));
                    break;
                }
            }
        }
    }
    if context.json() {
        for line in &lines {
            context.print_item("fixture", line)?;
        }
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let size = output::size(line.bytes as u64);
            let mark = if line.documented { "" } else { "illustrative" };
            vec![
                format!("{}/{}", line.provider, line.event),
                size,
                mark.to_owned(),
                line.description.clone().unwrap_or_default(),
            ]
        })
        .collect();
    context.print_table(&["FIXTURE", "SIZE", "", "WHAT IT IS"], &rows)?;
    if lines.iter().any(|line| !line.documented) {
        context.say("illustrative: the provider names the event but does not document its payload");
    }
    Ok(Exit::Done)
}

/// The exact bytes, so that they can be piped; a terminal gets control characters escaped.
fn show(name: &str, provider: Option<&str>, context: &Context) -> Outcome {
    use std::io::IsTerminal as _;
    let fixture = context.catalogue.find_fixture(name, provider)?;
    if fixture.note.as_ref().is_some_and(|note| !note.documented) {
        context.say("note: this fixture is illustrative: the provider does not document this payload");
    }
    if std::io::stdout().is_terminal() {
        output::print(output::untrusted_lines(&fixture.body) + "\n")?;
    } else {
        output::print(&fixture.body)?;
    }
    Ok(Exit::Done)
}

fn save(args: &SaveFixtureArgs, context: &Context) -> Outcome {
    let (body, extension) = match &args.from {
        Some(from) => {
            let body = input::read(from)?;
            let extension = if json::check(&body).is_ok() { "json" } else { own_extension(from) };
            (body, extension.to_owned())
        }
        None => {
            let fixture = context.catalogue.find_fixture(&args.name, None)?;
            let extension = if fixture.content_type.contains("form-urlencoded") { "form" } else { "json" };
            (fixture.body, extension.to_owned())
        }
    };
    let path = context.path(&args.dir).join(place(args, context)?).with_added_extension(extension);
    if path.exists() && !args.force {
        return Err(Failure::usage(format!("{} is there already", path.display())).hint("--force replaces it"));
    }
    let failed =
        |error: std::io::Error| Failure::machine("cannot_write", anyhow::anyhow!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(&path, body).map_err(failed)?;
    context.say(&format!("wrote {}", path.display()));
    Ok(Exit::Done)
}

fn own_extension(from: &str) -> &str {
    let extension = from.rsplit_once('.').map(|(_, extension)| extension);
    extension.filter(|known| ["json", "form", "xml", "txt"].contains(known)).unwrap_or("txt")
}

/// The longest part of a fixture's name.
const MAX_PART: usize = 128;

/// `provider/event` as a relative path that stays inside the folder.
fn place(args: &SaveFixtureArgs, context: &Context) -> Result<PathBuf, Failure> {
    let name = match (&args.r#as, &args.from) {
        (Some(name), _) => name.clone(),
        (None, Some(_)) => args.name.clone(),
        (None, None) => {
            let fixture = context.catalogue.find_fixture(&args.name, None)?;
            format!("{}/{}", fixture.provider.id(), fixture.event)
        }
    };
    let Some((provider, event)) = name.split_once('/') else {
        return Err(Failure::usage(format!("`{name}` is not PROVIDER/EVENT")).hint("write it as prokeep/my_event"));
    };
    context.catalogue.provider(provider)?;
    if !event.split('/').all(is_safe) {
        return Err(Failure::usage(format!("`{event}` cannot be a file name"))
            .hint("use letters, digits, `.`, `_` and `-`, and no leading dot"));
    }
    Ok([provider, event].iter().collect())
}

fn is_safe(part: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=MAX_PART).contains(&part.len()) && !part.starts_with('.') && part.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        for part in ["..", ".", "", ".hidden", "a b", "a\\b", "a\0", "ü", "a:b"] {
            assert!(!is_safe(part), "{part:?}");
        }
        assert!(is_safe("prospect.added") && is_safe("optOut"));
    }
}

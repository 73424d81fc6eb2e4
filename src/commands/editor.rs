//! A body changed by hand, in the person's own editor.

use std::path::Path;
use std::process::Command;

use crate::error::{Exit, Failure};

/// Opens `$VISUAL` or `$EDITOR` on these bytes, in a file that only this user can read, and gives back
/// what was saved. A file left as it was, emptied, or an editor that fails, cancels.
pub(super) fn edit(body: &[u8], extension: &str) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::machine("cannot_edit", anyhow::anyhow!("cannot write a file to edit: {error}"))
    };
    if std::str::from_utf8(body).is_err() {
        return Err(Failure::usage("the body is not text, so an editor would damage it").hint("change it with --set"));
    }
    let editor = command()?;
    let folder = private_folder().map_err(failed)?;
    // Editors leave copies beside the file, so the folder is private too and goes away as a whole.
    let path = folder.path().join(format!("body.{extension}"));
    write_private(&path, body).map_err(failed)?;
    run(&editor, &path)?;
    let edited = std::fs::read(&path).map_err(failed)?;
    let edited = without_added_newline(edited, body);
    if edited.is_empty() || edited == body {
        return Err(cancelled("the body was left as it was"));
    }
    Ok(edited)
}

/// Words of the variable, split as a shell splits them but without running one.
fn command() -> Result<Vec<String>, Failure> {
    let set = |name: &'static str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let found = ["VISUAL", "EDITOR"].into_iter().find_map(|name| Some((name, set(name)?)));
    let Some((name, text)) = found else {
        return Err(Failure::usage("neither VISUAL nor EDITOR is set").hint("write EDITOR=nano before the command"));
    };
    shlex::split(&text)
        .filter(|words| !words.is_empty())
        .ok_or_else(|| Failure::usage(format!("{name} cannot be read: a quote is not closed")))
}

fn run(editor: &[String], path: &Path) -> Result<(), Failure> {
    let Some((program, args)) = editor.split_first() else { return Ok(()) };
    let status = Command::new(program).args(args).arg(path).status().map_err(|error| {
        Failure::usage(format!("cannot start the editor `{program}`: {error}")).hint("set VISUAL or EDITOR")
    })?;
    if status.success() { Ok(()) } else { Err(cancelled(&format!("the editor ended with {status}"))) }
}

fn cancelled(why: &str) -> Failure {
    Failure::new(Exit::No, "cancelled", anyhow::anyhow!("{why}: nothing was sent"))
}

/// Many editors end a file with a line break, which is not an edit.
fn without_added_newline(mut edited: Vec<u8>, original: &[u8]) -> Vec<u8> {
    if edited.ends_with(b"\n") && !original.ends_with(b"\n") {
        edited.pop();
    }
    edited
}

fn private_folder() -> std::io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("hookctl-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    builder.tempdir()
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_at_the_end_is_kept_only_where_there_was_one() {
        let edited = |text: &str, original: &str| without_added_newline(text.into(), original.as_bytes());
        assert_eq!(edited("{}\n", "{}"), b"{}");
        assert_eq!(edited("{}\n", "{}\n"), b"{}\n");
        assert_eq!(edited("a\n\n", "a"), b"a\n");
    }
}

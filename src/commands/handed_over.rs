//! Secrets that handshakes hand over: each in a file that only its owner can read, beside the history.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::NamedTempFile;

use super::Context;
use crate::error::Failure;
use crate::listener::{HANDED_OVER, Keeper, MAX_HANDED_OVER};
use crate::model::{EventId, Secret};
use crate::private;
use crate::provider::Provider;
use crate::settings::{SecretOrigin, read_secret};

/// Keeps what is handed over in the data folder.
pub(super) fn keeper(context: &Context) -> Result<Keeper, Failure> {
    let folder = folder(context)?;
    Ok(Keeper(Some(Arc::new(move |provider: &str, id: EventId, secret: &Secret| {
        let path = folder.join(format!("{}{id}", prefix(provider)));
        match keep(&folder, &path, secret) {
            Ok(()) => {
                prune(&folder, provider);
                Ok(path.display().to_string())
            }
            Err(error) => Err(format!("{}: {error}", folder.display())),
        }
    }))))
}

/// What was handed over by a provider that does so, the newest first.
pub(super) fn kept(context: &Context, provider: &Provider) -> Result<Vec<Secret>, Failure> {
    if !provider.handshakes().iter().any(|handshake| handshake.is_capturing()) {
        return Ok(Vec::new());
    }
    let Ok(folder) = folder(context) else { return Ok(Vec::new()) };
    let read = |path: PathBuf| {
        let name = path.display().to_string();
        let secret = read_secret(&SecretOrigin::File(path), &mut |text| context.say(text))?;
        Ok(Secret::new(secret.expose(), format!("{HANDED_OVER}{name}"))?)
    };
    newest_first(&folder, provider.id()).into_iter().take(MAX_HANDED_OVER).map(read).collect()
}

fn folder(context: &Context) -> Result<PathBuf, Failure> {
    Ok(context.history()?.with_file_name("secrets"))
}

fn prefix(provider: &str) -> String {
    format!("{provider}-handshake-")
}

/// The files of a provider; their names end in ids that sort by time.
fn newest_first(folder: &Path, provider: &str) -> Vec<PathBuf> {
    let prefix = prefix(provider);
    let is_own = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.strip_prefix(&prefix).is_some_and(|id| id.parse::<EventId>().is_ok())
    };
    // A folder that is not there has none.
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_own).collect();
    paths.sort_unstable_by(|a, b| b.cmp(a));
    paths
}

fn keep(folder: &Path, path: &Path, secret: &Secret) -> io::Result<()> {
    private::folder(folder)?;
    let mut file = NamedTempFile::with_prefix_in(".new-", folder)?;
    file.write_all(secret.expose())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    Ok(())
}

/// Older ones count no more.
fn prune(folder: &Path, provider: &str) {
    for path in newest_first(folder, provider).into_iter().skip(MAX_HANDED_OVER) {
        // One that stays is not read.
        let _ = std::fs::remove_file(path);
    }
}

//! A signing secret that an API tells only once: into a file that only its owner can read.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::commands::Context;
use crate::error::{Exit, Failure};
use crate::model::Secret;
use crate::private;

/// Names of files may be 255 bytes long; the provider's id stands before.
const MAX_ID: usize = 128;

/// A file that is ready before the API is asked, so that a full disk is no way to lose a secret.
pub(super) struct SecretFile {
    file: NamedTempFile,
    folder: PathBuf,
    /// The name that was asked for; it must not be there yet.
    named: Option<PathBuf>,
}

impl SecretFile {
    /// Makes the file under a name for the time being.
    pub(super) fn prepare(out: Option<&Path>, context: &Context) -> Result<Self, Failure> {
        let named = out.map(|path| context.path(path));
        if let Some(path) = named.as_ref().filter(|path| path.symlink_metadata().is_ok()) {
            return Err(Failure::usage(format!("{} is there already", path.display()))
                .hint("a secret may be in it; give --secret-out another name"));
        }
        let folder = match &named {
            Some(path) => path.parent().unwrap_or(Path::new(".")).to_owned(),
            None => context.history()?.with_file_name("secrets"),
        };
        let made = if named.is_some() { Ok(()) } else { private::folder(&folder) };
        let file = made.and_then(|()| tempfile::Builder::new().prefix(".new-").tempfile_in(&folder));
        let file = file.map_err(|error| failed(&folder, &error))?;
        Ok(Self { file, folder, named })
    }

    /// Writes the secret and gives the file its name.
    pub(super) fn keep(mut self, provider: &str, id: &str, secret: &Secret) -> Result<PathBuf, Failure> {
        let written = self.file.write_all(secret.expose()).and_then(|()| self.file.as_file().sync_all());
        written.map_err(|error| failed(self.file.path(), &error))?;
        let (path, kept) = match self.named {
            Some(path) => (path.clone(), self.file.persist_noclobber(&path)),
            None => {
                let path = self.folder.join(named(provider, id));
                (path.clone(), self.file.persist(&path))
            }
        };
        kept.map_err(|error| failed(&path, &error.error))?;
        Ok(path)
    }
}

/// The file in which the secret of this webhook was kept, where it still is.
pub(super) fn kept(provider: &str, id: &str, context: &Context) -> Option<PathBuf> {
    let path = context.history().ok()?.with_file_name("secrets").join(named(provider, id));
    path.is_file().then_some(path)
}

/// The name of the file for the secret of a webhook.
fn named(provider: &str, id: &str) -> String {
    format!("{provider}-{}", file_name(id))
}

/// An id of the provider's making as a part of a file name.
fn file_name(id: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    let name: String = id.chars().take(MAX_ID).map(|one| if is_plain(one) { one } else { '_' }).collect();
    if name == id { name } else { format!("{name}-{:08x}", crc32fast::hash(id.as_bytes())) }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    let error = anyhow::anyhow!("no place for the signing secret: {}: {error}", path.display());
    Failure::new(Exit::Machine, "cannot_write", error).hint("name a file that can be written with --secret-out")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_leads_out_of_the_folder() {
        assert_eq!(file_name("we_1Pg-a.b"), "we_1Pg-a.b");
        for id in ["../../etc/passwd", "/etc/passwd", "a\0b", "a\nb", "é", &"x".repeat(1000)] {
            let name = file_name(id);
            assert!(name.len() < 150 && !name.contains(['/', '\0', '\n']) && name.is_ascii(), "{name}");
        }
        assert_ne!(file_name("a/b"), file_name("a:b"));
    }
}

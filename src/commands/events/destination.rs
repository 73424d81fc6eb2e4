//! Where an export goes: stdout, or a file that is there as a whole or not at all.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::Failure;
use crate::output;

/// Bytes gathered before they are written.
const BUFFER: usize = 64 * 1024;

/// A stream to write to.
pub(super) enum Destination {
    Stdout(BufWriter<Stdout>),
    File { file: BufWriter<NamedTempFile>, path: PathBuf, force: bool },
}

/// The process's stdout, through `output`.
pub(super) struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        output::print(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Destination {
    pub(super) fn stdout() -> Self {
        Self::Stdout(BufWriter::with_capacity(BUFFER, Stdout))
    }

    /// A file beside `path` that only its owner can read; it takes that place in [`Self::keep`].
    pub(super) fn file(path: &Path, force: bool) -> Result<Self, Failure> {
        if path.is_dir() {
            return Err(Failure::usage(format!("{} is a directory", path.display()))
                .hint("name a file in it; --as fixtures writes a folder"));
        }
        if path.symlink_metadata().is_ok() && !force {
            return Err(exists(path));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = NamedTempFile::with_prefix_in(".hookctl-export-", folder).map_err(|error| failed(path, &error))?;
        Ok(Self::File { file: BufWriter::with_capacity(BUFFER, file), path: path.to_owned(), force })
    }

    pub(super) fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Stdout(stdout) => stdout,
            Self::File { file, .. } => file,
        }
    }

    /// Says what went wrong with writing.
    pub(super) fn failure(&self, error: io::Error) -> Failure {
        match self {
            Self::Stdout(_) => error.into(),
            Self::File { path, .. } => failed(path, &error),
        }
    }

    /// The whole is written: it takes its place.
    pub(super) fn keep(self) -> Result<(), Failure> {
        match self {
            Self::Stdout(mut stdout) => Ok(stdout.flush()?),
            Self::File { file, path, force } => {
                let file = file.into_inner().map_err(|error| failed(&path, error.error()))?;
                file.as_file().sync_all().map_err(|error| failed(&path, &error))?;
                let kept = if force { file.persist(&path) } else { file.persist_noclobber(&path) };
                match kept {
                    Ok(_) => Ok(()),
                    Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&path)),
                    Err(error) => Err(failed(&path, &error.error)),
                }
            }
        }
    }
}

fn exists(path: &Path) -> Failure {
    Failure::usage(format!("{} is there already", path.display())).hint("--force replaces it")
}

pub(super) fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::machine("cannot_write", anyhow::anyhow!("{}: {error}", path.display()))
}

//! The folder that `events export --as fixtures` writes: `PROVIDER/EVENT.json`, the exact bodies.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::destination::failed;
use crate::error::Failure;
use crate::history::{Record, fixture_extension, fixture_name, safe_name};

/// Names whose numbers are remembered. Beyond them numbers are looked for on the disk, which is slow.
const MAX_NAMES: usize = 65_536;

/// Writes fixtures below a folder.
pub(super) struct FixtureFiles {
    folder: PathBuf,
    /// The last number of each name.
    numbers: HashMap<PathBuf, u32>,
}

impl FixtureFiles {
    /// The folder is new or empty, unless `force`.
    pub(super) fn new(folder: &Path, force: bool) -> Result<Self, Failure> {
        let is_taken = match fs::read_dir(folder) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(failed(folder, &error)),
        };
        if is_taken && !force {
            return Err(Failure::usage(format!("{} is not empty", folder.display()))
                .hint("--force adds to it; no file in it is replaced"));
        }
        Ok(Self { folder: folder.to_owned(), numbers: HashMap::new() })
    }

    /// Writes the body under a name that is still free.
    pub(super) fn write(&mut self, record: &Record) -> Result<(), Failure> {
        let event = &record.event;
        let mut parts = vec![safe_name(&event.provider)];
        parts.extend(fixture_name(event.event_type.as_deref()));
        let stem = parts.pop().unwrap_or_default();
        let folder = self.folder(&parts)?;
        let name = folder.join(format!("{stem}.{}", fixture_extension(&event.request)));
        if self.numbers.len() >= MAX_NAMES {
            self.numbers.clear();
        }
        let number = self.numbers.entry(name.clone()).or_default();
        loop {
            *number += 1;
            let path = if *number == 1 {
                name.clone()
            } else {
                folder.join(format!("{stem}.{number}.{}", fixture_extension(&event.request)))
            };
            match create(&path) {
                Ok(mut file) => return file.write_all(&event.request.body).map_err(|error| failed(&path, &error)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(&path, &error)),
            }
        }
    }

    /// Makes the folders below. A link that stands in their place could lead out of it.
    fn folder(&self, parts: &[String]) -> Result<PathBuf, Failure> {
        make_folder(&self.folder, true).map_err(|error| failed(&self.folder, &error))?;
        let mut folder = self.folder.clone();
        for part in parts {
            folder.push(part);
            make_folder(&folder, false).map_err(|error| failed(&folder, &error))?;
            let is_folder = fs::symlink_metadata(&folder).is_ok_and(|metadata| metadata.is_dir());
            if !is_folder {
                return Err(Failure::usage(format!("{} is no folder", folder.display()))
                    .hint("links are not followed; name another folder"));
            }
        }
        Ok(folder)
    }
}

/// A new file that only its owner can read. With `create_new` no link is followed.
fn create(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn make_folder(path: &Path, recursive: bool) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(recursive);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

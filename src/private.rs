//! Files and folders that only their owner can read. Elsewhere than on Unix the user's own folders are private
//! as they are.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

/// Makes a folder (0700) and those above it; one that is there stays as it is.
pub fn folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// How to open a file for writing; a new one is made 0600.
pub fn file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The text of a file of at most so many bytes that nobody else could have written or read: the user's own, and no
/// link to another. Anything else is an error of the kind `PermissionDenied`; no text, or too much, is `InvalidData`.
pub fn read(path: &Path, most: u64) -> io::Result<String> {
    let file = open(path)?;
    if !is_private(&file.metadata()?) {
        return Err(ErrorKind::PermissionDenied.into());
    }
    let mut text = String::new();
    file.take(most + 1).read_to_string(&mut text)?;
    if text.len() as u64 > most { Err(ErrorKind::InvalidData.into()) } else { Ok(text) }
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use rustix::io::Errno;
    use std::os::unix::fs::OpenOptionsExt as _;
    // A pipe would keep who opens it waiting.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let is_link = |error: &io::Error| error.raw_os_error() == Some(Errno::LOOP.raw_os_error());
    opened.map_err(|error| if is_link(&error) { ErrorKind::PermissionDenied.into() } else { error })
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(unix)]
fn is_private(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let is_own = metadata.uid() == rustix::process::geteuid().as_raw();
    metadata.is_file() && is_own && metadata.mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(metadata: &Metadata) -> bool {
    metadata.is_file()
}

//! Fetched keys on the disk, so that the next run need not fetch them. What cannot be kept is fetched again.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use url::Url;

use crate::private;

/// A file for each address; the oldest give way.
const MAX_FILES: usize = 64;
/// The address, and what was fetched from there.
const MAX_FILE: u64 = 80 * 1024;

/// A folder of fetched keys. Each file holds its address in the first line.
pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What was fetched from this address, and how long ago, unless that is too long.
    pub(super) fn read(&self, url: &Url, limit: Duration) -> Option<(Vec<u8>, Duration)> {
        let path = self.file(url);
        let metadata = std::fs::symlink_metadata(&path).ok()?;
        if !metadata.is_file() || metadata.len() > MAX_FILE || !is_own(&metadata) {
            return None;
        }
        // A time ahead of the clock says nothing about the age.
        let old = SystemTime::now().duration_since(metadata.modified().ok()?).ok().filter(|old| *old < limit)?;
        let bytes = std::fs::read(path).ok()?;
        let bytes = bytes.strip_prefix(url.as_str().as_bytes())?.strip_prefix(b"\n")?;
        Some((bytes.to_vec(), old))
    }

    /// Keeps what was fetched; a disk that cannot keep it stops nobody.
    pub(super) fn write(&self, url: &Url, bytes: &[u8]) {
        let _ = self.try_write(url, bytes);
    }

    fn try_write(&self, url: &Url, bytes: &[u8]) -> std::io::Result<()> {
        private::folder(&self.folder)?;
        self.make_room()?;
        let path = self.file(url);
        let half = path.with_extension(format!("{}.part", std::process::id()));
        let mut file = private::file().create(true).truncate(true).open(&half)?;
        file.write_all(url.as_str().as_bytes())?;
        file.write_all(b"\n")?;
        file.write_all(bytes)?;
        std::fs::rename(&half, &path)
    }

    /// Takes the oldest away.
    fn make_room(&self) -> std::io::Result<()> {
        let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in std::fs::read_dir(&self.folder)?.flatten() {
            files.push((entry.metadata()?.modified()?, entry.path()));
        }
        files.sort();
        let surplus = (files.len() + 1).saturating_sub(MAX_FILES);
        files.iter().take(surplus).try_for_each(|(_, path)| std::fs::remove_file(path))
    }

    fn file(&self, url: &Url) -> PathBuf {
        Path::new(&self.folder).join(hex::encode(Sha256::digest(url.as_str())))
    }
}

/// Whether nobody else could have written it.
#[cfg(unix)]
fn is_own(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.mode() & 0o022 == 0 && metadata.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_own(_: &std::fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn what_was_kept_is_read_until_it_is_too_old() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("a/keys"));
        let address = url("https://keys.example.test/1");
        assert!(cache.read(&address, DAY).is_none());
        cache.write(&address, b"one");
        cache.write(&address, b"two");
        assert_eq!(cache.read(&address, DAY).unwrap().0, b"two");
        assert!(cache.read(&address, Duration::ZERO).is_none());
        assert!(cache.read(&url("https://keys.example.test/2"), DAY).is_none());
        let ahead = std::fs::File::options().write(true).open(cache.file(&address)).unwrap();
        ahead.set_modified(SystemTime::now() + DAY).unwrap();
        assert!(cache.read(&address, DAY).is_none(), "a time to come");
    }

    #[cfg(unix)]
    #[test]
    fn what_others_could_have_written_or_replaced_is_not_read() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("keys"));
        let address = url("https://keys.example.test/1");
        cache.write(&address, b"one");
        let file = cache.file(&address);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(folder.path().join("keys")).unwrap().permissions().mode() & 0o777, 0o700);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o622)).unwrap();
        assert!(cache.read(&address, DAY).is_none());
        let elsewhere = folder.path().join("elsewhere");
        std::fs::rename(&file, &elsewhere).unwrap();
        std::fs::set_permissions(&elsewhere, std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&elsewhere, &file).unwrap();
        assert!(cache.read(&address, DAY).is_none());
    }

    #[test]
    fn another_address_or_size_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_owned());
        let address = url("https://keys.example.test/1");
        cache.write(&address, b"one");
        std::fs::write(cache.file(&address), b"https://evil.test/\none").unwrap();
        assert!(cache.read(&address, DAY).is_none());
        cache.write(&address, &vec![0; usize::try_from(MAX_FILE).unwrap()]);
        assert!(cache.read(&address, DAY).is_none());
    }

    #[test]
    fn the_oldest_give_way() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_owned());
        for number in 0..MAX_FILES + 5 {
            cache.write(&url(&format!("https://keys.example.test/{number}")), b"x");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), MAX_FILES);
    }
}

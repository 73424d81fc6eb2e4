//! Leases: what remembers a temporary registration for as long as it stands, also when its process is no more.
//!
//! A lease is a small JSON file, written before the provider is asked (an intent, without an id) and completed
//! with the id it gave. It holds no credentials. Beside it lies a file that its process keeps locked: the
//! system gives the lock back however the process ends. (The lease itself is not locked: elsewhere than on
//! Unix a locked file cannot be read.)

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::private;

/// Another process looks at a new lock file in the moment before it is locked; not so often in a row.
const MAX_TRIES: usize = 8;
/// A lease is a few hundred bytes; whatever is longer is none.
const MAX_BYTES: u64 = 64 * 1024;
/// The version of the file's form.
const VERSION: u8 = 1;

/// What is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The form of the file.
    v: u8,
    /// At which provider.
    pub provider: String,
    /// The profile whose credentials made it.
    pub profile: Option<String>,
    /// Where the API is.
    pub base_url: String,
    /// Values of variables in its addresses.
    pub variables: BTreeMap<String, String>,
    /// Where events are sent.
    pub url: String,
    /// The provider's id; `None` while it has not answered.
    pub id: Option<String>,
    /// When (RFC 3339).
    pub made_at: String,
    /// The configuration that was named, where one was.
    pub config: Option<PathBuf>,
    /// The working directory, from which the configuration was found.
    pub directory: Option<PathBuf>,
}

/// A lease that cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// A file or folder fails.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file is not a lease.
    #[error("{} is no lease: {problem}", path.display())]
    Broken {
        /// Which.
        path: PathBuf,
        /// Why.
        problem: String,
    },
}

/// A lease of this process.
#[derive(Debug)]
pub struct Lease {
    record: Record,
    path: PathBuf,
    /// Held, never read.
    _lock: File,
}

/// A lease of whichever process.
#[derive(Debug)]
pub struct Found {
    /// What it remembers.
    pub record: Record,
    path: PathBuf,
}

impl Record {
    /// An intent: the provider was not asked yet.
    pub fn intent(provider: &str, base_url: &str, url: &str, made_at: jiff::Timestamp) -> Self {
        Self {
            v: VERSION,
            provider: provider.to_owned(),
            profile: None,
            base_url: base_url.to_owned(),
            variables: BTreeMap::new(),
            url: url.to_owned(),
            id: None,
            made_at: format!("{made_at:.6}"),
            config: None,
            directory: None,
        }
    }

    /// The same intent for a call that begins now.
    #[must_use]
    pub fn made_now(&self) -> Self {
        Self { made_at: format!("{:.6}", jiff::Timestamp::now()), ..self.clone() }
    }
}

impl Lease {
    /// Writes an intent to the disk, and holds it.
    pub fn take(folder: &Path, record: Record) -> Result<Self, LeaseError> {
        private::folder(folder).map_err(|error| LeaseError::io(folder, error))?;
        for _ in 0..MAX_TRIES {
            let path = folder.join(format!("{:016x}.json", rand::random::<u64>()));
            let lock_path = lock_of(&path);
            let lock = match lock_file().create_new(true).open(&lock_path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                opened => opened.map_err(|error| LeaseError::io(&lock_path, error))?,
            };
            if lock.try_lock().is_ok() && lock_path.exists() {
                let lease = Self { record, path, _lock: lock };
                lease.write()?;
                return Ok(lease);
            }
            let _ = fs::remove_file(&lock_path);
        }
        Err(LeaseError::io(folder, io::Error::from(ErrorKind::WouldBlock)))
    }

    /// What it remembers.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Adds the id that the provider gave.
    pub fn complete(&mut self, id: &str) -> Result<(), LeaseError> {
        self.record.id = Some(id.to_owned());
        self.write()
    }

    /// The registration is no more, so the lease ends.
    pub fn release(self) -> Result<(), LeaseError> {
        fs::remove_file(&self.path).map_err(|error| LeaseError::io(&self.path, error))?;
        // One that stays belongs to no lease, and nobody looks at it.
        let _ = fs::remove_file(lock_of(&self.path));
        Ok(())
    }

    /// Whether it is this one that was found.
    pub fn is(&self, found: &Found) -> bool {
        self.path == found.path
    }

    /// Whole or not at all, and on the disk before anything is asked of a provider.
    fn write(&self) -> Result<(), LeaseError> {
        let failed = |error: io::Error| LeaseError::io(&self.path, error);
        let text = serde_json::to_vec(&self.record).map_err(|error| failed(error.into()))?;
        let draft = draft_of(&self.path);
        let mut file = private::file().create(true).truncate(true).open(&draft).map_err(failed)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&draft, &self.path).map_err(failed)?;
        sync_folder(&self.path).map_err(failed)
    }
}

impl Found {
    /// The lease, when its process is no more and nobody else took it over.
    pub fn claim(self) -> Result<Option<Lease>, LeaseError> {
        let lock_path = lock_of(&self.path);
        let opened = lock_file().create(true).truncate(false).open(&lock_path);
        let lock = opened.map_err(|error| LeaseError::io(&lock_path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(LeaseError::io(&lock_path, error)),
        }
        // Another may have ended it between the look and the lock.
        let Some(record) = read(&self.path)? else {
            let _ = fs::remove_file(&lock_path);
            return Ok(None);
        };
        Ok(Some(Lease { record, path: self.path, _lock: lock }))
    }

    /// Whether its process lives. One that cannot be asked is taken to live.
    pub fn is_alive(&self) -> bool {
        // Shared: two that look at once must not take each other for the owner.
        File::open(lock_of(&self.path))
            .map_or_else(|error| error.kind() != ErrorKind::NotFound, |file| file.try_lock_shared().is_err())
    }
}

/// All leases in a folder, the oldest first, and what stands there and is none.
pub fn all(folder: &Path) -> Result<(Vec<Found>, Vec<LeaseError>), LeaseError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
        read => read.map_err(|error| LeaseError::io(folder, error))?,
    };
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for path in paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        match read(&path) {
            Ok(Some(record)) => found.push(Found { record, path }),
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    found.sort_by(|left, right| {
        let key = |lease: &Found| (lease.record.made_at.clone(), lease.path.clone());
        key(left).cmp(&key(right))
    });
    Ok((found, problems))
}

/// Removes what processes that died while they wrote a lease left beside it.
pub fn sweep(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    for path in entries.map(|entry| entry.path()) {
        let lock_path = lock_of(&path);
        if path != lock_path && path != draft_of(&path) {
            continue;
        }
        let lock = match lock_file().open(&lock_path) {
            Ok(lock) if lock.try_lock().is_ok() => Some(lock),
            // A lock is made before its draft.
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            _ => continue,
        };
        // What cannot be removed is in nobody's way.
        let _ = fs::remove_file(draft_of(&path));
        if lock.is_some() && !path.with_extension("json").exists() {
            let _ = fs::remove_file(&lock_path);
        }
    }
}

/// `None` when it is not there any more.
fn read(path: &Path) -> Result<Option<Record>, LeaseError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| LeaseError::io(path, error))?,
    };
    let mut text = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut text).map_err(|error| LeaseError::io(path, error))?;
    let broken = |problem: String| LeaseError::Broken { path: path.to_owned(), problem };
    let record: Record = serde_json::from_slice(&text).map_err(|error| broken(error.to_string()))?;
    if record.v == VERSION { Ok(Some(record)) } else { Err(broken(format!("its version is {}", record.v))) }
}

impl LeaseError {
    fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }
}

fn lock_of(path: &Path) -> PathBuf {
    path.with_extension("lock")
}

/// Where a lease is written before it has its name.
fn draft_of(path: &Path) -> PathBuf {
    path.with_extension("draft")
}

/// A new name is on the disk when its folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// A folder cannot be opened as a file here.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Locks can be asked about, so they are opened for reading too.
fn lock_file() -> OpenOptions {
    let mut options = private::file();
    options.read(true);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent() -> Record {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        Record::intent("github", "https://api.example/v1", "https://me.example/hook", now)
    }

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).map_or(0, Iterator::count)
    }

    #[test]
    fn a_lease_is_there_before_the_id_is_known_and_gone_when_it_is_released() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("leases");
        let mut lease = Lease::take(&folder, intent()).unwrap();
        let record = || all(&folder).unwrap().0.remove(0).record;
        assert_eq!(record(), intent());
        lease.complete("42").unwrap();
        assert_eq!(record().id.as_deref(), Some("42"));
        lease.release().unwrap();
        assert!(all(&folder).unwrap().0.is_empty() && names(&folder) == 0);
    }

    #[test]
    fn only_the_lease_of_a_process_that_is_no_more_can_be_claimed_and_only_once() {
        let folder = tempfile::tempdir().unwrap();
        let found = || all(folder.path()).unwrap().0.remove(0);
        let lease = Lease::take(folder.path(), intent()).unwrap();
        assert!(found().is_alive() && found().claim().unwrap().is_none());
        drop(lease);
        assert!(!found().is_alive());
        let (first, second) = (found(), found());
        let claimed = first.claim().unwrap().unwrap();
        assert!(second.claim().unwrap().is_none(), "it is being pruned");
        let late = found();
        claimed.release().unwrap();
        assert!(late.claim().unwrap().is_none(), "it was pruned");
        assert_eq!(names(folder.path()), 0);
    }

    #[test]
    fn what_dead_processes_left_half_written_is_swept_away_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let held = Lease::take(folder.path(), intent()).unwrap();
        fs::write(draft_of(&held.path), "its owner writes").unwrap();
        let dead = Lease::take(folder.path(), intent()).unwrap().path;
        fs::write(draft_of(&dead), "").unwrap();
        for name in ["a.lock", "b.lock", "b.draft", "c.draft"] {
            fs::write(path(name), "").unwrap();
        }
        sweep(folder.path());
        for kept in [&held.path, &lock_of(&held.path), &draft_of(&held.path), &dead, &lock_of(&dead)] {
            assert!(kept.exists(), "{}", kept.display());
        }
        assert_eq!(names(folder.path()), 5);
    }

    #[test]
    fn what_is_no_lease_is_told_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.json"), "{\"v\":1,").unwrap();
        let newer = serde_json::to_string(&Record { v: 9, ..intent() }).unwrap();
        fs::write(folder.path().join("b.json"), newer).unwrap();
        let (found, problems) = all(folder.path()).unwrap();
        assert_eq!((found.len(), problems.len(), names(folder.path())), (0, 2, 2));
        assert!(problems.iter().any(|problem| problem.to_string().contains("its version is 9")));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_a_lease() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("leases");
        let _lease = Lease::take(&folder, intent()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert!(fs::read_dir(&folder).unwrap().all(|entry| mode(&entry.unwrap().path()) == 0o600));
    }
}

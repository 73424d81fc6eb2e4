//! The catalogue: every provider folder, embedded or a user's own, each file replacing the one below it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use super::compile::compile;
use super::problem::ManifestError;
use super::{FixtureNote, Provider};

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/fixtures");

const MANIFEST: &str = "provider.toml";

/// Event names have at most this many parts (`message/added` has two).
const MAX_DEPTH: usize = 4;

/// Where a file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Inside the binary.
    Embedded,
    /// A folder of the user's.
    Disk(PathBuf),
}

/// A sample event.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// Whose.
    pub provider: Arc<Provider>,
    /// Its name, such as `message_received`.
    pub event: String,
    /// The exact body.
    pub body: Vec<u8>,
    /// Its content type, from the file's extension.
    pub content_type: String,
    /// Where the body comes from.
    pub origin: Origin,
    /// What the manifest says of it.
    pub note: Option<FixtureNote>,
}

/// A name that leads nowhere, or to several places.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// No such provider.
    #[error("unknown provider `{name}`")]
    UnknownProvider {
        /// As typed.
        name: String,
        /// The nearest known one.
        nearest: Option<String>,
    },
    /// No such event.
    #[error("unknown event `{name}`{}", provider.as_ref().map(|id| format!(" of {id}")).unwrap_or_default())]
    UnknownEvent {
        /// As typed.
        name: String,
        /// The provider it was looked up in.
        provider: Option<String>,
        /// The nearest known one, as it can be typed.
        nearest: Option<String>,
    },
    /// Several providers have an event of this name.
    #[error("`{name}` is an event of several providers: {}", candidates.join(", "))]
    Ambiguous {
        /// As typed.
        name: String,
        /// `provider/event` for each.
        candidates: Vec<String>,
    },
    /// The manifest is broken.
    #[error(transparent)]
    Broken(#[from] ManifestError),
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

impl LookupError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownProvider { nearest, .. } => Some(match nearest {
                Some(nearest) => format!("did you mean `{nearest}`? `hookctl providers list` shows them all"),
                None => "`hookctl providers list` shows them all".into(),
            }),
            Self::UnknownEvent { nearest, .. } => Some(match nearest {
                Some(nearest) => format!("did you mean `{nearest}`? `hookctl fixtures list` shows them all"),
                None => "`hookctl fixtures list` shows them all".into(),
            }),
            Self::Ambiguous { .. } => Some("write it as PROVIDER/EVENT, or add --provider".into()),
            Self::Broken(_) => Some("mend the manifest, or remove it to use the built-in one".into()),
            Self::Unreadable { .. } => None,
        }
    }
}

/// All provider folders. Manifests are compiled when asked for, not before.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    folders: Vec<PathBuf>,
}

impl Catalogue {
    /// The embedded providers, with the users' folders over them; a later folder wins.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    /// Ids of all providers, sorted.
    pub fn ids(&self) -> Vec<String> {
        let embedded = EMBEDDED.dirs().filter_map(|dir| dir.path().to_str()).map(str::to_owned);
        let disk = self.folders.iter().flat_map(|folder| sub_folders(folder));
        embedded.chain(disk).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// One provider, compiled.
    pub fn provider(&self, id: &str) -> Result<Arc<Provider>, LookupError> {
        let ids = self.ids();
        if !ids.iter().any(|known| known == id) {
            return Err(LookupError::UnknownProvider { name: id.to_owned(), nearest: nearest(id, ids) });
        }
        let (origin, text) = self.read(id, MANIFEST)?;
        let file = match &origin {
            Origin::Embedded => format!("{id}/{MANIFEST} (built in)"),
            Origin::Disk(path) => path.display().to_string(),
        };
        let text =
            std::str::from_utf8(&text).map_err(|_| ManifestError::at(&file, "", None, "the manifest is not UTF-8"))?;
        let provider = compile(&file, text)?;
        if **provider.id() != *id {
            let problem = format!("`id` is `{}`, but the folder is `{id}`", provider.id());
            return Err(ManifestError::at(&file, text, None, problem).into());
        }
        Ok(Arc::new(provider))
    }

    /// Every provider that compiles, and what is wrong with the others: a broken one disables only itself.
    pub fn all(&self) -> (Vec<Arc<Provider>>, Vec<LookupError>) {
        let mut providers = Vec::new();
        let mut problems = Vec::new();
        for id in self.ids() {
            match self.provider(&id) {
                Ok(provider) => providers.push(provider),
                Err(problem) => problems.push(problem),
            }
        }
        (providers, problems)
    }

    /// Event names that a provider has fixtures for, sorted.
    pub fn events(&self, id: &str) -> Vec<String> {
        self.files(id).into_keys().collect()
    }

    /// One fixture.
    pub fn fixture(&self, id: &str, event: &str) -> Result<Fixture, LookupError> {
        let provider = self.provider(id)?;
        let files = self.files(id);
        let Some(name) = files.get(event) else {
            return Err(LookupError::UnknownEvent {
                name: event.to_owned(),
                provider: Some(id.to_owned()),
                nearest: nearest(event, files.into_keys()),
            });
        };
        let (origin, body) = self.read(id, name)?;
        let note = provider.fixtures().get(event).cloned();
        Ok(Fixture {
            content_type: content_type(&provider, name),
            event: event.to_owned(),
            body,
            origin,
            note,
            provider,
        })
    }

    /// Finds a fixture by what a person types: `event` or `provider/event`.
    pub fn find_fixture(&self, name: &str, provider: Option<&str>) -> Result<Fixture, LookupError> {
        if let Some(id) = provider {
            let event = name.strip_prefix(id).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name);
            return self.fixture(id, event);
        }
        let ids = self.ids();
        if let Some((id, event)) = name.split_once('/')
            && ids.iter().any(|known| known == id)
        {
            return self.fixture(id, event);
        }
        let holders: Vec<&String> = ids.iter().filter(|id| self.files(id).contains_key(name)).collect();
        match holders.as_slice() {
            [one] => self.fixture(one, name),
            [] => Err(self.unknown_event(name, &ids)),
            several => Err(LookupError::Ambiguous {
                name: name.to_owned(),
                candidates: several.iter().map(|id| format!("{id}/{name}")).collect(),
            }),
        }
    }

    fn unknown_event(&self, name: &str, ids: &[String]) -> LookupError {
        let known = ids.iter().flat_map(|id| {
            let events = self.events(id).into_iter();
            events.flat_map(move |event| [format!("{id}/{event}"), event])
        });
        LookupError::UnknownEvent { name: name.to_owned(), provider: None, nearest: nearest(name, known) }
    }

    /// File names of the fixtures by event name; a later folder's counts, also when it is of another type.
    fn files(&self, id: &str) -> BTreeMap<String, String> {
        let mut embedded = BTreeSet::new();
        if let Some(dir) = EMBEDDED.get_dir(id) {
            embedded_files(dir, id, &mut embedded);
        }
        let of_disk = self.folders.iter().flat_map(|folder| {
            let mut names = BTreeSet::new();
            disk_files(&folder.join(id), "", MAX_DEPTH, &mut names);
            names
        });
        let names = embedded.into_iter().chain(of_disk).filter(|name| name != MANIFEST);
        names.filter_map(|name| Some((name.rsplit_once('.')?.0.to_owned(), name))).collect()
    }

    /// The topmost file of this name.
    fn read(&self, id: &str, name: &str) -> Result<(Origin, Vec<u8>), LookupError> {
        for folder in self.folders.iter().rev() {
            let path = folder.join(id).join(name);
            match fs::read(&path) {
                Ok(bytes) => return Ok((Origin::Disk(path), bytes)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(LookupError::Unreadable { path: path.display().to_string(), source }),
            }
        }
        match EMBEDDED.get_file(format!("{id}/{name}")) {
            Some(file) => Ok((Origin::Embedded, file.contents().to_vec())),
            None => Err(LookupError::Unreadable {
                path: format!("{id}/{name}"),
                source: std::io::Error::from(std::io::ErrorKind::NotFound),
            }),
        }
    }
}

/// The nearest name, when it is near enough to be meant.
pub(crate) fn nearest(name: &str, known: impl IntoIterator<Item = String>) -> Option<String> {
    known
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(name, &candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.4)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// The extension tells the media type; the provider may write it with parameters.
fn content_type(provider: &Provider, file: &str) -> String {
    let media = match file.rsplit_once('.').map(|(_, extension)| extension) {
        Some("json") => "application/json",
        Some("form") => "application/x-www-form-urlencoded",
        Some("xml") => "application/xml",
        Some("txt") => "text/plain",
        _ => "application/octet-stream",
    };
    let own = provider.delivery().content_types.iter();
    own.into_iter().find(|written| written.starts_with(media)).cloned().unwrap_or_else(|| media.to_owned())
}

fn sub_folders(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect()
}

fn embedded_files(dir: &Dir<'_>, id: &str, names: &mut BTreeSet<String>) {
    for file in dir.files() {
        if let Some(name) = file.path().strip_prefix(id).ok().and_then(Path::to_str) {
            names.insert(name.to_owned());
        }
    }
    for inner in dir.dirs() {
        embedded_files(inner, id, names);
    }
}

fn disk_files(folder: &Path, prefix: &str, depth: usize, names: &mut BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let name = format!("{prefix}{name}");
        if !entry.path().is_dir() {
            names.insert(name);
        } else if depth > 1 {
            disk_files(&entry.path(), &format!("{name}/"), depth - 1, names);
        }
    }
}

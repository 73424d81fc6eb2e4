//! Where a user's own files are: providers beside `hookctl.toml`, and the folder of the user.

use std::path::{Path, PathBuf};

use crate::provider::Catalogue;

/// A user's own providers, beside `hookctl.toml`.
const PROJECT_PROVIDERS: &str = ".hookctl/providers";

/// The embedded providers and the user's; a folder given by flag counts most.
pub(crate) fn catalogue(directory: &Path, flag: Option<&Path>) -> Catalogue {
    let user = user_folder().map(|folder| folder.join("providers"));
    let project = find_folder_upwards(directory);
    Catalogue::new(user.into_iter().chain(project).chain(flag.map(Path::to_owned)).collect())
}

/// The catalogue of the working directory, for completions.
pub(crate) fn default_catalogue() -> Catalogue {
    catalogue(&std::env::current_dir().unwrap_or_default(), None)
}

/// `$XDG_CONFIG_HOME/hookctl`, else `~/.config/hookctl`
/// (<https://specifications.freedesktop.org/basedir-spec/latest/>).
pub(crate) fn user_folder() -> Option<PathBuf> {
    let base = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))?;
    Some(base.join("hookctl"))
}

/// The history: `$XDG_DATA_HOME/hookctl/history.db`, else below `~/.local/share`.
pub(crate) fn history_file() -> Option<PathBuf> {
    let base = absolute("XDG_DATA_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/share")))?;
    Some(base.join("hookctl/history.db"))
}

/// What lasts from run to run and is no data of the user: `$XDG_STATE_HOME/hookctl`, else `~/.local/state/hookctl`.
pub(crate) fn state_folder() -> Option<PathBuf> {
    let base = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")))?;
    Some(base.join("hookctl"))
}

/// What can be had again: `$XDG_CACHE_HOME/hookctl`, else `~/.cache/hookctl`.
pub(crate) fn cache_folder() -> Option<PathBuf> {
    let base = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("hookctl"))
}

/// The specification has relative paths ignored.
fn absolute(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

fn find_folder_upwards(directory: &Path) -> Option<PathBuf> {
    directory.ancestors().map(|folder| folder.join(PROJECT_PROVIDERS)).find(|path| path.is_dir())
}

//! The configuration: which file says what, and what counts.
//!
//! Precedence: flag, environment, `hookctl.toml` (found from the working directory upwards), the user's
//! `config.toml`, default. Within a file a profile's value counts before the plain one.

mod api;
mod file;
mod flags;
mod keyring;
mod secret;
mod webhook;

use std::path::{Path, PathBuf};

use crate::error::Failure;
use crate::folders::user_folder;
use crate::provider::SignatureTable;
use crate::store::Retention;

pub(crate) use api::{ApiSettings, Said, UserName};
pub(crate) use file::{ConfigFile, Route};
pub(crate) use flags::{FlagValue, preset};
pub(crate) use secret::{LabelledOrigin, SecretOrigin, read_secret, warn_if_readable};
pub(crate) use webhook::WantedWebhook;

/// The name that is searched for upwards from the working directory.
pub(crate) const FILE_NAME: &str = "hookctl.toml";

/// Everything the configuration files say.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// The one that counts most comes first.
    files: Vec<ConfigFile>,
}

impl Settings {
    /// Reads the files: the named one, or those found from `directory`.
    pub(crate) fn load(named: Option<&Path>, profile: Option<&str>, directory: &Path) -> Result<Self, Failure> {
        let mut files = Vec::new();
        match named {
            Some(path) => files.push(ConfigFile::read(path, profile)?),
            None => {
                if let Some(path) = find_upwards(directory) {
                    files.push(ConfigFile::read(&path, profile)?);
                }
            }
        }
        if let Some(path) = user_folder().map(|folder| folder.join("config.toml")).filter(|path| path.is_file()) {
            files.push(ConfigFile::read(&path, profile)?);
        }
        if let Some(profile) = profile
            && !files.iter().any(ConfigFile::has_profile)
        {
            let known: Vec<String> = files.iter().flat_map(ConfigFile::profile_names).collect();
            let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
            return Err(Failure::usage(format!("unknown profile `{profile}`"))
                .hint(format!("profiles are [profile.NAME] tables in {FILE_NAME}; known: {known}")));
        }
        Ok(Self { files })
    }

    /// The files that were read.
    pub(crate) fn files(&self) -> &[ConfigFile] {
        &self.files
    }

    /// What the configuration says for the flags of a command (`""` for global ones).
    pub(crate) fn flags(&self, command: &str) -> Vec<FlagValue> {
        let mut found: Vec<FlagValue> = Vec::new();
        for value in self.files.iter().flat_map(|file| file.flags(command)) {
            if !found.iter().any(|known| known.name == value.name) {
                found.push(value);
            }
        }
        found
    }

    /// Where the configuration keeps a provider's secrets, the current one first.
    pub(crate) fn secrets(&self, provider: &str) -> Option<(Vec<LabelledOrigin>, String)> {
        self.files.iter().find_map(|file| file.secrets(provider))
    }

    /// Where it keeps any secret at all, whatever the provider and the profile.
    pub(crate) fn all_secrets(&self) -> Vec<LabelledOrigin> {
        self.files.iter().flat_map(ConfigFile::all_secrets).collect()
    }

    /// The values that it gives a provider's variables; a later one counts more.
    pub(crate) fn variables(&self, provider: &str) -> Vec<(&str, &str)> {
        self.files.iter().rev().flat_map(|file| file.variables(provider)).collect()
    }

    /// How the configuration has a provider's registration API reached.
    pub(crate) fn api(&self, provider: &str) -> ApiSettings {
        let mut settings = ApiSettings::default();
        self.files.iter().for_each(|file| file.add_api(provider, &mut settings));
        settings
    }

    /// Whether there is a table for a provider's registration API.
    pub(crate) fn has_api(&self, provider: &str) -> bool {
        self.files.iter().any(|file| file.has_api(provider))
    }

    /// The webhooks that are wanted, and the file that says so: the list that counts most is the whole of it.
    pub(crate) fn webhooks(&self) -> Option<(&ConfigFile, Vec<WantedWebhook>)> {
        self.files.iter().find_map(|file| Some((file, file.webhooks()?)))
    }

    /// The signature that the configuration gives a provider, with its file.
    pub(crate) fn signature(&self, provider: &str) -> Option<(&ConfigFile, &SignatureTable)> {
        self.files.iter().find_map(|file| Some((file, file.signature(provider)?)))
    }

    /// Refuses settings for a provider that there is not: its secret would never be used.
    pub(crate) fn check_providers(&self, known: &[String]) -> Result<(), Failure> {
        self.files.iter().try_for_each(|file| file.check_providers(known))
    }

    /// Providers with a signature of the configuration's own.
    pub(crate) fn signed_providers(&self) -> Vec<(String, String)> {
        self.files.iter().flat_map(ConfigFile::signed_providers).collect()
    }

    /// How much of the history is kept; the file that counts most comes last.
    pub(crate) fn retention(&self) -> Result<Retention, Failure> {
        self.files.iter().rev().try_fold(Retention::default(), |rest, file| file.retention(rest))
    }

    /// Targets by event.
    pub(crate) fn routes(&self) -> Vec<&Route> {
        self.files.iter().flat_map(ConfigFile::routes).collect()
    }
}

fn find_upwards(directory: &Path) -> Option<PathBuf> {
    directory.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file())
}

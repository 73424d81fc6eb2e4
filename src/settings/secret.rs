//! Where a secret is kept, and reading it from there.

use std::path::{Path, PathBuf};

use super::keyring;
use crate::error::Failure;
use crate::model::Secret;

/// A place that holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretOrigin {
    /// An environment variable.
    Variable(String),
    /// A file.
    File(PathBuf),
    /// The keyring of the system.
    Keyring {
        /// What it is for.
        service: String,
        /// Whose it is.
        account: String,
    },
}

/// A secret in a file may be this long: a PEM chain is a few KiB.
const MAX_SECRET: u64 = 64 * 1024;

/// What to say when the secret itself stands in a file.
pub(super) const NOT_THE_SECRET: &str =
    "a file says where a secret is, \"env:NAME\", \"file:PATH\" or \"keyring:SERVICE/ACCOUNT\", not the secret itself";

/// A place that holds a secret, with the name that its user gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabelledOrigin {
    /// Such as `previous`.
    pub(crate) label: Option<String>,
    /// The place.
    pub(crate) origin: SecretOrigin,
}

impl LabelledOrigin {
    /// Reads one place, a list of them, or a table of labels and places; the first is the current secret.
    pub(super) fn parse_all(value: &toml::Value) -> Result<Vec<Self>, &'static str> {
        let one = |label: Option<&String>, value: &toml::Value| -> Result<Self, &'static str> {
            Ok(Self { label: label.cloned(), origin: SecretOrigin::parse(value)? })
        };
        let all: Vec<Self> = match value {
            toml::Value::Array(list) => list.iter().map(|value| one(None, value)).collect::<Result<_, _>>()?,
            toml::Value::Table(table) => {
                table.iter().map(|(label, value)| one(Some(label), value)).collect::<Result<_, _>>()?
            }
            value => vec![one(None, value)?],
        };
        if all.is_empty() { Err(NOT_THE_SECRET) } else { Ok(all) }
    }

    /// The same, called after the provider and the profile that it belongs to.
    pub(super) fn of(self, provider: &str, profile: Option<&str>) -> Self {
        let own = self.label.map(|label| format!(" `{label}`")).unwrap_or_default();
        let profile = profile.map(|profile| format!(" in profile `{profile}`")).unwrap_or_default();
        Self { label: Some(format!("the secret{own} of {provider}{profile}")), origin: self.origin }
    }

    /// Reads the secret, under its label.
    pub(crate) fn read(&self, say: &mut dyn FnMut(&str)) -> Result<Secret, Failure> {
        let secret = read_secret(&self.origin, say)?;
        Ok(match &self.label {
            Some(label) => secret.labelled(label),
            None => secret,
        })
    }
}

impl SecretOrigin {
    /// Reads `env:NAME`, `file:PATH` or `keyring:SERVICE/ACCOUNT` (its last `/` divides). Anything else would be the secret itself, which has no place in a file
    /// that is committed; the error does not repeat it.
    pub(super) fn parse(value: &toml::Value) -> Result<Self, &'static str> {
        match value.as_str().and_then(|text| text.split_once(':')) {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Variable(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("keyring", entry)) => match entry.rsplit_once('/') {
                Some((service, account)) if !service.is_empty() && !account.is_empty() => {
                    Ok(Self::Keyring { service: service.to_owned(), account: account.to_owned() })
                }
                _ => Err(NOT_THE_SECRET),
            },
            _ => Err(NOT_THE_SECRET),
        }
    }

    /// Whether a text is meant to name a place.
    pub(super) fn is_place(text: &str) -> bool {
        ["env:", "file:", "keyring:"].iter().any(|prefix| text.starts_with(prefix))
    }

    /// A relative path is relative to the configuration file.
    pub(super) fn relative_to(self, folder: Option<&Path>) -> Self {
        match (self, folder) {
            (Self::File(path), Some(folder)) => Self::File(folder.join(path)),
            (other, _) => other,
        }
    }
}

impl std::fmt::Display for SecretOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Keyring { service, account } => write!(f, "keyring:{service}/{account}"),
        }
    }
}

/// Reads a secret. What a person should know about it is passed to `say`, once.
pub(crate) fn read_secret(origin: &SecretOrigin, say: &mut dyn FnMut(&str)) -> Result<Secret, Failure> {
    let name = origin.to_string();
    match origin {
        SecretOrigin::Variable(variable) => match std::env::var_os(variable) {
            Some(value) => Ok(Secret::new(value.into_encoded_bytes(), name)?),
            None => Err(Failure::usage(format!("the environment variable {variable} is not set"))
                .hint(format!("export {variable}=… first, or keep it in a file"))),
        },
        SecretOrigin::File(path) => {
            let shown = path.display();
            let failed =
                |error: std::io::Error| Failure::usage(format!("cannot read the secret file {shown}: {error}"));
            let metadata = std::fs::metadata(path).map_err(failed)?;
            if !metadata.is_file() {
                return Err(Failure::usage(format!("{shown} is not a file")));
            }
            if metadata.len() > MAX_SECRET {
                return Err(Failure::usage(format!("the secret file {shown} is larger than {MAX_SECRET} bytes")));
            }
            warn_if_readable(path, &metadata, say);
            let mut bytes = std::fs::read(path).map_err(failed)?;
            let length = bytes.len();
            while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                bytes.pop();
            }
            // Keys in PEM or JSON end with one.
            let is_key = bytes.starts_with(b"-----BEGIN ") || bytes.starts_with(b"{");
            if bytes.len() < length && !is_key {
                say(&format!("note: the newline at the end of {shown} is not taken as part of the secret"));
            }
            Ok(Secret::new(bytes, name)?)
        }
        SecretOrigin::Keyring { service, account } => Ok(Secret::new(keyring::read(service, account)?, name)?),
    }
}

/// Says so when a file that holds secrets is open to other users.
#[cfg(unix)]
pub(crate) fn warn_if_readable(path: &Path, metadata: &std::fs::Metadata, say: &mut dyn FnMut(&str)) {
    use std::os::unix::fs::PermissionsExt as _;
    if metadata.permissions().mode() & 0o077 != 0 {
        say(&format!("warning: other users can read {0}: chmod 600 {0}", path.display()));
    }
}

#[cfg(not(unix))]
pub(crate) fn warn_if_readable(_: &Path, _: &std::fs::Metadata, _: &mut dyn FnMut(&str)) {}

//! A secret: bytes that cannot be printed by accident.

use std::sync::Arc;

use zeroize::Zeroizing;

/// A signing secret, password or token. It has no `Display`, its `Debug` is fixed text, and its
/// memory is wiped on drop.
#[derive(Clone)]
pub struct Secret {
    bytes: Zeroizing<Vec<u8>>,
    origin: String,
    label: Option<Arc<str>>,
}

/// A secret of no bytes was offered; with it anyone could sign.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the secret from {0} is empty: an empty key would accept forged requests")]
pub struct EmptySecret(pub String);

impl Secret {
    /// Wraps secret bytes. `origin` says where they came from (`env:HOOK_SECRET`) and may be shown.
    pub fn new(bytes: impl Into<Vec<u8>>, origin: impl Into<String>) -> Result<Self, EmptySecret> {
        let bytes = Zeroizing::new(bytes.into());
        let origin = origin.into();
        if bytes.is_empty() { Err(EmptySecret(origin)) } else { Ok(Self { bytes, origin, label: None }) }
    }

    /// The same secret under the name that its user gave it (`current`, `previous`).
    #[must_use]
    pub fn labelled(mut self, label: &str) -> Self {
        self.label = Some(label.into());
        self
    }

    /// What it is called where several are known: its label, else where it came from. Safe to show.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.origin)
    }

    /// The bytes themselves. Every caller is a place to audit.
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// Where the secret came from; safe to show.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret(from {})", self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_bytes() {
        let secret = Secret::new("hunter2", "env:X").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(from env:X)");
    }

    #[test]
    fn an_empty_secret_is_refused() {
        assert_eq!(Secret::new("", "env:X").unwrap_err(), EmptySecret("env:X".into()));
    }
}

//! The token: what a page must know. It stands in the fragment of the printed URL, which no browser sends to anybody.

use std::fmt;
use std::io::ErrorKind::{InvalidData, NotFound, PermissionDenied};
use std::io::{self, Write as _};
use std::path::Path;

use subtle::ConstantTimeEq as _;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::private;

/// 128 bits: not to be guessed.
const BYTES: usize = 16;
/// A file that is longer holds something else.
const MAX_FILE: u64 = 1024;

/// 32 hexadecimal digits that are not printed by accident.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// The token in this file; a new one where there is none that only its owner knows. It stays the same from run to run, so that a page that
    /// was left open goes on.
    pub fn kept_in(path: &Path) -> io::Result<Self> {
        match private::read(path, MAX_FILE).map(Zeroizing::new) {
            Ok(text) if is_token(text.trim()) => Ok(Self(Zeroizing::new(text.trim().to_owned()))),
            // What is no token is no use to anybody, and one that others could write or read is no secret.
            Ok(_) => Self::make(path),
            Err(error) if matches!(error.kind(), NotFound | InvalidData | PermissionDenied) => Self::make(path),
            Err(error) => Err(error),
        }
    }

    /// The digits. Every caller is a place to audit.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// For tests.
    #[cfg(test)]
    pub(super) fn of(digits: &str) -> Self {
        Self(Zeroizing::new(digits.to_owned()))
    }

    /// Compares in a time that tells nothing about where they differ.
    pub(super) fn is(&self, offered: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(offered).into()
    }

    fn make(path: &Path) -> io::Result<Self> {
        let token = Self(Zeroizing::new(hex::encode(rand::random::<[u8; BYTES]>())));
        let folder = path.parent().unwrap_or(Path::new("."));
        private::folder(folder)?;
        // Whole or not at all; the file is its owner's alone (0600).
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(token.expose().as_bytes())?;
        file.persist(path)?;
        Ok(token)
    }
}

fn is_token(text: &str) -> bool {
    text.len() == BYTES * 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lasts_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/inspector.token");
        let made = Token::kept_in(&path).unwrap();
        assert!(is_token(made.expose()));
        assert_eq!(Token::kept_in(&path).unwrap().expose(), made.expose());
        assert!(!format!("{made:?}").contains(made.expose()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        for text in [&b"short"[..], b"\xff", &[b'a'; 4096]] {
            std::fs::write(&path, text).unwrap();
            let other = Token::kept_in(&path).unwrap();
            assert!(is_token(other.expose()) && other.expose() != made.expose(), "what is no token is replaced");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_token_that_somebody_else_could_know_is_replaced() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        const KNOWN: &str = "0123456789abcdef0123456789abcdef";
        let folder = tempfile::tempdir().unwrap();
        let replaced = |path: &Path| {
            assert_ne!(Token::kept_in(path).unwrap().expose(), KNOWN, "{}", path.display());
            let metadata = std::fs::symlink_metadata(path).unwrap();
            assert!(metadata.is_file() && metadata.permissions().mode() & 0o077 == 0, "{}", path.display());
        };
        for mode in [0o644, 0o640, 0o602, 0o666] {
            let path = folder.path().join(format!("{mode:o}"));
            std::fs::write(&path, KNOWN).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            replaced(&path);
        }
        let kept = folder.path().join("kept");
        std::fs::write(&kept, KNOWN).unwrap();
        std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o600)).unwrap();
        let link = folder.path().join("link");
        symlink(&kept, &link).unwrap();
        replaced(&link);
        assert_eq!(Token::kept_in(&kept).unwrap().expose(), KNOWN, "what a link led to stays");
        let pipe = folder.path().join("pipe");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, mode).unwrap();
        replaced(&pipe);
    }

    #[test]
    fn only_the_whole_token_is_the_token() {
        let token = Token::of("0123456789abcdef0123456789abcdef");
        assert!(token.is(b"0123456789abcdef0123456789abcdef"));
        for offered in ["", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdee"] {
            assert!(!token.is(offered.as_bytes()), "{offered}");
        }
    }
}

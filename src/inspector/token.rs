//! The token: what a page must know. It stands in the fragment of the printed URL, which no browser sends to anybody.

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;

use subtle::ConstantTimeEq as _;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::private;

/// 128 bits: not to be guessed.
const BYTES: usize = 16;

/// 32 hexadecimal digits that are not printed by accident.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// The token in this file; a new one where there is none. It stays the same from run to run, so that a page that
    /// was left open goes on.
    pub fn kept_in(path: &Path) -> io::Result<Self> {
        match std::fs::read_to_string(path).map(Zeroizing::new) {
            Ok(text) if is_token(text.trim()) => Ok(Self(Zeroizing::new(text.trim().to_owned()))),
            // What is no token is no use to anybody.
            Ok(_) => Self::make(path),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => {
                Self::make(path)
            }
            Err(error) => Err(error),
        }
    }

    /// The digits. Every caller is a place to audit.
    pub fn expose(&self) -> &str {
        &self.0
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
        std::fs::write(&path, b"short").unwrap();
        let other = Token::kept_in(&path).unwrap();
        assert!(is_token(other.expose()) && other.expose() != made.expose(), "what is no token is replaced");
    }

    #[test]
    fn only_the_whole_token_is_the_token() {
        let token = Token(Zeroizing::new("0123456789abcdef0123456789abcdef".to_owned()));
        assert!(token.is(b"0123456789abcdef0123456789abcdef"));
        for offered in ["", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdee"] {
            assert!(!token.is(offered.as_bytes()), "{offered}");
        }
    }
}

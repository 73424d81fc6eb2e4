//! Who calls the API. Values stay hidden; where they came from may be said.

use crate::model::Secret;

/// Who calls, with where each value came from.
#[derive(Debug, Clone, Default)]
pub enum Credentials {
    /// Nobody.
    #[default]
    None,
    /// A user name and a password.
    Basic {
        /// The user name.
        username: String,
        /// Where it came from (`env:PROKEEP_USERNAME`).
        username_origin: String,
        /// The password.
        password: Secret,
    },
    /// A token or key.
    Token(Secret),
}

impl Credentials {
    /// Whether there is anything that must not leak.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Where the values came from, in words.
    pub fn origins(&self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::Basic { username_origin, password, .. } => {
                vec![format!("user name from {username_origin}"), format!("password from {}", password.origin())]
            }
            Self::Token(token) => vec![format!("token from {}", token.origin())],
        }
    }
}

//! Who calls the API. Values stay hidden; where they came from may be said.

use base64::prelude::{BASE64_STANDARD, Engine};
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use serde_json::Value;

use super::error::RegistrationError;
use crate::model::Secret;
use crate::provider::api::{Auth, AuthKind};

/// Shorter secrets are found in any text, and could be told from what is masked.
const SHORTEST_MASKED: usize = 4;
/// Stands for a credential.
const MASK: &str = "***";

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

/// A credential where the API wants it.
#[derive(Debug, Clone)]
pub(super) enum Placed {
    /// Nowhere.
    Nowhere,
    /// In a header, marked as sensitive.
    Header(HeaderName, HeaderValue),
    /// In the query: name and value.
    Query(String, Secret),
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

    /// The credential as `auth` wants it.
    pub(super) fn place(&self, provider: &str, auth: &Auth) -> Result<Placed, RegistrationError> {
        let missing = || RegistrationError::no_credentials(provider, auth, self);
        let header = |name: HeaderName, value: Vec<u8>, origin: &str| {
            let mut value = HeaderValue::from_bytes(&value)
                .map_err(|_| RegistrationError::BadCredential { origin: origin.to_owned() })?;
            value.set_sensitive(true);
            Ok(Placed::Header(name, value))
        };
        match (&auth.kind, self) {
            (AuthKind::None, _) => Ok(Placed::Nowhere),
            (AuthKind::Basic, Self::Basic { username, password, .. }) => {
                let pair = [username.as_bytes(), b":", password.expose()].concat();
                header(AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(pair)).into_bytes(), password.origin())
            }
            (AuthKind::Bearer(schemes), Self::Token(token)) => {
                let scheme = schemes.first().map_or("Bearer", String::as_str);
                header(AUTHORIZATION, [scheme.as_bytes(), b" ", token.expose()].concat(), token.origin())
            }
            (AuthKind::Header(name), Self::Token(token)) => {
                header(name.clone(), token.expose().to_vec(), token.origin())
            }
            (AuthKind::Query(name), Self::Token(token)) => Ok(Placed::Query(name.clone(), token.clone())),
            _ => Err(missing()),
        }
    }

    /// Foreign text without the credential: an API may repeat what it was sent.
    pub(super) fn masked(&self, text: &str) -> String {
        let secrets = match self {
            Self::None => return text.to_owned(),
            Self::Basic { username, password, .. } => {
                let pair = [username.as_bytes(), b":", password.expose()].concat();
                vec![password.expose().to_vec(), BASE64_STANDARD.encode(pair).into_bytes()]
            }
            Self::Token(token) => vec![token.expose().to_vec()],
        };
        secrets.iter().fold(text.to_owned(), |text, secret| hidden(&text, secret))
    }
}

/// Text without a secret, as it is or as it stands in JSON.
pub(super) fn hidden(text: &str, secret: &[u8]) -> String {
    let secret = String::from_utf8_lossy(secret);
    if secret.len() < SHORTEST_MASKED {
        return text.to_owned();
    }
    let escaped = Value::from(&*secret).to_string();
    text.replace(&*secret, MASK).replace(&escaped[1..escaped.len() - 1], MASK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Credentials {
        Credentials::Token(Secret::new(text, "env:T").unwrap())
    }

    #[test]
    fn what_the_api_repeats_is_masked() {
        let basic = Credentials::Basic {
            username: "jo".into(),
            username_origin: "env:U".into(),
            password: Secret::new("hunter22", "env:P").unwrap(),
        };
        let pair = BASE64_STANDARD.encode("jo:hunter22");
        assert_eq!(basic.masked(&format!("bad hunter22 in Basic {pair}")), "bad *** in Basic ***");
        assert_eq!(token("sk_live_1").masked("no such key: sk_live_1"), "no such key: ***");
        assert_eq!(token("a\"b\"").masked(r#"{"token":"a\"b\""}"#), r#"{"token":"***"}"#);
        assert_eq!(token("a").masked("a cat"), "a cat", "that would tell more than it hides");
    }

    #[test]
    fn origins_are_told_and_values_are_not() {
        let shown = format!("{:?} {:?}", token("sk_live_1"), token("sk_live_1").origins());
        assert!(shown.contains("env:T") && !shown.contains("sk_live_1"), "{shown}");
    }
}

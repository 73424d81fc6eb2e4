//! Who may call a registration API.

use http::HeaderName;

use crate::provider::template::Template;

/// How a caller shows who they are.
#[derive(Debug, Clone)]
pub struct Auth {
    /// Where the credential stands.
    pub kind: AuthKind,
    /// Environment variables in which the provider's own tools look for the user name.
    pub username_env: Vec<String>,
    /// The same for the password or token.
    pub env: Vec<String>,
    pub(super) made: Option<Template>,
}

/// Where the credential stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthKind {
    /// Nowhere: anyone may call.
    None,
    /// HTTP Basic (RFC 7617).
    Basic,
    /// `Authorization: SCHEME token`; the first scheme is sent, all are accepted.
    Bearer(Vec<String>),
    /// A header of its own.
    Header(HeaderName),
    /// A query parameter.
    Query(String),
}

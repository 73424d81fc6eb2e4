//! What a person should know of a request that is made for them.

use std::fmt;

use http::HeaderName;

/// What a person should know of a request. Displayed as one line, without what to do about it: on the command line
/// that is a flag, in the inspector a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The provider does not document the payload of this fixture.
    Illustrative {
        /// Whose.
        provider: String,
        /// Which.
        event: String,
    },
    /// There is no secret to sign with.
    Unsigned {
        /// In which variable users of the provider keep it.
        variable: Option<String>,
    },
    /// The provider signs with keys that nobody else has.
    OwnKey {
        /// The provider, as it writes itself.
        name: String,
    },
    /// The old signature stands over another body.
    Broken,
    /// A credential that is not kept is not sent.
    Sealed {
        /// Where it stood.
        header: HeaderName,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Illustrative { provider, event } => {
                write!(f, "{provider}/{event} is illustrative: the provider does not document this payload")
            }
            Self::Unsigned { .. } => f.write_str("no secret, so the request is not signed"),
            Self::OwnKey { name } => {
                write!(f, "signed with your key: a receiver that knows only {name}'s own will refuse it")
            }
            Self::Broken => f.write_str("the body is another now, so its signature no longer holds"),
            Self::Sealed { header } => {
                write!(f, "`{header}` is left out: its value was a credential, which the history does not keep")
            }
        }
    }
}

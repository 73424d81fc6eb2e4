//! What can be done to registrations.

use std::fmt;

/// One thing an API can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Make a webhook.
    Create,
    /// All webhooks.
    List,
    /// One webhook.
    Get,
    /// Change a webhook.
    Update,
    /// Remove a webhook.
    Delete,
    /// Let it send again.
    Enable,
    /// Let it send nothing.
    Disable,
    /// Have it send a test event.
    Ping,
    /// Tell its signing secret.
    Secret,
    /// Whose credentials these are.
    Whoami,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Create,
        Self::List,
        Self::Get,
        Self::Update,
        Self::Delete,
        Self::Enable,
        Self::Disable,
        Self::Ping,
        Self::Secret,
        Self::Whoami,
    ];

    /// As in the manifest and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::List => "list",
            Self::Get => "get",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Ping => "ping",
            Self::Secret => "secret",
            Self::Whoami => "whoami",
        }
    }

    /// Whether doing it twice does no more than doing it once.
    pub fn is_idempotent(self) -> bool {
        !matches!(self, Self::Create | Self::Ping)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

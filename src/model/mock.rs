//! What a mock provider reports: where it is, who called it, and what came of its deliveries.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::Delivery;

/// Where a mock provider answers, and with what it lets callers in.
#[derive(Debug, Clone)]
pub struct MockReady {
    /// Its root, with the real port.
    pub url: String,
    /// The registration API below it; the root where the provider has none.
    pub api_url: String,
    /// The provider's id.
    pub provider: String,
    /// Throw-away credentials, as far as the API asks for them.
    pub credentials: MockCredentials,
    /// Lines for people: what is known, what to try next.
    pub advice: Vec<String>,
}

/// Credentials that a mock made up. They open nothing but the mock, and so may be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MockCredentials {
    /// For basic authentication.
    pub username: Option<String>,
    /// For basic authentication.
    pub password: Option<String>,
    /// For every other kind.
    pub token: Option<String>,
}

/// A request that the mock answered.
#[derive(Debug, Clone)]
pub struct MockCall {
    /// Its method.
    pub method: String,
    /// Its path, without the query: that may carry a token.
    pub path: String,
    /// What was answered.
    pub status: u16,
}

/// What became of a message so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// An attempt is to come.
    Pending,
    /// The target took it.
    Delivered,
    /// Every attempt failed.
    Failed,
    /// The answer said that it must not be tried again.
    Stopped,
    /// The target wants nothing more.
    Gone,
    /// Its webhook was disabled or deleted before it got through.
    Dropped,
}

impl MessageState {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Pending, Self::Delivered, Self::Failed, Self::Stopped, Self::Gone, Self::Dropped];

    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Gone => "gone",
            Self::Dropped => "dropped",
        }
    }

    /// Reads the word used in JSON.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// One attempt of a mock provider to deliver a message.
#[derive(Debug, Clone)]
pub struct MockAttempt {
    /// Which message, such as `msg_1`.
    pub message_id: String,
    /// What happened.
    pub event_type: String,
    /// For which webhook.
    pub webhook_id: String,
    /// When the attempt began.
    pub made_at: Timestamp,
    /// Whether a person asked for it.
    pub is_manual: bool,
    /// How long the provider waits before it.
    pub wait: Duration,
    /// How long that was on this machine's clock.
    pub waited: Duration,
    /// Whether the target took the message.
    pub is_success: bool,
    /// What became of the message by it.
    pub state: MessageState,
    /// When the next one follows.
    pub next: Option<NextAttempt>,
    /// What became of the webhook by it, where it did not stay as it was.
    pub webhook_fate: Option<String>,
    /// The attempt itself.
    pub delivery: Arc<Delivery>,
}

/// When the next attempt follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextAttempt {
    /// The provider's wait.
    pub wait: Duration,
    /// The same on this machine's clock.
    pub real: Duration,
}

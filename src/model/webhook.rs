//! A registration at the provider's side.

use jiff::Timestamp;

use super::Secret;

/// A webhook as the provider has it: which events go to which URL.
#[derive(Debug, Clone, Default)]
pub struct Webhook {
    /// The provider's id of it.
    pub id: String,
    /// Where events are sent.
    pub url: String,
    /// Names of the API's events; [`Webhook::ALL`] alone stands for all of them.
    pub events: Vec<String>,
    /// Whether events are sent at all, where the provider can switch that.
    pub enabled: Option<bool>,
    /// A note for people.
    pub description: Option<String>,
    /// The signing secret, which most providers tell only once.
    pub secret: Option<Secret>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
}

impl Webhook {
    /// The name that stands for all events.
    pub const ALL: &'static str = "*";
}

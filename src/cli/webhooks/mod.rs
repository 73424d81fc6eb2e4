//! `hookctl webhooks`: registrations at the provider's side.

mod change;
mod connection;
mod create;
mod credentials;
mod look;
mod wanted;

use clap::Subcommand;

pub(crate) use change::{DeleteWebhooksArgs, PingWebhookArgs, SwitchWebhookArgs};
pub(crate) use connection::{ApiArgs, ConnectionArgs, PreviewArgs};
pub(crate) use create::{ChosenEventsArgs, CreateWebhookArgs, UpdateWebhookArgs};
pub(crate) use credentials::CredentialArgs;
pub(crate) use look::{GetWebhookArgs, ListWebhooksArgs, WhoamiArgs};
pub(crate) use wanted::{ApplyArgs, PlanArgs, PruneArgs, WantedArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum WebhooksCommand {
    /// Have a provider send events to a URL
    Create(Box<CreateWebhookArgs>),
    /// List the webhooks of an account
    List(Box<ListWebhooksArgs>),
    /// Show one
    Get(Box<GetWebhookArgs>),
    /// Change one: target, events, secret or note
    Update(Box<UpdateWebhookArgs>),
    /// Remove them
    Delete(Box<DeleteWebhooksArgs>),
    /// Let one send again
    Enable(Box<SwitchWebhookArgs>),
    /// Let one send no more, and keep it
    Disable(Box<SwitchWebhookArgs>),
    /// Have the provider send a test event
    Ping(Box<PingWebhookArgs>),
    /// Test the credentials, and say whose they are
    Whoami(Box<WhoamiArgs>),
    /// Remove what listeners registered and could not remove themselves
    Prune(Box<PruneArgs>),
    /// Compare the [[webhook]] tables of hookctl.toml with what the providers have
    Plan(Box<PlanArgs>),
    /// Make the providers' webhooks as hookctl.toml wants them
    Apply(Box<ApplyArgs>),
}

//! `hookctl webhooks`: registrations at the provider's side.

mod credentials;

pub(crate) use credentials::CredentialArgs;

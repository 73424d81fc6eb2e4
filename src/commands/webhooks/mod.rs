//! `hookctl webhooks`: registrations at the provider's side.

mod credentials;

pub(super) use credentials::find as find_credentials;

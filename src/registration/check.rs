//! Whether an API can do what is asked, found out before it is.

use std::sync::Arc;

use super::error::RegistrationError;
use super::webhook::Changes;
use crate::provider::Provider;
use crate::provider::api::{Api, Operation};

/// The API of a provider that has one.
pub fn api_of(provider: &Provider) -> Result<&Arc<Api>, RegistrationError> {
    provider.api().ok_or_else(|| {
        let about = provider.about();
        let docs = about.docs.first().map(|link| format!("see {link}"));
        let known: Vec<String> = docs.into_iter().chain(about.notes.first().cloned()).collect();
        let rest = if known.is_empty() { String::new() } else { format!(": {}", known.join("; ")) };
        let instead = format!("enter the URL by hand in the settings of {}{rest}", about.name);
        RegistrationError::NoApi { provider: about.id.to_string(), instead }
    })
}

/// Refuses a call that the API does not have.
pub fn check_call(provider: &Provider, operation: Operation) -> Result<(), RegistrationError> {
    let api = api_of(provider)?;
    if api.supports(operation) {
        return Ok(());
    }
    let (provider, exists) = (provider.id().to_string(), api.operations());
    Err(RegistrationError::Unsupported { provider, operation, exists })
}

/// Fields that the call has no place for would be lost in silence.
pub(super) fn check_fields(
    provider: &Provider,
    api: &Api,
    operation: Operation,
    changes: &Changes,
) -> Result<(), RegistrationError> {
    check_call(provider, operation)?;
    let is_taken = |name: &&str| api.takes(operation, name) || *name == "enabled" && changes.enabled == Some(true);
    match changes.given().into_iter().find(|name| !is_taken(name)) {
        Some(name) => {
            let instead = match (operation, name) {
                (Operation::Create, "secret") => "it makes one itself, or signs nothing; leave it out",
                (Operation::Create, "enabled") if api.supports(Operation::Disable) => {
                    "make it, and switch it off with `hookctl webhooks disable ID`"
                }
                (Operation::Create, "enabled") => "it cannot be switched off at all; leave --disabled out",
                _ => "leave it out",
            };
            Err(RegistrationError::NoPlace { provider: provider.id().to_string(), operation, name, instead })
        }
        None => Ok(()),
    }
}

//! Providers with their secrets: those that are named on the command line, and all others.

use std::sync::Arc;

use super::{Context, chosen};
use crate::cli::{SecretArgs, SignatureArgs};
use crate::error::Failure;
use crate::provider::{Provider, Verifier};

/// What the command line says of them.
pub(super) struct Chosen<'a> {
    /// The named ones.
    pub(super) ids: Vec<&'a String>,
    /// Secrets of the named ones; of all where none is named.
    pub(super) secret: &'a SecretArgs,
    pub(super) signature: &'a SignatureArgs,
    /// Values as `NAME=VALUE`.
    pub(super) variables: &'a [String],
    /// Values that no named provider declares are for somebody else.
    pub(super) takes_others: bool,
}

/// Providers, ready to check what they send.
pub(super) struct Verifiers {
    pub(super) named: Vec<Verifier>,
    pub(super) others: Vec<Verifier>,
}

impl Chosen<'_> {
    /// Reads their secrets.
    pub(super) fn verifiers(&self, context: &Context) -> Result<Verifiers, Failure> {
        let given = chosen::named_secrets(context, self.secret)?;
        let secrets_of = |provider: &Provider| match given.as_slice() {
            [] => chosen::own_secrets(context, provider),
            given => Ok(given.to_vec()),
        };
        let mut named = Vec::new();
        for id in &self.ids {
            let provider = chosen::provider(context, id, self.signature)?;
            let secrets = secrets_of(&provider)?;
            named.push(Verifier::new(self.with_variables(provider)?, secrets));
        }
        self.check_variables(&named)?;
        let (all, problems) = context.catalogue.all();
        for problem in problems {
            context.say(&format!("warning: {problem} (this provider is left out)"));
        }
        let mut others = Vec::new();
        for provider in all.into_iter().filter(|provider| !self.ids.iter().any(|id| **id == **provider.id())) {
            let provider = chosen::with_configured_signature(context, provider, &SignatureArgs::default())?;
            // A secret given by flag belongs to the named providers, where there are any. One that cannot be
            // read is no reason to stop: nobody asked for this provider.
            let found = if named.is_empty() { secrets_of(&provider) } else { chosen::own_secrets(context, &provider) };
            let secrets = found.unwrap_or_else(|failure| {
                context.say(&format!("warning: the secret of {}: {:#}", provider.id(), failure.error));
                Vec::new()
            });
            others.push(Verifier::new(self.with_variables(provider)?, secrets));
        }
        Ok(Verifiers { named, others })
    }

    /// The provider with those of the typed values that it declares.
    fn with_variables(&self, provider: Arc<Provider>) -> Result<Arc<Provider>, Failure> {
        let is_own = |text: &&String| text.split_once('=').is_some_and(|(name, _)| chosen::declares(&provider, name));
        let own: Vec<String> = self.variables.iter().filter(is_own).cloned().collect();
        chosen::with_variables(provider, &own)
    }

    /// With providers named, each value must be for one of them.
    fn check_variables(&self, named: &[Verifier]) -> Result<(), Failure> {
        if named.is_empty() || self.takes_others {
            return Ok(());
        }
        for text in self.variables {
            let (name, _) = chosen::variable(text)?;
            if !named.iter().any(|verifier| chosen::declares(verifier.provider(), name)) {
                return Err(Failure::usage(format!("no provider named here has a variable `{name}`"))
                    .hint("`hookctl providers show NAME` lists them"));
            }
        }
        Ok(())
    }
}

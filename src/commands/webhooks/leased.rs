//! Which of a provider's webhooks belong to listeners on this machine.

use super::session::Session;
use super::temporary;
use crate::commands::Context;
use crate::error::Failure;
use crate::model::Webhook;
use crate::registration::lease;
use crate::registration::plan::normal;

/// What listeners made at one API, also those that are no more.
pub(super) struct Leased {
    ids: Vec<String>,
    /// Where listeners that run asked to be called, whose webhooks are not written down yet.
    awaited: Vec<String>,
}

impl Leased {
    /// Reads the leases.
    pub(super) fn at(session: &Session, context: &Context) -> Result<Self, Failure> {
        let (mut ids, mut awaited) = (Vec::new(), Vec::new());
        // Without a home there are no leases either.
        let Ok(folder) = temporary::folder() else { return Ok(Self { ids, awaited }) };
        let (found, problems) = lease::all(&folder).map_err(|error| Failure::machine("lease", error))?;
        problems.iter().for_each(|problem| context.say(&format!("warning: {problem}")));
        let (id, base) = (session.provider.id(), session.base.as_str());
        for lease in found.into_iter().filter(|lease| lease.record.provider == **id && lease.record.base_url == base) {
            match &lease.record.id {
                Some(id) => ids.push(id.clone()),
                None if lease.is_alive() => awaited.push(normal(&lease.record.url)),
                None => {}
            }
        }
        Ok(Self { ids, awaited })
    }

    /// Whether a listener made it.
    pub(super) fn has(&self, webhook: &Webhook) -> bool {
        self.ids.contains(&webhook.id)
    }

    /// Whether it may be what a listener is making now.
    pub(super) fn awaits(&self, webhook: &Webhook) -> bool {
        self.awaited.contains(&normal(&webhook.url))
    }
}

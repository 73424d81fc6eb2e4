//! Why an event was refused, worked out when somebody looks at it: the history keeps the reason, not the search.

use std::sync::Arc;

use super::Desk;
use crate::model::{Event, Explanation, Reason, Secret, VerdictStatus};
use crate::provider::{Circumstances, Effort, Provider, Tolerance, Verifier};

/// Somebody waits for the page, and one look in ten thousand needs more than this: about a tenth of a second.
const EFFORT: Effort = Effort { tries: 4_000, bytes: 48 * 1024 * 1024 };

/// Said of an event that would be let through by now.
const VALID_NOW: &str = "with what is known now it is valid: the secret or the manifest was another when it came";

/// Works explanations out.
pub(super) struct Explainer {
    verifiers: Vec<Arc<Verifier>>,
    tolerance: Tolerance,
    public_url: Option<url::Url>,
}

impl Explainer {
    /// With the secrets of now.
    pub(super) fn of(desk: &Desk) -> Self {
        Self { verifiers: desk.verifiers.now(), tolerance: desk.tolerance, public_url: desk.public_url.clone() }
    }

    /// Adds the explanation to the verdict of a refused event that has none. What would have been right is not
    /// worked out: it must not leave the process.
    pub(super) fn explain(&self, event: &mut Event) {
        let is_refused = matches!(event.verdict.status, VerdictStatus::Invalid | VerdictStatus::Unsigned);
        if !is_refused || event.verdict.explanation.is_some() || event.handshake.is_some() {
            return;
        }
        let Some(verifier) = self.verifiers.iter().find(|verifier| *verifier.provider().id() == event.provider) else {
            return;
        };
        let url = self.seen_url(event);
        let providers: Vec<Arc<Provider>> = self.verifiers.iter().map(|one| Arc::clone(one.provider())).collect();
        let circumstances = Circumstances {
            tolerance: self.tolerance,
            url: url.as_deref(),
            reveal: false,
            known: &self.known(),
            providers: &providers,
            effort: EFFORT,
            ..Circumstances::at(event.received_at)
        };
        let verdict = verifier.verify(&event.request, &circumstances);
        let kind = event.verdict.reason.as_ref().map(Reason::kind).unwrap_or_default();
        event.verdict.explanation = match verdict.status {
            VerdictStatus::Valid => {
                let seen = vec![VALID_NOW.to_owned()];
                Some(Box::new(Explanation { kind, seen, is_complete: true, ..Explanation::default() }))
            }
            _ => verdict.explanation,
        };
        if event.verdict.hint.is_none() {
            event.verdict.hint = verdict.hint;
        }
    }

    /// Every secret that some provider's requests are checked with, each once.
    fn known(&self) -> Vec<Secret> {
        let mut known: Vec<Secret> = Vec::new();
        for secret in self.verifiers.iter().flat_map(|verifier| verifier.secrets()) {
            if !known.iter().any(|other| other.expose() == secret.expose()) {
                known.push(secret.clone());
            }
        }
        known
    }

    /// The URL as the provider knows it: its scheme and host, this request's path and query.
    fn seen_url(&self, event: &Event) -> Option<String> {
        let origin = self.public_url.as_ref()?.origin().ascii_serialization();
        let path = event.request.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        Some(format!("{origin}{path}"))
    }
}

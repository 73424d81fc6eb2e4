//! What is common to everything that is sent for a page: bodies and headers as it writes them, secrets by their
//! labels, one exchange with a target.

use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use url::Url;

use super::answer::Refused;
use crate::delivery::{AgainError, CompositionError, Note, Signer, Signers, TamperError, Target};
use crate::history::mask;
use crate::http::Client;
use crate::model::{Delivery, FailureKind, Request, Secret};
use crate::output::MASK;
use crate::provider::{LookupError, Provider, Verifier};

/// How a body is written in JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    /// As text.
    #[default]
    Utf8,
    /// As base64 (RFC 4648 section 4).
    Base64,
}

/// Reads an object that a page sent.
pub(super) fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| Refused::invalid(format!("the body: {error}")))
}

/// Something that was asked for and cannot be done.
pub(super) fn impossible(code: &'static str, message: impl Into<String>) -> Refused {
    Refused::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
}

/// The bytes of a body.
pub(super) fn bytes(text: String, encoding: Option<Encoding>) -> Result<Bytes, Refused> {
    match encoding.unwrap_or_default() {
        Encoding::Utf8 => Ok(text.into()),
        Encoding::Base64 => BASE64_STANDARD
            .decode(text)
            .map(Bytes::from)
            .map_err(|error| Refused::invalid(format!("`body` is no base64: {error}"))),
    }
}

/// A header as a page writes it.
pub(super) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Refused> {
    let bad = |what: &str| impossible("bad_header", format!("`{name}`: {what}"));
    let parsed = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| bad("that is no name of a header"))?;
    let value = HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| bad("the value cannot stand there"))?;
    Ok((parsed, value))
}

/// A target as a page writes it. One that it is shown without its credentials stands for the one that is known.
pub(super) fn target(text: &str, known: &[Target]) -> Result<Target, Refused> {
    if let Some(target) = known.iter().find(|target| mask::masked_url(&target.to_string()) == text.trim()) {
        return Ok(target.clone());
    }
    if text.contains(MASK) {
        let message = format!("`{MASK}` stands for what is not shown, and no known target is meant");
        return Err(impossible("bad_target", message).hint("write the value itself"));
    }
    Target::parse(text).map_err(|error| impossible("bad_target", error.to_string()))
}

/// Sends a request once. One to the inspector itself is refused: it never leaves.
pub(super) async fn send(client: &Client, url: &Url, request: Request, attempt: u32) -> Result<Delivery, Refused> {
    let (method, target) = (request.method.clone(), request.uri.to_string());
    let outcome = client.session(url).send(request).await;
    let delivery = outcome.into_delivery(method, target, attempt);
    match &delivery.error {
        Some(error) if error.kind == FailureKind::Loop => {
            let refused = impossible("own_address", error.message.clone());
            Err(error.hint.iter().fold(refused, |refused, hint| refused.hint(hint)))
        }
        _ => Ok(delivery),
    }
}

/// What a page says of a request that was made, with what mends it there.
pub(super) fn said(note: &Note) -> String {
    match note {
        Note::Illustrative { .. } | Note::OwnKey { .. } => note.to_string(),
        Note::Unsigned { variable } => match variable {
            Some(variable) => format!("{note}: choose a secret, or start hookctl with {variable}"),
            None => format!("{note}: choose a secret, or start hookctl with one"),
        },
        Note::Broken => format!("{note}: sign it anew"),
        Note::Sealed { .. } => format!("{note}; with the provider's secret hookctl puts it back"),
    }
}

/// The provider of this id, with the secrets of now.
pub(super) fn verifier(verifiers: &[Arc<Verifier>], id: &str) -> Result<Arc<Verifier>, Refused> {
    let found = verifiers.iter().find(|verifier| **verifier.provider().id() == *id);
    found.cloned().ok_or_else(|| impossible("unknown_provider", format!("unknown provider `{id}`")))
}

/// The secret of this label.
pub(super) fn secret(verifier: &Verifier, label: &str) -> Result<Secret, Refused> {
    let found = verifier.secrets().find(|secret| secret.label() == label);
    found.cloned().ok_or_else(|| {
        let known: Vec<&str> = verifier.secrets().map(Secret::label).collect();
        let refused = impossible("unknown_secret", format!("{} has no secret `{label}`", verifier.provider().id()));
        if known.is_empty() { refused } else { refused.hint(format!("it has {}", known.join(", "))) }
    })
}

/// Signs what goes out again.
pub(super) struct DeskSigners {
    verifiers: Vec<Arc<Verifier>>,
    /// The label that was asked for.
    asked: Option<String>,
    /// The label of the secret that the event was signed with.
    known: Option<Arc<str>>,
}

impl DeskSigners {
    pub(super) fn new(verifiers: Vec<Arc<Verifier>>, asked: Option<String>, known: Option<Arc<str>>) -> Self {
        Self { verifiers, asked, known }
    }
}

impl Signers for DeskSigners {
    type Error = Refused;

    fn provider(&self, id: &str) -> Option<Arc<Provider>> {
        Some(Arc::clone(verifier(&self.verifiers, id).ok()?.provider()))
    }

    fn signer(&self, id: &str) -> Result<Signer, Refused> {
        let verifier = verifier(&self.verifiers, id)?;
        let known = || verifier.secrets().find(|secret| Some(secret.label()) == self.known.as_deref());
        let secret = match &self.asked {
            Some(label) => Some(secret(&verifier, label)?),
            None => known().or(verifier.secret()).cloned(),
        };
        Ok(Signer { provider: Arc::clone(verifier.provider()), secret })
    }
}

impl From<AgainError> for Refused {
    fn from(error: AgainError) -> Self {
        match &error {
            AgainError::UnknownProvider(_) => {
                impossible("cannot_sign", error.to_string()).hint("choose the provider to sign as")
            }
            AgainError::NoSecret { variable, .. } => {
                let variable = variable.as_deref().unwrap_or("--secret-env NAME");
                impossible("no_secret", error.to_string()).hint(format!("start hookctl with {variable}"))
            }
            AgainError::Sign(_) => impossible("cannot_sign", error.to_string()),
            AgainError::Edit(_) => impossible("cannot_edit", error.to_string()),
        }
    }
}

impl From<CompositionError> for Refused {
    fn from(error: CompositionError) -> Self {
        let text = error.to_string();
        match error {
            CompositionError::Tamper(TamperError::NoSecret) => {
                impossible("no_secret", text).hint("choose a secret to sign with")
            }
            CompositionError::Tamper(_) => impossible("cannot_tamper", text),
            CompositionError::Header(_) => impossible("bad_header", text),
            CompositionError::Sign(_) | CompositionError::Empty(_) => impossible("cannot_sign", text),
            CompositionError::Edit(_) => impossible("cannot_edit", text),
        }
    }
}

impl From<LookupError> for Refused {
    fn from(error: LookupError) -> Self {
        let text = error.to_string();
        match &error {
            LookupError::UnknownProvider { nearest, .. } => nearest_of(Self::absent("unknown_provider", text), nearest),
            LookupError::UnknownEvent { nearest, .. } => nearest_of(Self::absent("unknown_event", text), nearest),
            LookupError::Ambiguous { .. } => impossible("ambiguous_event", text).hint("write it as provider/event"),
            LookupError::Broken(_) => impossible("broken_manifest", text),
            LookupError::Unreadable { .. } => Self::broken(text),
        }
    }
}

fn nearest_of(refused: Refused, nearest: &Option<String>) -> Refused {
    match nearest {
        Some(nearest) => refused.hint(format!("did you mean `{nearest}`?")),
        None => refused,
    }
}

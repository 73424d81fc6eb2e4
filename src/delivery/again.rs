//! An event again: as it was received, edited, signed anew.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::{EditError, Note, edit, forward};
use crate::model::{Event, EventId, Request, Secret};
use crate::provider::{Generator, Provider, SignError, resign, sign};

/// The id of events whose provider could not be recognised.
const UNKNOWN: &str = "unknown";

/// How an event goes out again.
#[derive(Debug, Clone, Default)]
pub struct Again {
    /// Headers that replace what was received under their names.
    pub headers: HeaderMap,
    /// All headers there are to be, in their order, instead of the received ones.
    pub all_headers: Option<Vec<(HeaderName, HeaderValue)>>,
    /// Another method.
    pub method: Option<Method>,
    /// Another body.
    pub body: Option<Bytes>,
    /// Edits of the body, in their order, as `path=text` or `path:=JSON`.
    pub edits: Vec<String>,
    /// Let edits make what is not there.
    pub adds: bool,
    /// Whether it is signed anew.
    pub sign: Resign,
}

/// Whether an event is signed anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Resign {
    /// It keeps the signature that it came with.
    #[default]
    No,
    /// As its provider does.
    Own,
    /// As this provider does.
    As(String),
}

/// A provider with the secret to sign with.
#[derive(Debug, Clone)]
pub struct Signer {
    /// Who signs.
    pub provider: Arc<Provider>,
    /// With what; `None` where no secret is known.
    pub secret: Option<Secret>,
}

/// Where providers and secrets are found.
pub trait Signers {
    /// Why there is none.
    type Error: From<AgainError>;

    /// What is known of a provider; its secret is not looked for.
    fn provider(&self, id: &str) -> Option<Arc<Provider>>;

    /// A provider with the secret to sign with.
    fn signer(&self, id: &str) -> Result<Signer, Self::Error>;
}

/// Why an event cannot go out again so.
#[derive(Debug, thiserror::Error)]
pub enum AgainError {
    /// The body cannot be edited so.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// It cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Nobody knows how to sign it.
    #[error("nobody knows how to sign event {0}: its provider is unknown")]
    UnknownProvider(EventId),
    /// There is nothing to sign with.
    #[error("signing anew needs the secret of {provider}")]
    NoSecret {
        /// Whose secret.
        provider: String,
        /// In which variable its users keep it.
        variable: Option<String>,
    },
}

impl Again {
    /// Whether a request may turn out to be impossible.
    pub fn can_fail(&self) -> bool {
        self.sign != Resign::No || self.changes_body()
    }

    /// Whether the body goes out other than it came.
    pub fn changes_body(&self) -> bool {
        self.body.is_some() || !self.edits.is_empty()
    }

    /// The request that carries this event to `uri` for this time, and what is to be known of it.
    pub fn request<S: Signers>(
        &self,
        event: &Event,
        uri: &Uri,
        attempt: u32,
        generator: &RefCell<Generator>,
        signers: &S,
    ) -> Result<(Request, Vec<Note>), S::Error> {
        let mut notes = Vec::new();
        let mut request = self.changed(event, uri)?;
        match &self.sign {
            Resign::No => {
                if self.is_broken(event, &request, signers) {
                    notes.push(Note::Broken);
                }
                unseal(event, &mut request, generator, signers)?;
            }
            Resign::Own => resigned(event, &event.provider, &mut request, generator, signers)?,
            Resign::As(id) => resigned(event, id, &mut request, generator, signers)?,
        }
        notes.extend(drop_sealed(&mut request));
        forward::mark(&mut request, event.id, attempt);
        Ok((request, notes))
    }

    /// The request with everything that is changed but its signature.
    fn changed(&self, event: &Event, uri: &Uri) -> Result<Request, AgainError> {
        let mut request = forward::carried(&event.request, uri.clone());
        if let Some(all) = &self.all_headers {
            request.headers = forward::replaced(&event.request, all);
        }
        for name in self.headers.keys() {
            request.headers.remove(name);
        }
        request.headers.extend(self.headers.clone());
        if let Some(method) = &self.method {
            request.method = method.clone();
        }
        if let Some(body) = &self.body {
            request.body = body.clone();
        }
        if !self.edits.is_empty() {
            let kind = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            request.body = edit(request.body.to_vec(), kind, &self.edits, self.adds)?.into();
        }
        Ok(request)
    }

    /// Whether a signature stands over another body than the one it was made for.
    fn is_broken<S: Signers>(&self, event: &Event, request: &Request, signers: &S) -> bool {
        let signs_nothing =
            || signers.provider(&event.provider).is_some_and(|provider| provider.signatures().is_empty());
        self.changes_body() && request.body != event.request.body && !signs_nothing()
    }
}

/// Replaces the signature and what is signed with it; where the provider signs nothing all stays.
fn resigned<S: Signers>(
    event: &Event,
    id: &str,
    request: &mut Request,
    generator: &RefCell<Generator>,
    signers: &S,
) -> Result<(), S::Error> {
    if id == UNKNOWN {
        return Err(AgainError::UnknownProvider(event.id).into());
    }
    let Signer { provider, secret } = signers.signer(id)?;
    if provider.signatures().is_empty() {
        return Ok(());
    }
    let Some(secret) = &secret else {
        let variable = provider.about().secret_env.first().cloned();
        return Err(AgainError::NoSecret { provider: id.to_owned(), variable }.into());
    };
    let scheme = event.verdict.scheme.as_deref().filter(|scheme| {
        let own = provider.signatures().iter().find(|signature| signature.id() == *scheme);
        own.is_some_and(|signature| provider.takes(signature, secret.expose()))
    });
    resign(&provider, scheme, secret, request, generator).map_err(AgainError::from)?;
    Ok(())
}

/// Puts the secret of this machine where a credential stood that the history does not keep.
fn unseal<S: Signers>(
    event: &Event,
    request: &mut Request,
    generator: &RefCell<Generator>,
    signers: &S,
) -> Result<(), S::Error> {
    let (Some(scheme), true) = (&event.verdict.scheme, sealed(&request.headers).next().is_some()) else {
        return Ok(());
    };
    // A provider that is no more, or is described otherwise by now, is as good as no secret.
    let Ok(Signer { provider, secret }) = signers.signer(&event.provider) else { return Ok(()) };
    let header = provider.credential_header(scheme);
    let is_it = header.is_some_and(|header| sealed(&request.headers).any(|name| name == header));
    if let (true, Some(secret)) = (is_it, &secret) {
        sign(&provider, Some(scheme), secret, request, generator).map_err(AgainError::from)?;
    }
    Ok(())
}

/// Takes away what was not kept and is not known; says the first of these.
fn drop_sealed(request: &mut Request) -> Option<Note> {
    let names: Vec<HeaderName> = sealed(&request.headers).cloned().collect();
    for name in &names {
        request.headers.remove(name);
    }
    names.into_iter().next().map(|header| Note::Sealed { header })
}

/// Headers whose value was not kept.
fn sealed(headers: &HeaderMap) -> impl Iterator<Item = &HeaderName> {
    headers.iter().filter(|(_, value)| value.is_sensitive() && value.is_empty()).map(|(name, _)| name)
}

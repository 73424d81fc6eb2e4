//! How the request of an event is made: as it was received, edited, signed anew.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, Uri};
use jiff::Timestamp;

use crate::cli::ReplayArgs;
use crate::commands::{Context, chosen, input};
use crate::delivery;
use crate::delivery::edit;
use crate::error::Failure;
use crate::model::{Event, Request, Secret};
use crate::provider::{Generator, Provider, resign, sign};

/// The id of events whose provider could not be recognised.
const UNKNOWN: &str = "unknown";

/// Makes requests.
pub(super) struct Recipe<'a> {
    args: &'a ReplayArgs,
    context: &'a Context,
    headers: HeaderMap,
    /// The body that comes from the editor.
    pub(super) edited: Option<Vec<u8>>,
    /// Keys by the id of their provider.
    signers: RefCell<HashMap<String, Signer>>,
    said_broken: Cell<bool>,
    said_sealed: Cell<bool>,
}

/// A provider with the secret of this machine.
#[derive(Clone)]
struct Signer {
    provider: Arc<Provider>,
    secret: Option<Secret>,
}

impl<'a> Recipe<'a> {
    pub(super) fn new(args: &'a ReplayArgs, context: &'a Context) -> Result<Self, Failure> {
        Ok(Self {
            headers: input::headers(&args.header)?,
            args,
            context,
            edited: None,
            signers: RefCell::default(),
            said_broken: Cell::new(false),
            said_sealed: Cell::new(false),
        })
    }

    /// Whether a request may turn out to be impossible.
    pub(super) fn can_fail(&self) -> bool {
        self.args.signs() || self.args.changes_body()
    }

    /// The request that carries this event to `uri` for this time.
    pub(super) fn request(&self, event: &Event, uri: &Uri, attempt: u32) -> Result<Request, Failure> {
        let mut request = delivery::carried(&event.request, uri.clone());
        for name in self.headers.keys() {
            request.headers.remove(name);
        }
        request.headers.extend(self.headers.clone());
        self.edit(&mut request)?;
        if self.args.signs() {
            self.resign(event, &mut request)?;
        } else {
            self.warn_of_edits(event);
            self.unseal(event, &mut request)?;
        }
        self.drop_sealed(&mut request);
        delivery::mark(&mut request, event.id, attempt);
        Ok(request)
    }

    fn edit(&self, request: &mut Request) -> Result<(), Failure> {
        if let Some(edited) = &self.edited {
            request.body = edited.clone().into();
        }
        if !self.args.set.is_empty() {
            let kind = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            request.body = edit(request.body.to_vec(), kind, &self.args.set, self.args.add)?.into();
        }
        Ok(())
    }

    /// Replaces the signature and what is signed with it; where the provider signs nothing all stays.
    fn resign(&self, event: &Event, request: &mut Request) -> Result<(), Failure> {
        let id = self.args.sign_as.as_deref().unwrap_or(&event.provider);
        if id == UNKNOWN {
            return Err(Failure::usage(format!(
                "nobody knows how to sign event {}: its provider is unknown",
                event.id
            ))
            .hint("name the provider with --sign-as NAME"));
        }
        let signer = self.signer(id)?;
        if signer.provider.signatures().is_empty() {
            return Ok(());
        }
        let Some(secret) = &signer.secret else {
            let variable = signer.provider.about().secret_env.first().map_or("NAME", String::as_str);
            return Err(Failure::usage(format!("--resign needs the secret of {id}"))
                .hint(format!("give it with --secret-env NAME, --secret-file PATH or {variable}")));
        };
        let scheme = event.verdict.scheme.as_deref().filter(|scheme| {
            let own = signer.provider.signatures().iter().find(|signature| signature.id() == *scheme);
            own.is_some_and(|signature| signer.provider.takes(signature, secret.expose()))
        });
        let generator = RefCell::new(Generator::new(rand::random(), Timestamp::now()));
        Ok(resign(&signer.provider, scheme, secret, request, &generator)?)
    }

    /// Puts the secret of this machine where a credential stood that the history does not keep.
    fn unseal(&self, event: &Event, request: &mut Request) -> Result<(), Failure> {
        let (Some(scheme), true) = (&event.verdict.scheme, sealed(&request.headers).next().is_some()) else {
            return Ok(());
        };
        // A provider that is no more, or is described otherwise by now, is as good as no secret.
        let Ok(signer) = self.signer(&event.provider) else { return Ok(()) };
        let header = signer.provider.credential_header(scheme);
        let is_it = header.is_some_and(|header| sealed(&request.headers).any(|name| name == header));
        if let (true, Some(secret)) = (is_it, &signer.secret) {
            let generator = RefCell::new(Generator::new(rand::random(), Timestamp::now()));
            sign(&signer.provider, Some(scheme), secret, request, &generator)?;
        }
        Ok(())
    }

    fn drop_sealed(&self, request: &mut Request) {
        let names: Vec<HeaderName> = sealed(&request.headers).cloned().collect();
        for name in &names {
            request.headers.remove(name);
        }
        if let Some(name) = names.first().filter(|_| !self.said_sealed.replace(true)) {
            self.context.say(&format!(
                "warning: `{name}` is left out: its value was a credential, which the history does not keep \
                 (--secret-env NAME puts it back)"
            ));
        }
    }

    fn warn_of_edits(&self, event: &Event) {
        let signs_nothing = || {
            let provider = self.context.catalogue.provider(&event.provider);
            provider.is_ok_and(|provider| provider.signatures().is_empty())
        };
        if self.args.changes_body() && !signs_nothing() && !self.said_broken.replace(true) {
            self.context.say("warning: the body is another now, so its signature no longer holds: --resign signs anew");
        }
    }

    fn signer(&self, id: &str) -> Result<Signer, Failure> {
        if let Some(known) = self.signers.borrow().get(id) {
            return Ok(known.clone());
        }
        let provider = chosen::provider(self.context, id, &self.args.signature)?;
        let provider = chosen::with_variables(provider, &self.args.variables.variables)?;
        let secret = chosen::secret(self.context, &provider, &self.args.secret)?;
        let signer = Signer { provider, secret };
        self.signers.borrow_mut().insert(id.to_owned(), signer.clone());
        Ok(signer)
    }
}

/// Headers whose value was not kept.
fn sealed(headers: &HeaderMap) -> impl Iterator<Item = &HeaderName> {
    headers.iter().filter(|(_, value)| value.is_sensitive() && value.is_empty()).map(|(name, _)| name)
}

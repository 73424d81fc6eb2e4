//! How the request of an event is made: as it was received, edited, signed anew.

use std::cell::RefCell;
use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;

use http::Uri;
use jiff::Timestamp;

use crate::cli::ReplayArgs;
use crate::commands::{Context, chosen, input, notes};
use crate::delivery::{Again, Note, Resign, Signer, Signers};
use crate::error::Failure;
use crate::model::{Event, Request};
use crate::provider::{Generator, Provider};

/// Makes requests.
pub(super) struct Recipe<'a> {
    args: &'a ReplayArgs,
    context: &'a Context,
    pub(super) again: Again,
    /// Keys by the id of their provider.
    signers: RefCell<HashMap<String, Signer>>,
    /// What was said is not said of every event.
    said: RefCell<Vec<Discriminant<Note>>>,
}

impl<'a> Recipe<'a> {
    pub(super) fn new(args: &'a ReplayArgs, context: &'a Context) -> Result<Self, Failure> {
        let again = Again {
            headers: input::headers(&args.header)?,
            edits: args.set.clone(),
            adds: args.add,
            sign: match &args.sign_as {
                Some(id) => Resign::As(id.clone()),
                None if args.resign => Resign::Own,
                None => Resign::No,
            },
            ..Again::default()
        };
        Ok(Self { args, context, again, signers: RefCell::default(), said: RefCell::default() })
    }

    /// The request that carries this event to `uri` for this time.
    pub(super) fn request(&self, event: &Event, uri: &Uri, attempt: u32) -> Result<Request, Failure> {
        let generator = RefCell::new(Generator::new(rand::random(), Timestamp::now()));
        let (request, notes) = self.again.request(event, uri, attempt, &generator, self)?;
        for note in notes {
            let kind = discriminant(&note);
            let is_new = !self.said.borrow().contains(&kind);
            if is_new {
                self.said.borrow_mut().push(kind);
                self.context.say(&notes::said(&note));
            }
        }
        Ok(request)
    }
}

impl Signers for Recipe<'_> {
    type Error = Failure;

    fn provider(&self, id: &str) -> Option<Arc<Provider>> {
        self.context.catalogue.provider(id).ok()
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

//! A signature of a provider, to sign and verify with.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use hookctl::model::{Request, Secret, Verdict, VerdictStatus};
use hookctl::provider::{Catalogue, Circumstances, Draft, Generator, Provider, SignError, Verifier, compose};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use crate::senders::{self, now};

/// A provider with one of its signatures.
#[derive(Clone)]
pub struct Case {
    pub provider: Arc<Provider>,
    pub signature: String,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.provider.id(), self.signature)
    }
}

/// Every signature in a header that is computed from the body, whatever the body is.
pub static COMPUTED: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let (providers, _) = Catalogue::default().all();
    let providers: Vec<_> = providers.iter().map(|provider| Arc::new(senders::exemplified(provider))).collect();
    let of = |provider: &Arc<Provider>| {
        let computed = provider
            .signatures()
            .iter()
            .filter(|signature| signature.signed().next().is_some() && signature.header().is_some());
        computed
            .map(|signature| Case { provider: Arc::clone(provider), signature: signature.id().to_owned() })
            .filter(Case::covers_any_body)
            .collect::<Vec<_>>()
    };
    providers.iter().flat_map(of).collect()
});

impl Case {
    pub fn of(provider: &str, signature: &str) -> Self {
        let provider = senders::exemplified(&Catalogue::default().provider(provider).unwrap());
        Self { provider: Arc::new(provider), signature: signature.to_owned() }
    }

    pub fn secret(&self) -> Secret {
        senders::secret(&self.provider, &self.signature)
    }

    pub fn signed(&self, body: &[u8]) -> Request {
        self.signed_with(body, &self.secret(), now())
    }

    /// Some sign a few fields of the body, and some only what stands in headers or in the URL.
    fn covers_any_body(&self) -> bool {
        let text = |body| {
            let signed = self.try_signed_with(body, &self.secret(), now()).ok()?;
            Some(signed.headers.get(self.try_header()?)?.clone())
        };
        matches!((text(b"a=1"), text(b"a=2")), (Some(one), Some(other)) if one != other)
    }

    pub fn signed_with(&self, body: &[u8], secret: &Secret, at: Timestamp) -> Request {
        self.try_signed_with(body, secret, at).unwrap()
    }

    /// An error where this is no secret for the scheme.
    pub fn try_signed_with(&self, body: &[u8], secret: &Secret, at: Timestamp) -> Result<Request, SignError> {
        let draft = Draft {
            event: "test.event",
            body,
            content_type: None,
            headers: &HeaderMap::new(),
            url: &senders::url(&self.signature, body),
            signature: Some(&self.signature),
        };
        compose(&self.provider, &draft, Some(secret), &RefCell::new(Generator::new(1, at)))
    }

    pub fn header(&self) -> HeaderName {
        self.try_header().unwrap()
    }

    fn try_header(&self) -> Option<HeaderName> {
        let signature = self.provider.signatures().iter().find(|known| known.id() == self.signature)?;
        signature.header().cloned()
    }

    pub fn text(&self, request: &Request) -> String {
        request.headers[self.header()].to_str().unwrap().to_owned()
    }

    pub fn with_text(&self, request: &Request, text: &str) -> Option<Request> {
        let mut request = request.clone();
        request.headers.insert(self.header(), HeaderValue::from_str(text).ok()?);
        Some(request)
    }

    pub fn verify(&self, request: &Request) -> Verdict {
        self.verify_at(request, now())
    }

    pub fn verify_at(&self, request: &Request, at: Timestamp) -> Verdict {
        let secret = senders::verifying(&self.secret());
        Verifier::new(Arc::clone(&self.provider), Some(secret)).verify(request, &Circumstances::at(at))
    }

    pub fn accepts(&self, request: &Request) -> bool {
        self.verify(request).status == VerdictStatus::Valid
    }

    pub fn is_hex(&self) -> bool {
        let digits = self.text(&self.signed(b"a"));
        let digits = digits.rsplit(['=', ',']).next().unwrap_or_default();
        digits.len() >= 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

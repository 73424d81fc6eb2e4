//! What one signature costs inside the process, beside the bare HMAC over as many bytes.

#[path = "figures.rs"]
mod figures;

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use figures::{Target, median, row};
use hmac::{Hmac, KeyInit as _, Mac as _};
use hookctl::model::{Request, Secret, VerdictStatus};
use hookctl::provider::{Catalogue, Circumstances, Draft, Generator, Provider, Verifier, compose, identify};
use http::HeaderMap;
use jiff::Timestamp;
use sha2::Sha256;

/// Calls of one sample, and samples.
const CALLS: u32 = 2_000;
const SAMPLES: usize = 7;
/// Secrets in the forms that the schemes take; the first that yields a valid request is used.
const SECRETS: [&str; 3] = ["a secret for benchmarks only", "whsec_C2FVsBQIhrscChlQIMV+b5sSYob7oD8y", "user:password"];

fn main() -> Result<()> {
    let catalogue = Catalogue::default();
    let (providers, _) = catalogue.all();
    let mut sample = None;
    for provider in &providers {
        let Some(subject) = Subject::new(&catalogue, provider)? else { continue };
        subject.measure()?;
        if **provider.id() == *"github" {
            sample = Some(subject.request);
        }
    }
    let request = sample.context("no request of GitHub")?;
    let one = nanos(|| drop(black_box(identify(&providers, black_box(&request)))));
    row(&format!("identify among {} providers, ns", providers.len()), "", "", one, Target::None);
    let own = providers.iter().find(|provider| **provider.id() == *"slack").context("no Slack")?;
    let none = nanos(|| assert!(black_box(own.handshake(black_box(&request))).is_none()));
    row("an event is no handshake of its provider, ns", "", "", none, Target::None);
    let none = nanos(|| assert!(providers.iter().all(|one| black_box(one.handshake(black_box(&request))).is_none())));
    row(&format!("nor of {} providers, ns", providers.len()), "", "", none, Target::None);
    Ok(())
}

/// A provider with a body, a secret that fits, and a request that is valid with it.
struct Subject<'p> {
    provider: &'p Arc<Provider>,
    event: String,
    body: Vec<u8>,
    secret: Secret,
    request: Request,
    now: Timestamp,
}

impl<'p> Subject<'p> {
    /// `None` for a provider that signs nothing, or needs a secret of another form.
    fn new(catalogue: &Catalogue, provider: &'p Arc<Provider>) -> Result<Option<Self>> {
        let Some(event) = catalogue.events(provider.id()).into_iter().next() else { return Ok(None) };
        let body = catalogue.fixture(provider.id(), &event)?.body;
        let now = Timestamp::now();
        for secret in SECRETS {
            let secret = Secret::new(secret, "bench")?;
            let Some(request) = sign(provider, &event, &body, &secret, now) else { continue };
            let verifier = Verifier::new(Arc::clone(provider), Some(secret.clone()));
            if verifier.verify(&request, &Circumstances::at(now)).status == VerdictStatus::Valid {
                return Ok(Some(Self { provider, event, body, secret, request, now }));
            }
        }
        Ok(None)
    }

    fn measure(&self) -> Result<()> {
        let verifier = Verifier::new(Arc::clone(self.provider), Some(self.secret.clone()));
        let mac = Hmac::<Sha256>::new_from_slice(self.secret.expose())?;
        let bare = nanos(|| drop(black_box(mac.clone().chain_update(black_box(&self.body)).finalize())));
        let circumstances = Circumstances::at(self.now);
        let verified = nanos(|| drop(black_box(verifier.verify(black_box(&self.request), &circumstances))));
        let signed =
            nanos(|| drop(black_box(sign(self.provider, &self.event, black_box(&self.body), &self.secret, self.now))));
        let id = self.provider.id();
        let text = |time: f64| format!("{time:.0} ns");
        row(&format!("verify {id} / HMAC-SHA-256"), &text(bare), &text(verified), verified / bare, Target::None);
        row(&format!("sign {id} / HMAC-SHA-256"), &text(bare), &text(signed), signed / bare, Target::None);
        Ok(())
    }
}

fn sign(provider: &Provider, event: &str, body: &[u8], secret: &Secret, now: Timestamp) -> Option<Request> {
    let headers = HeaderMap::new();
    let draft = Draft {
        event,
        body,
        content_type: None,
        headers: &headers,
        url: "http://127.0.0.1:4000/hook",
        signature: None,
    };
    compose(provider, &draft, Some(secret), &RefCell::new(Generator::new(1, now))).ok()
}

/// Nanoseconds a call, the median of the samples.
fn nanos(mut call: impl FnMut()) -> f64 {
    let mut sample = || {
        let started = Instant::now();
        (0..CALLS).for_each(|_| call());
        started.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
    };
    sample();
    median((0..SAMPLES).map(|_| sample()).collect())
}

//! Every handshake of every embedded provider, asked by the sender and answered by what the listener answers with.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use hookctl::model::{Request, Response, Secret, VerdictStatus};
use hookctl::provider::{Asked, Catalogue, Circumstances, Generator, Handshake, Provider, Verifier};
use http::{HeaderMap, StatusCode};

use crate::catalogue;
use crate::senders::{self, now};

/// A handshake with everything that asking it needs.
struct Shaking {
    provider: Provider,
    handshake: Arc<Handshake>,
    secret: Option<Secret>,
}

impl Shaking {
    fn name(&self) -> String {
        format!("{} {}", self.provider.id(), self.handshake.name())
    }

    /// The request as it leaves, and as it arrives: with a path and a host.
    fn ask(&self) -> (Request, Request) {
        let generator = RefCell::new(Generator::new(7, now()));
        let url = "https://hooks.example.test/in?tenant=1";
        let asked = self.handshake.ask(&self.provider, url, &HeaderMap::new(), self.secret.as_ref(), &generator);
        let sent = asked.unwrap_or_else(|error| panic!("{}: {error}", self.name()));
        let sent = sent.unwrap_or_else(|| panic!("{}: the manifest does not say how it is asked", self.name()));
        let mut seen = sent.clone();
        seen.uri = sent.uri.path_and_query().unwrap().as_str().parse().unwrap();
        seen.headers.insert("host", "hooks.example.test".parse().unwrap());
        (sent, seen)
    }

    fn asked<'a>(&'a self, request: &'a Request) -> Asked<'a> {
        Asked { provider: &self.provider, request, url: None, secret: self.secret.as_ref() }
    }
}

fn all() -> Vec<Shaking> {
    let (providers, problems) = Catalogue::default().all();
    assert!(problems.is_empty(), "{problems:?}");
    let of = |provider: Arc<Provider>| {
        let values =
            provider.variables().iter().map(|variable| (variable.name.clone(), "https://given.test/v".to_owned()));
        let values: Vec<(String, String)> = values.collect();
        let given = provider.with_variables(values.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let secret = provider.signatures().first().map(|first| senders::secret(&provider, first.id()));
        let handshakes = provider.handshakes().to_vec();
        handshakes.into_iter().map(move |handshake| Shaking {
            provider: given.clone(),
            handshake,
            secret: secret.clone(),
        })
    };
    providers.into_iter().flat_map(of).collect()
}

#[test]
fn what_is_asked_is_recognised_and_answered_rightly() {
    let mut count = 0;
    for shaking in all() {
        let (sent, seen) = shaking.ask();
        let found = shaking.provider.handshake(&seen).unwrap_or_else(|| panic!("{}: not recognised", shaking.name()));
        assert_eq!(found.name(), shaking.handshake.name(), "{}", shaking.name());
        if shaking.handshake.is_signed() {
            let secret = shaking.secret.as_ref().map(senders::verifying);
            let verifier = Verifier::new(Arc::new(shaking.provider.clone()), secret);
            let verdict = verifier.verify(&seen, &Circumstances::at(now()));
            assert_eq!(verdict.status, VerdictStatus::Valid, "{}: {verdict:?}", shaking.name());
        }
        let asked = shaking.asked(&seen);
        assert_eq!(found.check(&asked), Ok(()), "{}", shaking.name());
        let reply = found.reply(&asked).unwrap_or_else(|error| panic!("{}: {error}", shaking.name()));
        let judged = shaking.handshake.judge(&shaking.asked(&sent), &reply);
        assert_eq!(judged.unwrap(), Ok(()), "{}", shaking.name());
        count += 1;
    }
    assert!(count >= 17, "only {count}");
}

#[test]
fn an_answer_that_is_broken_is_refused() {
    for shaking in all() {
        let (sent, seen) = shaking.ask();
        let asked = shaking.asked(&sent);
        let right = shaking.handshake.reply(&shaking.asked(&seen)).unwrap();
        let is_taken = |answer: &Response| shaking.handshake.judge(&asked, answer).unwrap().is_ok();
        let status = Response { status: StatusCode::INTERNAL_SERVER_ERROR, ..right.clone() };
        assert!(!is_taken(&status), "{}: 500", shaking.name());
        let wanted = shaking.handshake.right_answer(&asked).unwrap();
        if wanted.body.iter().any(|body| !body.is_empty()) {
            let empty = Response { body: Bytes::new(), ..right.clone() };
            assert!(!is_taken(&empty), "{}: no body", shaking.name());
            let other = Response { body: Bytes::from_static(b"{\"ok\":true}"), ..right.clone() };
            assert!(!is_taken(&other), "{}: another body", shaking.name());
        }
        if !wanted.headers.is_empty() {
            let bare = Response { headers: HeaderMap::new(), ..right };
            assert!(!is_taken(&bare), "{}: no header", shaking.name());
        }
    }
}

#[test]
fn no_event_is_mistaken_for_a_handshake() {
    for fixture in catalogue::fixtures() {
        let provider = &fixture.provider;
        let secret = provider.signatures().first().map(|first| senders::secret(provider, first.id()));
        let request = catalogue::composed(&fixture, secret.as_ref(), None).unwrap();
        if let Some(handshake) = provider.handshake(&request) {
            panic!("{}/{} is taken for {}", provider.id(), fixture.event, handshake.name());
        }
    }
}

#[test]
fn a_signed_handshake_without_its_signature_is_not_answered() {
    for shaking in all().into_iter().filter(|shaking| shaking.handshake.is_signed()) {
        let bare = Shaking { secret: None, ..shaking };
        let (_, seen) = bare.ask();
        let secret = bare.provider.signatures().first().map(|first| senders::secret(&bare.provider, first.id()));
        let verifier = Verifier::new(Arc::new(bare.provider.clone()), secret.map(|secret| senders::verifying(&secret)));
        let verdict = verifier.verify(&seen, &Circumstances::at(now()));
        assert!(verdict.is_refused(), "{}: {verdict:?}", bare.name());
    }
}

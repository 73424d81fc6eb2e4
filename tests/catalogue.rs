//! Every embedded provider and fixture, held against its own manifest.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use hookctl::model::{Request, Secret, VerdictStatus};
use hookctl::provider::{
    Catalogue, Circumstances, Draft, Fixture, Generator, Identity, Provider, SignError, Verifier, compose, identify,
    renew,
};
use http::HeaderMap;
use jiff::Timestamp;

use crate::senders::{self, now};

fn providers() -> Vec<Arc<Provider>> {
    let (providers, problems) = Catalogue::default().all();
    assert!(problems.is_empty(), "{problems:?}");
    providers
}

pub fn fixtures() -> Vec<Fixture> {
    let catalogue = Catalogue::default();
    let of = |id: &String| {
        let events = catalogue.events(id);
        let fixture = |event: &String| {
            let fixture = catalogue.fixture(id, event).unwrap();
            Fixture { provider: Arc::new(senders::exemplified(&fixture.provider)), ..fixture }
        };
        events.iter().map(fixture).collect::<Vec<_>>()
    };
    catalogue.ids().iter().flat_map(of).collect()
}

fn name(fixture: &Fixture) -> String {
    format!("{}/{}", fixture.provider.id(), fixture.event)
}

fn headers(fixture: &Fixture) -> HeaderMap {
    let written = fixture.note.iter().flat_map(|note| &note.headers);
    written.map(|(name, value)| Request::parse_header(&format!("{name}: {value}")).unwrap()).collect()
}

pub fn composed(fixture: &Fixture, secret: Option<&Secret>, signature: Option<&str>) -> Result<Request, SignError> {
    let generator = RefCell::new(Generator::new(1, now()));
    // Some providers sign a time that is in the body.
    let body = renew(&fixture.provider, &fixture.event, &fixture.body, &generator)?;
    let url = senders::url(signature.unwrap_or_default(), &body);
    let headers = headers(fixture);
    let draft = Draft {
        event: &fixture.event,
        body: &body,
        content_type: Some(&fixture.content_type),
        headers: &headers,
        url: &url,
        signature,
    };
    compose(&fixture.provider, &draft, secret, &generator)
}

#[test]
fn every_embedded_manifest_compiles() {
    let ids: Vec<String> = providers().iter().map(|provider| provider.id().to_string()).collect();
    for id in [
        "customertext",
        "generic",
        "github",
        "prokeep",
        "promptio",
        "prospektr",
        "shopify",
        "slack",
        "standard-webhooks",
        "stripe",
        "svix",
        "twilio",
    ] {
        assert!(ids.iter().any(|known| known == id), "{id} is not embedded: {ids:?}");
    }
}

#[test]
fn every_fixture_has_an_entry_and_every_entry_a_fixture() {
    let catalogue = Catalogue::default();
    for provider in providers() {
        let entries: Vec<&String> = provider.fixtures().keys().collect();
        let files = catalogue.events(provider.id());
        assert_eq!(entries, files.iter().collect::<Vec<_>>(), "{}", provider.id());
        assert!(!files.is_empty(), "{} has no fixture", provider.id());
    }
}

#[test]
fn the_seed_providers_have_all_their_events() {
    let catalogue = Catalogue::default();
    for (id, count) in [("prokeep", 11), ("prospektr", 1), ("customertext", 6), ("promptio", 7)] {
        assert_eq!(catalogue.events(id).len(), count, "{id}");
    }
    for id in ["standard-webhooks", "github", "stripe", "slack", "shopify", "svix", "twilio"] {
        let fixtures = fixtures().into_iter().filter(|fixture| **fixture.provider.id() == *id);
        let documented = fixtures.filter(|fixture| fixture.note.as_ref().is_some_and(|note| note.documented));
        assert!(documented.count() >= 2, "{id}");
        assert!(!catalogue.provider(id).unwrap().about().docs.is_empty(), "{id} has no link");
    }
}

#[test]
fn seed_payloads_are_those_of_the_documentation_to_the_letter() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeds");
    let mut count = 0;
    for provider in ["prokeep", "customertext"] {
        for entry in std::fs::read_dir(seeds.join(provider)).unwrap().flatten() {
            let event = entry.path().file_stem().unwrap().to_str().unwrap().to_owned();
            let fixture = Catalogue::default().fixture(provider, &event).unwrap();
            assert!(fixture.body == std::fs::read(entry.path()).unwrap(), "{provider}/{event}");
            count += 1;
        }
    }
    assert_eq!(count, 12);
}

#[test]
fn every_place_that_is_renewed_is_in_a_fixture() {
    let all = fixtures();
    for provider in providers() {
        for (place, event, is_in) in provider.fresh_places() {
            let own = all.iter().filter(|fixture| fixture.provider.id() == provider.id());
            let mut meant = own.filter(|fixture| event.is_none_or(|event| event == fixture.event));
            assert!(meant.any(|fixture| is_in(&fixture.body)), "{}: {place} of {event:?}", provider.id());
        }
    }
}

#[test]
fn every_fixture_verifies_under_every_signature_of_its_provider() {
    let mut signed = 0;
    for fixture in fixtures() {
        for signature in fixture.provider.signatures().iter().filter(|signature| senders::is_made(signature)) {
            let secret = senders::secret(&fixture.provider, signature.id());
            let request = composed(&fixture, Some(&secret), Some(signature.id()));
            let request = request.unwrap_or_else(|error| panic!("{} as {}: {error}", name(&fixture), signature.id()));
            let verifier = Verifier::new(Arc::clone(&fixture.provider), Some(senders::verifying(&secret)));
            let verdict = verifier.verify(&request, &Circumstances::at(now()));
            assert_eq!(verdict.status, VerdictStatus::Valid, "{} as {}: {verdict:?}", name(&fixture), signature.id());
            assert_eq!(verdict.scheme.as_deref(), Some(signature.id()), "{}", name(&fixture));
            signed += 1;
        }
    }
    assert!(signed > 40, "only {signed}");
}

#[test]
fn a_provider_without_signatures_is_unchecked() {
    let prokeep = Catalogue::default().fixture("prokeep", "message_received").unwrap();
    let secret = Secret::new("any", "test").unwrap();
    let request = composed(&prokeep, Some(&secret), None).unwrap();
    for secret in [None, Some(secret)] {
        let verdict = Verifier::new(Arc::clone(&prokeep.provider), secret).verify(&request, &Circumstances::at(now()));
        assert_eq!(verdict.status, VerdictStatus::Unchecked);
        assert_eq!(verdict.reason.unwrap().to_string(), "prokeep does not sign its requests");
    }
}

#[test]
fn every_request_is_recognised_as_its_own_providers() {
    let providers = providers();
    for fixture in fixtures().iter().filter(|fixture| **fixture.provider.id() != *"generic") {
        let secret = fixture.provider.signatures().first().map(|first| senders::secret(&fixture.provider, first.id()));
        let request = composed(fixture, secret.as_ref(), None).unwrap();
        match identify(&providers, &request) {
            Identity::Known(found) => assert_eq!(found.id(), fixture.provider.id(), "{}", name(fixture)),
            other => panic!("{}: {other:?}", name(fixture)),
        }
    }
}

/// Requests in which nothing says what happened.
pub const NAMELESS: [&str; 5] = [
    // These only say that something changed.
    "airtable/notification",
    "dropbox/list_folder",
    // What a message is about is for its publisher to say.
    "google-pubsub/message",
    // Its body is `{"success": true}`, and no header names it.
    "svix/svix.ping",
    // Its body is the topic itself.
    "websub/notification",
];

#[test]
fn every_request_tells_its_event_type() {
    for fixture in fixtures() {
        let request = composed(&fixture, None, None).unwrap();
        let told = fixture.provider.event_type(&request);
        let expected = match name(&fixture).as_str() {
            // These names have a colon, which a file's name cannot have everywhere.
            "bitbucket/repo/commit_status_created" => Some("repo:commit_status_created"),
            "jira/issue_updated" => Some("jira:issue_updated"),
            "klaviyo/event/klaviyo.sent_sms" => Some("event:klaviyo.sent_sms"),
            "terraform-cloud/assessment/drifted" => Some("assessment:drifted"),
            "terraform-cloud/run/errored" => Some("run:errored"),
            // The specification's example is of this type; a slash command is named by the command.
            "standard-webhooks/example.event" => Some("example.event"),
            "slack/command" => Some("/webhook-collect"),
            // The types have a colon, which is no character for a file name everywhere.
            "coinbase-commerce/charge.confirmed" => Some("charge:confirmed"),
            "coinbase-commerce/charge.created" => Some("charge:created"),
            nameless if NAMELESS.contains(&nameless) => None,
            _ => Some(fixture.event.as_str()),
        };
        assert_eq!(told.as_deref(), expected, "{}", name(&fixture));
    }
}

#[test]
fn only_what_a_sender_renews_differs_between_two_renewals() {
    for fixture in fixtures() {
        let renewed = |seed| {
            let generator = RefCell::new(Generator::new(seed, now()));
            renew(&fixture.provider, &fixture.event, &fixture.body, &generator).unwrap()
        };
        assert_eq!(renewed(1), renewed(1), "{}", name(&fixture));
        let places = fixture.provider.fresh_places();
        let mut own = places.filter(|(_, event, _)| event.is_none_or(|event| event == fixture.event));
        if !own.any(|(_, _, is_in)| is_in(&fixture.body)) {
            assert!(renewed(1) == fixture.body, "{}", name(&fixture));
        }
    }
}

#[test]
fn the_verification_clock_is_not_the_fixtures_own() {
    let stripe = Catalogue::default().fixture("stripe", "invoice.paid").unwrap();
    let secret = senders::secret(&stripe.provider, "v1");
    let request = composed(&stripe, Some(&secret), None).unwrap();
    let verifier = Verifier::new(Arc::clone(&stripe.provider), Some(secret));
    let later: Timestamp = now() + jiff::SignedDuration::from_hours(1);
    assert_eq!(verifier.verify(&request, &Circumstances::at(later)).status, VerdictStatus::Invalid);
}

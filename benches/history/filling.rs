//! Fills a history through the writer, as a busy listener would.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use hookctl::model::{Event, Reason, Request, Secret, Verdict};
use hookctl::provider::{Catalogue, Draft, Generator, Provider, compose, renew};
use hookctl::store::{Retention, Writer};
use http::{HeaderMap, HeaderValue, Uri};
use tokio::task::JoinSet;

use crate::figures::{Target, row};

/// Events on their way to the disk at once.
const IN_FLIGHT: usize = 512;
/// Words of what people write: with them a body has about 600 bytes.
const NOTE_WORDS: usize = 8;
/// Stands in the first event only: what is found last.
pub const OLDEST: &str = "zanzibar";
/// Stands in every 1,000th event.
pub const SOME: &str = "kumquat";

/// Fixtures of about that size.
const FIXTURES: [&str; 5] = [
    "prospektr/prospect.added",
    "prokeep/message_sent",
    "promptio/contactAction",
    "slack/app_mention",
    "slack/message",
];
/// Secrets in the forms that providers take.
const SECRETS: [&str; 3] = ["a secret for benchmarks only", "whsec_C2FVsBQIhrscChlQIMV+b5sSYob7oD8y", "user:password"];
/// When the first event is said to have been sent.
const FIRST_SECOND: i64 = 1_790_000_000;
const WORDS: [&str; 32] = [
    "customer", "asked", "for", "a", "later", "delivery", "of", "the", "second", "order", "and", "will", "call",
    "again", "next", "week", "because", "invoice", "was", "not", "paid", "yet", "please", "contact", "them", "about",
    "new", "terms", "before", "friday", "morning", "thanks",
];
const NAMES: [&str; 8] = ["Ada", "Grace", "Edsger", "Barbara", "Donald", "Frances", "Niklaus", "Jean"];

/// Fills it; says how many bytes of headers and bodies went in.
pub fn fill(path: &Path, events: u64) -> Result<u64> {
    let writer = Arc::new(Writer::open(path, Retention { max_bytes: None, max_events: None, max_age: None })?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let catalogue = Catalogue::default();
    let sources = FIXTURES.iter().map(|name| Source::new(&catalogue, name)).collect::<Result<Vec<_>>>()?;
    let started = Instant::now();
    let raw = runtime.block_on(async {
        let mut tasks = JoinSet::new();
        let mut raw = 0;
        for (number, source) in (0..events).zip(sources.iter().cycle()) {
            let event = source.event(number)?;
            raw += size(&event.request);
            if tasks.len() >= IN_FLIGHT
                && let Some(done) = tasks.join_next().await
            {
                done??;
            }
            let writer = Arc::clone(&writer);
            tasks.spawn(async move { writer.append(Arc::new(event), Arc::from([])).await });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        anyhow::Ok(raw)
    })?;
    let rate = events as f64 / started.elapsed().as_secs_f64();
    writer.close();
    row("events made, signed and appended a second", "", "", rate, Target::None);
    Ok(raw)
}

fn size(request: &Request) -> u64 {
    let headers = request.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    (headers.sum::<usize>() + request.body.len()) as u64
}

/// What a provider sends: one of its fixtures, renewed and signed anew for each event.
struct Source {
    provider: Arc<Provider>,
    event: String,
    body: Vec<u8>,
    secret: Secret,
}

impl Source {
    fn new(catalogue: &Catalogue, name: &str) -> Result<Self> {
        let fixture = catalogue.find_fixture(name, None)?;
        let secrets = SECRETS.iter().filter_map(|secret| Secret::new(*secret, "bench").ok());
        let mut tried = secrets.map(|secret| Self {
            provider: Arc::clone(&fixture.provider),
            event: fixture.event.clone(),
            body: fixture.body.clone(),
            secret,
        });
        tried.find(|source| source.request(1).is_ok()).with_context(|| format!("no secret fits {name}"))
    }

    fn request(&self, number: u64) -> Result<Request> {
        let time = jiff::Timestamp::from_second(FIRST_SECOND + i64::try_from(number / 50)?)?;
        let generator = RefCell::new(Generator::new(number, time));
        let renewed = renew(&self.provider, &self.event, &self.body, &generator)?;
        let body = with_note(&renewed, number);
        let mut headers = HeaderMap::new();
        headers.append("host", HeaderValue::from_static("hooks.example.com"));
        headers.append("content-length", HeaderValue::from(body.len()));
        headers.append("accept", HeaderValue::from_static("*/*"));
        headers.append("accept-encoding", HeaderValue::from_static("gzip"));
        let draft = Draft {
            event: &self.event,
            body: &body,
            content_type: Some("application/json"),
            headers: &headers,
            url: "http://127.0.0.1:4000/webhooks",
            signature: None,
        };
        Ok(compose(&self.provider, &draft, Some(&self.secret), &generator)?)
    }

    fn event(&self, number: u64) -> Result<Event> {
        let verdict = match number % 100 {
            0 => Verdict::unchecked(Reason::NoSecret { provider: (**self.provider.id()).into() }),
            _ => Verdict::valid("v1".into()),
        };
        let mut request = self.request(number)?;
        // What is received names a path only.
        request.uri = Uri::from_static("/webhooks");
        Ok(Event {
            id: uuid::Uuid::now_v7(),
            received_at: jiff::Timestamp::now(),
            provider: (**self.provider.id()).into(),
            event_type: Some(self.event.clone()),
            delivery_id: None,
            verdict,
            request,
            remote: ([127, 0, 0, 1], 50_000).into(),
            handshake: None,
            repeat: None,
        })
    }
}

/// The object with one more member: what people write, different each time.
fn with_note(object: &[u8], number: u64) -> Vec<u8> {
    let mut random = Random(number);
    let rare = match number {
        0 => OLDEST,
        number if number.is_multiple_of(1_000) => SOME,
        _ => "ordinary",
    };
    let object = object.trim_ascii_end();
    let mut body = object.strip_suffix(b"}").unwrap_or(object).trim_ascii_end().to_vec();
    let (first, last) = (random.of(&NAMES), random.of(&NAMES));
    let head = format!(",\"note\":{{\"number\":{number},\"by\":\"{first} {last}\",\"kind\":\"{rare}\",\"text\":\"");
    body.extend_from_slice(head.as_bytes());
    for _ in 0..NOTE_WORDS {
        body.extend_from_slice(random.of(&WORDS).as_bytes());
        body.push(b' ');
    }
    body.extend_from_slice(b"\"}}");
    body
}

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>): the same history in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn of(&mut self, choices: &[&'static str]) -> &'static str {
        choices[usize::try_from(self.next() % choices.len() as u64).unwrap_or_default()]
    }
}

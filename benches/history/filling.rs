//! Fills a history through the writer, as a busy listener would.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use hookctl::model::{Event, Reason, Request, Verdict};
use hookctl::store::{Retention, Writer};
use http::{HeaderName, HeaderValue, Method, Uri};
use tokio::task::JoinSet;

use crate::figures::{Target, row};

/// Events on their way to the disk at once.
const IN_FLIGHT: usize = 512;
/// Bytes of a body.
const BODY_SIZE: usize = 600;
/// Stands in the first event only: what is found last.
pub const OLDEST: &str = "zanzibar";
/// Stands in every 1,000th event.
pub const SOME: &str = "kumquat";

const PROVIDERS: [&str; 3] = ["stripe", "prospektr", "github"];
const TYPES: [&str; 4] = ["invoice.paid", "prospect.added", "customer.updated", "message_received"];
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
    let started = Instant::now();
    let raw = runtime.block_on(async {
        let mut tasks = JoinSet::new();
        let mut raw = 0;
        for number in 0..events {
            let event = event(number)?;
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
    row("events appended a second", "", "", rate, Target::None);
    Ok(raw)
}

fn size(request: &Request) -> u64 {
    let headers = request.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    (headers.sum::<usize>() + request.body.len()) as u64
}

fn event(number: u64) -> Result<Event> {
    let mut random = Random(number);
    let id = uuid::Uuid::now_v7();
    let (provider, event_type) = (random.of(&PROVIDERS), random.of(&TYPES));
    let body = body(number, event_type, &mut random);
    let signature: String = (0..4).map(|_| format!("{:016x}", random.next())).collect();
    let time = 1_790_000_000 + number / 50;
    let headers = [
        ("host", "hooks.example.com:4000".to_owned()),
        ("user-agent", "Webhooks/1.0 (+https://example.com/docs/webhooks)".to_owned()),
        ("content-length", body.len().to_string()),
        ("accept", "*/*; q=0.5, application/json".to_owned()),
        ("cache-control", "no-cache".to_owned()),
        ("content-type", "application/json; charset=utf-8".to_owned()),
        ("x-signature", format!("t={time},v1={signature}")),
        ("x-delivery-id", uuid::Uuid::from_u64_pair(random.next(), random.next()).to_string()),
        ("x-event-type", event_type.to_owned()),
        ("accept-encoding", "gzip".to_owned()),
    ];
    let mut request =
        Request { method: Method::POST, uri: Uri::from_static("/webhooks"), body: body.into(), ..Request::default() };
    for (name, value) in headers {
        request.headers.append(HeaderName::from_static(name), HeaderValue::try_from(value)?);
    }
    let verdict = match random.next() % 100 {
        0 => Verdict::unchecked(Reason::NoSecret { provider: provider.into() }),
        _ => Verdict::valid("v1".into()),
    };
    Ok(Event {
        id,
        received_at: jiff::Timestamp::now(),
        provider: provider.into(),
        event_type: Some(event_type.to_owned()),
        delivery_id: None,
        verdict,
        request,
        remote: ([127, 0, 0, 1], 50_000).into(),
        repeat: None,
    })
}

fn body(number: u64, event_type: &str, random: &mut Random) -> String {
    let (first, last) = (random.of(&NAMES), random.of(&NAMES));
    let rare = match number {
        0 => OLDEST,
        number if number.is_multiple_of(1_000) => SOME,
        _ => "ordinary",
    };
    let mut body = format!(
        "{{\"id\":\"evt_{:016x}\",\"object\":\"event\",\"type\":\"{event_type}\",\"created\":{},\"livemode\":false,\
         \"data\":{{\"id\":\"cus_{:012x}\",\"number\":{number},\"name\":\"{first} {last}\",\
         \"email\":\"{first}.{}@example.com\",\"amount\":{},\"currency\":\"usd\",\"kind\":\"{rare}\",\
         \"address\":{{\"city\":\"Springfield\",\"postal_code\":\"{:05}\"}},\"note\":\"",
        random.next(),
        1_790_000_000 + number / 50,
        random.next() >> 16,
        random.next() % 10_000,
        random.next() % 100_000,
        random.next() % 100_000,
    );
    while body.len() < BODY_SIZE - 14 {
        body.push_str(random.of(&WORDS));
        body.push(' ');
    }
    body.truncate(BODY_SIZE - 4);
    body + "\"}}\n"
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

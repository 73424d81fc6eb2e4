//! What an explanation costs, by the size of the body: the median over common causes, and the worst case, where nothing
//! explains the mismatch and all is tried. The yardstick is one verification of the same request.

#[path = "figures.rs"]
mod figures;

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use figures::{Target, median, row};
use hookctl::model::{Request, Secret, VerdictStatus};
use hookctl::provider::{Catalogue, Circumstances, Draft, Effort, Generator, Provider, Verifier, compose};
use http::HeaderMap;
use jiff::Timestamp;

const SIZES: [(&str, usize); 3] = [("600 B", 600), ("64 KiB", 64 << 10), ("1 MiB", 1 << 20)];
const SAMPLES: usize = 5;
const SECRET: &str = "a secret for benchmarks only";
/// What a listener may spend on one request; a person who runs `verify` waits longer.
const BRIEF_LIMIT_MS: f64 = 25.0;

fn main() -> Result<()> {
    let (providers, _) = Catalogue::default().all();
    let github = providers.iter().find(|provider| **provider.id() == *"github").context("no GitHub")?;
    for (name, size) in SIZES {
        let body = json(size);
        for (effort_name, effort, limit) in
            [("brief", Effort::BRIEF, Target::AtMost(BRIEF_LIMIT_MS)), ("thorough", Effort::THOROUGH, Target::None)]
        {
            let bench = Bench { github, providers: &providers, effort };
            let mut times = Vec::new();
            for (secret, arrived) in causes(&body) {
                times.push(bench.time(&secret, &bench.sign(&body, arrived)?)?);
            }
            let one = bench.valid(&bench.sign(&body, body.clone())?)?;
            let unexplained = bench.sign(&[&body[..], b"?"].concat(), body.clone())?;
            let worst = bench.time(SECRET.as_bytes(), &unexplained)?;
            let middle = median(times);
            let (yardstick, text) = (format!("{one:.4} ms"), |time: f64| format!("{time:.2} ms"));
            row(&format!("explain {name}, {effort_name}, median"), &yardstick, &text(middle), middle, Target::None);
            row(&format!("explain {name}, {effort_name}, nothing found"), &yardstick, &text(worst), worst, limit);
        }
        let bench = |effort| Bench { github, providers: &providers, effort };
        let request = bench(Effort::NONE).sign(&body, body.clone())?;
        let (without, with) = (bench(Effort::NONE).valid(&request)?, bench(Effort::BRIEF).valid(&request)?);
        let text = |time: f64| format!("{:.2} µs", time * 1000.0);
        row(&format!("valid {name}, that may be explained"), &text(without), &text(with), with / without, Target::None);
    }
    Ok(())
}

/// A JSON object of about this size.
fn json(size: usize) -> Vec<u8> {
    let member = |number: usize| format!("\"key_{number}\":{{\"name\":\"a value/{number}\",\"count\":{number}}}");
    let mut members = Vec::new();
    let mut length = 0;
    while length < size {
        members.push(member(members.len()));
        length += members.last().map_or(0, String::len) + 1;
    }
    format!("{{{}}}", members.join(",")).into_bytes()
}

/// Secrets as they are configured and bodies as they arrive, each with one thing wrong.
fn causes(body: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let own = || SECRET.as_bytes().to_vec();
    let text = String::from_utf8_lossy(body).into_owned();
    vec![
        (format!("{SECRET}\n").into_bytes(), body.to_vec()),
        (format!("\"{SECRET}\"").into_bytes(), body.to_vec()),
        (own(), [body, b"\n"].concat()),
        (own(), [b"\xef\xbb\xbf", body].concat()),
        (own(), text.replace(',', ", ").replace(':', ": ").into_bytes()),
        (own(), text.replace(',', ",\n  ").into_bytes()),
        (own(), text.replace('/', "\\/").into_bytes()),
    ]
}

struct Bench<'p> {
    github: &'p Arc<Provider>,
    providers: &'p [Arc<Provider>],
    effort: Effort,
}

impl Bench<'_> {
    /// A request signed over one body that arrives with another.
    fn sign(&self, signed: &[u8], arrived: Vec<u8>) -> Result<Request> {
        let secret = Secret::new(SECRET, "bench")?;
        let headers = HeaderMap::new();
        let draft = Draft {
            event: "ping",
            body: signed,
            content_type: None,
            headers: &headers,
            url: "http://127.0.0.1:4000/hook",
            signature: None,
        };
        let generator = RefCell::new(Generator::new(1, Timestamp::now()));
        Ok(Request { body: arrived.into(), ..compose(self.github, &draft, Some(&secret), &generator)? })
    }

    fn circumstances(&self) -> Circumstances<'_> {
        Circumstances { providers: self.providers, effort: self.effort, ..Circumstances::at(Timestamp::now()) }
    }

    /// Milliseconds until a mismatch is explained.
    fn time(&self, secret: &[u8], request: &Request) -> Result<f64> {
        let verifier = Verifier::new(Arc::clone(self.github), [Secret::new(secret, "bench")?]);
        let verdict = verifier.verify(request, &self.circumstances());
        anyhow::ensure!(verdict.status == VerdictStatus::Invalid, "a damaged request is valid");
        Ok(self.millis(&verifier, request, 1))
    }

    /// Milliseconds that a valid request takes.
    fn valid(&self, request: &Request) -> Result<f64> {
        let verifier = Verifier::new(Arc::clone(self.github), [Secret::new(SECRET, "bench")?]);
        let verdict = verifier.verify(request, &self.circumstances());
        anyhow::ensure!(verdict.status == VerdictStatus::Valid, "a genuine request is not valid");
        Ok(self.millis(&verifier, request, 200))
    }

    fn millis(&self, verifier: &Verifier, request: &Request, calls: u32) -> f64 {
        let circumstances = self.circumstances();
        let sample = || {
            let started = Instant::now();
            (0..calls).for_each(|_| drop(black_box(verifier.verify(black_box(request), &circumstances))));
            started.elapsed().as_secs_f64() * 1e3 / f64::from(calls)
        };
        median((0..SAMPLES).map(|_| sample()).collect())
    }
}

//! Sending many: a bounded number at a time, at a bounded rate, each with its retries.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;

use crate::http::{Client, Outcome, Session, retry_after};
use crate::model::{Delivery, EventId, FailureKind, Request};

/// The longest wait that a `Retry-After` can ask for; beyond it the next attempt is made all the same.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);
/// A request that is under way when the run is stopped may take this much longer.
const LAST_MOMENTS: Duration = Duration::from_secs(1);
/// Latencies are kept to three digits, up to an hour.
const MAX_LATENCY_MICROS: u64 = 3_600_000_000;

/// How many, how fast, and what counts.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// How many; without it one, or as many as fit into `duration`.
    pub count: Option<u64>,
    /// For how long.
    pub duration: Option<Duration>,
    /// At most this many a second.
    pub rate: Option<f64>,
    /// On so many connections; at least one.
    pub concurrency: usize,
    /// Waits before each further attempt after a failure.
    pub retries: Vec<Duration>,
}

/// One request that is ready to go.
#[derive(Debug, Clone)]
pub struct Shot {
    /// The event it carries.
    pub event_id: EventId,
    /// The request, signed.
    pub request: Request,
    /// When it was first composed.
    pub moment: Timestamp,
}

/// Makes and watches shots. Called from several tasks.
pub trait Gunner: Send + Sync + 'static {
    /// Composes the request of this number, from 0.
    fn load(&self, number: u64) -> anyhow::Result<Shot>;
    /// Composes a further attempt, from 2, of the shot of this number: the same event once more.
    fn reload(&self, number: u64, attempt: u32, first: &Shot) -> anyhow::Result<Shot>;
    /// Whether this answer is what was hoped for.
    fn is_hit(&self, delivery: &Delivery) -> bool;
    /// Is told of each attempt.
    fn fired(&self, shot: &Shot, delivery: Arc<Delivery>, is_hit: bool);
}

/// What came of it.
#[derive(Debug)]
pub struct Report {
    /// Requests whose last attempt had the hoped-for answer.
    pub hits: u64,
    /// The others.
    pub misses: u64,
    /// Of these, without any answer.
    pub unreachable: u64,
    /// How often each status or failure came.
    pub outcomes: BTreeMap<String, u64>,
    /// Time per attempt in microseconds.
    pub latency: Option<Histogram<u64>>,
    /// From first to last.
    pub elapsed: Duration,
}

struct Shared<G> {
    plan: Plan,
    gunner: Arc<G>,
    next: AtomicU64,
    start: Instant,
    /// Set once, when the run is to end before its plan is fulfilled.
    halted: watch::Sender<bool>,
}

/// Fires until the plan is fulfilled or `stop` completes: then nothing more is begun, waits end, and a
/// request under way has a moment to come back. Fails when a request cannot be composed.
pub async fn fire<G: Gunner>(
    plan: Plan,
    client: &Client,
    target: &Url,
    gunner: Arc<G>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<Report> {
    let workers = plan.concurrency.max(1);
    let shared = Arc::new(Shared {
        plan,
        gunner,
        next: AtomicU64::new(0),
        start: Instant::now(),
        halted: watch::Sender::new(false),
    });
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        tasks.spawn(Worker::new(client.session(target), Arc::clone(&shared)).run());
    }
    let mut report = Report::empty();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            ended = tasks.join_next() => match ended {
                Some(part) => report.add(part??),
                None => break,
            },
            () = &mut stop, if !shared.is_halted() => {
                shared.halted.send_replace(true);
            }
        }
    }
    report.elapsed = shared.start.elapsed();
    Ok(report)
}

impl<G> Shared<G> {
    fn is_halted(&self) -> bool {
        *self.halted.borrow()
    }

    /// The next number and when it is due; `None` when all are given out.
    fn take(&self) -> Option<(u64, Option<Instant>)> {
        if self.is_halted() || self.plan.duration.is_some_and(|limit| self.start.elapsed() >= limit) {
            return None;
        }
        let number = self.next.fetch_add(1, Relaxed);
        let limit = match (self.plan.count, self.plan.duration) {
            (Some(count), _) => count,
            (None, Some(_)) => u64::MAX,
            (None, None) => 1,
        };
        if number >= limit {
            return None;
        }
        let Some(rate) = self.plan.rate else { return Some((number, None)) };
        #[allow(clippy::cast_precision_loss)] // a request count is far below 2^52
        let after = Duration::try_from_secs_f64(number as f64 / rate).ok()?;
        // What is due after the end, or after the end of time, is not given out.
        if self.plan.duration.is_some_and(|limit| after >= limit) {
            return None;
        }
        Some((number, Some(self.start.checked_add(after)?)))
    }
}

struct Worker<G> {
    session: Session,
    shared: Arc<Shared<G>>,
    halted: watch::Receiver<bool>,
    report: Report,
}

impl<G: Gunner> Worker<G> {
    fn new(session: Session, shared: Arc<Shared<G>>) -> Self {
        let halted = shared.halted.subscribe();
        Self { session, shared, halted, report: Report::empty() }
    }

    async fn run(mut self) -> anyhow::Result<Report> {
        while let Some((number, due)) = self.shared.take() {
            if let Some(due) = due
                && !self.sleep_until(due).await
            {
                break;
            }
            let shot = self.shared.gunner.load(number)?;
            self.fire(number, shot).await?;
        }
        Ok(self.report)
    }

    /// One request with its retries.
    async fn fire(&mut self, number: u64, mut shot: Shot) -> anyhow::Result<()> {
        let shared = Arc::clone(&self.shared);
        let mut waits = shared.plan.retries.iter();
        let mut attempt = 1;
        loop {
            let url = shot.request.uri.to_string();
            let method = shot.request.method.clone();
            // What is given up in the middle has no outcome, and is not counted.
            let Some(outcome) = self.send(shot.request.clone()).await else { return Ok(()) };
            let delivery = Arc::new(outcome.into_delivery(method, url, attempt));
            let is_hit = shared.gunner.is_hit(&delivery);
            self.report.attempt(&delivery);
            shared.gunner.fired(&shot, Arc::clone(&delivery), is_hit);
            let wait = if is_hit { None } else { waits.next() };
            let wait = wait.map(|wait| asked(&delivery).map_or(*wait, |asked| asked.max(*wait)));
            let goes_on = match wait.and_then(|wait| Instant::now().checked_add(wait)) {
                Some(next) => self.sleep_until(next).await,
                None => false,
            };
            if !goes_on {
                self.report.end(&delivery, is_hit);
                return Ok(());
            }
            attempt += 1;
            shot = shared.gunner.reload(number, attempt, &shot)?;
        }
    }

    /// False when the run was stopped meanwhile.
    async fn sleep_until(&mut self, moment: Instant) -> bool {
        tokio::select! {
            () = tokio::time::sleep_until(moment) => true,
            () = halt(&mut self.halted) => false,
        }
    }

    /// `None` when the run was stopped and the answer did not come soon.
    async fn send(&mut self, request: Request) -> Option<Outcome> {
        let given_up = async {
            halt(&mut self.halted).await;
            tokio::time::sleep(LAST_MOMENTS).await;
        };
        tokio::select! {
            biased;
            outcome = self.session.send(request) => Some(outcome),
            () = given_up => None,
        }
    }
}

async fn halt(halted: &mut watch::Receiver<bool>) {
    // The other end lives as long as the worker that waits here.
    let _ = halted.wait_for(|is_halted| *is_halted).await;
}

/// How long the target asks to be left alone, up to a limit.
fn asked(delivery: &Delivery) -> Option<Duration> {
    let text = delivery.response.as_ref()?.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?;
    Some(retry_after(text, SystemTime::now())?.min(MAX_RETRY_AFTER))
}

impl Report {
    fn empty() -> Self {
        Self {
            hits: 0,
            misses: 0,
            unreachable: 0,
            outcomes: BTreeMap::new(),
            latency: Histogram::new_with_bounds(1, MAX_LATENCY_MICROS, 3).ok(),
            elapsed: Duration::ZERO,
        }
    }

    fn attempt(&mut self, delivery: &Delivery) {
        let status = delivery.response.as_ref().map(|response| response.status);
        let outcome = match (&status, &delivery.error) {
            (_, Some(error)) => error.kind.as_str(),
            (Some(status), None) => status.as_str(),
            (None, None) => FailureKind::Protocol.as_str(),
        };
        match self.outcomes.get_mut(outcome) {
            Some(count) => *count += 1,
            None => drop(self.outcomes.insert(outcome.to_owned(), 1)),
        }
        if let Some(latency) = &mut self.latency {
            latency.saturating_record(u64::try_from(delivery.duration.as_micros()).unwrap_or(MAX_LATENCY_MICROS));
        }
    }

    fn end(&mut self, delivery: &Delivery, is_hit: bool) {
        if is_hit {
            self.hits += 1;
        } else {
            self.misses += 1;
            self.unreachable += u64::from(delivery.response.is_none());
        }
    }

    fn add(&mut self, other: Self) {
        self.hits += other.hits;
        self.misses += other.misses;
        self.unreachable += other.unreachable;
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        if let (Some(latency), Some(more)) = (&mut self.latency, other.latency) {
            // Both have the same bounds, which is all that `add` asks for.
            let _ = latency.add(more);
        }
    }

    /// Requests a second.
    pub fn rate(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)] // a request count is far below 2^52
        let count = (self.hits + self.misses) as f64;
        count / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// A latency percentile.
    pub fn percentile(&self, percent: f64) -> Duration {
        Duration::from_micros(self.latency.as_ref().map_or(0, |latency| latency.value_at_percentile(percent)))
    }
}

//! Forwarding: one worker a target, so that order of arrival is kept and a slow target delays no other.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;
use wildmatch::WildMatch;

use super::tally::Tally;
use crate::delivery::{Target, forwardable};
use crate::http::{Client, Session};
use crate::model::{Delivery, DeliveryError, Event, FailureKind, Notice};
use crate::output::Presenter;

/// Events that wait for one target. Each holds a body; past this the target is down rather than slow.
const MAX_WAITING: usize = 1024;
/// How long events that wait may still take once the listener ends.
const DRAIN: Duration = Duration::from_secs(10);

/// A target, and which events it gets.
#[derive(Debug, Clone)]
pub struct Destination {
    /// Where to.
    pub target: Target,
    /// Globs of event types; all events when empty.
    pub events: Vec<WildMatch>,
}

/// Whose answer the sender gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Respond {
    /// The target's.
    Upstream,
    /// The configured one, at once.
    Now,
}

struct Job {
    event: Arc<Event>,
    reply: Option<oneshot::Sender<Arc<Delivery>>>,
}

struct Lane {
    destination: Destination,
    queue: mpsc::Sender<Job>,
}

pub(super) struct Forwarder {
    /// Taken away when the listener ends, so that workers see the end of their queues.
    lanes: RwLock<Vec<Lane>>,
    waiting: Arc<AtomicU64>,
    workers: Mutex<JoinSet<()>>,
    presenter: Arc<Presenter>,
    tally: Arc<Tally>,
}

impl Forwarder {
    pub(super) fn start(
        destinations: &[Destination],
        client: &Client,
        presenter: &Arc<Presenter>,
        tally: &Arc<Tally>,
    ) -> Self {
        let mut workers = JoinSet::new();
        let waiting = Arc::new(AtomicU64::new(0));
        let lanes = destinations
            .iter()
            .map(|destination| {
                let (queue, jobs) = mpsc::channel(MAX_WAITING);
                let worker = Worker {
                    target: destination.target.clone(),
                    session: client.session(destination.target.url()),
                    presenter: Arc::clone(presenter),
                    tally: Arc::clone(tally),
                    waiting: Arc::clone(&waiting),
                };
                workers.spawn(worker.run(jobs));
                Lane { destination: destination.clone(), queue }
            })
            .collect();
        Self {
            lanes: RwLock::new(lanes),
            waiting,
            workers: Mutex::new(workers),
            presenter: Arc::clone(presenter),
            tally: Arc::clone(tally),
        }
    }

    /// Queues the event for its targets. Gives back a delivery when the target's answer is the answer.
    pub(super) async fn forward(&self, event: &Arc<Event>, respond: Option<Respond>) -> Option<Arc<Delivery>> {
        self.enqueue(event, respond)?.await.ok()
    }

    /// Puts the event into the queue of each target that takes it. With `Upstream`, the first target's
    /// delivery comes through the receiver.
    fn enqueue(&self, event: &Arc<Event>, respond: Option<Respond>) -> Option<oneshot::Receiver<Arc<Delivery>>> {
        let lanes = self.lanes.read().unwrap_or_else(PoisonError::into_inner);
        let lanes: Vec<&Lane> = lanes.iter().filter(|lane| lane.destination.takes(event)).collect();
        let respond = respond.unwrap_or(if lanes.len() == 1 { Respond::Upstream } else { Respond::Now });
        let (reply, answer) = oneshot::channel();
        let mut reply = Some(reply).filter(|_| respond == Respond::Upstream);
        let is_awaited = reply.is_some() && !lanes.is_empty();
        for lane in lanes {
            let job = Job { event: Arc::clone(event), reply: reply.take() };
            self.waiting.fetch_add(1, Relaxed);
            if let Err(refused) = lane.queue.try_send(job) {
                self.waiting.fetch_sub(1, Relaxed);
                let delivery = self.overflow(&lane.destination, event);
                answer_to(refused.into_inner().reply, delivery);
            }
        }
        is_awaited.then_some(answer)
    }

    /// Deliveries that wait or are under way.
    pub(super) fn waiting(&self) -> u64 {
        self.waiting.load(Relaxed)
    }

    /// The queue is full: said and counted, not waited for.
    fn overflow(&self, destination: &Destination, event: &Event) -> Arc<Delivery> {
        let error = DeliveryError {
            kind: FailureKind::Backlog,
            message: format!("{MAX_WAITING} events wait for {} already", destination.target),
            hint: Some("the target is too slow or hangs: look at it, or set --forward-timeout".into()),
        };
        let delivery = Arc::new(Delivery {
            method: event.request.method.clone(),
            target: destination.target.to_string(),
            attempt: 1,
            duration: Duration::ZERO,
            response: None,
            truncated: false,
            error: Some(error),
        });
        report(&self.presenter, &self.tally, event, &delivery);
        delivery
    }

    /// Lets what waits go out, for a bounded time.
    pub(super) async fn drain(&self) {
        self.lanes.write().unwrap_or_else(PoisonError::into_inner).clear();
        let mut workers = self.workers.lock().await;
        let all = async { while workers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(DRAIN, all).await;
    }
}

impl Destination {
    fn takes(&self, event: &Event) -> bool {
        let name = event.event_type.as_deref().unwrap_or_default();
        self.events.is_empty() || self.events.iter().any(|glob| glob.matches(name))
    }
}

fn report(presenter: &Presenter, tally: &Tally, event: &Event, delivery: &Arc<Delivery>) {
    tally.delivered(delivery);
    presenter.present(Notice::Forwarded {
        event_id: event.id,
        event_type: event.event_type.clone(),
        delivery: Arc::clone(delivery),
    });
}

/// The sender may have gone away meanwhile; the delivery is reported all the same.
fn answer_to(reply: Option<oneshot::Sender<Arc<Delivery>>>, delivery: Arc<Delivery>) {
    if let Some(reply) = reply {
        let _ = reply.send(delivery);
    }
}

struct Worker {
    waiting: Arc<AtomicU64>,
    target: Target,
    session: Session,
    presenter: Arc<Presenter>,
    tally: Arc<Tally>,
}

impl Worker {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(Job { event, reply }) = jobs.recv().await {
            let delivery = Arc::new(self.deliver(&event).await);
            self.waiting.fetch_sub(1, Relaxed);
            report(&self.presenter, &self.tally, &event, &delivery);
            answer_to(reply, delivery);
        }
    }

    async fn deliver(&mut self, event: &Event) -> Delivery {
        match self.target.join(&event.request.uri) {
            Ok(uri) => {
                let url = uri.to_string();
                let outcome = self.session.send(forwardable(&event.request, uri)).await;
                let is_cut = outcome.truncated;
                let mut delivery = outcome.into_delivery(event.request.method.clone(), url, 1);
                if is_cut && delivery.error.is_none() {
                    delivery.error = Some(too_large());
                }
                delivery
            }
            Err(error) => Delivery {
                method: event.request.method.clone(),
                target: self.target.to_string(),
                attempt: 1,
                duration: Duration::ZERO,
                response: None,
                truncated: false,
                error: Some(DeliveryError { kind: FailureKind::Protocol, message: error.to_string(), hint: None }),
            },
        }
    }
}

fn too_large() -> DeliveryError {
    DeliveryError {
        kind: FailureKind::TooLarge,
        message: "the target's answer is larger than hookctl passes on".into(),
        hint: Some("answer a webhook with a short body, or use --respond now".into()),
    }
}

//! Forwarding: one worker a target, so that order of arrival is kept and a slow target delays no other.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio::task::JoinSet;
use wildmatch::WildMatch;

use super::backlog::{Backlog, Supply};
use super::lane::{Job, Lane};
use super::outgoing::{Outgoing, not_sent};
use super::recognise::Providers;
use super::report::Report;
use crate::delivery::Target;
use crate::http::Client;
use crate::model::{Delivery, DeliveryError, Event, FailureKind};
use crate::store::{Reader, Writer};

/// Events that wait for one target in memory. Each holds a body; past this the target is down rather
/// than slow.
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

/// Which targets an event goes to, and how; decided before it is kept.
#[derive(Debug, Default)]
pub(super) struct Route {
    /// Positions of lanes that hold it in memory; the first one's answer is the answer if so asked.
    live: Vec<usize>,
    /// Positions of lanes for which it waits in the history.
    durable: Vec<usize>,
    is_awaited: bool,
    /// The targets of `durable`.
    pub(super) targets: Arc<[Arc<str>]>,
}

/// The listener's end of a lane.
struct Entry {
    destination: Destination,
    name: Arc<str>,
    jobs: mpsc::Sender<Job>,
    /// Tells the lane that something waits for it in the history.
    wake: Arc<Notify>,
}

/// What became of an event that was put into the queues.
struct Queued {
    /// Where the target's answer comes, when it is the answer.
    answer: Option<oneshot::Receiver<Arc<Delivery>>>,
    /// Targets for which there was no room.
    overflown: Vec<(Arc<str>, Arc<Delivery>)>,
}

pub(super) struct Forwarder {
    /// Taken away when the listener ends, so that workers see the end of their queues.
    lanes: RwLock<Vec<Entry>>,
    /// Deliveries that wait in memory or are under way from there.
    waiting: Arc<AtomicU64>,
    workers: Mutex<JoinSet<()>>,
    report: Arc<Report>,
    store: Option<Arc<Writer>>,
    respond: Option<Respond>,
    names: Vec<Arc<str>>,
}

/// What lanes have in common.
pub(super) struct Plan<'p> {
    pub(super) destinations: &'p [Destination],
    pub(super) providers: &'p Arc<Providers>,
    pub(super) store: Option<&'p Arc<Writer>>,
    pub(super) respond: Option<Respond>,
    pub(super) retries: u32,
    /// Counts what is under way.
    pub(super) in_flight: &'p Arc<AtomicUsize>,
}

impl Forwarder {
    pub(super) fn start(plan: &Plan<'_>, client: &Client, report: Arc<Report>) -> Self {
        let mut workers = JoinSet::new();
        let waiting = Arc::new(AtomicU64::new(0));
        let mut lanes = Vec::new();
        for destination in plan.destinations {
            let (jobs, queue) = mpsc::channel(MAX_WAITING);
            let (name, wake) = (Arc::from(destination.target.to_string()), Arc::new(Notify::new()));
            let backlog = plan.store.map(|store| {
                Backlog::new(Supply {
                    store: Arc::clone(store),
                    target: Arc::clone(&name),
                    woken: Arc::clone(&wake),
                    report: Arc::clone(&report),
                    providers: Arc::clone(plan.providers),
                    retries: plan.retries,
                    in_flight: Arc::clone(plan.in_flight),
                })
            });
            let session = client.session(destination.target.url());
            let lane = Lane {
                name: Arc::clone(&name),
                outgoing: Outgoing::new(destination.target.clone(), session),
                jobs: queue,
                backlog,
                report: Arc::clone(&report),
                waiting: Arc::clone(&waiting),
                in_flight: Arc::clone(plan.in_flight),
            };
            workers.spawn(lane.run());
            lanes.push(Entry { destination: destination.clone(), name, jobs, wake });
        }
        Self {
            names: lanes.iter().map(|lane| Arc::clone(&lane.name)).collect(),
            lanes: RwLock::new(lanes),
            waiting,
            workers: Mutex::new(workers),
            report,
            store: plan.store.cloned(),
            respond: plan.respond,
        }
    }

    /// Where an event goes. One whose answer is the target's is held in memory, since its sender waits;
    /// everything else waits in the history, where there is one.
    pub(super) fn route(&self, event: &Event) -> Route {
        let lanes = self.lanes.read().unwrap_or_else(PoisonError::into_inner);
        let mut taking = (0..lanes.len()).filter(|at| lanes[*at].destination.takes(event)).collect::<Vec<_>>();
        let respond = self.respond.unwrap_or(if taking.len() == 1 { Respond::Upstream } else { Respond::Now });
        let is_awaited = respond == Respond::Upstream && !taking.is_empty();
        let durable = match self.store {
            Some(_) => taking.split_off(usize::from(is_awaited)),
            None => Vec::new(),
        };
        let targets = durable.iter().map(|at| Arc::clone(&lanes[*at].name)).collect();
        Route { live: taking, durable, is_awaited, targets }
    }

    /// Where a handshake goes whose answer is a target's, or to everyone. Nothing of it waits in the history:
    /// the one who asks does not wait, and what it hands over is not kept there.
    pub(super) fn route_question(&self, event: &Event, everywhere: bool) -> Route {
        let Route { mut live, durable, is_awaited, .. } = self.route(event);
        live.extend(durable);
        match (everywhere, is_awaited) {
            (true, _) => {}
            (false, true) => live.truncate(1),
            (false, false) => live.clear(),
        }
        Route { live, is_awaited, ..Route::default() }
    }

    /// Sends the event on its way. Gives back a delivery when the target's answer is the answer.
    pub(super) async fn forward(&self, event: &Arc<Event>, route: Route) -> Option<Arc<Delivery>> {
        let Queued { answer, overflown } = self.enqueue(event, &route);
        for (name, delivery) in overflown {
            self.report.keep(event.id, &name, &delivery).await;
        }
        answer?.await.ok()
    }

    /// Puts the event into the queues, and wakes the lanes for which it waits in the history.
    fn enqueue(&self, event: &Arc<Event>, route: &Route) -> Queued {
        let lanes = self.lanes.read().unwrap_or_else(PoisonError::into_inner);
        route.durable.iter().filter_map(|at| lanes.get(*at)).for_each(|lane| lane.wake.notify_one());
        let (reply, answer) = oneshot::channel();
        let mut reply = Some(reply).filter(|_| route.is_awaited);
        let mut overflown = Vec::new();
        for lane in route.live.iter().filter_map(|at| lanes.get(*at)) {
            let job = Job { event: Arc::clone(event), reply: reply.take() };
            self.waiting.fetch_add(1, Relaxed);
            if let Err(refused) = lane.jobs.try_send(job) {
                self.waiting.fetch_sub(1, Relaxed);
                let delivery = self.overflow(&lane.destination, event);
                refused.into_inner().answer(Arc::clone(&delivery));
                overflown.push((Arc::clone(&lane.name), delivery));
            }
        }
        Queued { answer: route.is_awaited.then_some(answer), overflown }
    }

    /// Deliveries that wait in memory or are under way from there.
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
        let delivery = Arc::new(not_sent(event, &destination.target, 1, error));
        self.report.show(event, &delivery);
        self.report.count(&delivery);
        delivery
    }

    /// Lets what waits go out, for a bounded time. What waits for a target that is down stays in the
    /// history.
    pub(super) async fn drain(&self) {
        self.lanes.write().unwrap_or_else(PoisonError::into_inner).clear();
        let mut workers = self.workers.lock().await;
        let all = async { while workers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(DRAIN, all).await;
        let _ = tokio::time::timeout(DRAIN, self.report.finish()).await;
    }

    /// Ends what is still under way, and counts what waits in the history.
    pub(super) async fn end(&self) -> u64 {
        self.workers.lock().await.shutdown().await;
        let Some(store) = self.store.clone().filter(|_| !self.names.is_empty()) else { return 0 };
        let names = self.names.clone();
        let count = tokio::task::spawn_blocking(move || {
            let (reader, owner) = (Reader::open(store.path())?, store.owner()?);
            names.iter().try_fold(0, |sum, name| Ok(sum + reader.waiting_of(owner, name)?))
        });
        // What cannot be counted has been said to be held.
        count.await.ok().and_then(|counted: Result<u64, crate::store::StoreError>| counted.ok()).unwrap_or_default()
    }
}

impl Destination {
    /// Puts destinations of one target together: each event goes to a target once.
    pub fn merge(destinations: Vec<Self>) -> Vec<Self> {
        let mut merged: Vec<Self> = Vec::new();
        for destination in destinations {
            match merged.iter_mut().find(|known| known.target == destination.target) {
                Some(known) if known.events.is_empty() || destination.events.is_empty() => known.events.clear(),
                Some(known) => known.events.extend(destination.events),
                None => merged.push(destination),
            }
        }
        merged
    }

    fn takes(&self, event: &Event) -> bool {
        let name = event.event_type.as_deref().unwrap_or_default();
        self.events.is_empty() || self.events.iter().any(|glob| glob.matches(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_target_named_twice_is_one_destination() {
        let to = |target: &str, events: &[&str]| Destination {
            target: Target::parse(target).unwrap(),
            events: events.iter().map(|glob| WildMatch::new(glob)).collect(),
        };
        let merged = Destination::merge(vec![
            to("3000", &["a.*"]),
            to("4000", &["c"]),
            to("http://localhost:3000/", &["b"]),
            to("4000", &[]),
            to("4000", &["d"]),
        ]);
        let shape: Vec<_> = merged.iter().map(|one| (one.target.to_string(), one.events.len())).collect();
        assert_eq!(shape, [("http://localhost:3000/".to_owned(), 2), ("http://localhost:4000/".to_owned(), 0)]);
    }
}

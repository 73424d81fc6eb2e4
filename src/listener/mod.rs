//! The listener: receive, identify, verify, store, present, forward, respond.

mod allowance;
mod answer;
mod backlog;
mod backoff;
mod complaint;
mod expectation;
mod forward;
mod handshake;
mod in_flight;
mod lane;
mod learned;
mod outgoing;
mod recognise;
mod report;
mod shake;
mod tally;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::net::TcpListener;
use uuid::Uuid;
use wildmatch::WildMatch;

pub use answer::Canned;
pub use expectation::Shortfall;
pub use forward::{Destination, Respond};
pub use handshake::Handshakes;
pub use learned::{HANDED_OVER, Keep, Keeper, MAX_HANDED_OVER};
pub use recognise::Providers;

use allowance::Allowance;
use complaint::Complaint;
use expectation::Expectations;
use forward::{Forwarder, Plan, Route};
use handshake::Settled;
use in_flight::InFlight;
use report::Report;
use shake::Confirming;
use tally::Tally;

use crate::delivery;
use crate::history::{Condition, Expectation};
use crate::http::{Answer, Client, Handler, Limits, Received, Refusal, serve};
use crate::keys::PublishedKeys;
use crate::model::{Event, Notice, Summary};
use crate::output::Presenter;
use crate::provider::{Circumstances, Tolerance};
use crate::store::{Life, StoreError, Writer};

/// How a listener behaves.
#[derive(Debug)]
pub struct Options {
    /// Whose requests, and with which secrets.
    pub providers: Arc<Providers>,
    /// How old a signature may be.
    pub tolerance: Tolerance,
    /// What providers publish, where it may be fetched.
    pub keys: Option<Arc<PublishedKeys>>,
    /// Work out the signature that would have matched, for the local terminal.
    pub reveal: bool,
    /// Scheme and host as the provider knows them.
    pub public_url: Option<url::Url>,
    /// Requests with a wrong or missing signature are answered like others.
    pub accept_invalid: bool,
    /// Event types to show, forward and count; all when empty.
    pub events: Vec<WildMatch>,
    /// What must hold of an event to be shown, forwarded and counted.
    pub conditions: Vec<Condition>,
    /// The answer, where no target gives it.
    pub answer: Canned,
    /// Where events go.
    pub destinations: Vec<Destination>,
    /// Whose answer counts; by the number of targets when `None`.
    pub respond: Option<Respond>,
    /// Who answers what providers ask before they send events.
    pub handshakes: Handshakes,
    /// Keeps secrets that handshakes hand over.
    pub keeper: Keeper,
    /// Fetches URLs with which handshakes are finished; without it they are shown only.
    pub confirm: Option<Client>,
    /// How often an event is sent again that a target failed on, where nobody waits for the answer.
    pub forward_retries: u32,
    /// End once all of these have come.
    pub expect: Vec<Expectation>,
    /// End after this time.
    pub timeout: Option<Duration>,
    /// Where events are kept; without it a 2xx says only that an event was received.
    pub store: Option<Arc<Writer>>,
    /// Sizes and waits.
    pub limits: Limits,
    /// Counts the requests that are not answered yet, and the deliveries for which no sender waits.
    pub in_flight: Arc<AtomicUsize>,
}

/// Why a listener ended.
#[derive(Debug)]
pub enum Ending {
    /// It was told to.
    Stopped,
    /// The time was up and nothing more was expected.
    TimeUp,
    /// What was expected has come.
    Met,
    /// The time was up first.
    Unmet(Shortfall),
}

/// A listener at work.
struct Listener {
    options: Options,
    forwarder: Forwarder,
    presenter: Arc<Presenter>,
    tally: Arc<Tally>,
    expectations: Expectations,
    complaint: Complaint,
    confirming: Confirming,
    allowance: Allowance,
}

/// A request that became an event.
struct Captured {
    event: Arc<Event>,
    /// False for a provider that was not asked for: its events are shown, never forwarded.
    is_expected: bool,
    /// Where it is a handshake, how it is answered.
    asked: Option<Settled>,
}

/// A request from its arrival to its answer.
struct Course {
    began: Instant,
    /// Where the event stands in the history, and how long it took until it was there.
    kept: Option<(i64, Duration)>,
}

/// How a listener ended, and what came in its life.
#[derive(Debug)]
pub struct Ended {
    /// Why.
    pub ending: Ending,
    /// The totals.
    pub summary: Summary,
    /// How far each expectation is.
    pub expected: Vec<Expectation>,
    /// Deliveries that still waited in memory when the time to finish was up; counted as failed.
    pub given_up: u64,
}

/// Serves until `stop`, the time limit or the expectation ends it, then lets what is in flight finish
/// for a bounded time, or until `hurry`. Needs a tokio runtime.
pub async fn listen(
    sockets: Vec<TcpListener>,
    mut options: Options,
    client: &Client,
    presenter: Arc<Presenter>,
    stop: impl Future<Output = ()>,
    hurry: impl Future<Output = ()>,
) -> Ended {
    let tally = Arc::new(Tally::default());
    let report = Report::new(Arc::clone(&presenter), Arc::clone(&tally), options.store.clone());
    let plan = Plan {
        destinations: &options.destinations,
        providers: &options.providers,
        store: options.store.as_ref(),
        respond: options.respond,
        retries: options.forward_retries,
        in_flight: &options.in_flight,
    };
    let forwarder = Forwarder::start(&plan, client, Arc::new(report));
    let expectations = Expectations::new(std::mem::take(&mut options.expect));
    let (limits, timeout) = (options.limits.clone(), options.timeout);
    let confirming = Confirming::new(options.confirm.take());
    let listener = Arc::new(Listener {
        options,
        forwarder,
        presenter,
        tally,
        expectations,
        complaint: Complaint::default(),
        confirming,
        allowance: Allowance::default(),
    });
    let mut ending = Ending::Stopped;
    let until = async {
        ending = tokio::select! {
            () = stop => Ending::Stopped,
            () = listener.expectations.met() => Ending::Met,
            () = elapsed(timeout) => match listener.expectations.shortfall(&listener.tally) {
                Some(shortfall) => Ending::Unmet(shortfall),
                None => Ending::TimeUp,
            },
        };
    };
    let work = async {
        serve(sockets, Arc::clone(&listener), limits, until).await;
        listener.forwarder.drain().await;
        listener.confirming.drain().await;
    };
    tokio::select! {
        () = work => {}
        () = hurry => {}
    }
    let waiting = listener.forwarder.end().await;
    let given_up = listener.forwarder.waiting();
    let mut summary = listener.tally.summary();
    summary.failed += given_up;
    summary.waiting = waiting;
    Ended { ending, summary, expected: listener.expectations.state(), given_up }
}

async fn elapsed(timeout: Option<Duration>) {
    match timeout {
        Some(timeout) => tokio::time::sleep(timeout).await,
        None => std::future::pending().await,
    }
}

impl Handler for Listener {
    type Reply = Answer;

    async fn handle(&self, received: Received) -> Answer {
        let _in_flight = InFlight::begin(&self.options.in_flight);
        let mut course = Course { began: Instant::now(), kept: None };
        let answer = self.answer(received, &mut course).await;
        self.note(&course, &answer);
        answer
    }

    fn refused(&self, refusal: Refusal) {
        self.presenter.present(Notice::Refused { status: refusal.status, reason: refusal.reason });
    }
}

impl Listener {
    /// The whole story of a request.
    async fn answer(&self, received: Received, course: &mut Course) -> Answer {
        // Without targets nothing can go round: a chain of listeners ends here.
        if delivery::has_looped(&received.request) && !self.options.destinations.is_empty() {
            return self.refuse_loop();
        }
        let Captured { event, is_expected, asked } = self.capture(received).await;
        if let Some(settled) = asked {
            return self.shake_hands(event, settled, course).await;
        }
        let is_refused = event.verdict.is_refused() && !self.options.accept_invalid;
        // The type of a request that is refused is a stranger's word: it hides nothing.
        let is_hidden = !is_refused && !self.concerns(&event);
        let goes_on = is_expected && !is_refused && !is_hidden;
        let route = if goes_on { self.forwarder.route(&event) } else { Route::default() };
        let event = match self.keep(event, &route, course).await {
            Ok(event) => event,
            Err(error) => return self.cannot_keep(&error),
        };
        self.expectations.compare(&event);
        if is_hidden {
            self.tally.filtered();
            return self.options.answer.give().await;
        }
        self.tally.received(event.verdict.status);
        self.presenter.present(Notice::Received(Arc::clone(&event)));
        if is_refused {
            return answer::refused(&event.verdict);
        }
        let answer = match self.forwarder.forward(&event, route).await {
            Some(delivery) => self.options.answer.delayed(answer::upstream(&delivery)).await,
            None => self.options.answer.give().await,
        };
        if is_expected {
            self.expectations.count(&event);
        }
        answer
    }

    /// Notes when the event was kept and its sender answered.
    fn note(&self, course: &Course, answer: &Answer) {
        if let (Some(store), Some((seq, stored))) = (&self.options.store, course.kept) {
            let (answered, status) = (Some(course.began.elapsed()), Some(answer.status.as_u16()));
            store.answered(seq, Life { stored, answered, status });
        }
    }

    /// Puts the event on the disk, with what is to be forwarded; nothing is answered, shown or sent before.
    async fn keep(&self, event: Arc<Event>, route: &Route, course: &mut Course) -> Result<Arc<Event>, StoreError> {
        let Some(store) = &self.options.store else { return Ok(event) };
        let receipt = store.append(Arc::clone(&event), Arc::clone(&route.targets)).await?;
        course.kept = Some((receipt.seq, course.began.elapsed()));
        Ok(match receipt.repeat {
            Some(repeat) => Arc::new(Event { repeat: Some(repeat), ..(*event).clone() }),
            None => event,
        })
    }

    fn cannot_keep(&self, error: &StoreError) -> Answer {
        let answer = answer::not_kept(error);
        if let Some(reason) = self.complaint.about(error, std::time::Instant::now()) {
            self.presenter.present(Notice::Refused { status: answer.status.as_u16(), reason });
        }
        answer
    }

    /// Turns a request into an event.
    async fn capture(&self, received: Received) -> Captured {
        // As exact as it is kept and shown: the event of now and that of the history are the same.
        let now = Timestamp::now();
        let received_at = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        let Received { mut request, remote } = received;
        let mut found = self.options.providers.recognise(&request);
        let url = self.seen_url(&request);
        let circumstances = Circumstances {
            now: received_at,
            tolerance: self.options.tolerance,
            url: url.as_deref(),
            reveal: self.options.reveal,
            known: self.options.providers.known(),
            providers: self.options.providers.recognisable(),
            effort: self.allowance.effort(received_at),
            supplied: None,
        };
        let supplied = found.supplied(self.options.keys.as_deref(), &request, &circumstances).await;
        let circumstances = Circumstances { supplied: supplied.as_deref(), ..circumstances };
        let question = self.options.providers.question(&mut found, &request, url.as_deref());
        let asked =
            question.map(|question| question.settle(&found, &request, &circumstances, self.options.accept_invalid));
        let verdict = match &asked {
            Some(settled) => settled.verdict.clone(),
            None => found.verdict(&request, &circumstances),
        };
        if verdict.explanation.is_some() {
            self.allowance.spend(received_at, request.body.len());
        }
        found.seal_credential(&verdict, &mut request);
        match &asked {
            Some(settled) => settled.seal(&mut request),
            None if verdict.is_refused() || found.provider().is_none() => self.options.providers.seal(&mut request),
            None => {}
        }
        let event = Event {
            id: id_of(received_at),
            received_at,
            provider: found.id(),
            event_type: found.provider().and_then(|provider| provider.event_type(&request)),
            delivery_id: found.provider().and_then(|provider| provider.delivery_id(&request)),
            verdict,
            remote: canonical(remote),
            handshake: asked.as_ref().map(|settled| Arc::clone(settled.handshake.name())),
            repeat: None,
            request,
        };
        Captured { event: Arc::new(event), is_expected: found.is_expected(), asked }
    }

    /// The URL as the provider knows it: its scheme and host, this request's path and query.
    fn seen_url(&self, request: &crate::model::Request) -> Option<String> {
        let origin = self.options.public_url.as_ref()?.origin().ascii_serialization();
        let path = request.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        Some(format!("{origin}{path}"))
    }

    fn refuse_loop(&self) -> Answer {
        let reason = "a request that a listener forwarded came back: a target leads here".to_owned();
        self.presenter.present(Notice::Refused { status: 508, reason });
        answer::loop_detected()
    }

    fn concerns(&self, event: &Event) -> bool {
        let Options { events, conditions, .. } = &self.options;
        let takes_type = |glob: &WildMatch| glob.matches(event.event_type.as_deref().unwrap_or_default());
        (events.is_empty() || events.iter().any(takes_type))
            && conditions.iter().all(|condition| condition.holds(event))
    }
}

/// A UUIDv7 of this very time: the library's own clock never goes back, and then times and ids would
/// disagree by as much as the clock was set back.
fn id_of(time: Timestamp) -> Uuid {
    let milliseconds = u64::try_from(time.as_millisecond()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &rand::random()).into_uuid()
}

/// An IPv4 peer of a dual-stack socket as what it is.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

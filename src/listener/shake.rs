//! Carrying a handshake through: kept, shown, answered, and finished where more is to be done.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method};
use tokio::sync::Semaphore;

use super::forward::Route;
use super::handshake::{Handshakes, Settled};
use super::learned::{HANDED_OVER, Lesson};
use super::{Course, Listener, answer};
use crate::http::{Answer, Client};
use crate::model::{Answered, Confirmation, Delivery, Event, Notice, Request, Secret};

/// Confirmations under way at once: there is one for each subscription.
const MAX_CONFIRMING: u32 = 4;
/// How long they may still take once the listener ends.
const DRAIN: Duration = Duration::from_secs(5);

/// Fetches the URLs with which handshakes are finished, where that was asked for.
#[derive(Debug)]
pub(super) struct Confirming {
    client: Option<Client>,
    room: Arc<Semaphore>,
}

impl Confirming {
    pub(super) fn new(client: Option<Client>) -> Self {
        Self { client, room: Arc::new(Semaphore::new(MAX_CONFIRMING as usize)) }
    }

    /// Lets what is under way end, for a bounded time.
    pub(super) async fn drain(&self) {
        let _ = tokio::time::timeout(DRAIN, self.room.acquire_many(MAX_CONFIRMING)).await;
    }
}

impl Listener {
    /// Answers a handshake. It is kept before, like any event.
    pub(super) async fn shake_hands(&self, event: Arc<Event>, settled: Settled, course: &mut Course) -> Answer {
        let event = match self.keep(event, &Route::default(), course).await {
            Ok(event) => event,
            Err(error) => return self.cannot_keep(&error),
        };
        self.tally.received(event.verdict.status);
        self.presenter.present(Notice::Received(Arc::clone(&event)));
        let learned = if settled.is_right { self.learn(&event, &settled).await } else { None };
        let given = self.choose(&event, &settled).await;
        self.presenter.present(Notice::Answered(Arc::new(Answered {
            event_id: event.id,
            handshake: Arc::clone(settled.handshake.name()),
            is_own: given.is_own,
            status: given.answer.status.as_u16(),
            remark: match (learned, given.remark) {
                (Some(learned), Some(remark)) => Some(format!("{learned}; {remark}")),
                (learned, remark) => learned.or(remark),
            },
        })));
        if settled.is_right {
            self.confirm(&event, &settled);
        }
        self.options.answer.delayed(given.answer).await
    }

    /// Uses and keeps a secret that is handed over, and says what became of it.
    async fn learn(&self, event: &Event, settled: &Settled) -> Option<String> {
        let (verifier, bytes) = settled.handed_over()?;
        let Some(bytes) = bytes else {
            return Some("the secret is not kept: name the provider with --provider".to_owned());
        };
        let secret = Secret::new(bytes, format!("{HANDED_OVER}{}", event.id)).ok()?;
        match self.options.providers.learn(verifier, secret.clone()) {
            Lesson::Known => return None,
            Lesson::Pinned => {
                return Some("a secret is configured, so the one that was handed over is not used".to_owned());
            }
            Lesson::Learned => {}
        }
        let Some(keep) = self.options.keeper.0.clone() else {
            return Some("the secret that was handed over is used until this listener ends".to_owned());
        };
        let (provider, id) = (Arc::clone(&event.provider), event.id);
        let kept = tokio::task::spawn_blocking(move || keep(&provider, id, &secret)).await;
        Some(match kept.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(path) => format!("the secret that was handed over is used from now on, and kept in {path}"),
            Err(problem) => format!("the secret that was handed over is used until this listener ends: {problem}"),
        })
    }

    /// Whose answer is given. A target's counts where it is the answer to events too, and is right.
    async fn choose(&self, event: &Arc<Event>, settled: &Settled) -> Given {
        let own = |remark: Option<String>| Given { answer: settled.answer.clone(), is_own: true, remark };
        let is_refused = event.verdict.is_refused() && !self.options.accept_invalid;
        let route = match self.options.handshakes {
            _ if is_refused => Route::default(),
            Handshakes::Answer => Route::default(),
            Handshakes::Auto => self.forwarder.route_question(event, false),
            Handshakes::Forward => self.forwarder.route_question(event, true),
        };
        // What is sealed stays so: a header still has its value here, a body has its own.
        let request = Request { body: settled.request.body.clone(), ..event.request.clone() };
        let whole = Arc::new(Event { request, ..(**event).clone() });
        let Some(delivery) = self.forwarder.forward(&whole, route).await else { return own(settled.remark.clone()) };
        let wrong = match self.options.handshakes {
            Handshakes::Auto if settled.is_right => settled.fault(&delivery),
            _ => None,
        };
        match wrong {
            Some(wrong) => own(Some(format!(
                "the target's answer would not do: {wrong}; this one was given instead (--handshakes forward passes on the target's)"
            ))),
            None => Given {
                answer: answer::upstream(&delivery),
                is_own: false,
                remark: settled.fault(&delivery).map(|wrong| format!("the provider will not take it: {wrong}")),
            },
        }
    }

    /// Shows the URL with which this handshake is finished, and fetches it where that was asked for.
    fn confirm(&self, event: &Arc<Event>, settled: &Settled) {
        let Some((text, url)) = settled.confirmation() else { return };
        let tell = |reason: String| {
            self.tell(Confirmation { event_id: event.id, url: text.clone(), delivery: None, reason: Some(reason) });
        };
        let url = match url {
            Ok(url) => url,
            Err(problem) => return tell(format!("not followed: {problem}")),
        };
        let Some(client) = &self.confirming.client else {
            return tell("open it to confirm, or let hookctl do so with --confirm-subscriptions".to_owned());
        };
        let Ok(permit) = Arc::clone(&self.confirming.room).try_acquire_owned() else {
            return tell("not followed: others are under way already; open it to confirm".to_owned());
        };
        let mut session = client.session(&url);
        let (presenter, event_id) = (Arc::clone(&self.presenter), event.id);
        tokio::spawn(async move {
            let uri = url.as_str().parse().unwrap_or_default();
            let request = Request { method: Method::GET, uri, headers: HeaderMap::new(), body: bytes::Bytes::new() };
            let outcome = session.send(request).await;
            let delivery = Arc::new(outcome.into_delivery(Method::GET, url.as_str(), 1));
            let confirmation =
                Confirmation { event_id, url: text, reason: refusal(&delivery), delivery: Some(delivery) };
            presenter.present(Notice::Confirmation(Arc::new(confirmation)));
            drop(permit);
        });
    }

    fn tell(&self, confirmation: Confirmation) {
        self.presenter.present(Notice::Confirmation(Arc::new(confirmation)));
    }
}

/// The answer that a sender gets.
struct Given {
    answer: Answer,
    is_own: bool,
    remark: Option<String>,
}

/// Why a confirmation did not come about.
fn refusal(delivery: &Delivery) -> Option<String> {
    match (&delivery.error, delivery.status()) {
        (Some(error), _) => Some(error.message.clone()),
        (None, Some(status)) if !delivery.is_success() => Some(format!("it was answered {status}")),
        _ => None,
    }
}

//! The watch over a connection: it drives hyper, keeps the deadlines and hears the stop signal.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::{HttpService, Service};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::{Instant, Sleep, sleep_until};

use super::pulse::{Overdue, Pulse};
use super::reply::Payload;
use super::stop::Stop;
use super::wire::Wire;

/// When a connection without a deadline is looked at again; a deadline that turns up moves this.
const NO_DEADLINE: Duration = Duration::from_secs(60);

/// How a connection ended.
pub(super) enum Ending {
    /// As it should.
    Quiet,
    /// A deadline passed.
    Late(Overdue),
    /// It began with a TLS handshake.
    Tls,
    /// Its bytes were not HTTP, or it broke.
    Failed(hyper::Error),
}

/// A connection that hyper drives.
pub(super) trait Conversation: Future<Output = hyper::Result<()>> {
    /// Ends it after the requests in flight.
    fn wind_down(self: Pin<&mut Self>);
}

impl<S> Conversation for hyper::server::conn::http1::Connection<TokioIo<Wire>, S>
where
    S: HttpService<Incoming, ResBody = Payload>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn wind_down(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<S> Conversation for hyper::server::conn::http2::Connection<TokioIo<Wire>, S, TokioExecutor>
where
    S: Service<http::Request<Incoming>, Response = http::Response<Payload>>,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn wind_down(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Drives a conversation until it ends, a deadline passes, or the stop signal winds it down.
///
/// All of this is one future in one task, so the timer and the bell each need to be polled once to
/// know whom to wake; after that a poll costs two loads.
pub(super) async fn watch(conversation: impl Conversation, pulse: &Pulse, stop: &Stop) -> Ending {
    let mut conversation = pin!(conversation);
    let mut alarm = pin!(sleep_until(next_look(pulse)));
    let mut alarm_set = false;
    let mut bell = pin!(stop.bell());
    let mut bell_set = false;
    let mut winding_down = false;
    poll_fn(move |cx| {
        if !bell_set {
            bell_set = true;
            let _ = bell.as_mut().poll(cx);
        }
        if !winding_down && stop.is_raised() {
            winding_down = true;
            conversation.as_mut().wind_down();
        }
        loop {
            if let Poll::Ready(result) = conversation.as_mut().poll(cx) {
                return Poll::Ready(result.map_or_else(Ending::Failed, |()| Ending::Quiet));
            }
            match poll_overdue(alarm.as_mut(), &mut alarm_set, pulse, cx) {
                Poll::Pending => return Poll::Pending,
                // The reader of the body sees that its time is up when it is polled again.
                Poll::Ready(Overdue::Body) => {}
                Poll::Ready(late) => return Poll::Ready(Ending::Late(late)),
            }
        }
    })
    .await
}

/// Completes when a deadline of the connection has passed.
pub(super) async fn overdue(pulse: &Pulse) -> Overdue {
    let mut alarm = pin!(sleep_until(next_look(pulse)));
    let mut set = false;
    poll_fn(|cx| poll_overdue(alarm.as_mut(), &mut set, pulse, cx)).await
}

/// Ready with what is overdue. The alarm is moved only when a deadline nearer than it turns up, or
/// when it rings too early because what it was set for has long happened.
fn poll_overdue(mut alarm: Pin<&mut Sleep>, set: &mut bool, pulse: &Pulse, cx: &mut Context<'_>) -> Poll<Overdue> {
    loop {
        if let Some(deadline) = pulse.deadline()
            && deadline < alarm.deadline()
        {
            alarm.as_mut().reset(deadline);
            *set = false;
        }
        if *set && !alarm.is_elapsed() {
            return Poll::Pending;
        }
        *set = true;
        if alarm.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        if let Some(late) = pulse.overdue() {
            return Poll::Ready(late);
        }
        alarm.as_mut().reset(next_look(pulse));
        *set = false;
    }
}

/// When to look at the pulse next.
fn next_look(pulse: &Pulse) -> Instant {
    pulse.deadline().unwrap_or_else(|| Instant::now() + NO_DEADLINE)
}

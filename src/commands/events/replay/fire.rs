//! Sending: one event after the other, each attempt on the disk before the next one is made.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use serde::Serialize;
use tokio::time::Instant;
use url::Url;

use super::pace::Pace;
use super::{Replay, Selection, Shot};
use crate::commands::confirm::MAX_UNASKED;
use crate::commands::{Context, ending, progress};
use crate::error::{Exit, Failure, Outcome};
use crate::http::{Client, ClientOptions, HeaderCase, Session};
use crate::model::{Delivery, DeliveryError, Event, FailureKind, Notice};
use crate::output::{self, Presenter};
use crate::store::{Settle, Writer};

/// A request that is under way when the replay is stopped may take this much longer.
const LAST_MOMENTS: Duration = Duration::from_secs(1);
/// Connections that are kept, one for each authority.
const MAX_SESSIONS: usize = 16;

/// Sends what was selected and says how it went.
pub(super) async fn run(replay: &Replay<'_>, selection: &Selection) -> Outcome {
    let context = replay.context;
    let many = selection.requests > MAX_UNASKED;
    let (tell, gone) = tokio::sync::oneshot::channel();
    let presenter = context.presenter(true, |error| {
        // Whoever is not there to be told has ended already.
        let _ = tell.send(error);
    })?;
    let mut run = Run {
        replay,
        client: client(replay)?,
        writer: context.writer()?,
        sessions: HashMap::new(),
        presenter,
        progress: if many { progress::bar(context, Some(selection.requests)) } else { ProgressBar::hidden() },
        every: context.json() || !many,
        stop: Stop::new(gone),
        totals: Totals { left: selection.steps.len() as u64, ..Totals::default() },
        unreachable: 0,
    };
    let outcome = run.all(selection).await;
    let Run { writer, presenter, progress, stop, totals, unreachable, .. } = run;
    progress.finish_and_clear();
    presenter.finish();
    writer.close();
    outcome?;
    if let Some(Stopped::Unread(error)) = stop.happened {
        return Err(error.into());
    }
    totals.print(context, selection)?;
    Ok(match (totals.left, totals.failed, unreachable) {
        (1.., ..) => Exit::Interrupted,
        (0, 0, _) => Exit::Done,
        (0, _, 0) => Exit::No,
        (0, ..) => Exit::Machine,
    })
}

fn client(replay: &Replay<'_>) -> Result<Client, Failure> {
    let args = replay.args;
    if args.tls.insecure {
        replay.context.say("warning: --insecure: the target's certificate is not checked");
    }
    Ok(Client::new(ClientOptions {
        timeout: Some(args.timeout).filter(|limit| !limit.is_zero()),
        insecure: args.tls.insecure,
        ca_certs: args.tls.ca_cert.iter().map(|path| replay.context.path(path)).collect(),
        header_case: HeaderCase::Title,
        ..ClientOptions::default()
    })?)
}

/// A replay under way.
struct Run<'a> {
    replay: &'a Replay<'a>,
    client: Client,
    writer: Writer,
    sessions: HashMap<String, Session>,
    presenter: Presenter,
    progress: ProgressBar,
    /// Whether every attempt is shown, or only the first failures.
    every: bool,
    stop: Stop,
    totals: Totals,
    /// Attempts without any answer.
    unreachable: u64,
}

impl Run<'_> {
    async fn all(&mut self, selection: &Selection) -> Result<(), Failure> {
        let args = self.replay.args;
        let Some(first) = selection.steps.first() else { return Ok(()) };
        let mut pace = Pace::new(args.speed, args.rate, first.received_at);
        let mut is_unmarked = args.missing;
        for step in &selection.steps {
            if !self.stop.sleep_until(pace.event(step.received_at)).await {
                return Ok(());
            }
            // It may have been deleted meanwhile.
            if let Some(stored) = self.replay.reader.by_seq(step.seq)? {
                let shots = self.replay.shots(&stored, &mut is_unmarked)?;
                for shot in shots {
                    if !self.stop.sleep_until(pace.request()).await {
                        return Ok(());
                    }
                    self.fire(&stored.event, stored.seq, shot).await?;
                }
                self.totals.events += 1;
            }
            self.totals.left -= 1;
        }
        Ok(())
    }

    async fn fire(&mut self, event: &Event, seq: i64, shot: Shot) -> Result<(), Failure> {
        let delivery = Arc::new(self.deliver(event, &shot).await?);
        let settle = if delivery.is_success() { Settle::Done } else { Settle::Tried };
        let settled = shot.destination.waits.map(|target| (target, seq, settle));
        self.writer.record(event.id, &delivery, settled).await?;
        let expected = &self.replay.args.expect_status;
        let is_hit = delivery.error.is_none() && delivery.status().is_some_and(|status| expected.contains(status));
        self.totals.sent += 1;
        if is_hit {
            self.totals.succeeded += 1;
        } else {
            self.totals.failed += 1;
            self.unreachable += u64::from(delivery.response.is_none());
        }
        self.progress.inc(1);
        if self.every || !is_hit && self.totals.failed <= MAX_UNASKED {
            let event_type = event.event_type.clone();
            self.presenter.present(Notice::Sent { event_id: event.id, event_type, delivery });
        }
        Ok(())
    }

    /// Sends one request. One that is given up is an attempt too: nobody knows whether it arrived.
    async fn deliver(&mut self, event: &Event, shot: &Shot) -> Result<Delivery, Failure> {
        let (target, method) = (shot.destination.target.clone(), event.request.method.clone());
        let failed = |kind, message: String, duration| {
            let error = Some(DeliveryError { kind, message, hint: None });
            Delivery {
                method: method.clone(),
                target: target.clone(),
                attempt: shot.attempt,
                duration,
                response: None,
                truncated: false,
                error,
            }
        };
        let request = match (&shot.request, &shot.destination.uri) {
            (Some(request), _) => request.clone(),
            (None, Err(error)) => return Ok(failed(FailureKind::Protocol, error.to_string(), Duration::ZERO)),
            (None, Ok(_)) => return Ok(failed(FailureKind::Protocol, "there is no request".into(), Duration::ZERO)),
        };
        let mut session = self.session(&target)?;
        let start = Instant::now();
        let outcome = self.stop.last_moments(session.send(request)).await;
        Ok(match outcome {
            Some(outcome) => {
                self.keep(&target, session)?;
                outcome.into_delivery(method, target, shot.attempt)
            }
            None => failed(FailureKind::Timeout, "interrupted before the answer came".into(), start.elapsed()),
        })
    }

    fn session(&mut self, target: &str) -> Result<Session, Failure> {
        let url = parsed(target)?;
        let kept = self.sessions.remove(&url.origin().ascii_serialization());
        Ok(kept.unwrap_or_else(|| self.client.session(&url)))
    }

    fn keep(&mut self, target: &str, session: Session) -> Result<(), Failure> {
        if self.sessions.len() >= MAX_SESSIONS {
            self.sessions.clear();
        }
        self.sessions.insert(parsed(target)?.origin().ascii_serialization(), session);
        Ok(())
    }
}

fn parsed(target: &str) -> Result<Url, Failure> {
    Url::parse(target).map_err(|_| Failure::usage(format!("`{target}` is not a URL")))
}

/// Why a replay ended early.
enum Stopped {
    /// Ctrl-C, or a request to terminate.
    Interrupted,
    /// Nobody reads stdout any more, or it cannot be written.
    Unread(std::io::Error),
}

/// The one thing that ends a replay early.
struct Stop {
    signal: Pin<Box<dyn Future<Output = Stopped>>>,
    happened: Option<Stopped>,
}

impl Stop {
    fn new(gone: tokio::sync::oneshot::Receiver<std::io::Error>) -> Self {
        let interrupt = ending::interrupt();
        let signal = Box::pin(async move {
            tokio::select! {
                () = interrupt => Stopped::Interrupted,
                Ok(error) = gone => Stopped::Unread(error),
            }
        });
        Self { signal, happened: None }
    }

    /// False when the replay was stopped meanwhile, or before.
    async fn sleep_until(&mut self, moment: Instant) -> bool {
        if self.happened.is_none() {
            tokio::select! {
                biased;
                reason = &mut self.signal => self.happened = Some(reason),
                () = tokio::time::sleep_until(moment) => {}
            }
        }
        self.happened.is_none()
    }

    /// What comes of `work`; `None` when the replay was stopped and it did not end soon.
    async fn last_moments<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        if self.happened.is_none() {
            tokio::select! {
                done = &mut work => return Some(done),
                reason = &mut self.signal => self.happened = Some(reason),
            }
        }
        tokio::time::timeout(LAST_MOMENTS, work).await.ok()
    }
}

/// How a replay went.
#[derive(Debug, Default, Serialize)]
struct Totals {
    /// Events that went out, to all of their targets.
    events: u64,
    /// Attempts.
    sent: u64,
    succeeded: u64,
    failed: u64,
    /// Events whose turn did not come.
    left: u64,
}

impl Totals {
    fn print(&self, context: &Context, selection: &Selection) -> Result<(), Failure> {
        if self.left > 0 {
            let events = if self.left == 1 { "event is" } else { "events are" };
            context.say(&format!("interrupted: {} {events} left; the same command with --missing goes on", self.left));
        }
        if context.json() {
            return context.print_item("replayed", self);
        }
        if selection.requests > 1 {
            let Self { sent, succeeded, failed, .. } = self;
            output::print(format!("{sent} replayed: {succeeded} ok, {failed} failed\n"))?;
        }
        Ok(())
    }
}

//! What waits for a target in the history: sent in the order of arrival, one at a time. The outcome is on
//! the disk before the next one goes out, so that after a crash only the first can be in doubt.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until};

use super::backoff::{Outlook, before_retry, outlook, until_reachable};
use super::in_flight::InFlight;
use super::outgoing::{Attempted, Outgoing};
use super::recognise::Providers;
use super::report::Report;
use crate::model::{Event, FailureKind, TargetState};
use crate::store::{Pending, Reader, Settle, StoreError, Writer};

/// Events read at once.
const MAX_READ: usize = 64;
/// Bytes of bodies after which no more are read at once.
const MAX_READ_BYTES: usize = 1 << 20;

/// What a backlog works with.
pub(super) struct Supply {
    pub(super) store: Arc<Writer>,
    /// As the history names it.
    pub(super) target: Arc<str>,
    /// Told when something comes.
    pub(super) woken: Arc<Notify>,
    pub(super) report: Arc<Report>,
    /// Who knows the credentials that the history does not keep.
    pub(super) providers: Arc<Providers>,
    /// How often an event is sent again that the target failed on.
    pub(super) retries: u32,
    /// Counts the attempts that are under way.
    pub(super) in_flight: Arc<AtomicUsize>,
}

/// The waiting events of one target.
pub(super) struct Backlog {
    with: Supply,
    reader: Option<Reader>,
    read: VecDeque<(Pending, Event)>,
    /// Everything up to this one is settled, or cannot be read.
    after: i64,
    /// The last one that was said to be unreadable.
    said: i64,
    next: Next,
    /// How often the first event was tried again.
    tries: u32,
    down: Option<Down>,
    /// Failures of the history in a row.
    troubles: u32,
    /// At the end there may be something that nobody has told of yet.
    is_last_look_due: bool,
}

/// When to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// There may be something.
    Now,
    /// Once something comes.
    Woken,
    /// Later.
    At(Instant),
}

/// A target that takes nothing.
struct Down {
    failures: u32,
    /// How it could not be reached; `None` when it answered that it takes nothing.
    kind: Option<FailureKind>,
}

/// What a reading brought.
#[derive(Default)]
struct Page {
    events: VecDeque<(Pending, Event)>,
    /// The last row that was looked at.
    upto: i64,
    damaged: Option<(i64, StoreError)>,
}

impl Backlog {
    pub(super) fn new(with: Supply) -> Self {
        Self {
            with,
            reader: None,
            read: VecDeque::new(),
            after: 0,
            said: 0,
            // Something may wait from an earlier run.
            next: Next::Now,
            tries: 0,
            down: None,
            troubles: 0,
            is_last_look_due: true,
        }
    }

    /// Completes when there may be something to send. Nothing is lost when it is not waited for.
    pub(super) async fn ready(&mut self) {
        match self.next {
            Next::Now => {}
            Next::Woken => self.with.woken.notified().await,
            Next::At(time) => sleep_until(time).await,
        }
        self.next = Next::Now;
    }

    /// Whether there may be something that can go out at once; for the end, when nothing comes any more.
    pub(super) fn goes_on(&mut self) -> bool {
        if self.next == Next::Woken && std::mem::take(&mut self.is_last_look_due) {
            self.next = Next::Now;
        }
        self.next == Next::Now
    }

    /// Sends the first event, once.
    pub(super) async fn step(&mut self, outgoing: &mut Outgoing) {
        if self.read.is_empty() && !self.look().await {
            return;
        }
        let Some((pending, event)) = self.read.pop_front() else { return };
        let attempted = {
            let _in_flight = InFlight::begin(&self.with.in_flight);
            outgoing.deliver(&event, pending.attempts.saturating_add(1)).await
        };
        match outlook(&attempted.delivery, attempted.may_have_arrived, SystemTime::now()) {
            Outlook::Down { asked } => self.wait(&pending, &event, &attempted, asked).await,
            Outlook::Failed { asked } if self.tries < self.with.retries => {
                self.tries += 1;
                self.keep(&pending, &event, &attempted, Settle::Tried).await;
                self.up().await;
                let wait = before_retry(self.tries, rand::random()).max(asked.unwrap_or_default());
                self.pause(wait);
            }
            Outlook::Failed { .. } | Outlook::Final => {
                self.keep(&pending, &event, &attempted, Settle::Done).await;
                self.with.report.count(&attempted.delivery);
                (self.after, self.tries) = (pending.seq, 0);
                self.up().await;
            }
        }
    }

    /// The target takes nothing now. That it cannot be reached is kept and shown once, not at each try.
    async fn wait(&mut self, pending: &Pending, event: &Event, attempted: &Attempted, asked: Option<Duration>) {
        let kind = attempted.delivery.error.as_ref().map(|error| error.kind);
        let before = self.down.take();
        let is_known = before.as_ref().is_some_and(|down| down.kind == kind);
        if attempted.may_have_arrived || !is_known {
            self.keep(pending, event, attempted, Settle::Tried).await;
        }
        if before.is_none() {
            let reason = match (&attempted.delivery.error, attempted.delivery.status()) {
                (Some(error), _) => error.message.clone(),
                (None, status) => format!("it answers {} and asks to wait", status.unwrap_or_default()),
            };
            let waiting = self.count().await;
            self.with.report.target(&self.with.target, TargetState::Down, waiting, Some(reason));
        }
        let failures = before.map_or(0, |down| down.failures).saturating_add(1);
        self.down = Some(Down { failures, kind });
        let wait = until_reachable(failures, rand::random()).max(asked.unwrap_or_default());
        self.pause(wait);
    }

    /// Waits before the first event is read anew: it may be deleted until then.
    fn pause(&mut self, wait: Duration) {
        self.read.clear();
        self.next = Next::At(Instant::now() + wait);
    }

    /// The target took something.
    async fn up(&mut self) {
        if self.down.take().is_some() {
            let waiting = self.count().await;
            self.with.report.target(&self.with.target, TargetState::Up, waiting, None);
        }
    }

    /// Records an attempt, however long that takes, and shows it.
    async fn keep(&mut self, pending: &Pending, event: &Event, attempted: &Attempted, settle: Settle) {
        let mut is_shown = false;
        loop {
            let settled = Some((Arc::clone(&self.with.target), pending.seq, settle));
            let outcome = self.with.store.record(event.id, &attempted.delivery, settled).await;
            if !std::mem::replace(&mut is_shown, true) {
                self.with.report.show(event, &attempted.delivery);
            }
            match outcome {
                Ok(()) => {
                    self.troubles = 0;
                    return;
                }
                Err(error) => sleep(self.trouble(&error)).await,
            }
        }
    }

    /// Reads the next events. False when there are none, or they cannot be read now.
    async fn look(&mut self) -> bool {
        match self.page().await {
            Ok(page) => {
                self.troubles = 0;
                if let Some((seq, error)) = page.damaged.filter(|(seq, _)| *seq > self.said) {
                    self.said = seq;
                    self.with.report.target(
                        &self.with.target,
                        TargetState::Held,
                        0,
                        Some(format!("an event is passed over: {error}")),
                    );
                }
                if page.events.is_empty() {
                    self.next = if page.upto > self.after { Next::Now } else { Next::Woken };
                    self.after = self.after.max(page.upto);
                }
                self.read = page.events;
                !self.read.is_empty()
            }
            Err(error) => {
                self.reader = None;
                let wait = self.trouble(&error);
                self.pause(wait);
                false
            }
        }
    }

    async fn page(&mut self) -> Result<Page, StoreError> {
        let (reader, store) = (self.reader.take(), Arc::clone(&self.with.store));
        let (target, after, providers) = (Arc::clone(&self.with.target), self.after, Arc::clone(&self.with.providers));
        let read = spawn_blocking(move || {
            let reader = match reader {
                Some(reader) => reader,
                None => Reader::open(store.path())?,
            };
            let mut page = Page::read(&reader, store.owner()?, &target, after)?;
            page.events.iter_mut().for_each(|(_, event)| providers.restore_credential(event));
            Ok((reader, page))
        });
        let (reader, page) = read.await.map_err(|_| StoreError::Closed)??;
        self.reader = Some(reader);
        Ok(page)
    }

    /// How many events wait; for a notice, so 0 when it cannot be told.
    async fn count(&mut self) -> u64 {
        let Some(reader) = self.reader.take() else { return 0 };
        let (store, target) = (Arc::clone(&self.with.store), Arc::clone(&self.with.target));
        let counted = spawn_blocking(move || {
            let count = store.owner().and_then(|owner| reader.waiting_of(owner, &target));
            (reader, count.unwrap_or_default())
        });
        let Ok((reader, count)) = counted.await else { return 0 };
        self.reader = Some(reader);
        count
    }

    /// The history fails: said once, and how long to leave it alone.
    fn trouble(&mut self, error: &StoreError) -> Duration {
        self.troubles = self.troubles.saturating_add(1);
        if self.troubles == 1 {
            self.with.report.target(
                &self.with.target,
                TargetState::Held,
                0,
                Some(format!("forwarding waits: {error}")),
            );
        }
        until_reachable(self.troubles, rand::random())
    }
}

impl Page {
    /// An event that is damaged is passed over: it waits on, and those behind it do not.
    fn read(reader: &Reader, owner: i64, target: &str, after: i64) -> Result<Self, StoreError> {
        let mut page = Self::default();
        let mut bytes = 0;
        for pending in reader.pending(owner, target, after, MAX_READ)? {
            page.upto = pending.seq;
            match reader.by_seq(pending.seq) {
                Ok(Some(stored)) => {
                    bytes += stored.event.request.body.len();
                    page.events.push_back((pending, stored.event));
                }
                // Deleted meanwhile.
                Ok(None) => {}
                Err(error @ StoreError::Damaged { .. }) => page.damaged = Some((pending.seq, error)),
                Err(error) => return Err(error),
            }
            if bytes >= MAX_READ_BYTES {
                break;
            }
        }
        Ok(page)
    }
}

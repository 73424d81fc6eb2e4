//! The engine: takes what is due from the lanes, makes the attempts, ends when it is told to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinSet;

use super::api::Repeatable;
use super::clock::{Clock, until};
use super::lanes::{Lanes, Turn};
use super::limits::{LAST_MOMENTS, MAX_IN_FLIGHT, MAX_KEPT_ANSWER, TIMEOUT};
use super::state::State;
use super::{MockError, Options};
use crate::http::{Client, ClientOptions, HeaderCase};
use crate::model::{MockAttempt, Notice};
use crate::provider::{Catalogue, Provider};

/// With nothing to do the engine looks again after this time; a bell wakes it before.
const REST: Duration = Duration::from_secs(60);

/// Who waits for the next attempt at a message.
type Waiter = oneshot::Sender<Arc<MockAttempt>>;

/// What all calls and attempts share.
pub(super) struct Engine {
    pub(super) provider: Arc<Provider>,
    pub(super) catalogue: Catalogue,
    pub(super) state: State,
    pub(super) clock: Clock,
    pub(super) client: Client,
    tell: Arc<dyn Fn(Notice) + Send + Sync>,
    lanes: Mutex<Lanes>,
    waiters: Mutex<HashMap<i64, Vec<Waiter>>>,
    bell: Notify,
    pub(super) playing: Arc<tokio::sync::Semaphore>,
    pub(super) repeatable: Mutex<Repeatable>,
}

impl Engine {
    pub(super) fn open(options: Options) -> Result<Self, MockError> {
        let Options { provider, catalogue, time_scale, state, client, tell } = options;
        let state = State::open(state.as_deref(), provider.id())?;
        let clock = Clock::new(time_scale, Timestamp::now());
        let clock = Clock::parse(&state.setting("clock", || clock.to_string())?)
            .map_or(clock, |kept| kept.going_on(time_scale, Timestamp::now()));
        state.set("clock", &clock.to_string())?;
        let rules = provider.delivery();
        let client = Client::new(ClientOptions {
            timeout: Some(rules.time_limit.unwrap_or(TIMEOUT)),
            connect_timeout: rules.connect_limit.or(client.connect_timeout),
            max_response: MAX_KEPT_ANSWER,
            header_case: HeaderCase::Title,
            ..client
        })?;
        let mut lanes = Lanes::default();
        for waiting in state.waiting()? {
            lanes.push(&waiting.url, Turn { due: waiting.due, seq: waiting.seq, is_manual: false });
        }
        Ok(Self {
            provider,
            catalogue,
            state,
            clock,
            client,
            tell,
            lanes: Mutex::new(lanes),
            waiters: Mutex::default(),
            bell: Notify::new(),
            playing: Arc::new(tokio::sync::Semaphore::new(super::limits::MAX_PLAYING)),
            repeatable: Mutex::default(),
        })
    }

    pub(super) fn tell(&self, notice: Notice) {
        (self.tell)(notice);
    }

    /// Adds an attempt to be made.
    pub(super) fn push(&self, url: &str, turn: Turn) {
        locked(&self.lanes).push(url, turn);
        self.bell.notify_one();
    }

    /// Takes back what was to be done for messages that go nowhere now.
    pub(super) fn forget(&self, dropped: &[i64]) {
        if dropped.is_empty() {
            return;
        }
        let left = locked(&self.lanes).forget(&dropped.iter().copied().collect());
        // Nobody waits in vain for an attempt that is not made.
        locked(&self.waiters).retain(|seq, _| !left.contains(seq));
    }

    /// Lets a target alone until then.
    pub(super) fn hold(&self, url: &str, until: i64) {
        locked(&self.lanes).hold(url, until);
    }

    /// The next attempt at this message, once it has been made.
    pub(super) fn wait_for(&self, seq: i64) -> oneshot::Receiver<Arc<MockAttempt>> {
        let (send, receive) = oneshot::channel();
        locked(&self.waiters).entry(seq).or_default().push(send);
        receive
    }

    /// Tells of an attempt, first the output and then who waits for it.
    pub(super) fn done(&self, seq: i64, attempt: Arc<MockAttempt>) {
        self.tell(Notice::MockAttempt(Arc::clone(&attempt)));
        for waiter in locked(&self.waiters).remove(&seq).into_iter().flatten() {
            // Who waited may have left.
            let _ = waiter.send(Arc::clone(&attempt));
        }
    }

    /// Makes an attempt and gives its place in the lane back, however it ends.
    async fn turn(self: Arc<Self>, lane: String, turn: Turn) {
        let place = Place { engine: Arc::clone(&self), lane, seq: turn.seq };
        if let Err(error) = self.attempt(turn).await {
            self.tell(Notice::Refused { status: 500, reason: error.to_string() });
        }
        drop(place);
    }
}

/// A turn's place in its lane.
struct Place {
    engine: Arc<Engine>,
    lane: String,
    seq: i64,
}

impl Drop for Place {
    fn drop(&mut self) {
        locked(&self.engine.lanes).done(&self.lane, self.seq);
        // Nobody waits in vain for an attempt that was not made.
        locked(&self.engine.waiters).remove(&self.seq);
        self.engine.bell.notify_one();
    }
}

/// Delivers until it is told to halt; attempts under way then have a moment to end.
pub(super) async fn run(engine: Arc<Engine>, mut halted: watch::Receiver<bool>) {
    let mut turns = JoinSet::new();
    loop {
        let now = Timestamp::now();
        while turns.len() < MAX_IN_FLIGHT {
            let Some((lane, turn)) = locked(&engine.lanes).take(now.as_millisecond()) else { break };
            turns.spawn(Arc::clone(&engine).turn(lane, turn));
        }
        let next = locked(&engine.lanes).next_due().filter(|_| turns.len() < MAX_IN_FLIGHT);
        let rest = next.map_or(REST, |due| until(due, now).min(REST));
        tokio::select! {
            _ = halted.wait_for(|is_halted| *is_halted) => break,
            () = engine.bell.notified() => {}
            Some(_) = turns.join_next() => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
    let ended = async { while turns.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(LAST_MOMENTS, ended).await;
    turns.shutdown().await;
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Scenarios: events that follow each other, whose ids hang together.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::emit::Order;
use super::engine::Engine;
use super::limits::{FIRST_ATTEMPTS, MAX_PLAYING};
use super::refusal::Refused;
use crate::model::{MockAttempt, Notice};
use crate::provider::{Generator, Scenario, SharedValues};

/// A scenario that plays.
pub(super) struct Playing {
    pub(super) scenario: Arc<Scenario>,
    /// The first attempts of all its events, in order, once it is over.
    pub(super) over: oneshot::Receiver<Vec<Arc<MockAttempt>>>,
}

impl Engine {
    /// Begins to play; it goes on beside the caller.
    pub(super) fn play(self: &Arc<Self>, name: &str) -> Result<Playing, Refused> {
        let scenario = Arc::new(self.scenario(name)?.clone());
        let generator = RefCell::new(Generator::new(rand::random(), Timestamp::now()));
        let values = scenario.values(&generator).map_err(|error| Refused::invalid(error.to_string()))?;
        let place = Arc::clone(&self.playing).try_acquire_owned();
        let place = place.map_err(|_| Refused::full(format!("{MAX_PLAYING} scenarios play already")))?;
        let (send, over) = oneshot::channel();
        let (engine, playing) = (Arc::clone(self), Arc::clone(&scenario));
        tokio::spawn(async move {
            let attempts = engine.play_steps(&playing, &values).await;
            drop(place);
            // Who began it may not wait for it.
            let _ = send.send(attempts);
        });
        Ok(Playing { scenario, over })
    }

    fn scenario(&self, name: &str) -> Result<&Scenario, Refused> {
        let scenarios = self.provider.scenarios();
        scenarios.iter().find(|scenario| scenario.name == name).ok_or_else(|| {
            let known: Vec<&str> = scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
            let id = self.provider.id();
            let refused = Refused::absent("unknown_scenario", format!("{id} has no scenario `{name}`"));
            match known.is_empty() {
                true => refused.hint("it has none"),
                false => refused.hint(format!("it has {}", known.join(", "))),
            }
        })
    }

    /// A step follows after its delay, and never overtakes the first attempts of the one before.
    async fn play_steps(&self, scenario: &Arc<Scenario>, values: &SharedValues) -> Vec<Arc<MockAttempt>> {
        let mut attempts = Vec::new();
        for step in &scenario.steps {
            tokio::time::sleep(self.clock.real(step.after).min(LONGEST_DELAY)).await;
            let shared = Some((Arc::clone(scenario), values.clone()));
            match self.emit(&Order { event: step.event.clone(), shared, ..Order::default() }) {
                Ok(emitted) => attempts.extend(first_attempts(emitted.firsts).await),
                Err(refused) => {
                    self.tell(Notice::Refused { status: refused.status.as_u16(), reason: refused.reason });
                }
            }
        }
        attempts
    }
}

/// A timer of the runtime reaches no further than about two years.
const LONGEST_DELAY: Duration = Duration::from_secs(365 * 24 * 3600);

/// Those of the attempts that are made in time.
pub(super) async fn first_attempts(firsts: Vec<oneshot::Receiver<Arc<MockAttempt>>>) -> Vec<Arc<MockAttempt>> {
    let deadline = tokio::time::Instant::now() + FIRST_ATTEMPTS;
    let mut made = Vec::new();
    for first in firsts {
        if let Ok(Ok(attempt)) = tokio::time::timeout_at(deadline, first).await {
            made.push(attempt);
        }
    }
    made
}

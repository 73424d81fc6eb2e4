//! What is said and kept of deliveries.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tokio::sync::Semaphore;

use super::tally::Tally;
use crate::model::{Delivery, Event, EventId, Notice, TargetState};
use crate::output::Presenter;
use crate::store::{StoreError, Writer};

/// Deliveries that are being recorded at once. Each may hold an answer of some megabytes.
const MAX_RECORDING: u32 = 16;

/// Shows, counts and keeps deliveries.
pub(super) struct Report {
    presenter: Arc<Presenter>,
    tally: Arc<Tally>,
    store: Option<Arc<Writer>>,
    room: Arc<Semaphore>,
    /// Said once: the disk does not get fuller by being told so.
    has_failed: Arc<AtomicBool>,
}

impl Report {
    pub(super) fn new(presenter: Arc<Presenter>, tally: Arc<Tally>, store: Option<Arc<Writer>>) -> Self {
        let room = Arc::new(Semaphore::new(MAX_RECORDING as usize));
        Self { presenter, tally, store, room, has_failed: Arc::default() }
    }

    /// Shows a delivery that has been made.
    pub(super) fn show(&self, event: &Event, delivery: &Arc<Delivery>) {
        self.presenter.present(Notice::Forwarded {
            event_id: event.id,
            event_type: event.event_type.clone(),
            delivery: Arc::clone(delivery),
        });
    }

    /// Counts a delivery after which there will be no other.
    pub(super) fn count(&self, delivery: &Delivery) {
        self.tally.delivered(delivery);
    }

    /// Says what became of a target.
    pub(super) fn target(&self, target: &Arc<str>, state: TargetState, waiting: u64, reason: Option<String>) {
        self.presenter.present(Notice::Target { target: Arc::clone(target), state, waiting, reason });
    }

    /// Keeps a delivery, behind the answer: it waits only when too many are being kept.
    pub(super) async fn keep(&self, event: EventId, target: &Arc<str>, delivery: &Arc<Delivery>) {
        let Some(store) = self.store.clone() else { return };
        let Ok(permit) = Arc::clone(&self.room).acquire_owned().await else { return };
        let (delivery, target) = (Arc::clone(delivery), Arc::clone(target));
        let (presenter, has_failed) = (Arc::clone(&self.presenter), Arc::clone(&self.has_failed));
        tokio::spawn(async move {
            if let Err(error) = store.record(event, &delivery, None).await
                && !has_failed.swap(true, Relaxed)
            {
                presenter.present(not_kept(target, &error));
            }
            drop(permit);
        });
    }

    /// Waits until every delivery is kept.
    pub(super) async fn finish(&self) {
        let _all = self.room.acquire_many(MAX_RECORDING).await;
    }
}

fn not_kept(target: Arc<str>, error: &StoreError) -> Notice {
    let reason = Some(format!("its answers are not kept: {error}"));
    Notice::Target { target, state: TargetState::Held, waiting: 0, reason }
}

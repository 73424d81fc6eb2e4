//! A lane: the one worker of a target. First come events whose sender waits for the answer, then those
//! that wait in the history.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use tokio::sync::{mpsc, oneshot};

use super::backlog::Backlog;
use super::in_flight::InFlight;
use super::outgoing::Outgoing;
use super::report::Report;
use crate::model::{Delivery, Event};

/// An event that is held in memory.
pub(super) struct Job {
    pub(super) event: Arc<Event>,
    /// Where the delivery is the answer.
    pub(super) reply: Option<oneshot::Sender<Arc<Delivery>>>,
}

pub(super) struct Lane {
    pub(super) name: Arc<str>,
    pub(super) outgoing: Outgoing,
    pub(super) jobs: mpsc::Receiver<Job>,
    /// What waits in the history, where there is one.
    pub(super) backlog: Option<Backlog>,
    pub(super) report: Arc<Report>,
    pub(super) waiting: Arc<AtomicU64>,
    pub(super) in_flight: Arc<AtomicUsize>,
}

impl Lane {
    /// Works until the listener ends, and then as long as the target takes what is there.
    pub(super) async fn run(mut self) {
        loop {
            tokio::select! {
                biased;
                job = self.jobs.recv() => match job {
                    Some(job) => self.deliver(job).await,
                    None => break,
                },
                () = ready(&mut self.backlog) => self.step().await,
            }
        }
        while self.backlog.as_mut().is_some_and(Backlog::goes_on) {
            self.step().await;
        }
    }

    async fn deliver(&mut self, job: Job) {
        let attempted = {
            // Where the sender waits, its request counts already.
            let _in_flight = job.reply.is_none().then(|| InFlight::begin(&self.in_flight));
            self.outgoing.deliver(&job.event, 1).await
        };
        self.waiting.fetch_sub(1, Relaxed);
        self.report.show(&job.event, &attempted.delivery);
        self.report.count(&attempted.delivery);
        let event = job.event.id;
        job.answer(Arc::clone(&attempted.delivery));
        self.report.keep(event, &self.name, &attempted.delivery).await;
    }

    async fn step(&mut self) {
        if let Some(backlog) = &mut self.backlog {
            backlog.step(&mut self.outgoing).await;
        }
    }
}

async fn ready(backlog: &mut Option<Backlog>) {
    match backlog {
        Some(backlog) => backlog.ready().await,
        None => std::future::pending().await,
    }
}

impl Job {
    /// The sender may have gone away meanwhile; the delivery is reported all the same.
    pub(super) fn answer(self, delivery: Arc<Delivery>) {
        if let Some(reply) = self.reply {
            let _ = reply.send(delivery);
        }
    }
}

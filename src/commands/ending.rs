//! How a command that runs on is ended: by a signal, or because nobody reads what it prints.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tokio::sync::Notify;

/// Whether stdout is gone, and whether that is an error.
#[derive(Default)]
pub(super) struct Closed {
    pub(super) is_closed: AtomicBool,
    pub(super) is_failure: AtomicBool,
    changed: Notify,
}

impl Closed {
    pub(super) fn set(&self, error: &io::Error) {
        self.is_failure.store(error.kind() != io::ErrorKind::BrokenPipe, Relaxed);
        self.is_closed.store(true, Relaxed);
        self.changed.notify_one();
    }
}

/// Completes on Ctrl-C, on a request to terminate, or when nobody reads stdout any more. Signals are
/// taken over by the call, not by the first poll: one that follows "Ready" at once finds them so.
pub(super) fn stop_signal(closed: Arc<Closed>) -> impl Future<Output = ()> {
    or_closed(interrupt(), closed)
}

pub(super) async fn or_closed(interrupt: impl Future<Output = ()>, closed: Arc<Closed>) {
    tokio::select! {
        () = interrupt => {}
        () = closed.changed.notified() => {}
    }
}

/// Completes on Ctrl-C or a request to terminate.
#[cfg(unix)]
pub(super) fn interrupt() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let wait = |kind| {
        let handler = signal(kind);
        async move {
            match handler {
                Ok(mut signal) => {
                    signal.recv().await;
                }
                // Without a handler the signal ends the process as usual.
                Err(_) => std::future::pending().await,
            }
        }
    };
    let [interrupt, terminate, hangup] =
        [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(wait);
    async move {
        tokio::select! {
            () = interrupt => {}
            () = terminate => {}
            () = hangup => {}
        }
    }
}

#[cfg(not(unix))]
pub(super) async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

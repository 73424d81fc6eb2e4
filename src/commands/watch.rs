//! `send --watch`: send again whenever the fixture or file changes.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use notify::RecursiveMode;
use notify_debouncer_mini::new_debouncer;
use tokio::runtime::Runtime;

use super::Context;
use crate::error::{Exit, Failure, Outcome};

/// Editors write a file in several steps; they are one change.
const QUIET_FOR: Duration = Duration::from_millis(150);
/// How often Ctrl-C is looked for while nothing changes.
const POLL: Duration = Duration::from_millis(100);

/// Calls `send` once, then after every change of the file, until Ctrl-C. A failure is said and the
/// watch goes on: the next edit may mend it.
pub(super) fn run(file: &Path, context: &Context, runtime: &Runtime, send: impl Fn() -> Outcome) -> Outcome {
    let send = || {
        if let Err(failure) = send() {
            failure.report(context.json());
        }
    };
    let failed =
        |error: notify::Error| Failure::machine("watch", anyhow::anyhow!("cannot watch {}: {error}", file.display()));
    let (changed, changes) = mpsc::sync_channel(1);
    let mut debouncer = new_debouncer(QUIET_FOR, move |events| {
        // A change that is waiting already stands for this one too.
        let _ = changed.try_send(events);
    })
    .map_err(failed)?;
    // The folder is watched, since editors replace the file.
    let folder = file.parent().unwrap_or(file);
    debouncer.watcher().watch(folder, RecursiveMode::NonRecursive).map_err(failed)?;
    let stopped = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stop = Arc::clone(&stopped);
    runtime.spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    });
    send();
    context.say(&format!("watching {} (^C to quit)", file.display()));
    while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
        match changes.recv_timeout(POLL) {
            Ok(Ok(events)) if events.iter().any(|event| event.path.file_name() == file.file_name()) => send(),
            Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(Exit::Done)
}

//! `send --watch`: send again whenever the fixture or file changes.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use notify::RecursiveMode;
use notify_debouncer_mini::new_debouncer;
use tokio::runtime::Runtime;

use super::Context;
use super::send::Job;
use crate::error::{Exit, Failure, Outcome};

/// Editors write a file in several steps; they are one change.
const QUIET_FOR: Duration = Duration::from_millis(150);
/// How often Ctrl-C is looked for while nothing changes.
const POLL: Duration = Duration::from_millis(100);

/// Sends once, then after every change, until Ctrl-C.
pub(super) fn run(job: &Arc<Job>, context: &Context, runtime: &Runtime) -> Outcome {
    let Some(file) = job.payload.file.clone() else {
        let event = format!("{}/{}", job.payload.provider.id(), job.payload.event);
        return Err(Failure::usage("--watch needs a file, and this body is not one")
            .hint(format!("`hookctl fixtures save {event}` makes a copy to edit")));
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
    let folder = file.parent().unwrap_or(&file);
    debouncer.watcher().watch(folder, RecursiveMode::NonRecursive).map_err(failed)?;
    let stopped = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stop = Arc::clone(&stopped);
    runtime.spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    });
    send_again(job, context, runtime);
    context.say(&format!("watching {} (^C to quit)", file.display()));
    while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
        match changes.recv_timeout(POLL) {
            Ok(Ok(events)) if events.iter().any(|event| event.path.file_name() == file.file_name()) => {
                send_again(job, context, runtime)
            }
            Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(Exit::Done)
}

/// A failure is said and the watch goes on: the next edit may mend it.
fn send_again(job: &Arc<Job>, context: &Context, runtime: &Runtime) {
    let sent = job.reread().and_then(|job| runtime.block_on(Arc::new(job).fire(context)));
    if let Err(failure) = sent {
        failure.report(context.json());
    }
}

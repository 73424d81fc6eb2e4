//! `send --watch`: send again whenever the fixture or file changes.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecursiveMode, Watcher as _};
use tokio::runtime::Runtime;

use super::{Context, input};
use crate::error::{Exit, Failure, Outcome};

/// Editors write a file in several steps; they are one change.
const QUIET_FOR: Duration = Duration::from_millis(150);
/// A file that never comes to rest is looked at all the same after this long.
const RESTLESS_FOR: Duration = Duration::from_secs(2);
/// How often Ctrl-C is looked for while nothing changes.
const POLL: Duration = Duration::from_millis(100);

/// Calls `send` with the content of the file, then again whenever that is another, until Ctrl-C. A
/// failure is said and the watch goes on: the next edit may mend it.
pub(super) fn run(file: &Path, context: &Context, runtime: &Runtime, send: impl Fn(Vec<u8>) -> Outcome) -> Outcome {
    let failed =
        |error: notify::Error| Failure::machine("watch", anyhow::anyhow!("cannot watch {}: {error}", file.display()));
    let name = file.file_name().map(ToOwned::to_owned);
    let (changed, changes) = mpsc::sync_channel(1);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let of_file = |event: &notify::Event| event.paths.iter().any(|path| path.file_name() == name.as_deref());
        if event.is_ok_and(|event| is_change(event.kind) && of_file(&event)) {
            // A change that is waiting already stands for this one too.
            let _ = changed.try_send(());
        }
    })
    .map_err(failed)?;
    // The folder is watched, since editors replace the file.
    let folder = file.parent().unwrap_or(file);
    watcher.watch(folder, RecursiveMode::NonRecursive).map_err(failed)?;
    let stopped = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stop = Arc::clone(&stopped);
    let interrupt = {
        let _inside = runtime.enter();
        super::ending::interrupt()
    };
    runtime.spawn(async move {
        interrupt.await;
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let mut content = None;
    let mut look = || -> Result<(), Failure> {
        let outcome = match input::file(file) {
            Ok(bytes) if content.as_ref() == Some(&bytes) => return Ok(()),
            Ok(bytes) => {
                content = Some(bytes.clone());
                send(bytes)
            }
            Err(failure) => Err(failure),
        };
        match outcome {
            // Nobody reads stdout any more.
            Err(failure) if failure.exit == Exit::Done => return Err(failure),
            Err(failure) => _ = failure.report(context.json()),
            Ok(_) => {}
        }
        Ok(())
    };
    look()?;
    context.say(&format!("watching {} (^C to quit)", file.display()));
    while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
        match changes.recv_timeout(POLL) {
            Ok(()) => {
                wait_for_rest(&changes);
                look()?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(Exit::Done)
}

/// Reading a file is an event too, and this command reads it.
fn is_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

fn wait_for_rest(changes: &Receiver<()>) {
    let start = Instant::now();
    while start.elapsed() < RESTLESS_FOR && changes.recv_timeout(QUIET_FOR).is_ok() {}
}

//! The writer: one thread, one connection, one transaction for everything that waits.
//!
//! Nothing waits for company: what is there is committed at once, and while the disk works the next
//! batch gathers.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

use super::insert::{DeliveryRow, EventRow, Memory, insert_delivery};
use super::life::{Life, Lives};
use super::owner::Owner;
use super::pending::{self, Settle};
use super::retention::{Retention, Sweep};
use super::{StoreError, delete, open, pin, words};
use crate::model::{Attempt, Delivery, Event, EventId, Repeat};

/// Tasks that wait for a commit. Each may hold a body; the server bounds the bytes of these.
const MAX_WAITING: usize = 4096;
/// Tasks in one transaction. More make no commit cheaper, and its answers later.
const MAX_BATCH: usize = 512;
/// Events after which the limits are looked at while more keep coming.
const CHECK_EVERY: usize = 256;
/// And after so long: few events can be large ones.
const CHECK_AFTER: Duration = Duration::from_secs(1);
/// The work that can wait begins after so much quiet.
const QUIET: Duration = Duration::from_millis(250);
/// And rests so long between two slices: other processes get their turn, and other work the processor.
const REST: Duration = Duration::from_millis(20);
/// Bodies above this are compressed beside the runtime's threads.
const LARGE_BODY: usize = 256 * 1024;

/// Where an event stands once it is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Its place in the order of arrival.
    pub seq: i64,
    /// Which repeat of an earlier delivery it is.
    pub repeat: Option<Repeat>,
}

/// What became of events that came from elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Events that are new.
    pub events: u64,
    /// Their deliveries.
    pub deliveries: u64,
    /// Events that were there already, which are left as they are.
    pub known: u64,
}

/// Writes the history. Everything it says is done is on the disk.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    queue: Mutex<Option<Sender<Errand>>>,
    lives: Arc<Lives>,
    room: Semaphore,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Claimed once there is something to forward.
    owner: Mutex<Option<Owner>>,
}

/// What the thread is sent.
enum Errand {
    Task(Box<dyn Task>),
    /// Something waits in memory that can be written in quiet time.
    Wake,
}

/// Something to do in a transaction, and someone to tell once that is committed.
trait Task: Send {
    fn run(&mut self, connection: &Connection, memory: &mut Memory) -> rusqlite::Result<()>;
    fn finish(self: Box<Self>, outcome: Result<(), StoreError>);
}

impl Writer {
    /// Opens the file, makes it where there is none, and starts the thread.
    pub fn open(path: &Path, retention: Retention) -> Result<Self, StoreError> {
        let connection = open::writable_and_sound(path)?;
        let (queue, tasks) = channel();
        let lives = Arc::new(Lives::default());
        let worker = Worker {
            path: path.to_owned(),
            lives: Arc::clone(&lives),
            lives_written_at: Instant::now(),
            connection: Some(connection),
            memory: Memory::default(),
            sweep: Sweep::new(retention),
            unchecked: CHECK_EVERY,
            checked_at: Instant::now(),
        };
        let thread = std::thread::Builder::new()
            .name("history".into())
            .spawn(move || worker.run(&tasks))
            .map_err(|error| open::failed(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            queue: Mutex::new(Some(queue)),
            lives,
            room: Semaphore::new(MAX_WAITING),
            thread: Mutex::new(Some(thread)),
            owner: Mutex::default(),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number under which this process forwards, claimed at the first call.
    pub fn owner(&self) -> Result<i64, StoreError> {
        let mut owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        match &*owner {
            Some(owner) => Ok(owner.number()),
            None => Ok(owner.insert(Owner::claim(&self.path)?).number()),
        }
    }

    /// Keeps an event, and that `targets` have still to get it. Completes once both are on the disk.
    pub async fn append(&self, event: Arc<Event>, targets: Arc<[Arc<str>]>) -> Result<Receipt, StoreError> {
        let owner = if targets.is_empty() { 0 } else { self.owner()? };
        let row = if event.request.body.len() > LARGE_BODY {
            let pack = tokio::task::spawn_blocking(move || EventRow::new(event));
            pack.await.map_err(|_| StoreError::Closed)?
        } else {
            EventRow::new(event)
        };
        self.transact(move |connection, memory| {
            let (seq, repeat) = memory.insert_event(connection, &row, &targets, owner)?;
            Ok(Receipt { seq, repeat })
        })
        .await
    }

    /// Keeps a delivery. With `settled` it also notes what becomes of the event that waited for that
    /// target. Completes once that is on the disk.
    pub async fn record(
        &self,
        event: EventId,
        delivery: &Delivery,
        settled: Option<(Arc<str>, i64, Settle)>,
    ) -> Result<(), StoreError> {
        let row = DeliveryRow::new(event, jiff::Timestamp::now(), delivery);
        self.transact(move |connection, _| {
            insert_delivery(connection, &row)?;
            match &settled {
                Some((target, seq, settle)) => pending::settle(connection, target, *seq, *settle),
                None => Ok(()),
            }
        })
        .await
    }

    /// Notes how long it took to keep and to answer the event at this place. It never waits, and is written when the
    /// thread has nothing else to do: soon after, or not at all.
    pub fn answered(&self, seq: i64, life: Life) {
        if !self.lives.add(seq, life) {
            return;
        }
        if let Some(queue) = &*self.queue.lock().unwrap_or_else(PoisonError::into_inner) {
            // A thread that has ended writes nothing any more.
            let _ = queue.send(Errand::Wake);
        }
    }

    /// Pins an event, so that no limit deletes it, or lets it go; false when there is none of this id. Completes
    /// once that is on the disk.
    pub async fn pin(&self, event: EventId, is_pinned: bool) -> Result<bool, StoreError> {
        self.transact(move |connection, _| pin::set(connection, event, is_pinned)).await
    }

    /// Keeps events of another history with their deliveries, all or none. Completes once they are on
    /// the disk.
    pub async fn import(&self, events: Vec<(Event, Vec<Attempt>)>) -> Result<Imported, StoreError> {
        let row = |(event, attempts): (Event, Vec<Attempt>)| {
            let deliveries =
                attempts.iter().map(|attempt| DeliveryRow::new(event.id, attempt.made_at, &attempt.delivery));
            let deliveries: Vec<DeliveryRow> = deliveries.collect();
            (EventRow::new(event.into()), deliveries)
        };
        let rows: Vec<(EventRow, Vec<DeliveryRow>)> = events.into_iter().map(row).collect();
        self.transact(move |connection, memory| {
            let mut imported = Imported::default();
            for (event, deliveries) in &rows {
                if memory.import_event(connection, event, deliveries)? {
                    imported.events += 1;
                    imported.deliveries += deliveries.len() as u64;
                } else {
                    imported.known += 1;
                }
            }
            Ok(imported)
        })
        .await
    }

    /// Takes over what processes that are no more left waiting for a target; says how many events. The
    /// first of each such process counts as tried once more: it may have been under way.
    pub async fn take_over(&self, target: Arc<str>) -> Result<u64, StoreError> {
        let (own, path) = (self.owner()?, self.path.clone());
        self.transact(move |connection, _| pending::take_over(connection, &path, &target, own)).await
    }

    /// Deletes these events and what belongs to them; says how many there were.
    pub async fn delete(&self, seqs: Vec<i64>) -> Result<usize, StoreError> {
        self.transact(move |connection, memory| {
            let deleted = delete::events(connection, &seqs)?;
            memory.clear();
            memory.begin(connection)?;
            Ok(deleted)
        })
        .await
    }

    /// Finishes what waits and closes the file.
    pub fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic of the thread has been reported by itself.
            let _ = thread.join();
        }
    }

    async fn transact<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Connection, &mut Memory) -> rusqlite::Result<T> + Send + 'static,
    {
        let _room: SemaphorePermit<'_> = self.room.acquire().await.map_err(|_| StoreError::Closed)?;
        let (reply, outcome) = oneshot::channel();
        {
            let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            let queue = queue.as_ref().ok_or(StoreError::Closed)?;
            let task = Box::new(Work { work, value: None, reply });
            queue.send(Errand::Task(task)).map_err(|_| StoreError::Closed)?;
        }
        outcome.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

struct Work<T, F> {
    work: F,
    value: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Task for Work<T, F>
where
    T: Send,
    F: FnMut(&Connection, &mut Memory) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, connection: &Connection, memory: &mut Memory) -> rusqlite::Result<()> {
        self.value = Some((self.work)(connection, memory)?);
        Ok(())
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { value, reply, .. } = *self;
        // Who asked may have gone away; what was asked is done all the same.
        let _ = reply.send(outcome.and_then(|()| value.ok_or(StoreError::Closed)));
    }
}

/// The thread's side.
struct Worker {
    path: PathBuf,
    /// Taken away when it can no longer be trusted.
    connection: Option<Connection>,
    memory: Memory,
    sweep: Sweep,
    /// Tasks since the limits were looked at.
    unchecked: usize,
    checked_at: Instant,
    lives: Arc<Lives>,
    lives_written_at: Instant,
}

impl Worker {
    fn run(mut self, tasks: &Receiver<Errand>) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        loop {
            match self.next(tasks) {
                Some(first) => batch.push(first),
                None => {
                    while self.write_lives() {}
                    return;
                }
            }
            // On a core that is shared with whoever sent it, this thread is woken by the first task at once;
            // those that are ready are let through before, and nothing is lost where nobody is.
            std::thread::yield_now();
            while batch.len() < MAX_BATCH
                && let Ok(errand) = tasks.try_recv()
            {
                if let Errand::Task(task) = errand {
                    batch.push(task);
                }
            }
            self.unchecked += batch.len();
            let outcome = self.commit(&mut batch);
            for task in batch.drain(..) {
                task.finish(outcome.clone());
            }
            if self.unchecked >= CHECK_EVERY || self.checked_at.elapsed() >= CHECK_AFTER {
                // What is left goes behind the next batch: nobody waits for more than one slice.
                self.unchecked = if self.enforce() { CHECK_EVERY } else { 0 };
            }
        }
    }

    /// Waits for a task; does what can wait while there is none. `None` at the end.
    fn next(&mut self, tasks: &Receiver<Errand>) -> Option<Box<dyn Task>> {
        let mut wait = QUIET;
        loop {
            match tasks.recv_timeout(wait) {
                Ok(Errand::Task(task)) => return Some(task),
                Ok(Errand::Wake) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) if self.write_lives() || self.enforce() || self.index() => wait = REST,
                Err(RecvTimeoutError::Timeout) if self.lives.fall_idle() => {
                    let errand = tasks.recv();
                    self.lives.wake();
                    match errand {
                        Ok(Errand::Task(task)) => return Some(task),
                        Ok(Errand::Wake) => wait = QUIET,
                        Err(_) => return None,
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// A slice of what says when senders were answered; whether there is more.
    fn write_lives(&mut self) -> bool {
        if self.lives.len() == 0 {
            return false;
        }
        self.lives_written_at = Instant::now();
        let lives = Arc::clone(&self.lives);
        let outcome = self.transact(|connection, _| lives.write(connection));
        outcome.is_ok() && self.lives.len() > 0
    }

    /// One transaction and one sync for all.
    fn commit(&mut self, batch: &mut [Box<dyn Task>]) -> Result<(), StoreError> {
        let lives = Some(Arc::clone(&self.lives)).filter(|lives| lives.are_due(self.lives_written_at));
        if lives.is_some() {
            self.lives_written_at = Instant::now();
        }
        self.transact(|connection, memory| {
            memory.begin(connection)?;
            batch.iter_mut().try_for_each(|task| task.run(connection, memory))?;
            memory.end(connection)?;
            lives.map_or(Ok(()), |lives| lives.write(connection))
        })
    }

    /// A slice of the index of words; whether there is more.
    fn index(&mut self) -> bool {
        let mut is_more = false;
        let outcome = self.transact(|connection, _| {
            is_more = words::advance(connection, words::MIN_BEHIND, Instant::now() + words::SLICE)?;
            Ok(())
        });
        outcome.is_ok() && is_more
    }

    /// A slice of what is too much; whether there may be more.
    fn enforce(&mut self) -> bool {
        let mut sweep = self.sweep;
        let mut is_more = false;
        // Deleting can fail like any write; the next event will say so to whom it concerns.
        let outcome = self.transact(|connection, _| {
            is_more = sweep.slice(connection)?;
            Ok(())
        });
        self.unchecked = 0;
        self.checked_at = Instant::now();
        if outcome.is_ok() {
            self.sweep = sweep;
        }
        outcome.is_ok() && is_more
    }

    fn transact(
        &mut self,
        work: impl FnOnce(&Connection, &mut Memory) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(open::writable(&self.path)?),
        };
        let memory = &mut self.memory;
        let run = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            work(&transaction, memory)?;
            transaction.commit()
        };
        run().map_err(|error| {
            let error = StoreError::from_sqlite(&self.path, &error);
            self.memory.clear();
            if error.spoils_connection() {
                self.connection = None;
            }
            error
        })
    }
}

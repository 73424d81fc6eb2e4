//! What a connection is waiting for, and until when.
//!
//! The socket, the requests and the watch over them share one [`Pulse`]. Noting a moment is a store
//! to an atomic, so a busy connection sets no timers: the one timer of its watch looks here when it
//! fires (see `connection.rs`).

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::head::HeadBytes;
use crate::http::Limits;

/// No deadline.
const NEVER: u64 = u64::MAX;
/// How long a connection that was answered with a refusal is still read, so that the answer is not
/// lost to a reset before the sender has seen it.
const LINGER: Duration = Duration::from_secs(2);

const SILENT: u8 = 0;
const HEAD: u8 = 1;
const BUSY: u8 = 2;
const IDLE: u8 = 3;
const CLOSING: u8 = 4;

/// A deadline that has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overdue {
    /// A request head that began and did not end.
    Head,
    /// A request body.
    Body,
    /// A peer that does not read its answer.
    Write,
    /// A connection on which nothing is going on.
    Rest,
}

/// The deadlines of one connection. Times are microseconds since `started`.
#[derive(Debug)]
pub(super) struct Pulse {
    started: Instant,
    header: Duration,
    idle: Duration,
    stall: Duration,
    phase: AtomicU8,
    heard_at: AtomicU64,
    phase_until: AtomicU64,
    body_until: AtomicU64,
    write_until: AtomicU64,
    active: AtomicUsize,
    refused: AtomicBool,
    body_overdue: AtomicBool,
    head: Mutex<HeadBytes>,
    records_heads: AtomicBool,
}

impl Pulse {
    /// The pulse of a connection accepted now.
    pub fn new(limits: &Limits) -> Self {
        Self {
            started: Instant::now(),
            header: limits.header_deadline,
            idle: limits.idle_deadline,
            stall: limits.write_stall,
            phase: AtomicU8::new(SILENT),
            heard_at: AtomicU64::new(0),
            phase_until: AtomicU64::new(micros(limits.header_deadline)),
            body_until: AtomicU64::new(NEVER),
            write_until: AtomicU64::new(NEVER),
            active: AtomicUsize::new(0),
            refused: AtomicBool::new(false),
            body_overdue: AtomicBool::new(false),
            head: Mutex::new(HeadBytes::new(limits.max_head)),
            records_heads: AtomicBool::new(true),
        }
    }

    /// From now on many requests share the connection, so bytes no longer tell where a head begins.
    pub fn multiplex(&self) {
        self.records_heads.store(false, Relaxed);
        self.enter(IDLE, self.idle);
    }

    /// Bytes came.
    pub fn heard(&self, bytes: &[u8]) {
        let phase = self.phase.load(Relaxed);
        if phase == BUSY || phase == CLOSING || !self.records_heads.load(Relaxed) {
            return;
        }
        let mut head = self.head();
        let now = self.now();
        self.heard_at.store(now, Relaxed);
        if phase != HEAD {
            head.restart();
            self.phase.store(HEAD, Relaxed);
            self.phase_until.store(now.saturating_add(micros(self.header)), Relaxed);
        }
        head.append(bytes);
    }

    /// A head is complete and its request begins. Returns when that was.
    pub fn begin(&self) -> Instant {
        self.active.fetch_add(1, Relaxed);
        let head_just_came = self.phase.swap(BUSY, Relaxed) == HEAD;
        self.phase_until.store(NEVER, Relaxed);
        if head_just_came { self.instant(self.heard_at.load(Relaxed)) } else { Instant::now() }
    }

    /// The answer of a request is ready to be written.
    pub fn end(&self) {
        if self.active.fetch_sub(1, Relaxed) == 1 {
            self.enter(IDLE, self.idle);
        }
    }

    /// Whether the head that has just been parsed came with a `Content-Length` line, which the
    /// parser drops beside `Transfer-Encoding`. Knows only of a head that did not follow another
    /// request's bytes in one packet.
    pub fn head_declares_length(&self) -> bool {
        self.head().take_declares_length()
    }

    /// A body may take until then.
    pub fn expect_body_by(&self, deadline: Instant) {
        self.body_until.store(micros(deadline.saturating_duration_since(self.started)), Relaxed);
    }

    /// No body is awaited any more.
    pub fn expect_no_body(&self) {
        self.body_until.store(NEVER, Relaxed);
        self.body_overdue.store(false, Relaxed);
    }

    /// Whether the watch has found the awaited body overdue.
    pub fn is_body_overdue(&self) -> bool {
        self.body_overdue.load(Relaxed)
    }

    /// A write made no progress.
    pub fn write_blocked(&self) {
        if self.write_until.load(Relaxed) == NEVER {
            self.write_until.store(self.after(self.stall), Relaxed);
        }
    }

    /// A write made progress.
    pub fn write_moved(&self) {
        if self.write_until.load(Relaxed) != NEVER {
            self.write_until.store(NEVER, Relaxed);
        }
    }

    /// The connection is being closed and only read to its end.
    pub fn close(&self) {
        self.write_moved();
        self.enter(CLOSING, LINGER);
    }

    /// The request in hand is refused; more of it may still be coming.
    pub fn refuse(&self) {
        self.refused.store(true, Relaxed);
    }

    /// Whether the last thing on this connection was a refusal, ours or of the parser.
    pub fn was_refused(&self) -> bool {
        self.refused.load(Relaxed) || self.is_mid_head()
    }

    /// Whether a head began that became no request.
    pub fn is_mid_head(&self) -> bool {
        self.phase.load(Relaxed) == HEAD
    }

    /// The nearest deadline, if there is one.
    pub fn deadline(&self) -> Option<Instant> {
        let nearest =
            self.phase_until.load(Relaxed).min(self.body_until.load(Relaxed)).min(self.write_until.load(Relaxed));
        (nearest != NEVER).then(|| self.instant(nearest))
    }

    /// What is overdue now, if anything. A body is reported once.
    pub fn overdue(&self) -> Option<Overdue> {
        let now = self.now();
        if self.body_until.load(Relaxed) <= now {
            self.body_until.store(NEVER, Relaxed);
            self.body_overdue.store(true, Relaxed);
            return Some(Overdue::Body);
        }
        if self.write_until.load(Relaxed) <= now {
            return Some(Overdue::Write);
        }
        (self.phase_until.load(Relaxed) <= now).then(|| if self.is_mid_head() { Overdue::Head } else { Overdue::Rest })
    }

    fn enter(&self, phase: u8, patience: Duration) {
        self.phase.store(phase, Relaxed);
        self.phase_until.store(self.after(patience), Relaxed);
    }

    fn after(&self, patience: Duration) -> u64 {
        self.now().saturating_add(micros(patience))
    }

    fn now(&self) -> u64 {
        micros(self.started.elapsed())
    }

    fn instant(&self, micros: u64) -> Instant {
        self.started + Duration::from_micros(micros)
    }

    fn head(&self) -> MutexGuard<'_, HeadBytes> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(NEVER - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_waits_for_its_head_then_for_nothing_then_rests() {
        let limits = Limits { header_deadline: Duration::ZERO, ..Limits::default() };
        let pulse = Pulse::new(&limits);
        assert_eq!(pulse.overdue(), Some(Overdue::Rest));
        pulse.heard(b"POST ");
        assert_eq!(pulse.overdue(), Some(Overdue::Head));
        pulse.begin();
        assert_eq!(pulse.overdue(), None);
        pulse.end();
        assert_eq!(pulse.overdue(), None);
        assert!(pulse.deadline().unwrap() > Instant::now() + Duration::from_secs(50));
    }

    #[tokio::test]
    async fn an_overdue_body_is_reported_once() {
        let pulse = Pulse::new(&Limits::default());
        pulse.expect_body_by(Instant::now());
        assert_eq!((pulse.overdue(), pulse.overdue()), (Some(Overdue::Body), None));
        assert!(pulse.is_body_overdue());
    }
}

//! The bounds of a mock provider.

use std::time::Duration;

/// Webhooks that may be registered; a test registers a handful, a loop gone wild meets the bound.
pub(super) const MAX_WEBHOOKS: usize = 1000;
/// Messages that may wait for an attempt at a time.
pub(super) const MAX_PENDING: usize = 10_000;
/// Messages that are kept for the log; the oldest that are done make room.
pub(super) const MAX_MESSAGES: usize = 10_000;
/// Bytes of all events that are kept; the oldest whose messages are done make room. Those that wait are why
/// a few large ones are refused first.
pub(super) const MAX_EVENT_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of all answers of targets that are kept; the oldest are forgotten, their attempts are not.
pub(super) const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// Attempts that are kept of a message: more than any published schedule holds, and a loop that asks for one
/// more again and again meets the bound.
pub(super) const MAX_KEPT_ATTEMPTS: usize = 100;
/// Bytes of a request to the mock: registrations and edits are small.
pub(super) const MAX_REQUEST: usize = 1024 * 1024;
/// Bytes of a target's answer that are read and kept in the log.
pub(super) const MAX_KEPT_ANSWER: usize = 16 * 1024;
/// Attempts under way at a time.
pub(super) const MAX_IN_FLIGHT: usize = 64;
/// Of these, to one target: one that hangs leaves room for the others.
pub(super) const MAX_PER_TARGET: usize = 8;
/// Scenarios that play at a time.
pub(super) const MAX_PLAYING: usize = 16;
/// Messages that one log answer tells, unless asked for fewer.
pub(super) const MAX_LOGGED: usize = 1000;
/// Bytes of one log answer, but for the last message in it; what is older is left out, and that is said.
pub(super) const MAX_LOG_BYTES: usize = 8 * 1024 * 1024;
/// How long a target may take where the provider publishes no limit.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);
/// `Retry-After` is heeded up to this; a longer wait is a mistake more often than a wish.
pub(super) const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);
/// How long a control call waits for the first attempts; behind it stand the longest time limit of a
/// provider, and attempts that must wait for their turn at a slow target.
pub(super) const FIRST_ATTEMPTS: Duration = Duration::from_secs(120);
/// Attempts under way when the mock is told to stop may take this much longer; they are made again by the
/// next run where the state is kept.
pub(super) const LAST_MOMENTS: Duration = Duration::from_secs(2);

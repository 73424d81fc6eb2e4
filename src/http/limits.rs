//! The bounds of the server: how much it takes, and how long it waits for it.

use std::time::Duration;

/// Connections served at once. Enough for 1,000 slow senders beside a quick one, and few enough
/// for the usual 1,024 descriptors once [`super::server`] has left some for the store.
const MAX_CONNECTIONS: usize = 1024;
/// From the first byte of a request head to its last; also how long a new connection may be silent.
/// Senders write a head in one packet, so only a stalled or hostile peer needs longer.
const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// How long a kept connection may rest between requests; common senders pool for 60 s or less.
const IDLE_DEADLINE: Duration = Duration::from_secs(60);
/// From the end of the head to the end of the body: 25 MiB at 3.5 Mbit/s.
const BODY_DEADLINE: Duration = Duration::from_secs(60);
/// How long a body may stay under [`MIN_BODY_RATE`] at the start, for one lost packet or two.
const RATE_GRACE: Duration = Duration::from_secs(10);
/// Bytes a second; a modem is faster, a slow-body attack is not.
const MIN_BODY_RATE: u64 = 1024;
/// How long an answer may wait for a peer that does not read.
const WRITE_STALL: Duration = Duration::from_secs(15);
/// How long requests in flight may take once the server is told to stop.
const DRAIN_DEADLINE: Duration = Duration::from_secs(10);
/// Request line and headers together. Real webhooks stay under 8 KiB.
const MAX_HEAD: usize = 64 * 1024;
/// The request target alone; longer ones carry data that belongs in a body.
const MAX_URI: usize = 16 * 1024;
/// The largest body that large providers send (GitHub caps payloads at 25 MB).
const MAX_BODY: usize = 25 * 1024 * 1024;
/// All large bodies being received or handled together; with it the process stays under 128 MiB.
const BODY_MEMORY: usize = 64 * 1024 * 1024;

/// What the server accepts. [`Limits::default`] suits a public port; tests use shorter waits.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections served at once; more are answered 503 with `Retry-After`. Lowered at the start
    /// when the process may not open so many files.
    pub max_connections: usize,
    /// From the first byte of a head to its last; also the silence allowed to a new connection.
    pub header_deadline: Duration,
    /// Rest between two requests of one connection, and the time a peer has to read an answer.
    pub idle_deadline: Duration,
    /// From the end of the head to the end of the body (408).
    pub body_deadline: Duration,
    /// When `min_body_rate` begins to count.
    pub rate_grace: Duration,
    /// Average bytes a second a body must reach after `rate_grace` (408).
    pub min_body_rate: u64,
    /// How long a write may make no progress.
    pub write_stall: Duration,
    /// How long requests in flight may take after the stop signal.
    pub drain_deadline: Duration,
    /// Bytes of request line and headers (431). The count of headers is bounded by 100 as well.
    pub max_head: usize,
    /// Bytes of the request target (414).
    pub max_uri: usize,
    /// Bytes of the body (413).
    pub max_body: usize,
    /// Bytes of all large bodies together (503).
    pub body_memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: MAX_CONNECTIONS,
            header_deadline: HEADER_DEADLINE,
            idle_deadline: IDLE_DEADLINE,
            body_deadline: BODY_DEADLINE,
            rate_grace: RATE_GRACE,
            min_body_rate: MIN_BODY_RATE,
            write_stall: WRITE_STALL,
            drain_deadline: DRAIN_DEADLINE,
            max_head: MAX_HEAD,
            max_uri: MAX_URI,
            max_body: MAX_BODY,
            body_memory: BODY_MEMORY,
        }
    }
}

impl Limits {
    /// How long after its start a body of which `received` bytes have come may still take to bring
    /// more: the grace, or as long as its bytes are worth at the minimum rate, and never past the
    /// whole deadline.
    pub(super) fn body_patience(&self, received: usize) -> Duration {
        let earned = Duration::from_millis((received as u64).saturating_mul(1000) / self.min_body_rate.max(1));
        earned.max(self.rate_grace).min(self.body_deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_earns_patience_by_its_bytes() {
        let limits = Limits::default();
        assert_eq!(limits.body_patience(0), RATE_GRACE);
        assert_eq!(limits.body_patience(300), RATE_GRACE);
        assert_eq!(limits.body_patience(20 * 1024), Duration::from_secs(20));
        assert_eq!(limits.body_patience(MAX_BODY), BODY_DEADLINE);
    }
}

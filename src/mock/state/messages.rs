//! The events, and the messages that carry them to webhooks.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::{State, StateError, of_micros, signed};
use crate::mock::limits::{MAX_EVENT_BYTES, MAX_MESSAGES, MAX_PENDING};
use crate::model::{MessageState, MockAttempt};

/// Something that happened at the provider.
#[derive(Debug, Clone)]
pub(in crate::mock) struct Emission {
    pub(in crate::mock) event: String,
    pub(in crate::mock) body: Vec<u8>,
    pub(in crate::mock) content_type: Option<String>,
    pub(in crate::mock) headers: Vec<(String, String)>,
    pub(in crate::mock) moment: Timestamp,
}

/// Who is told of it.
#[derive(Debug, Clone)]
pub(in crate::mock) struct Recipient {
    pub(in crate::mock) webhook: String,
    pub(in crate::mock) url: String,
    /// What the ids in its headers are made from.
    pub(in crate::mock) seed: u64,
}

/// A message that waits for an attempt.
#[derive(Debug, Clone)]
pub(in crate::mock) struct Waiting {
    pub(in crate::mock) seq: i64,
    pub(in crate::mock) url: String,
    /// Milliseconds since 1970.
    pub(in crate::mock) due: i64,
}

/// What an attempt needs to know.
#[derive(Debug, Clone)]
pub(in crate::mock) struct Job {
    pub(in crate::mock) seq: i64,
    pub(in crate::mock) emission: Emission,
    pub(in crate::mock) webhook: String,
    pub(in crate::mock) url: String,
    pub(in crate::mock) seed: u64,
    pub(in crate::mock) state: MessageState,
    /// Attempts so far.
    pub(in crate::mock) attempts: u32,
    /// Of these, those of the schedule.
    pub(in crate::mock) scheduled: u32,
    /// The provider's wait before this attempt.
    pub(in crate::mock) wait: std::time::Duration,
    pub(in crate::mock) since: Timestamp,
    /// Milliseconds of the provider's clock.
    pub(in crate::mock) born: i64,
    pub(in crate::mock) elapsed: i64,
    pub(in crate::mock) due: Option<i64>,
}

/// What an attempt leaves behind.
#[derive(Debug)]
pub(in crate::mock) struct Finish<'a> {
    pub(in crate::mock) seq: i64,
    pub(in crate::mock) attempt: &'a MockAttempt,
    /// Milliseconds of the provider's clock since the message was born.
    pub(in crate::mock) elapsed: i64,
    /// When it ended.
    pub(in crate::mock) ended: Timestamp,
    /// When the next one is due here; what it was before where a person asked for this one.
    pub(in crate::mock) due: Option<i64>,
}

/// A message as the log tells it.
#[derive(Debug)]
pub(in crate::mock) struct Logged {
    pub(in crate::mock) seq: i64,
    pub(in crate::mock) event_type: String,
    pub(in crate::mock) webhook: String,
    pub(in crate::mock) target: String,
    pub(in crate::mock) state: MessageState,
    pub(in crate::mock) created_at: Timestamp,
    pub(in crate::mock) due: Option<i64>,
    pub(in crate::mock) body_bytes: i64,
}

const JOB: &str = "SELECT m.seq, m.webhook, m.url, m.seed, m.state, m.attempts, m.scheduled, m.wait, m.since, m.born, \
    m.elapsed, e.name, e.body, e.content_type, e.headers, e.moment, m.due \
    FROM message m JOIN event e ON e.seq = m.event WHERE m.seq = ?1";

const LOG: &str = "SELECT m.seq, e.name, m.webhook, m.url, m.state, e.moment, m.due, length(e.body) \
    FROM message m JOIN event e ON e.seq = m.event WHERE ?1 IS NULL OR m.seq = ?1 ORDER BY m.seq DESC LIMIT ?2";

impl State {
    /// Keeps an event and its messages, due at once; `None` when too much waits already. One that nobody is
    /// told of is not kept.
    pub(in crate::mock) fn add_event(
        &self,
        emission: &Emission,
        recipients: &[Recipient],
        born: i64,
        now: Timestamp,
    ) -> Result<Option<Vec<Waiting>>, StateError> {
        if recipients.is_empty() {
            return Ok(Some(Vec::new()));
        }
        self.with(|connection| {
            let transaction = connection.transaction()?;
            let has_room = make_room(&transaction, recipients.len(), emission.body.len())?;
            let count = "SELECT count(*) FROM message WHERE state = 'pending'";
            let pending: i64 = transaction.query_row(count, [], |row| row.get(0))?;
            if !has_room || pending.saturating_add(signed(recipients.len())) > signed(MAX_PENDING) {
                return Ok(None);
            }
            let waiting = insert(&transaction, emission, recipients, born, now)?;
            transaction.commit()?;
            Ok(Some(waiting))
        })
    }

    /// Everything that waits.
    pub(in crate::mock) fn waiting(&self) -> Result<Vec<Waiting>, StateError> {
        let all = "SELECT seq, url, coalesce(due, 0) FROM message WHERE state = 'pending'";
        self.with(|connection| {
            let mut found = connection.prepare(all)?;
            found.query_map([], |row| Ok(Waiting { seq: row.get(0)?, url: row.get(1)?, due: row.get(2)? }))?.collect()
        })
    }

    /// What an attempt at this message needs.
    pub(in crate::mock) fn job(&self, seq: i64) -> Result<Option<Job>, StateError> {
        self.with(|connection| connection.prepare_cached(JOB)?.query_row([seq], job).optional())
    }

    /// Notes that a message goes nowhere: its webhook is off or gone.
    pub(in crate::mock) fn drop_message(&self, seq: i64) -> Result<(), StateError> {
        let off = "UPDATE message SET state = ?2, due = NULL WHERE seq = ?1";
        self.with(|connection| connection.execute(off, params![seq, MessageState::Dropped.as_str()]).map(drop))
    }

    /// Keeps an attempt and what became of its message by it. `false` when the message was dropped
    /// meanwhile, so that nothing more follows.
    pub(in crate::mock) fn finish(&self, finish: &Finish<'_>) -> Result<bool, StateError> {
        let Finish { seq, attempt, elapsed, ended, due } = finish;
        let is_pending = attempt.state == MessageState::Pending;
        let wait = attempt.next.map_or(0, |next| signed(next.wait.as_millis()));
        let update = "UPDATE message SET attempts = attempts + 1, scheduled = scheduled + ?3, elapsed = ?4, \
             wait = CASE WHEN ?3 THEN ?5 ELSE wait END, since = CASE WHEN ?3 THEN ?6 ELSE since END, \
             state = CASE WHEN state = 'dropped' AND ?7 THEN state ELSE ?2 END, \
             due = CASE WHEN state = 'dropped' AND ?7 THEN NULL ELSE ?8 END WHERE seq = ?1 RETURNING state";
        self.with(|connection| {
            let transaction = connection.transaction()?;
            let state: String = transaction.query_row(
                update,
                params![
                    seq,
                    attempt.state.as_str(),
                    !attempt.is_manual,
                    elapsed,
                    wait,
                    ended.as_microsecond(),
                    is_pending,
                    due.filter(|_| is_pending),
                ],
                |row| row.get(0),
            )?;
            super::attempts::insert(&transaction, *seq, attempt)?;
            super::attempts::make_room(&transaction, *seq)?;
            transaction.commit()?;
            Ok(state == attempt.state.as_str())
        })
    }

    /// The newest messages, or this one, newest first; without their attempts.
    pub(in crate::mock) fn log(&self, message: Option<i64>, most: usize) -> Result<Vec<Logged>, StateError> {
        self.with(|connection| {
            let mut found = connection.prepare_cached(LOG)?;
            found.query_map(params![message, signed(most)], row_logged)?.collect()
        })
    }

    /// The attempts at a message, in their order.
    pub(in crate::mock) fn attempts(&self, message: &Logged) -> Result<Vec<MockAttempt>, StateError> {
        self.with(|connection| super::attempts::of(connection, message))
    }

    /// How many messages are in each state.
    pub(in crate::mock) fn tally(&self) -> Result<Vec<(MessageState, u64)>, StateError> {
        self.with(|connection| {
            let mut found = connection.prepare_cached("SELECT state, count(*) FROM message GROUP BY state")?;
            found.query_map([], |row| Ok((state(row, 0)?, row.get(1)?)))?.collect()
        })
    }
}

/// The oldest messages that are done give way to new ones, in number and with the bytes of their events;
/// `false` when there is no room for so many bytes beside what waits.
fn make_room(transaction: &Transaction<'_>, messages: usize, bytes: usize) -> rusqlite::Result<bool> {
    let old = "DELETE FROM message WHERE seq IN (SELECT seq FROM message WHERE state <> 'pending' ORDER BY seq \
         LIMIT max(0, (SELECT count(*) FROM message) + ?1 - ?2))";
    transaction.execute(old, [signed(messages), signed(MAX_MESSAGES)])?;
    let most = signed(MAX_EVENT_BYTES).saturating_sub(signed(bytes));
    let mut kept = transaction.prepare_cached("SELECT events FROM kept")?;
    let mut oldest = transaction
        .prepare_cached("SELECT seq FROM message WHERE state <> 'pending' AND seq > ?1 ORDER BY seq LIMIT 1")?;
    let mut last = 0_i64;
    while kept.query_row([], |row| row.get::<_, i64>(0))? > most {
        let Some(seq) = oldest.query_row([last], |row| row.get(0)).optional()? else { return Ok(false) };
        transaction.execute("DELETE FROM message WHERE seq = ?1", [seq])?;
        last = seq;
    }
    Ok(true)
}

fn insert(
    connection: &Connection,
    emission: &Emission,
    recipients: &[Recipient],
    born: i64,
    now: Timestamp,
) -> rusqlite::Result<Vec<Waiting>> {
    let Emission { event, body, content_type, headers, moment } = emission;
    let headers = serde_json::to_string(headers).unwrap_or_default();
    let event: i64 = connection.query_row(
        "INSERT INTO event (name, body, content_type, headers, moment) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING seq",
        params![event, body, content_type, headers, moment.as_microsecond()],
        |row| row.get(0),
    )?;
    let mut message = connection.prepare_cached(
        "INSERT INTO message (event, webhook, url, seed, state, born, since, due) \
         VALUES (?1, ?2, ?3, ?4, 'pending', ?5, ?6, ?7) RETURNING seq",
    )?;
    let due = now.as_millisecond();
    let insert = |to: &Recipient| {
        // SQLite has signed numbers only; the bits are what counts.
        let seed = to.seed.cast_signed();
        let values = params![event, to.webhook, to.url, seed, born, now.as_microsecond(), due];
        let seq = message.query_row(values, |row| row.get(0))?;
        Ok(Waiting { seq, url: to.url.clone(), due })
    };
    recipients.iter().map(insert).collect()
}

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    let headers: String = row.get(14)?;
    Ok(Job {
        seq: row.get(0)?,
        webhook: row.get(1)?,
        url: row.get(2)?,
        seed: row.get::<_, i64>(3)?.cast_unsigned(),
        state: state(row, 4)?,
        attempts: row.get(5)?,
        scheduled: row.get(6)?,
        wait: of_micros(row.get::<_, i64>(7)?.saturating_mul(1000)),
        since: time(row, 8)?,
        born: row.get(9)?,
        elapsed: row.get(10)?,
        due: row.get(16)?,
        emission: Emission {
            event: row.get(11)?,
            body: row.get(12)?,
            content_type: row.get(13)?,
            headers: serde_json::from_str(&headers).unwrap_or_default(),
            moment: time(row, 15)?,
        },
    })
}

fn row_logged(row: &Row<'_>) -> rusqlite::Result<Logged> {
    Ok(Logged {
        seq: row.get(0)?,
        event_type: row.get(1)?,
        webhook: row.get(2)?,
        target: row.get(3)?,
        state: state(row, 4)?,
        created_at: time(row, 5)?,
        due: row.get(6)?,
        body_bytes: row.get(7)?,
    })
}

/// A state as it is kept; a word of another version counts as the end of the message.
pub(super) fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<MessageState> {
    let word: String = row.get(column)?;
    Ok(MessageState::parse(&word).unwrap_or(MessageState::Stopped))
}

/// A time that is kept in microseconds.
pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Ok(Timestamp::from_microsecond(row.get(column)?).unwrap_or(Timestamp::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::webhook::Fields;

    fn emission(size: usize) -> Emission {
        let body = vec![b'x'; size];
        let moment = Timestamp::UNIX_EPOCH;
        Emission { event: "e".into(), body, content_type: None, headers: Vec::new(), moment }
    }

    fn recipients(count: usize) -> Vec<Recipient> {
        let one = |_| Recipient { webhook: "wh_1".into(), url: "http://a/".into(), seed: u64::MAX };
        (0..count).map(one).collect()
    }

    fn add(state: &State, size: usize, count: usize) -> Option<usize> {
        let added = state.add_event(&emission(size), &recipients(count), 0, Timestamp::UNIX_EPOCH).unwrap();
        added.map(|waiting| waiting.len())
    }

    #[test]
    fn only_so_many_messages_wait_and_nothing_is_kept_of_one_too_many() {
        let state = State::open(None, "acme").unwrap();
        assert_eq!(add(&state, 1, MAX_PENDING - 1), Some(MAX_PENDING - 1));
        assert_eq!(add(&state, 1, 2), None);
        assert_eq!(add(&state, 1, 1), Some(1), "there is room for one, since the two left nothing");
        assert_eq!(add(&state, 1, 1), None);
    }

    #[test]
    fn only_so_many_bytes_are_kept() {
        let state = State::open(None, "acme").unwrap();
        let half = MAX_EVENT_BYTES / 2;
        assert_eq!((add(&state, half, 1), add(&state, half, 1), add(&state, 1, 1)), (Some(1), Some(1), None));
    }

    #[test]
    fn bytes_of_what_is_done_make_room_oldest_first() {
        let state = State::open(None, "acme").unwrap();
        let third = MAX_EVENT_BYTES / 3;
        assert_eq!((add(&state, third, 1), add(&state, third, 2), add(&state, third, 1)), (Some(1), Some(2), Some(1)));
        assert_eq!(add(&state, third, 1), None, "all of them wait");
        state.drop_message(2).unwrap();
        assert_eq!(add(&state, third, 1), None, "its event still waits for another");
        assert!(state.job(2).unwrap().is_some(), "nothing is lost for one that is refused");
        state.drop_message(1).unwrap();
        state.drop_message(4).unwrap();
        assert_eq!(add(&state, third, 1), Some(1));
        assert!(state.job(1).unwrap().is_none() && state.job(4).unwrap().is_some());
    }

    #[test]
    fn an_event_that_nobody_is_told_of_takes_no_room() {
        let state = State::open(None, "acme").unwrap();
        for _ in 0..3 {
            assert_eq!(add(&state, MAX_EVENT_BYTES / 2, 0), Some(0));
        }
        assert_eq!(add(&state, MAX_EVENT_BYTES, 1), Some(1));
    }

    #[test]
    fn messages_that_are_done_make_room_oldest_first() {
        let state = State::open(None, "acme").unwrap();
        add(&state, 1, MAX_MESSAGES);
        assert_eq!(add(&state, 1, 1), None, "all of them wait");
        state.drop_message(7).unwrap();
        state.drop_message(9).unwrap();
        assert_eq!(add(&state, 1, 1), Some(1));
        assert!(state.job(7).unwrap().is_none() && state.job(9).unwrap().is_some());
        assert_eq!(state.job(8).unwrap().unwrap().seed, u64::MAX);
    }

    #[test]
    fn what_waits_for_a_webhook_that_is_switched_off_is_dropped() {
        let state = State::open(None, "acme").unwrap();
        let webhook = state.add_webhook(Fields::new(), 1).unwrap().unwrap();
        assert!(state.add_webhook(Fields::new(), 1).unwrap().is_none(), "there is room for one");
        add(&state, 1, 3);
        state.disable_webhook(&webhook.id, "it failed").unwrap();
        let tally = state.tally().unwrap();
        assert_eq!(tally, [(MessageState::Dropped, 3)]);
        let off = state.webhook(&webhook.id).unwrap().unwrap();
        assert_eq!((off.is_enabled(), off.disabled_because.as_deref()), (false, Some("it failed")));
    }
}

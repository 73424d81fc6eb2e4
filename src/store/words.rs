//! The index of words, built behind the answer.
//!
//! An entry is for a [`BLOCK`] of events, not for one: most words stand in every event of a kind, and so
//! cost a sixteenth. Of a word only its beginning is kept. So the index says where a text may be; whoever
//! asks looks into the events themselves.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::codec::{self, Content};
use super::needle::{Needle, is_word};
use super::{StoreError, open};

/// Events of one entry: their numbers are `entry * BLOCK + 1` to `(entry + 1) * BLOCK`.
pub(super) const BLOCK: i64 = 16;
/// Bytes kept of a word: enough to tell ids apart, and a signature costs no more than an id.
const MAX_WORD: usize = 16;
/// Words of a text that are looked up; each narrows less than the one before.
const MAX_LOOKED_UP: usize = 8;
/// Larger bodies are not indexed but always looked into (see the index `event_large`).
pub(super) const LARGE_BODY: i64 = 64 * 1024;
/// Fewer events than this are looked into in no time; indexing them at once makes the index ragged.
pub(super) const MIN_BEHIND: i64 = 16 * BLOCK;
/// How long one transaction indexes: with its commit, not longer than anybody notices.
pub(super) const SLICE: Duration = Duration::from_millis(5);

/// The last event whose words are in the index.
pub(super) fn upto(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT words_upto FROM counter")?.query_row([], |row| row.get(0))
}

/// Indexes events, the oldest first, until `deadline`, if at least `min_behind` are not. Whether there
/// are as many left. Inside a transaction.
pub(super) fn advance(connection: &Connection, min_behind: i64, deadline: Instant) -> rusqlite::Result<bool> {
    let before = upto(connection)?;
    let last: i64 = connection.prepare_cached("SELECT last_seq FROM counter")?.query_row([], |row| row.get(0))?;
    let is_behind = |upto: i64| last - upto >= min_behind.max(BLOCK);
    if !is_behind(before) {
        return Ok(false);
    }
    let mut upto = before;
    while last - upto >= BLOCK && Instant::now() < deadline {
        // Where whole blocks were deleted there is nothing to do.
        let next: Option<i64> = connection
            .prepare_cached("SELECT seq FROM event WHERE seq > ?1 ORDER BY seq LIMIT 1")?
            .query_row([upto], |row| row.get(0))
            .optional()?;
        let entry = entry_of(next.unwrap_or(last + 1)).min(last / BLOCK);
        if entry < last / BLOCK {
            add(connection, entry)?;
            upto = (entry + 1) * BLOCK;
        } else {
            upto = entry * BLOCK;
        }
    }
    connection.prepare_cached("UPDATE counter SET words_upto = ?1")?.execute([upto])?;
    Ok(is_behind(upto))
}

/// Indexes what is behind, for so long, unless another process writes.
pub fn index_words(path: &Path, at_most: Duration) -> Result<(), StoreError> {
    let mut connection = open::writable(path)?;
    let end = Instant::now() + at_most;
    let mut run = || -> rusqlite::Result<()> {
        connection.busy_timeout(Duration::ZERO)?;
        while Instant::now() < end {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let is_more = advance(&transaction, MIN_BEHIND, end.min(Instant::now() + SLICE))?;
            transaction.commit()?;
            if !is_more {
                break;
            }
        }
        Ok(())
    };
    run().map_err(|error| StoreError::from_sqlite(path, &error))
}

/// Takes the words of deleted events away; what else is in their blocks is indexed anew.
pub(super) fn forget(connection: &Connection, deleted: &[i64]) -> rusqlite::Result<()> {
    let upto = upto(connection)?;
    let mut entries: Vec<i64> = deleted.iter().filter(|seq| **seq <= upto).map(|seq| entry_of(*seq)).collect();
    entries.sort_unstable();
    entries.dedup();
    for entry in entries {
        connection.prepare_cached("DELETE FROM word WHERE rowid = ?1")?.execute([entry])?;
        add(connection, entry)?;
    }
    Ok(())
}

/// Entries, the latest first, that may hold a text, below one and not before another.
pub(super) fn candidates(
    connection: &Connection,
    expression: &[u8],
    lowest: i64,
    below: i64,
    limit: usize,
) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached(
            "SELECT rowid FROM word WHERE word MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid DESC LIMIT ?4",
        )?
        .query_map(params![expression, lowest, below, limit], |row| row.get(0))?
        .collect()
}

/// What FTS5 is asked; `None` for a text without any word. Words are letters and digits only, so nothing
/// in them can end the quotes.
pub(super) fn expression(needle: &Needle) -> Option<Vec<u8>> {
    let mut words: Vec<_> = needle.words().iter().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.bytes.len()));
    let mut expression = Vec::new();
    for word in words.into_iter().take(MAX_LOOKED_UP) {
        if !expression.is_empty() {
            expression.extend_from_slice(b" AND ");
        }
        expression.push(b'"');
        expression.extend_from_slice(&word.bytes[..word.bytes.len().min(MAX_WORD)]);
        expression.push(b'"');
        if word.is_open && word.bytes.len() < MAX_WORD {
            expression.push(b'*');
        }
    }
    Some(expression).filter(|expression| !expression.is_empty())
}

/// The entry of an event.
pub(super) const fn entry_of(seq: i64) -> i64 {
    (seq - 1).div_euclid(BLOCK)
}

/// The events of an entry, first and last.
pub(super) const fn events_of(entry: i64) -> (i64, i64) {
    (entry * BLOCK + 1, (entry + 1) * BLOCK)
}

fn add(connection: &Connection, entry: i64) -> rusqlite::Result<()> {
    let mut words = Words::default();
    let mut select = connection.prepare_cached(
        "SELECT head_format, head, body_format, body, body_bytes FROM event WHERE seq BETWEEN ?1 AND ?2",
    )?;
    let mut rows = select.query(events_of(entry))?;
    while let Some(row) = rows.next()? {
        // What does not unpack has no words; to read it is an error that says so.
        if codec::unpack_into(Content::Head, row.get(0)?, row.get_ref(1)?.as_blob()?, &mut words.unpacked).is_ok() {
            let head = std::mem::take(&mut words.unpacked);
            let _ = codec::lines(&head, |line| words.add(line));
            words.unpacked = head;
        }
        if row.get::<_, i64>(4)? <= LARGE_BODY
            && codec::unpack_into(Content::Body, row.get(2)?, row.get_ref(3)?.as_blob()?, &mut words.unpacked).is_ok()
        {
            let body = std::mem::take(&mut words.unpacked);
            words.add(&body);
            words.unpacked = body;
        }
    }
    if !words.text.is_empty() {
        connection
            .prepare_cached("INSERT INTO word (rowid, text) VALUES (?1, ?2)")?
            .execute(params![entry, words.text])?;
    }
    Ok(())
}

/// The words of a block, each once.
#[derive(Default)]
struct Words {
    known: HashSet<Bytes>,
    text: Vec<u8>,
    unpacked: Vec<u8>,
}

impl Words {
    fn add(&mut self, bytes: &[u8]) {
        let mut lower = [0; MAX_WORD];
        for word in bytes.split(|byte| !is_word(*byte)).filter(|word| !word.is_empty()) {
            let length = word.len().min(MAX_WORD);
            let lower = &mut lower[..length];
            lower.copy_from_slice(&word[..length]);
            lower.make_ascii_lowercase();
            if !self.known.contains(&*lower) {
                self.known.insert(Bytes::copy_from_slice(lower));
                self.text.extend_from_slice(lower);
                self.text.push(b' ');
            }
        }
    }
}

//! Copying what can be read out of a damaged file, row by row, into a new one.
//!
//! First through SQLite, then, for rows below pages that are destroyed, from the leaf pages themselves.
//! The damaged file is not touched: all this is done on a copy.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::codec::{self, EventColumns};
use super::pages::{Pages, RawRow};
use super::{StoreError, open};
use crate::model::VerdictStatus;

/// Rows in one transaction.
const BATCH: usize = 1000;
/// Numbers tried one by one in a table; a damaged counter must not make it try all there are.
const MAX_TRIED: i64 = 10_000_000;

/// What came over.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Salvaged {
    /// Events.
    pub events: u64,
    /// Deliveries.
    pub deliveries: u64,
    /// Events that wait for a target.
    pub waiting: u64,
    /// Places in the order of arrival that could not be read, as first and last of each range. Some may
    /// have been deleted before.
    pub unreadable: Vec<(i64, i64)>,
}

/// A table, and how its rows are copied. The first column is the number of the row.
struct Table {
    name: &'static str,
    columns: &'static str,
    /// Columns that an older history has not; they are worked out anew.
    more: &'static str,
    is_one: fn(&[Value]) -> bool,
    /// The row as it is written; `None` where it could not be read later.
    read: fn(Vec<Value>) -> Option<Vec<Value>>,
}

const KIND: Table = Table {
    name: "kind",
    columns: "id, provider, event_type, verdict",
    more: "",
    is_one: |columns| {
        matches!(columns, [Value::Null, Value::Text(_), Value::Text(_) | Value::Null, Value::Text(verdict)]
            if VerdictStatus::parse(verdict).is_some())
    },
    read: Some,
};

const EVENT: Table = Table {
    name: "event",
    columns: "seq, id, kind, received_at, delivery_key, first_seq, repeat, body_bytes, head_format, body_format, head, body",
    more: "",
    is_one: |columns| columns.len() == 12 && matches!(columns[1], Value::Blob(ref id) if id.len() == 16),
    read: |columns| is_readable_event(&columns).then_some(columns),
};

const DELIVERY: Table = Table {
    name: "delivery",
    columns: "seq, event_seq, made_at, target, is_success, head_format, body_format, head, body",
    more: ", status",
    is_one: |columns| matches!(columns.len(), 9 | 10),
    read: read_delivery,
};

/// Tables without anything that is packed. An older history has none of them.
const PLAIN: [(&str, &str); 3] = [
    ("pending", "target, event_seq, attempts, owner"),
    ("pin", "event_seq, is_pinned, changed"),
    ("life", "event_seq, stored_us, answered_us, answer_status"),
];

/// Copies what can be read of `from` into `to`, which must not be there yet.
pub fn salvage(from: &Path, to: &Path) -> Result<Salvaged, StoreError> {
    check_source(from)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let copy =
        tempfile::Builder::new().prefix(".hookctl-").tempdir_in(folder).map_err(|error| open::failed(to, &error))?;
    let path = copy.path().join(open::COPY);
    open::copy_files(from, &path).map_err(|error| open::failed(from, &error))?;
    let made = copy.path().join("salvaged.db");
    let salvaged = copy_rows(from, &path, &made)?;
    // A link fails where something is there already.
    fs::hard_link(&made, to).or_else(|_| place(&made, to)).map_err(|error| open::failed(to, &error))?;
    Ok(salvaged)
}

/// Where the file system has no links.
fn place(made: &Path, to: &Path) -> std::io::Result<()> {
    if to.exists() {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(made, to)
}

/// Another program's database is nothing to salvage.
fn check_source(from: &Path) -> Result<(), StoreError> {
    use std::io::Read as _;
    let mut header = Vec::new();
    let read = fs::File::open(from).and_then(|file| file.take(100).read_to_end(&mut header));
    match read {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(StoreError::Absent(from.to_owned()));
        }
        Err(error) => return Err(open::failed(from, &error)),
    }
    let is_other = header.starts_with(open::MAGIC) && header.get(68..72) != Some(b"hook");
    // The first page may still be in the log only.
    if is_other && !open::log_of(from).exists() { Err(StoreError::Foreign(from.to_owned())) } else { Ok(()) }
}

fn copy_rows(from: &Path, copy: &Path, made: &Path) -> Result<Salvaged, StoreError> {
    let new = open::writable(made)?;
    let wrap = |error: rusqlite::Error| StoreError::from_sqlite(made, &error);
    let mut rows = Rows { new: &new, waiting: 0, missing: BTreeSet::new(), last_seq: 0 };
    rows.begin().map_err(wrap)?;
    if let Ok(old) = open_damaged(copy) {
        rows.last_seq = old.query_row("SELECT last_seq FROM counter", [], |row| row.get(0)).unwrap_or(0);
        for table in [&KIND, &EVENT, &DELIVERY] {
            rows.copy(&old, table).map_err(wrap)?;
        }
        for (table, columns) in PLAIN {
            rows.copy_plain(&old, table, columns).map_err(wrap)?;
        }
    }
    let file = fs::read(copy).map_err(|error| open::failed(from, &error))?;
    rows.copy_pages(&file).map_err(wrap)?;
    let missing = std::mem::take(&mut rows.missing);
    let last_seq = rows.finish().map_err(wrap)?;
    let salvaged = count(&new, missing, last_seq).map_err(wrap)?;
    if salvaged.events == 0 && !salvaged.unreadable.is_empty() || last_seq == 0 && !is_intact(copy) {
        let problem = "no event in it can be read".to_owned();
        return Err(StoreError::Lost { path: from.to_owned(), problem });
    }
    new.pragma_update(None, "journal_mode", "DELETE").map_err(wrap)?;
    Ok(salvaged)
}

fn is_intact(copy: &Path) -> bool {
    open_damaged(copy).is_ok_and(|old| old.query_row("SELECT 1 FROM counter", [], |_| Ok(())).is_ok())
}

/// A file shorter than its header says is opened only so.
fn open_damaged(copy: &Path) -> Result<Connection, StoreError> {
    let old = open::connect(copy, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let wrap = |error: rusqlite::Error| StoreError::from_sqlite(copy, &error);
    old.pragma_update(None, "writable_schema", true).map_err(wrap)?;
    // What stands in the log comes into the file, where the pages are looked at.
    let _ = old.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    Ok(old)
}

/// Rows on their way.
struct Rows<'n> {
    new: &'n Connection,
    /// Rows since the last commit.
    waiting: usize,
    /// Places that could not be read.
    missing: BTreeSet<i64>,
    last_seq: i64,
}

impl Rows<'_> {
    fn begin(&self) -> rusqlite::Result<()> {
        self.new.execute_batch("BEGIN IMMEDIATE")
    }

    /// Copies a table: in one go as far as that leads, and one by one over what cannot be read.
    fn copy(&mut self, old: &Connection, table: &Table) -> rusqlite::Result<()> {
        let is_event = table.name == EVENT.name;
        let limit = self.last(old, table);
        let (mut at, mut tried) = (0, 0);
        while self.run(old, table, &mut at)?.is_break() {
            loop {
                at += 1;
                tried += 1;
                if at > limit || tried > MAX_TRIED {
                    return Ok(());
                }
                match one(old, table, at) {
                    Ok(Some(row)) => {
                        self.put(table, at, row)?;
                        break;
                    }
                    Ok(None) => {}
                    Err(_) if is_event => drop(self.missing.insert(at)),
                    Err(_) => {}
                }
            }
        }
        Ok(())
    }

    /// The highest number there can be. Where a tree is damaged its end may be anything.
    fn last(&self, old: &Connection, table: &Table) -> i64 {
        let max = old.query_row(&format!("SELECT max({}) FROM {}", number_of(table), table.name), [], |row| row.get(0));
        if self.last_seq > 0 && table.name == EVENT.name { self.last_seq } else { max.unwrap_or(0) }
    }

    /// Copies rows behind `at` until one cannot be read.
    fn run(&mut self, old: &Connection, table: &Table, at: &mut i64) -> rusqlite::Result<ControlFlow<()>> {
        let Table { name, columns, .. } = table;
        let number = number_of(table);
        let select = format!("SELECT {columns} FROM {name} WHERE {number} > ?1 ORDER BY {number}");
        let Ok(mut select) = old.prepare(&select) else { return Ok(ControlFlow::Continue(())) };
        let Ok(mut rows) = select.query([*at]) else { return Ok(ControlFlow::Break(())) };
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => values(row),
                Ok(None) => return Ok(ControlFlow::Continue(())),
                Err(_) => return Ok(ControlFlow::Break(())),
            };
            let Ok(row) = row else { return Ok(ControlFlow::Break(())) };
            // A damaged tree can lead back.
            let Some(Value::Integer(number)) = row.first() else { return Ok(ControlFlow::Break(())) };
            if *number <= *at {
                return Ok(ControlFlow::Break(()));
            }
            *at = *number;
            self.put(table, *at, row)?;
        }
    }

    /// Writes a row, where it is one that can be read later.
    fn put(&mut self, table: &Table, number: i64, row: Vec<Value>) -> rusqlite::Result<bool> {
        let Some(row) = (table.read)(row) else {
            if table.name == EVENT.name {
                self.missing.insert(number);
            }
            return Ok(false);
        };
        if !self.insert(table.name, &format!("{}{}", table.columns, table.more), row)? {
            return Ok(false);
        }
        self.waiting += 1;
        if self.waiting >= BATCH {
            self.waiting = 0;
            self.new.execute_batch("COMMIT")?;
            self.begin()?;
        }
        Ok(true)
    }

    fn copy_plain(&mut self, old: &Connection, table: &str, columns: &str) -> rusqlite::Result<()> {
        let Ok(mut select) = old.prepare(&format!("SELECT {columns} FROM {table}")) else { return Ok(()) };
        let Ok(mut rows) = select.query([]) else { return Ok(()) };
        while let Ok(Some(row)) = rows.next() {
            let Ok(row) = values(row) else { continue };
            self.insert(table, columns, row)?;
        }
        Ok(())
    }

    /// False for a row of the wrong types, which is none of ours.
    fn insert(&self, table: &str, columns: &str, row: Vec<Value>) -> rusqlite::Result<bool> {
        let marks = vec!["?"; row.len()].join(", ");
        let insert = format!("INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})");
        match self.new.prepare_cached(&insert)?.execute(params_from_iter(row)) {
            Ok(_) => Ok(true),
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Rows that no tree leads to any more.
    fn copy_pages(&mut self, file: &[u8]) -> rusqlite::Result<()> {
        for (number, columns) in Pages::new(file).rows().filter(|(number, _)| *number > 0) {
            for table in [&KIND, &EVENT, &DELIVERY] {
                if (table.is_one)(&columns) {
                    let is_there = self.put(table, number, numbered((number, columns)))?;
                    if is_there && table.name == EVENT.name {
                        self.missing.remove(&number);
                    }
                    break;
                }
            }
        }
        Ok(())
    }

    /// Makes the rest fit what came over; gives the last number.
    fn finish(self) -> rusqlite::Result<i64> {
        self.new.execute_batch(
            "DELETE FROM delivery WHERE event_seq NOT IN (SELECT seq FROM event);
             DELETE FROM pending WHERE event_seq NOT IN (SELECT seq FROM event);
             DELETE FROM pin WHERE event_seq NOT IN (SELECT seq FROM event);
             DELETE FROM life WHERE event_seq NOT IN (SELECT seq FROM event);
             INSERT INTO kind (id, provider, event_type, verdict)
               SELECT DISTINCT kind, 'unknown', NULL, 'unchecked' FROM event
               WHERE kind NOT IN (SELECT id FROM kind);",
        )?;
        let highest: i64 = self.new.query_row("SELECT ifnull(max(seq), 0) FROM event", [], |row| row.get(0))?;
        let last_seq = highest.max(self.last_seq);
        self.new.execute(
            "UPDATE counter SET last_seq = ?1, deleted = ?1 - (SELECT count(*) FROM event), words_upto = 0,
             last_change = max((SELECT ifnull(max(seq), 0) FROM delivery), (SELECT ifnull(max(changed), 0) FROM pin))",
            [last_seq],
        )?;
        self.new.execute_batch("COMMIT")?;
        Ok(last_seq)
    }
}

/// The column that is the row's number.
fn number_of(table: &Table) -> &'static str {
    table.columns.split(',').next().unwrap_or_default()
}

fn one(old: &Connection, table: &Table, number: i64) -> rusqlite::Result<Option<Vec<Value>>> {
    use rusqlite::OptionalExtension as _;
    let select = format!("SELECT {} FROM {} WHERE {} = ?1", table.columns, table.name, number_of(table));
    old.prepare_cached(&select)?.query_row([number], values).optional()
}

fn values(row: &rusqlite::Row<'_>) -> rusqlite::Result<Vec<Value>> {
    (0..row.as_ref().column_count()).map(|column| row.get(column)).collect()
}

/// In the file the first column stands in the number of the row.
fn numbered((number, mut columns): RawRow) -> Vec<Value> {
    if let Some(first) = columns.first_mut() {
        *first = Value::Integer(number);
    }
    columns
}

fn is_readable_event(columns: &[Value]) -> bool {
    let [
        _,
        Value::Blob(id),
        _,
        Value::Integer(received_at),
        ..,
        Value::Integer(size),
        head_format,
        body_format,
        head,
        body,
    ] = columns
    else {
        return false;
    };
    let (Ok(id), Ok(received_at)) = (uuid::Uuid::from_slice(id), jiff::Timestamp::from_microsecond(*received_at))
    else {
        return false;
    };
    let (Some(head), Some(body)) = (packed(head_format, head), packed(body_format, body)) else { return false };
    let columns = EventColumns { provider: "unknown".into(), event_type: None, verdict: VerdictStatus::Unchecked };
    let event = codec::unpack_event(id, received_at, columns, head, body);
    event.is_ok_and(|event| usize::try_from(*size) == Ok(event.request.body.len()))
}

/// With the status of the answer behind it, whatever stood there.
fn read_delivery(mut columns: Vec<Value>) -> Option<Vec<Value>> {
    columns.truncate(9);
    let [.., Value::Text(target), _, head_format, body_format, head, body] = &columns[..] else { return None };
    let delivery =
        codec::unpack_delivery(target.clone(), packed(head_format, head)?, packed(body_format, body)?).ok()?;
    columns.push(Value::Integer(codec::status_of(&delivery).into()));
    Some(columns)
}

fn packed<'v>(format: &Value, bytes: &'v Value) -> Option<(u8, &'v [u8])> {
    match (format, bytes) {
        (Value::Integer(format), Value::Blob(bytes)) => Some((u8::try_from(*format).ok()?, bytes)),
        _ => None,
    }
}

fn count(new: &Connection, missing: BTreeSet<i64>, last_seq: i64) -> rusqlite::Result<Salvaged> {
    let count = |statement: &str| new.query_row(statement, [], |row| row.get(0));
    let mut unreadable: Vec<(i64, i64)> = Vec::new();
    for seq in missing.into_iter().filter(|seq| *seq <= last_seq) {
        match unreadable.last_mut() {
            Some((_, last)) if *last + 1 == seq => *last = seq,
            _ => unreadable.push((seq, seq)),
        }
    }
    Ok(Salvaged {
        events: count("SELECT count(*) FROM event")?,
        deliveries: count("SELECT count(*) FROM delivery")?,
        waiting: count("SELECT count(*) FROM pending")?,
        unreadable,
    })
}

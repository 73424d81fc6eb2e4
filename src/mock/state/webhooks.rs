//! The webhooks.

use rusqlite::{OptionalExtension as _, Row, params};

use serde_json::Value;

use super::{State, StateError, signed};
use crate::mock::webhook::{Fields, Registered};
use crate::model::MessageState;

const COLUMNS: &str = "SELECT id, fields, disabled_because FROM webhook";

fn registered(row: &Row<'_>) -> rusqlite::Result<Registered> {
    let fields: String = row.get(1)?;
    Ok(Registered {
        id: row.get(0)?,
        fields: serde_json::from_str(&fields).unwrap_or_default(),
        disabled_because: row.get(2)?,
    })
}

fn text(fields: &Fields) -> String {
    serde_json::to_string(fields).unwrap_or_default()
}

/// What a change leaves.
#[derive(Debug)]
pub(in crate::mock) struct Changed {
    pub(in crate::mock) webhook: Registered,
    /// Messages that go nowhere now.
    pub(in crate::mock) dropped: Vec<i64>,
}

impl State {
    /// All of them, oldest first.
    pub(in crate::mock) fn webhooks(&self) -> Result<Vec<Registered>, StateError> {
        self.with(|connection| {
            let mut found = connection.prepare_cached(&format!("{COLUMNS} ORDER BY seq"))?;
            found.query_map([], registered)?.collect()
        })
    }

    /// One of them.
    pub(in crate::mock) fn webhook(&self, id: &str) -> Result<Option<Registered>, StateError> {
        self.with(|connection| connection.query_row(&format!("{COLUMNS} WHERE id = ?1"), [id], registered).optional())
    }

    /// Adds one, whose id stands in its fields or is made of its number; `None` when there are so many
    /// already, or one of this id.
    pub(in crate::mock) fn add_webhook(
        &self,
        mut fields: Fields,
        most: usize,
    ) -> Result<Option<Registered>, StateError> {
        self.with(|connection| {
            let transaction = connection.transaction()?;
            let (count, next): (i64, i64) = transaction.query_row(
                "SELECT (SELECT count(*) FROM webhook), \
                 coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'webhook'), 0) + 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            if count >= signed(most) {
                return Ok(None);
            }
            let id = fields.get("id").and_then(Value::as_str).map_or_else(|| format!("wh_{next}"), str::to_owned);
            fields.insert("id".to_owned(), id.clone().into());
            let add = "INSERT OR IGNORE INTO webhook (id, fields) VALUES (?1, ?2)";
            let added = transaction.execute(add, params![id, text(&fields)])? == 1;
            transaction.commit()?;
            Ok(added.then_some(Registered { id, fields, disabled_because: None }))
        })
    }

    /// Changes its fields; `None` when there is none. One that is enabled has a clean record.
    pub(in crate::mock) fn change_webhook(&self, id: &str, changes: Fields) -> Result<Option<Changed>, StateError> {
        self.with(|connection| {
            let transaction = connection.transaction()?;
            let found = transaction.query_row(&format!("{COLUMNS} WHERE id = ?1"), [id], registered).optional()?;
            let Some(mut webhook) = found else { return Ok(None) };
            webhook.fields.extend(changes);
            transaction.execute("UPDATE webhook SET fields = ?2 WHERE id = ?1", params![id, text(&webhook.fields)])?;
            transaction.execute(
                "UPDATE message SET url = ?2 WHERE webhook = ?1 AND state = 'pending'",
                params![id, webhook.url()],
            )?;
            let mut dropped = Vec::new();
            if webhook.is_enabled() {
                let clean = "UPDATE webhook SET disabled_because = NULL, failures = 0, failing_since = NULL \
                             WHERE id = ?1 AND disabled_because IS NOT NULL";
                transaction.execute(clean, [id])?;
                webhook.disabled_because = None;
            } else {
                dropped = drop_messages(&transaction, id)?;
            }
            transaction.commit()?;
            Ok(Some(Changed { webhook, dropped }))
        })
    }

    /// Switches it off, as the provider does with one that fails. Tells which messages go nowhere now.
    pub(in crate::mock) fn disable_webhook(&self, id: &str, because: &str) -> Result<Vec<i64>, StateError> {
        self.with(|connection| {
            let transaction = connection.transaction()?;
            let off = "UPDATE webhook SET fields = json_set(fields, '$.enabled', json('false')), \
                       disabled_because = ?2 WHERE id = ?1";
            transaction.execute(off, [id, because])?;
            let dropped = drop_messages(&transaction, id)?;
            transaction.commit()?;
            Ok(dropped)
        })
    }

    /// Removes it, and tells which messages go nowhere now; `None` when there is none.
    pub(in crate::mock) fn delete_webhook(&self, id: &str) -> Result<Option<Vec<i64>>, StateError> {
        self.with(|connection| {
            let transaction = connection.transaction()?;
            let deleted = transaction.execute("DELETE FROM webhook WHERE id = ?1", [id])?;
            let dropped = drop_messages(&transaction, id)?;
            transaction.commit()?;
            Ok((deleted == 1).then_some(dropped))
        })
    }

    /// Forgets the failures: something got through.
    pub(in crate::mock) fn clear_failures(&self, id: &str) -> Result<(), StateError> {
        let clear = "UPDATE webhook SET failures = 0, failing_since = NULL WHERE id = ?1";
        self.with(|connection| connection.execute(clear, [id]).map(drop))
    }

    /// Adds `count` failures at this time of the provider's clock. Returns those in a row, and since when
    /// there is nothing else; `None` for a webhook that is no more.
    pub(in crate::mock) fn add_failures(
        &self,
        id: &str,
        count: u32,
        now: i64,
    ) -> Result<Option<(u32, i64)>, StateError> {
        let add = "UPDATE webhook SET failures = failures + ?2, failing_since = coalesce(failing_since, ?3) \
                   WHERE id = ?1 RETURNING failures, failing_since";
        self.with(|connection| {
            connection.query_row(add, params![id, count, now], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
    }
}

/// Nothing more is sent to a webhook that is gone or off.
fn drop_messages(connection: &rusqlite::Connection, webhook: &str) -> rusqlite::Result<Vec<i64>> {
    let dropped = MessageState::Dropped.as_str();
    let off = "UPDATE message SET state = ?2, due = NULL WHERE webhook = ?1 AND state = 'pending' RETURNING seq";
    connection.prepare_cached(off)?.query_map([webhook, dropped], |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Fields {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_change_touches_what_it_names_and_nothing_else() {
        let state = State::open(None, "acme").unwrap();
        let made = state.add_webhook(fields(json!({ "url": "http://a/", "secret": "s" })), 1).unwrap().unwrap();
        state.disable_webhook(&made.id, "it failed").unwrap();
        let changed = state.change_webhook(&made.id, fields(json!({ "url": "http://b/" }))).unwrap().unwrap();
        let webhook = state.webhook(&made.id).unwrap().unwrap();
        assert_eq!(webhook.fields, changed.webhook.fields);
        assert_eq!((webhook.url(), webhook.is_enabled()), ("http://b/", false), "a switch of another is not undone");
        assert_eq!(webhook.fields["secret"], "s");
        assert!(state.change_webhook("wh_9", Fields::new()).unwrap().is_none());
    }
}

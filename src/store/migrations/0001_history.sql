-- The first schema. Never edited: what changes gets a number of its own.

-- One row: what is counted over the whole file. `last_seq` never goes back, so that a number names one event
-- for ever, and `deleted` of those numbers name none: how many events there are need not be counted.
-- `words_upto` is the last event whose words are in `word`.
CREATE TABLE counter (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 0),
  last_seq INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  words_upto INTEGER NOT NULL
) STRICT;
INSERT INTO counter (only_row, last_seq, deleted, words_upto) VALUES (0, 0, 0, 0);

-- What events are selected by, once for many: few rows, so filters are decided here and events are
-- found through one small index.
CREATE TABLE kind (
  id INTEGER PRIMARY KEY,
  provider TEXT NOT NULL,
  event_type TEXT,
  verdict TEXT NOT NULL
) STRICT;

-- `seq` is the order of arrival. `head` and `body` are as their format says (see `codec`).
CREATE TABLE event (
  seq INTEGER PRIMARY KEY,
  id BLOB NOT NULL,
  kind INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  delivery_key INTEGER,
  first_seq INTEGER,
  repeat INTEGER,
  body_bytes INTEGER NOT NULL,
  head_format INTEGER NOT NULL,
  body_format INTEGER NOT NULL,
  head BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX event_id ON event (id);
CREATE INDEX event_kind ON event (kind);
CREATE INDEX event_first ON event (first_seq) WHERE first_seq IS NOT NULL;
CREATE INDEX event_large ON event (seq) WHERE body_bytes > 65536;

-- Every attempt to send an event on, in the order in which they ended.
CREATE TABLE delivery (
  seq INTEGER PRIMARY KEY,
  event_seq INTEGER NOT NULL,
  made_at INTEGER NOT NULL,
  target TEXT NOT NULL,
  is_success INTEGER NOT NULL,
  head_format INTEGER NOT NULL,
  body_format INTEGER NOT NULL,
  head BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX delivery_event ON delivery (event_seq);
CREATE INDEX delivery_failed ON delivery (event_seq) WHERE NOT is_success;

-- Events that a target has still to get. `owner` is the process that forwards them (see
-- the module of that name).
CREATE TABLE pending (
  target TEXT NOT NULL,
  event_seq INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  owner INTEGER NOT NULL,
  PRIMARY KEY (target, event_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_event ON pending (event_seq);

-- The words of headers and bodies, one row for 16 events (see `words`). Rows are added behind the answer,
-- never on the way to it.
CREATE VIRTUAL TABLE word USING fts5 (text, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');

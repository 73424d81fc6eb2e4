-- What a page about the history needs. Never edited: what changes gets a number of its own.

-- `last_change` numbers deliveries and pins in one row and never goes back, so that who saw all up to a number
-- can ask for what came behind it. `identity` tells this history from another one in the same place.
ALTER TABLE counter ADD COLUMN last_change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE counter ADD COLUMN identity INTEGER NOT NULL DEFAULT 0;
UPDATE counter SET last_change = (SELECT ifnull(max(seq), 0) FROM delivery), identity = random();

-- The status of the answer, 0 where none came whole; NULL in rows that are older than this column.
ALTER TABLE delivery ADD COLUMN status INTEGER;
CREATE INDEX delivery_made ON delivery (made_at, status, event_seq);

-- Events that a person wants to keep. One that is let go stays here with 0: that is a change, too.
CREATE TABLE pin (
  event_seq INTEGER PRIMARY KEY,
  is_pinned INTEGER NOT NULL,
  changed INTEGER NOT NULL
) STRICT;
CREATE INDEX pin_changed ON pin (changed);

-- Microseconds from the arrival of an event until it was on the disk and until its sender was answered.
CREATE TABLE life (
  event_seq INTEGER PRIMARY KEY,
  stored_us INTEGER NOT NULL,
  answered_us INTEGER,
  answer_status INTEGER
) STRICT;

-- What a mock provider knows: who it lets in, the webhooks, and what it delivers to them.

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE webhook (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    fields TEXT NOT NULL,                -- a JSON object: url, events, enabled, secret and the rest
    disabled_because TEXT,
    failures INTEGER NOT NULL DEFAULT 0, -- in a row
    failing_since INTEGER                -- milliseconds of the provider's clock
);

CREATE TABLE event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    body BLOB NOT NULL,
    content_type TEXT,
    headers TEXT NOT NULL,               -- JSON pairs
    moment INTEGER NOT NULL              -- microseconds since 1970
);

-- One event on its way to one webhook.
CREATE TABLE message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event INTEGER NOT NULL REFERENCES event (seq),
    webhook TEXT NOT NULL,
    url TEXT NOT NULL,
    seed INTEGER NOT NULL,
    state TEXT NOT NULL,
    born INTEGER NOT NULL,               -- milliseconds of the provider's clock
    elapsed INTEGER NOT NULL DEFAULT 0,  -- the same clock, from then to the end of the last attempt
    attempts INTEGER NOT NULL DEFAULT 0,
    scheduled INTEGER NOT NULL DEFAULT 0, -- of these, without those that a person asked for
    wait INTEGER NOT NULL DEFAULT 0,     -- the provider's milliseconds before the next attempt
    since INTEGER NOT NULL,              -- microseconds since 1970: when that wait began
    due INTEGER                          -- milliseconds since 1970: when it ends here
);
CREATE INDEX message_of_state ON message (state, due);
CREATE INDEX message_of_event ON message (event);
CREATE INDEX message_of_webhook ON message (webhook, state);

CREATE TABLE attempt (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    message INTEGER NOT NULL REFERENCES message (seq) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    made_at INTEGER NOT NULL,            -- microseconds since 1970
    manual INTEGER NOT NULL,
    wait INTEGER NOT NULL,               -- microseconds, the provider's
    waited INTEGER NOT NULL,             -- microseconds, here
    success INTEGER NOT NULL,
    state TEXT NOT NULL,
    next_wait INTEGER,                   -- microseconds, the provider's
    next_real INTEGER,                   -- microseconds, here
    webhook_fate TEXT,
    method TEXT NOT NULL,
    target TEXT NOT NULL,
    duration INTEGER NOT NULL,           -- microseconds
    status INTEGER,
    headers TEXT,
    body BLOB,
    truncated INTEGER NOT NULL,
    error_kind TEXT,
    error_message TEXT
);
CREATE INDEX attempt_of_message ON attempt (message);

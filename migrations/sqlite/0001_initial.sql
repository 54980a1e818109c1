-- The first schema. Numbers in it are promises: enum columns hold the disk numbers
-- of engine/core/saga.h, times are UTC milliseconds, 0 means "none" for times and
-- numbers, NULL for texts.
--
-- Shape (docs: engine/store/README.md). Random pages are what SQLite's writes cost,
-- so everything written per turn is appended; the saga's row is small and is written
-- only when its status, pause, stuck step or sleep changes; what never changes
-- (input, labels) has rows of its own.

-- One row per definition name; sagas carry its number, so that the unique keys, the
-- counts and the lists by name are about integers.
CREATE TABLE definition_name (
    num         INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    current     INTEGER NOT NULL,               -- The version new sagas take; 0 none yet.
    is_paused   INTEGER NOT NULL CHECK (is_paused IN (0, 1)),
    is_archived INTEGER NOT NULL CHECK (is_archived IN (0, 1))
) STRICT;

CREATE TABLE definition (
    num        INTEGER PRIMARY KEY,             -- Of this version, over all definitions.
    name       INTEGER NOT NULL REFERENCES definition_name (num),
    version    INTEGER NOT NULL CHECK (version > 0),
    hash       TEXT    NOT NULL,                -- Of the canonical content.
    content    TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    children   TEXT,                            -- {"child": version}: those that name none.
    UNIQUE (name, version)
) STRICT;
CREATE INDEX definition_hash ON definition (name, hash);

-- Texts of the configuration: the vars as sagas saw them when they began, and where
-- attempts went (engine/run/address.h).
CREATE TABLE vars (
    num  INTEGER PRIMARY KEY,
    hash INTEGER NOT NULL,                      -- hash_bytes() of text, to find it again.
    text TEXT    NOT NULL
) STRICT;
CREATE INDEX vars_hash ON vars (hash);

CREATE TABLE saga (
    num          INTEGER PRIMARY KEY,
    id           TEXT    NOT NULL,
    definition   INTEGER NOT NULL REFERENCES definition (num),
    name         INTEGER NOT NULL,              -- definition.name, kept here for the indexes.
    status       INTEGER NOT NULL,              -- 0 to 2 go on, 3 to 5 are final.
    is_paused    INTEGER NOT NULL,
    is_asleep    INTEGER NOT NULL,              -- Nothing is due before wake_ms.
    wake_ms      INTEGER NOT NULL,
    started_ms   INTEGER NOT NULL,
    updated_ms   INTEGER NOT NULL,
    ended_ms     INTEGER NOT NULL,
    parent       INTEGER NOT NULL,
    parent_step  INTEGER NOT NULL,
    parent_item  INTEGER NOT NULL,
    generation   INTEGER NOT NULL,
    vars         INTEGER NOT NULL,
    key          TEXT,
    unique_key   TEXT,                          -- While it holds its definition's unique key.
    ordering_key TEXT,
    stuck_step   TEXT,                          -- What a stuck saga is stuck at. These five
    stuck_call   INTEGER,                       -- are written only then; the numbers are
    stuck_outcome INTEGER,                      -- NULL where no call is, and stuck_ms is
    stuck_ms     INTEGER NOT NULL DEFAULT 0,    -- since when, 0 while it is not.
    stuck_error  TEXT,
    labels       TEXT,                          -- The JSON object; searched in saga_label.
    traceparent  TEXT,
    tracestate   TEXT
) STRICT;
CREATE UNIQUE INDEX saga_id ON saga (id);
CREATE UNIQUE INDEX saga_unique ON saga (name, unique_key) WHERE unique_key IS NOT NULL;
-- Rows of an index that are equal stand in the order of num: lists by num need no sort.
CREATE INDEX saga_open ON saga (status, is_asleep) WHERE status < 3;
CREATE INDEX saga_ended ON saga (status) WHERE status >= 3;
CREATE INDEX saga_due ON saga (wake_ms) WHERE is_asleep = 1 AND wake_ms > 0 AND status < 3;
-- Who is next, and whose child is where.
CREATE INDEX saga_line ON saga (name, ordering_key) WHERE ordering_key IS NOT NULL AND status < 3;
CREATE INDEX saga_child ON saga (parent, parent_step, parent_item, generation) WHERE parent > 0;
CREATE INDEX saga_name ON saga (name);
CREATE INDEX saga_key ON saga (key) WHERE key IS NOT NULL;
CREATE INDEX saga_paused ON saga (is_paused) WHERE is_paused = 1;
-- All that a list of stuck sagas asks of them, in the order of num: without their rows.
CREATE INDEX saga_stuck ON saga (num, name, stuck_step, stuck_call, stuck_outcome,
    stuck_ms, stuck_error) WHERE stuck_ms > 0;
CREATE INDEX saga_stuck_name ON saga (name, status) WHERE status = 2;
-- Counting a group reads nothing else, and a group is in the order of num.
CREATE INDEX saga_stuck_group ON saga (name, stuck_step, stuck_call, stuck_outcome, num,
    stuck_ms) WHERE stuck_ms > 0;
CREATE INDEX saga_stuck_since ON saga (stuck_ms) WHERE stuck_ms > 0;

CREATE TABLE saga_label (
    name  TEXT    NOT NULL,
    value TEXT    NOT NULL,
    saga  INTEGER NOT NULL,
    PRIMARY KEY (name, value, saga)
) STRICT, WITHOUT ROWID;

-- Sagas that were purged: the id stays taken, and the number is not given again, since
-- replays still name it.
CREATE TABLE purged (
    num   INTEGER PRIMARY KEY,
    id    TEXT    NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX purged_id ON purged (id);

-- Apart from the saga's row, which is rewritten now and then: a 4 kB column costs
-- 15 us per update even when it does not change.
CREATE TABLE saga_input (
    saga  INTEGER PRIMARY KEY,
    input BLOB    NOT NULL
) STRICT;

-- How many sagas of each definition name and status there are.
CREATE TABLE saga_count (
    name   INTEGER NOT NULL,
    status INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    PRIMARY KEY (name, status)
) STRICT, WITHOUT ROWID;

-- Append-only. state is the saga's state after the event; its last row is the saga.
CREATE TABLE journal (
    seq   INTEGER PRIMARY KEY,
    saga  INTEGER NOT NULL,
    turn  INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    event INTEGER NOT NULL,
    data  BLOB,
    state BLOB
) STRICT;
CREATE UNIQUE INDEX journal_turn ON journal (saga, turn);

-- The elements of a forEach, 64 a row: ten thousand rows of one turn would hold up the
-- commits of everybody else.
CREATE TABLE item (
    seq      INTEGER PRIMARY KEY,
    saga     INTEGER NOT NULL,
    step     INTEGER NOT NULL,
    first    INTEGER NOT NULL,                  -- The first one's number, from 0.
    elements BLOB    NOT NULL                   -- A JSON array.
) STRICT;
CREATE UNIQUE INDEX item_place ON item (saga, step, first);

CREATE TABLE late_answer (
    seq   INTEGER PRIMARY KEY,
    saga  INTEGER NOT NULL,
    turn  INTEGER NOT NULL,                     -- Of the attempt.
    step  INTEGER NOT NULL,
    item  INTEGER NOT NULL,
    call  INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    data  BLOB
) STRICT;
CREATE INDEX late_answer_saga ON late_answer (saga);

CREATE TABLE replay (
    seq    INTEGER PRIMARY KEY,
    scope  TEXT    NOT NULL,
    key    TEXT    NOT NULL,
    hash   TEXT    NOT NULL,
    saga   INTEGER NOT NULL,
    status INTEGER NOT NULL,
    body   BLOB,
    at_ms  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX replay_key ON replay (scope, key);

-- Append-only; each row's hash covers the row before it, so that a row changed or
-- taken out by hand shows.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY,
    at_ms      INTEGER NOT NULL,
    actor      TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    turn       INTEGER NOT NULL,
    reason     TEXT,
    request_id TEXT,
    hash       TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_subject ON audit (subject);

-- Webhooks: those that wait for their receivers are the outbox, the others are kept to be
-- looked at and sent again, until their saga is purged. saga is 0 where it was purged
-- while one waited.
CREATE TABLE notify (
    num         INTEGER PRIMARY KEY,
    saga        INTEGER NOT NULL,
    id          TEXT    NOT NULL,               -- Of the message, on every attempt.
    told        INTEGER NOT NULL,               -- The saga's status that it tells.
    origin      TEXT    NOT NULL,               -- Of url.
    url         TEXT    NOT NULL,
    secret      TEXT,                           -- The name, never the value.
    made_ms     INTEGER NOT NULL,
    since_ms    INTEGER NOT NULL,               -- When it was last put on its way.
    due_ms      INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    attempts_before INTEGER NOT NULL,           -- Of these before since_ms.
    status      INTEGER NOT NULL,               -- 0 waits, 1 delivered, 2 failed.
    ended_ms    INTEGER NOT NULL,
    http_status INTEGER NOT NULL,               -- Of the last attempt, 0 none.
    error       TEXT                            -- Why that did not deliver.
) STRICT;
CREATE INDEX notify_due ON notify (origin, due_ms) WHERE status = 0;
-- Delivered ones, which are the most, are in no list but their saga's and that of all.
CREATE INDEX notify_open ON notify (status) WHERE status <> 1;
CREATE INDEX notify_saga ON notify (saga) WHERE saga > 0;

-- Apart for the reason that saga_input is: a webhook's row changes with each attempt.
CREATE TABLE notify_body (
    num  INTEGER PRIMARY KEY,
    body BLOB    NOT NULL
) STRICT;

-- Bulk actions: what is done to which sagas, and how far it has come. They are reached
-- from the largest number down, so that `below` is all there is to remember.
CREATE TABLE bulk (
    num        INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL,
    action     INTEGER NOT NULL,                -- The event's number.
    filter     TEXT    NOT NULL,                -- JSON object: the list's parameters.
    step       TEXT,
    is_applied INTEGER NOT NULL,
    body       BLOB,                            -- skip: output; resolve: body.
    actor      TEXT    NOT NULL,
    reason     TEXT,
    status     INTEGER NOT NULL,                -- 0 running, 1 completed, 2 cancelled.
    below      INTEGER NOT NULL,                -- Sagas of smaller number are to come.
    total      INTEGER NOT NULL,                -- Sagas that matched when confirmed.
    done       INTEGER NOT NULL,
    failed     INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms   INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX bulk_id ON bulk (id);

-- What became of each saga of a bulk action, written with its turn.
CREATE TABLE bulk_item (
    bulk   INTEGER NOT NULL,
    n      INTEGER NOT NULL,                    -- From 1, in the order reached.
    saga   TEXT    NOT NULL,                    -- Its id: it may be purged.
    status INTEGER NOT NULL,                    -- Afterwards.
    code   TEXT,                                -- The problem's; NULL: it was done.
    PRIMARY KEY (bulk, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

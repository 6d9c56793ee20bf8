-- The SQL views. Rows are never removed: a tombstone keeps a late event from reviving anything.
-- Every row that folds events keeps the position of the last one. SQLite compares TEXT bytewise.

CREATE TABLE checkpoint (
    projection     TEXT    NOT NULL PRIMARY KEY,
    position       TEXT    NOT NULL, -- of the last event seen; '' before the first
    log_id         TEXT    NOT NULL, -- the log that this is a fold of
    event_position TEXT    NOT NULL, -- of the last event applied, and its id: both must stand
    event_id       TEXT    NOT NULL, -- in that log when a projector starts
    head           TEXT    NOT NULL DEFAULT '', -- reported each second by the running projector
    lag_events     INTEGER,
    lag_ms         INTEGER,
    state          TEXT    NOT NULL DEFAULT 'stopped',
    error          TEXT,
    reported_at    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE board (
    board_id          INTEGER NOT NULL PRIMARY KEY,
    name              TEXT    NOT NULL,
    description       TEXT    NOT NULL,
    max_comment_depth INTEGER NOT NULL,
    article_count     INTEGER NOT NULL,
    closed            INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    revision          INTEGER NOT NULL,
    position          TEXT    NOT NULL
) STRICT;

CREATE TABLE article (
    article_id  INTEGER NOT NULL PRIMARY KEY,
    board_id    INTEGER NOT NULL,
    title       TEXT    NOT NULL, -- title and content are empty once deleted
    content     TEXT    NOT NULL,
    writer_id   TEXT    NOT NULL,
    writer_name TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    modified_at INTEGER,
    revision    INTEGER NOT NULL,
    deleted     INTEGER NOT NULL,
    position    TEXT    NOT NULL
) STRICT;

CREATE INDEX article_by_board ON article (board_id, deleted, article_id);

CREATE TABLE parked (
    projection TEXT    NOT NULL,
    position   TEXT    NOT NULL,
    stream     TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    event_type TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    PRIMARY KEY (projection, position)
) STRICT;

CREATE INDEX parked_by_stream ON parked (projection, stream);

-- What readers do with articles. Nothing here holds an article's words, so counting is cheap however
-- long they are.

-- One row for each article, from its first event on.
CREATE TABLE article_counts (
    article_id       INTEGER NOT NULL PRIMARY KEY,
    board_id         INTEGER NOT NULL,
    day              INTEGER NOT NULL, -- yyyymmdd: when it was posted, in the zone of the checkpoint
    deleted          INTEGER NOT NULL,
    comments         INTEGER NOT NULL, -- live ones
    visible_comments INTEGER NOT NULL, -- live ones and placeholders: the length of the list
    likes            INTEGER NOT NULL,
    views            INTEGER NOT NULL,
    score            INTEGER NOT NULL, -- of that day's popular list; 0 once deleted
    position         TEXT    NOT NULL
) STRICT;

CREATE INDEX article_counts_popular ON article_counts (day, score DESC, article_id) WHERE score > 0;

CREATE TABLE comment (
    comment_id      INTEGER NOT NULL PRIMARY KEY,
    article_id      INTEGER NOT NULL,
    parent_id       INTEGER NOT NULL, -- 0 for a root
    depth           INTEGER NOT NULL, -- 1 for a root
    deleted         INTEGER NOT NULL,
    visible_replies INTEGER NOT NULL, -- direct ones
    visible         INTEGER NOT NULL, -- live, or with a visible reply
    revision        INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    modified_at     INTEGER,
    position        TEXT    NOT NULL,
    path            BLOB    NOT NULL, -- the ids of its ancestors and its own, 8 bytes each, big-endian
    writer_id       TEXT    NOT NULL,
    writer_name     TEXT    NOT NULL,
    content         TEXT    NOT NULL  -- empty once deleted
) STRICT;

-- The tree, depth first: bytewise order of paths. And one level of it.
CREATE INDEX comment_by_path ON comment (article_id, visible, path);
CREATE INDEX comment_by_parent ON comment (article_id, parent_id, visible, comment_id);

CREATE TABLE article_like (
    article_id INTEGER NOT NULL,
    user_id    TEXT    NOT NULL,
    liked      INTEGER NOT NULL,
    since      INTEGER NOT NULL, -- of the newest event
    revision   INTEGER NOT NULL,
    position   TEXT    NOT NULL,
    PRIMARY KEY (article_id, user_id)
) STRICT, WITHOUT ROWID;

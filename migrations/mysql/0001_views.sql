-- The SQL views on MySQL and MariaDB; `migrations/sqlite` says what each table is for.
--
-- What identifies is compared byte by byte and without padding: user ids, streams and paths are
-- VARBINARY, what is ASCII by its nature has the collation ascii_bin. Texts are as long as an event
-- may have them: one that does not fit would stop the projector for ever.
--
-- `schema.txt` says what comes of this; a database that was edited by hand is found out by it.

CREATE TABLE checkpoint (
    projection     VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    position       VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    log_id         VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    event_position VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    event_id       VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    head           VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    lag_events     BIGINT,
    lag_ms         BIGINT,
    state          VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'stopped',
    error          VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin,
    reported_at    BIGINT NOT NULL DEFAULT 0,
    zone           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT ''
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE board (
    board_id          BIGINT     NOT NULL PRIMARY KEY,
    name              MEDIUMTEXT NOT NULL,
    description       MEDIUMTEXT NOT NULL,
    max_comment_depth BIGINT     NOT NULL,
    article_count     BIGINT     NOT NULL,
    closed            TINYINT    NOT NULL,
    created_at        BIGINT     NOT NULL,
    revision          BIGINT     NOT NULL,
    position          VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE article (
    article_id  BIGINT     NOT NULL PRIMARY KEY,
    board_id    BIGINT     NOT NULL,
    title       MEDIUMTEXT NOT NULL,
    content     MEDIUMTEXT NOT NULL,
    writer_id   MEDIUMBLOB NOT NULL,
    writer_name MEDIUMTEXT NOT NULL,
    created_at  BIGINT     NOT NULL,
    modified_at BIGINT,
    revision    BIGINT     NOT NULL,
    deleted     TINYINT    NOT NULL,
    position    VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    KEY article_by_board (board_id, deleted, article_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE parked (
    projection VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    position   VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    stream     VARBINARY(2048) NOT NULL,
    revision   BIGINT          NOT NULL,
    event_type MEDIUMTEXT      NOT NULL,
    reason     MEDIUMTEXT      NOT NULL,
    PRIMARY KEY (projection, position),
    KEY parked_by_stream (projection, stream)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE article_counts (
    article_id       BIGINT  NOT NULL PRIMARY KEY,
    board_id         BIGINT  NOT NULL,
    day              BIGINT  NOT NULL,
    deleted          TINYINT NOT NULL,
    comments         BIGINT  NOT NULL,
    visible_comments BIGINT  NOT NULL,
    likes            BIGINT  NOT NULL,
    views            BIGINT  NOT NULL,
    score            BIGINT  NOT NULL,
    position         VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    KEY article_counts_popular (day, score DESC, article_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE comment (
    comment_id      BIGINT  NOT NULL PRIMARY KEY,
    article_id      BIGINT  NOT NULL,
    parent_id       BIGINT  NOT NULL,
    depth           BIGINT  NOT NULL,
    deleted         TINYINT NOT NULL,
    visible_replies BIGINT  NOT NULL,
    visible         TINYINT NOT NULL,
    revision        BIGINT  NOT NULL,
    created_at      BIGINT  NOT NULL,
    modified_at     BIGINT,
    position        VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    path            VARBINARY(3000) NOT NULL,
    writer_id       MEDIUMBLOB NOT NULL,
    writer_name     MEDIUMTEXT NOT NULL,
    content         MEDIUMTEXT NOT NULL,
    KEY comment_by_path (article_id, visible, path),
    KEY comment_by_parent (article_id, parent_id, visible, comment_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE article_like (
    article_id BIGINT  NOT NULL,
    user_id    VARBINARY(512) NOT NULL,
    liked      TINYINT NOT NULL,
    since      BIGINT  NOT NULL,
    revision   BIGINT  NOT NULL,
    position   VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (article_id, user_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

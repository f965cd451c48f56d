-- Stats: what the log comes to by the quarter of an hour (UTC), made when it is sealed.

-- What an event knows of its request; sealed with it.
ALTER TABLE core_event ADD COLUMN purpose TEXT;
ALTER TABLE core_event ADD COLUMN provider TEXT;
ALTER TABLE core_event ADD COLUMN asked_at BIGINT; -- when what came to this was asked for

-- Events up to this moment may have been purged.
ALTER TABLE core_audit_tree ADD COLUMN purged_before BIGINT NOT NULL DEFAULT 0;

-- What is counted together. The number is a hash of the names.
CREATE TABLE core_stats_series (
    id       BIGINT NOT NULL PRIMARY KEY,
    counter  TEXT   NOT NULL,
    clerk    TEXT   NOT NULL,
    channel  TEXT   NOT NULL,
    provider TEXT   NOT NULL,
    purpose  TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    outcome  TEXT   NOT NULL
);

-- How many events. Of the two runs one is read, and in the other one the stats are made anew.
CREATE TABLE core_stats (
    run     BIGINT NOT NULL,
    quarter BIGINT NOT NULL, -- quarters of an hour since the Unix epoch
    series  BIGINT NOT NULL,
    events  BIGINT NOT NULL,
    PRIMARY KEY (run, quarter, series)
) WITHOUT ROWID;

-- How many of them took how long; of series without a counter and a clerk. Codes that were
-- entered within seconds are also kept by clerk.
CREATE TABLE core_stats_time (
    run     BIGINT NOT NULL,
    quarter BIGINT NOT NULL,
    series  BIGINT NOT NULL,
    bucket  BIGINT NOT NULL,
    events  BIGINT NOT NULL,
    PRIMARY KEY (run, quarter, series, bucket)
) WITHOUT ROWID;

-- One row: which run is read, from which leaf on it counts, and how far a rebuild is.
CREATE TABLE core_stats_state (
    id           BIGINT NOT NULL PRIMARY KEY,
    run          BIGINT NOT NULL,
    since        BIGINT NOT NULL,
    stage        BIGINT NOT NULL DEFAULT 0,
    position     BIGINT NOT NULL DEFAULT 0,
    uncounted    BIGINT NOT NULL DEFAULT 0,
    begun_purged BIGINT NOT NULL DEFAULT 0
);
INSERT INTO core_stats_state (id, run, since) SELECT 1, 0, size FROM core_audit_tree WHERE id = 1;

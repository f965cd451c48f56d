-- Stats: what the log comes to by the quarter of an hour (UTC), made when it is sealed. Like
-- all scripts here it can be run again from the beginning.

-- What an event knows of its request; sealed with it. asked_at: when what came to this was
-- asked for.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_event'
    AND column_name = 'asked_at');
SET @change = IF(@missing, 'ALTER TABLE core_event ADD COLUMN purpose VARCHAR(64), ADD COLUMN provider VARCHAR(32),
    ADD COLUMN asked_at BIGINT', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- Events up to this moment may have been purged.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_audit_tree'
    AND column_name = 'purged_before');
SET @change = IF(@missing, 'ALTER TABLE core_audit_tree ADD COLUMN purged_before BIGINT NOT NULL DEFAULT 0', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- What is counted together. The number is a hash of the names.
CREATE TABLE IF NOT EXISTS core_stats_series (
    id       BIGINT NOT NULL PRIMARY KEY,
    counter  VARCHAR(64) NOT NULL,
    clerk    VARCHAR(255) NOT NULL,
    channel  VARCHAR(20) NOT NULL,
    provider VARCHAR(32) NOT NULL,
    purpose  VARCHAR(64) NOT NULL,
    kind     VARCHAR(32) NOT NULL,
    outcome  VARCHAR(20) NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- How many events. Of the two runs one is read, and in the other one the stats are made anew.
CREATE TABLE IF NOT EXISTS core_stats (
    run     BIGINT NOT NULL,
    quarter BIGINT NOT NULL, -- quarters of an hour since the Unix epoch
    series  BIGINT NOT NULL,
    events  BIGINT NOT NULL,
    PRIMARY KEY (run, quarter, series)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- How many of them took how long; of series without a counter and a clerk. Codes that were
-- entered within seconds are also kept by clerk.
CREATE TABLE IF NOT EXISTS core_stats_time (
    run     BIGINT NOT NULL,
    quarter BIGINT NOT NULL,
    series  BIGINT NOT NULL,
    bucket  BIGINT NOT NULL,
    events  BIGINT NOT NULL,
    PRIMARY KEY (run, quarter, series, bucket)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row: which run is read, from which leaf on it counts, and how far a rebuild is.
CREATE TABLE IF NOT EXISTS core_stats_state (
    id           BIGINT NOT NULL PRIMARY KEY,
    run          BIGINT NOT NULL,
    since        BIGINT NOT NULL,
    stage        BIGINT NOT NULL DEFAULT 0,
    position     BIGINT NOT NULL DEFAULT 0,
    uncounted    BIGINT NOT NULL DEFAULT 0,
    begun_purged BIGINT NOT NULL DEFAULT 0
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO core_stats_state (id, run, since) SELECT 1, 0, size FROM core_audit_tree WHERE id = 1
ON DUPLICATE KEY UPDATE core_stats_state.id = core_stats_state.id;

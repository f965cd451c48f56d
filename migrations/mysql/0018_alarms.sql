-- Alarms: what the stats say that somebody should look at. Like all scripts here it can be run
-- again from the beginning.

CREATE TABLE IF NOT EXISTS core_alarm (
    id              BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    kind            VARCHAR(32) NOT NULL,
    subject         VARCHAR(255) NOT NULL, -- a clerk, a provider, a prefix or a request
    request         VARCHAR(32),
    detail          TEXT NOT NULL,
    raised_at       BIGINT NOT NULL,
    acknowledged_at BIGINT,
    acknowledged_by VARCHAR(255),
    reason          TEXT,
    INDEX core_alarm_subject (kind, subject),
    INDEX core_alarm_open (acknowledged_at, id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Messages to each block of a thousand phone numbers, by the hour, for a fortnight.
CREATE TABLE IF NOT EXISTS core_stats_prefix (
    hour     BIGINT NOT NULL, -- hours since the Unix epoch
    prefix   VARCHAR(32) NOT NULL, -- the numbers without their last three digits
    sent     BIGINT NOT NULL,
    verified BIGINT NOT NULL,
    PRIMARY KEY (hour, prefix),
    INDEX core_stats_prefix_prefix (prefix, hour)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Up to which entry, and when, alarms were last looked for.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_stats_state'
    AND column_name = 'looked_at');
SET @change = IF(@missing, 'ALTER TABLE core_stats_state ADD COLUMN looked_up_to BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN looked_at BIGINT NOT NULL DEFAULT 0', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- The entries of one of the staff.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'core_event'
    AND index_name = 'core_event_clerk');
SET @change = IF(@missing, 'ALTER TABLE core_event ADD INDEX core_event_clerk (clerk)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- What goes out of the log by right: old events, and what is personal. The trail says how
-- much it was, and what remains is verified as before. A legal hold keeps a customer's data.
-- Like all scripts here it can be run again from the beginning.

-- commitments: to personal fields that were erased.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_audit_leaf'
    AND column_name = 'commitments');
SET @change = IF(@missing, 'ALTER TABLE core_audit_leaf ADD COLUMN commitments VARCHAR(160)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- purged_up_to: the highest number of a purged event; purged and erased: how many, in all.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_audit_tree'
    AND column_name = 'purged_up_to');
SET @change = IF(@missing,
    'ALTER TABLE core_audit_tree ADD COLUMN purged_up_to BIGINT NOT NULL DEFAULT 0,
     ADD COLUMN purged BIGINT NOT NULL DEFAULT 0, ADD COLUMN erased BIGINT NOT NULL DEFAULT 0',
    'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

CREATE TABLE IF NOT EXISTS core_hold (
    customer_id BIGINT NOT NULL PRIMARY KEY,
    reason      TEXT   NOT NULL,
    clerk       TEXT   NOT NULL,
    held_at     BIGINT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

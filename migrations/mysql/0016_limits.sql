-- Limits by the beginning of a phone number, and of one clerk's wrong codes. Like all scripts
-- here it can be run again from the beginning.

-- All but the last three digits of the number; none for email addresses.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_delivery'
    AND column_name = 'number_prefix');
SET @change = IF(@missing, 'ALTER TABLE core_delivery ADD COLUMN number_prefix VARCHAR(32),
    ADD INDEX core_delivery_prefix (number_prefix, created_at)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
UPDATE core_delivery SET number_prefix = substr(contact, 1, length(contact) - 3)
WHERE channel <> 'email'
AND created_at > CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) - 86400000;

SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_trial'
    AND column_name = 'number_prefix');
SET @change = IF(@missing, 'ALTER TABLE core_trial ADD COLUMN number_prefix VARCHAR(32)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- Wrong codes of each clerk, in an hour from the first of them.
CREATE TABLE IF NOT EXISTS core_clerk_guard (
    clerk    VARCHAR(255) NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    since    BIGINT NOT NULL, -- when the first of them was entered
    held     BIGINT NOT NULL DEFAULT 0 -- how often the row was locked
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A lock is a row that is written, so that it holds on all members of a Galera cluster.

SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_lock'
    AND column_name = 'held');
SET @change = IF(@missing, 'ALTER TABLE core_lock ADD COLUMN held BIGINT NOT NULL DEFAULT 0', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- Whether a provider failed last with a message that it had accepted before: that it accepts
-- another one proves nothing then. Like all scripts here it can be run again from the
-- beginning.

SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_line' AND column_name = 'late');
SET @change = IF(@missing,
    'ALTER TABLE core_line ADD COLUMN late BIGINT NOT NULL DEFAULT 0', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- That the desk queued a notice: its message authentication code, and the id of the key. A notice of
-- before has none. Like all scripts here it can be run again from the beginning.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_notice' AND column_name = 'mac');
SET @change = IF(@missing, 'ALTER TABLE core_notice ADD COLUMN key_id VARCHAR(32),
    ADD COLUMN mac VARCHAR(64)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

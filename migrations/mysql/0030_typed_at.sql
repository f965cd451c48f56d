-- When a pad last said how many digits are typed: it may not say so all the time. The script can
-- be run again from the beginning.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_pad' AND column_name = 'typed_at');
SET @change = IF(@missing, 'ALTER TABLE core_pad ADD COLUMN typed_at BIGINT NOT NULL DEFAULT 0',
    'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

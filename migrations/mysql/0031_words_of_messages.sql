-- How often the customer's contacts were told of verifications since when: more is not told within
-- an hour, so that nobody floods them. Like all scripts here it can be run again from the beginning.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_guard' AND column_name = 'told_times');
SET @change = IF(@missing, 'ALTER TABLE core_guard ADD COLUMN told_since BIGINT,
    ADD COLUMN told_times BIGINT', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- reference: the word of each message; a request whose code was sent again has several.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_delivery' AND column_name = 'reference');
SET @change = IF(@missing, 'ALTER TABLE core_delivery ADD COLUMN reference VARCHAR(20)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

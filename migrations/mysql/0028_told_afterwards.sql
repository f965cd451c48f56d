-- What a contact is told of a verification: what it was for, and the word in its message. Like all
-- scripts here it can be run again from the beginning.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_notice' AND column_name = 'reference');
SET @change = IF(@missing, 'ALTER TABLE core_notice ADD COLUMN purpose VARCHAR(255),
    ADD COLUMN reference VARCHAR(20)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- alone: whether the record had no contact of the other kind when this one was first used: one that
-- is there later was added. None where nobody looked.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_contact' AND column_name = 'alone');
SET @change = IF(@missing, 'ALTER TABLE core_contact ADD COLUMN alone BIGINT', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- told_of, told_at: what the customer's contacts were told of last, as a digest, and when: the same
-- is not told again within a short time.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_guard' AND column_name = 'told_at');
SET @change = IF(@missing, 'ALTER TABLE core_guard ADD COLUMN told_of VARCHAR(64),
    ADD COLUMN told_at BIGINT', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

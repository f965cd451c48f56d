-- What went wrong with a message is said twice: detail is for the admin, clerk_detail for the
-- clerk, who is spared what only an admin can do. Rows of older versions have none. Like all
-- scripts here it can be run again from the beginning.

SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_delivery'
    AND column_name = 'clerk_detail');
SET @change = IF(@missing, 'ALTER TABLE core_delivery ADD COLUMN clerk_detail TEXT', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_line'
    AND column_name = 'clerk_detail');
SET @change = IF(@missing, 'ALTER TABLE core_line ADD COLUMN clerk_detail TEXT', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

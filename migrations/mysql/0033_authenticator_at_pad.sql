-- Whose authenticator a pad asks for, and for what; none where it shows a request. `request` is then
-- the name of the entry. The script can be run again from the beginning.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_pad' AND column_name = 'customer_id');
SET @change = IF(@missing, 'ALTER TABLE core_pad ADD COLUMN customer_id BIGINT,
    ADD COLUMN purpose VARCHAR(255)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

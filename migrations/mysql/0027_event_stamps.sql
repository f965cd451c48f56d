-- Who wrote an entry of the log and when, as the server knows it: by defaults of columns into
-- which a counter's account may not write. Entries from before have none. SYSDATE is the
-- server's clock also where a session has set its own time.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_event' AND column_name = 'written_by');
SET @change = IF(@missing, 'ALTER TABLE core_event ADD COLUMN written_by VARCHAR(255),
    ADD COLUMN written_at BIGINT', 'DO 0');
PREPARE change_core_event FROM @change;
EXECUTE change_core_event;
DEALLOCATE PREPARE change_core_event;
ALTER TABLE core_event ALTER COLUMN written_by SET DEFAULT (CURRENT_USER()),
    ALTER COLUMN written_at SET DEFAULT (CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED));

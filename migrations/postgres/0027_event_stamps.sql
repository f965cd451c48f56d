-- Who wrote an entry of the log and when, as the server knows it: by defaults of columns into
-- which a counter's account may not write. Entries from before have none.
ALTER TABLE core_event ADD COLUMN written_by TEXT;
ALTER TABLE core_event ADD COLUMN written_at BIGINT;
ALTER TABLE core_event ALTER COLUMN written_by SET DEFAULT session_user;
ALTER TABLE core_event ALTER COLUMN written_at
    SET DEFAULT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT);

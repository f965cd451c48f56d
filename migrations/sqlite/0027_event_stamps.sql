-- Who wrote an entry of the log, as a database server knows it. A file knows no accounts: here
-- both stay empty.
ALTER TABLE core_event ADD COLUMN written_by TEXT;
ALTER TABLE core_event ADD COLUMN written_at BIGINT;

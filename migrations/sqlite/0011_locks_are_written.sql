-- How often a lock was taken. Only a member of a Galera cluster (MariaDB) needs it; the
-- tables are the same on every database.

ALTER TABLE core_lock ADD COLUMN held BIGINT NOT NULL DEFAULT 0;

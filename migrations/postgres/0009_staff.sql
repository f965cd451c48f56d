-- The staff: accounts of the host, and what each may do. `mac` is the desk's proof that
-- it wrote the row.

CREATE TABLE core_staff (
    account    TEXT   NOT NULL PRIMARY KEY,
    role       TEXT   NOT NULL, -- clerk, admin, auditor or worker
    enabled    BIGINT NOT NULL,
    version    BIGINT NOT NULL, -- how often it was written
    key_id     TEXT   NOT NULL,
    mac        TEXT   NOT NULL,
    changed_at BIGINT NOT NULL
);
INSERT INTO core_lock (name) VALUES ('staff');

-- The staff: accounts of the host, and what each may do. `mac` is the desk's proof that
-- it wrote the row.

CREATE TABLE IF NOT EXISTS core_staff (
    account    VARCHAR(64) NOT NULL PRIMARY KEY,
    role       VARCHAR(20) NOT NULL, -- clerk, admin, auditor or worker
    enabled    BIGINT NOT NULL,
    version    BIGINT NOT NULL, -- how often it was written
    key_id     VARCHAR(64) NOT NULL,
    mac        VARCHAR(64) NOT NULL,
    changed_at BIGINT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO core_lock (name) VALUES ('staff')
ON DUPLICATE KEY UPDATE core_lock.name = core_lock.name;
